/**
 * How many synthetic pictures a second one core draws. One thread; the best of several runs, since machines are shared.
 *
 * Usage: npx tsx bench/synthetic.ts [--ict ict-facekit-light.safetensors] [--size 128] [--people 4] [--shots 20] [--repeat 5] [--variety plain|rich]
 */

import { cpus } from 'node:os';
import { parseArgs } from 'node:util';
import { foldIn, randomKey } from '../src/core/rng.js';
import { openHeadModel } from '../src/data/sources/heads.js';
import { samplePerson } from '../src/data/synthetic/person.js';
import { PeopleRenderer } from '../src/data/synthetic/render.js';
import { sampleShot } from '../src/data/synthetic/shot.js';
import { varietyNamed } from '../src/data/synthetic/variety.js';

const { values } = parseArgs({
  options: {
    ict: { type: 'string' },
    size: { type: 'string', default: '128' },
    people: { type: 'string', default: '4' },
    shots: { type: 'string', default: '20' },
    repeat: { type: 'string', default: '5' },
    variety: { type: 'string', default: 'plain' },
  },
});
const [size, people, shots, repeat] = [values.size, values.people, values.shots, values.repeat].map(Number) as [
  number,
  number,
  number,
  number,
];

const variety = varietyNamed(values.variety);
const opened = performance.now();
const renderer = new PeopleRenderer(openHeadModel(values.ict));
console.log(
  `${cpus()[0]?.model}, Node ${process.version}; family ${renderer.anatomy.model.family}, ready in ${((performance.now() - opened) / 1000).toFixed(2)} s`,
);
let best = 0;
let bestOwn = 0;
for (let run = 0; run < repeat; run++) {
  const start = performance.now();
  const before = process.cpuUsage();
  for (let n = 0; n < people; n++) {
    const key = foldIn(randomKey(run), n);
    const person = samplePerson(renderer.anatomy.model, key, variety);
    for (let k = 0; k < shots; k++) renderer.render(person, sampleShot(foldIn(key, k), { variety }), { size });
  }
  const rate = (people * shots * 1000) / (performance.now() - start);
  const used = process.cpuUsage(before);
  const own = (people * shots * 1e6) / (used.user + used.system);
  best = Math.max(best, rate);
  bestOwn = Math.max(bestOwn, own);
  console.log(`run ${run}: ${rate.toFixed(1)} pictures a second of wall time, ${own.toFixed(1)} of processor time`);
}
console.log(
  `best: ${best.toFixed(1)} pictures of ${size}² a second (${bestOwn.toFixed(1)} of processor time), 2×2 samples a pixel, ${shots} shots a person, one thread`,
);
