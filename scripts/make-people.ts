/**
 * Writes a set of synthetic people as shards.
 *
 * Usage: npx tsx scripts/make-people.ts out-folder [--ict ict-facekit-light.safetensors] [--people 200] [--shots 10]
 *        [--size 64] [--seed 1] [--shard 50] [--part 0/1] [--studio] [--tongue 0.5] [--open 0.4]
 * --part i/n makes every n-th shard from the i-th: run one process per core, with i = 0 … n−1.
 */

import { parseArgs } from 'node:util';
import { openHeadModel } from '../src/data/sources/heads.js';
import { openShard } from '../src/data/sources/shards.js';
import { type DatasetSpec, makeShots } from '../src/data/synthetic/dataset.js';
import { PeopleRenderer } from '../src/data/synthetic/render.js';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    ict: { type: 'string' },
    people: { type: 'string', default: '200' },
    shots: { type: 'string', default: '10' },
    size: { type: 'string', default: '64' },
    seed: { type: 'string', default: '1' },
    shard: { type: 'string', default: '50' },
    part: { type: 'string', default: '0/1' },
    tongue: { type: 'string', default: '0.5' },
    open: { type: 'string', default: '0.4' },
    studio: { type: 'boolean', default: false },
  },
});
const folder = positionals[0];
if (!folder) throw new Error('name a folder to write to');
const spec: DatasetSpec = {
  seed: Number(values.seed),
  people: Number(values.people),
  shots: Number(values.shots),
  size: Number(values.size),
  shotOptions: {
    setting: values.studio ? 'studio' : 'wild',
    tongueChance: Number(values.tongue),
    openChance: Number(values.open),
  },
};
const [part, parts] = values.part.split('/').map(Number) as [number, number];
const perShard = Number(values.shard);
const renderer = new PeopleRenderer(openHeadModel(values.ict));
const start = performance.now();
let made = 0;
for (let first = part * perShard; first < spec.people; first += parts * perShard) {
  const end = Math.min(spec.people, first + perShard);
  const shard = openShard(folder, { family: renderer.anatomy.model.family, spec, first, people: end - first });
  makeShots(renderer, spec, shard, { first, end });
  shard.close();
  made += (end - first) * spec.shots;
  const rate = (made * 1000) / (performance.now() - start);
  console.log(`people ${first}–${end - 1}: ${made} pictures so far, ${rate.toFixed(1)} a second`);
}
