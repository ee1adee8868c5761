/**
 * Does the tracker see synthetic people as faces? Frontal renders at 256²: share found, and mean distance of its landmarks
 * 17–67 from the truth, in percent of the distance of the outer eye corners (the usual inter-ocular distance) and of the eye
 * centres. Without the jaw line, whose points mean different things in different annotations.
 *
 * Usage: npx tsx bench/tracker-on-people.ts [--ict ict-facekit-light.safetensors] [--people 100] [--seed 7]
 */

import { parseArgs } from 'node:util';
import { foldIn, randomKey } from '../src/core/rng.js';
import { openHeadModel } from '../src/data/sources/heads.js';
import { samplePerson } from '../src/data/synthetic/person.js';
import { PeopleRenderer } from '../src/data/synthetic/render.js';
import { sampleShot } from '../src/data/synthetic/shot.js';
import { LANDMARKS_68 } from '../src/face/tracker/topology.js';
import { Tracker } from '../src/face/tracker/tracker.js';

const { values } = parseArgs({
  options: {
    ict: { type: 'string' },
    people: { type: 'string', default: '100' },
    seed: { type: 'string', default: '7' },
  },
});
const tracker = await Tracker.load('assets/tracker', { threads: 1 });
const renderer = new PeopleRenderer(openHeadModel(values.ict));
let found = 0;
const errors: number[] = [];
const ratios: number[] = [];
const missed: string[] = [];
const perPoint = new Float64Array(68);
for (let n = 0; n < Number(values.people); n++) {
  const key = foldIn(randomKey(Number(values.seed)), n);
  const person = samplePerson(renderer.anatomy.model, key);
  const shot = sampleShot(foldIn(key, 1), { yaw: 0.2, pitch: 0.15 });
  const { image, truth } = renderer.render(person, shot, { size: 256 });
  const [face] = await tracker.track(image, { maxFaces: 1 });
  if (!face) {
    missed.push(`${n}: ${person.skin.kind}, ${person.paint.pattern}`);
    continue;
  }
  found++;
  const apart = ([a, b]: readonly (readonly [number, number])[]) => Math.hypot(a![0] - b![0], a![1] - b![1]);
  const unit = apart([truth.landmarks[36]!, truth.landmarks[45]!]);
  ratios.push(unit / apart([truth.fivePoints[0]!, truth.fivePoints[1]!]));
  let sum = 0;
  for (let i = 17; i < 68; i++) {
    const v = LANDMARKS_68[i]!;
    const d =
      Math.hypot(face.landmarks[3 * v]! - truth.landmarks[i]![0], face.landmarks[3 * v + 1]! - truth.landmarks[i]![1]) /
      unit;
    perPoint[i]! += d;
    sum += d / 51;
  }
  errors.push(sum);
}
errors.sort((a, b) => a - b);
const percent = (x: number): string => (100 * x).toFixed(1) + ' %';
console.log(`${renderer.anatomy.model.family}: found ${found} of ${values.people}`);
if (missed.length) console.log(`missed ${missed.join('; ')}`);
console.log(
  `landmark error: mean ${percent(errors.reduce((a, b) => a + b, 0) / errors.length)}, median ${percent(errors[errors.length >> 1]!)}, 95th ${percent(errors[Math.floor(errors.length * 0.95)]!)} of the outer eye corners' distance; mean × ${(ratios.reduce((a, b) => a + b, 0) / ratios.length).toFixed(2)} for eye centres`,
);
console.log(`by point: ${Array.from(perPoint.subarray(17), (d, i) => `${i + 17}:${percent(d / found)}`).join(' ')}`);
await tracker.dispose();
