/**
 * Plain people never change: the embedded weights were trained on them and gates name their seeds. The golden was taken from
 * the code before there were rich people.
 */
import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { toBytes } from '../../core/image.js';
import { foldIn, RandomStream, randomKey } from '../../core/rng.js';
import { describe } from './describe.js';
import { makeFormula } from './formula.js';
import { samplePerson } from './person.js';
import { PeopleRenderer } from './render.js';
import { sampleShot } from './shot.js';

test('24 plain people in wild and studio shots, and their captions, hash to the golden', () => {
  const renderer = new PeopleRenderer(makeFormula());
  const hash = createHash('sha256');
  let glasses = 0;
  for (let n = 0; n < 24; n++) {
    const key = foldIn(randomKey(2), n);
    const person = samplePerson(renderer.anatomy.model, key);
    const shot = sampleShot(foldIn(key, 1), { setting: n % 4 ? 'wild' : 'studio' });
    const { image, mask, tongueMask } = renderer.render(person, shot, { size: 40 });
    for (const picture of [image, mask, tongueMask]) hash.update(toBytes(picture));
    hash.update(describe(person, shot, new RandomStream(key)));
    if (person.glasses) glasses++;
  }
  expect(glasses).toBeGreaterThan(0);
  expect(hash.digest('hex')).toBe('70fd650ba8402e0b4a3600c97e0c27d2ce77f49158950f183dc546736c8bc044');
});
