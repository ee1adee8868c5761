/**
 * Renders people for training into shards of a folder, resumable: a shard that is there is not made again.
 *
 *   npx tsx scripts/render-training-set.ts OUT --ict ict-facekit-light.safetensors [--seed 1] [--people 2000] [--frames 3]
 *     [--views 2] [--size 64] [--open 0.4] [--setting wild|studio] [--variety plain|rich] [--tongues] [--part 0] [--parts 1]
 *
 * `--open`: share of frames whose mouth is made to open (see ShotOptions); half of the open mouths show a tongue.
 * `--tongues`: every shot seven times, without a tongue and with one in each direction; `--frames` counts all of them.
 */
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { assetPath } from '../src/core/files/assets.js';
import { writeSafetensors } from '../src/core/files/safetensors.js';
import { type RenderedSetOptions, renderPerson, variantsOf } from '../src/data/rendered.js';
import { openHeadModel } from '../src/data/sources/heads.js';
import { PeopleRenderer } from '../src/data/synthetic/render.js';
import { varietyNamed } from '../src/data/synthetic/variety.js';
import { Tracker } from '../src/face/tracker/tracker.js';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    ict: { type: 'string' },
    seed: { type: 'string', default: '1' },
    people: { type: 'string', default: '2000' },
    frames: { type: 'string', default: '3' },
    views: { type: 'string', default: '2' },
    size: { type: 'string', default: '64' },
    open: { type: 'string', default: '0.4' },
    setting: { type: 'string', default: 'wild' },
    variety: { type: 'string', default: 'plain' },
    tongues: { type: 'boolean', default: false },
    part: { type: 'string', default: '0' },
    parts: { type: 'string', default: '1' },
  },
});
const folder = positionals[0]!;
const [people, part, parts] = [values.people, values.part, values.parts].map(Number) as [number, number, number];
const variety = varietyNamed(values.variety);
const options: RenderedSetOptions = {
  seed: Number(values.seed),
  frames: Number(values.frames),
  views: Number(values.views),
  size: Number(values.size),
  ...(variety !== 'plain' && { variety }),
  ...(values.tongues && { tongues: 'each' }),
  shots: { openChance: Number(values.open), ...(values.setting === 'studio' && { setting: 'studio', yaw: 1 }) },
};
const variants = variantsOf(options);
if (variants > 1 && (options.frames % variants !== 0 || options.frames < 2 * variants))
  throw new Error(
    `--frames ${options.frames} with --tongues: give ${variants} for each of at least two shots, e.g. ${2 * variants}`,
  );
/** People per shard. */
const SHARD = 25;
mkdirSync(folder, { recursive: true });
const renderer = new PeopleRenderer(openHeadModel(values.ict));
const tracker = await Tracker.load(assetPath('tracker'), { threads: 1 });
for (let first = part * SHARD; first < people; first += SHARD * parts) {
  const path = join(folder, `people-${String(first).padStart(6, '0')}.safetensors`);
  if (existsSync(path)) continue;
  const start = performance.now();
  const kept: number[] = [];
  const pictures: Uint8Array[] = [];
  const landmarks: Float32Array[] = [];
  for (let person = first; person < Math.min(people, first + SHARD); person++) {
    const items = await renderPerson(renderer, tracker, options, person);
    if (!items) continue;
    kept.push(person);
    pictures.push(...items.map((item) => item.picture));
    landmarks.push(...items.map((item) => item.landmarks));
  }
  const count = pictures.length;
  const pixels = options.size ** 2 * 3;
  const images = new Uint8Array(count * pixels);
  pictures.forEach((picture, i) => {
    images.set(picture, i * pixels);
  });
  const points = new Float32Array(count * 478 * 3);
  landmarks.forEach((list, i) => {
    points.set(list, i * 478 * 3);
  });
  await writeSafetensors(
    path,
    [
      { name: 'landmarks', dtype: 'F32', shape: [count, 478, 3], data: points },
      { name: 'people', dtype: 'I32', shape: [kept.length], data: Int32Array.from(kept) },
      { name: 'images', dtype: 'U8', shape: [count, options.size, options.size, 3], data: images },
    ],
    { options: JSON.stringify(options) },
  );
  const seconds = (performance.now() - start) / 1000;
  console.log(
    `${path}: ${kept.length} people, ${count} pictures in ${seconds.toFixed(0)} s (${(count / seconds).toFixed(1)} a second)`,
  );
}
await tracker.dispose();
