/**
 * Contact sheet of synthetic people as one PNG: a look at what training sees.
 *
 * Usage: npx tsx scripts/preview-people.ts out.png [--ict ict-facekit-light.safetensors] [--people 32] [--shots 1]
 *        [--size 128] [--seed 1] [--frontal] [--studio] [--variety plain|rich] [--captions]
 * Without --ict the heads are the formula family's.
 */

import { parseArgs } from 'node:util';
import sharp, { type OverlayOptions } from 'sharp';
import { toBytes } from '../src/core/image.js';
import { foldIn, RandomStream, randomKey } from '../src/core/rng.js';
import { openHeadModel } from '../src/data/sources/heads.js';
import { describe } from '../src/data/synthetic/describe.js';
import { samplePerson } from '../src/data/synthetic/person.js';
import { PeopleRenderer } from '../src/data/synthetic/render.js';
import { sampleShot } from '../src/data/synthetic/shot.js';
import { varietyNamed } from '../src/data/synthetic/variety.js';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    ict: { type: 'string' },
    people: { type: 'string', default: '32' },
    shots: { type: 'string', default: '1' },
    size: { type: 'string', default: '128' },
    seed: { type: 'string', default: '1' },
    columns: { type: 'string', default: '8' },
    frontal: { type: 'boolean', default: false },
    studio: { type: 'boolean', default: false },
    variety: { type: 'string', default: 'plain' },
    captions: { type: 'boolean', default: false },
  },
});
const [people, shots, size, columns] = [values.people, values.shots, values.size, values.columns].map(Number) as [
  number,
  number,
  number,
  number,
];
const variety = varietyNamed(values.variety);
const renderer = new PeopleRenderer(openHeadModel(values.ict));
const root = randomKey(Number(values.seed));
const tiles: OverlayOptions[] = [];
const start = performance.now();
for (let n = 0; n < people; n++) {
  const key = foldIn(root, n);
  const person = samplePerson(renderer.anatomy.model, key, variety);
  for (let k = 0; k < shots; k++) {
    const shot = sampleShot(foldIn(key, k), {
      setting: values.studio ? 'studio' : 'wild',
      variety,
      ...(values.frontal ? { yaw: 0.1, pitch: 0.1 } : {}),
    });
    if (values.captions) console.log(describe(person, shot, new RandomStream(foldIn(key, k))));
    const { image } = renderer.render(person, shot, { size });
    const i = n * shots + k;
    tiles.push({
      input: Buffer.from(toBytes(image)),
      raw: { width: size, height: size, channels: 3 },
      left: (i % columns) * size,
      top: Math.floor(i / columns) * size,
    });
  }
}
const seconds = (performance.now() - start) / 1000;
const rows = Math.ceil(tiles.length / columns);
await sharp({ create: { width: columns * size, height: rows * size, channels: 3, background: '#000' } })
  .composite(tiles)
  .png()
  .toFile(positionals[0] ?? 'people.png');
console.log(
  `${tiles.length} pictures of ${size}² in ${seconds.toFixed(1)} s (${(tiles.length / seconds).toFixed(1)} a second)`,
);
