/**
 * Draws the demo's picture: a rendered person of a seed that no training uses, facing the camera with a closed mouth.
 *
 *   npx tsx scripts/render-demo-person.ts OUT.png --ict ict-facekit-light.safetensors [--seed 9001] [--person 0]
 */
import { parseArgs } from 'node:util';
import { writeFileAtomic } from '../src/core/files/atomic.js';
import { foldIn, randomKey } from '../src/core/rng.js';
import { openHeadModel } from '../src/data/sources/heads.js';
import { samplePerson } from '../src/data/synthetic/person.js';
import { PeopleRenderer } from '../src/data/synthetic/render.js';
import { sampleShot } from '../src/data/synthetic/shot.js';
import { encodeImage } from '../src/deliver/index.js';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    ict: { type: 'string' },
    seed: { type: 'string', default: '9001' },
    person: { type: 'string', default: '0' },
  },
});
const renderer = new PeopleRenderer(openHeadModel(values.ict));
const key = foldIn(randomKey(Number(values.seed)), Number(values.person));
const shot = sampleShot(foldIn(key, 1), { openChance: 0, yaw: 0.15, pitch: 0.1 });
const calm = { ...shot, expression: { mouthSmileLeft: 0.15, mouthSmileRight: 0.15 }, tongue: null };
const { image } = renderer.render(samplePerson(renderer.anatomy.model, key), calm, { size: 512 });
await writeFileAtomic(
  positionals[0]!,
  await encodeImage(image, { generator: 'joker3d', description: 'A rendered person' }),
);
