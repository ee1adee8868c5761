/** The matte on rendered people whom its network has not seen, at its own size and at others. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { assetPath } from '../core/files/assets.js';
import { type Image, resizeArea } from '../core/image.js';
import { foldIn, randomKey } from '../core/rng.js';
import { makeFormula } from '../data/synthetic/formula.js';
import { samplePerson } from '../data/synthetic/person.js';
import { PeopleRenderer } from '../data/synthetic/render.js';
import { sampleShot } from '../data/synthetic/shot.js';
import { Matting } from './matting.js';

let matting: Matting;
beforeAll(async () => {
  matting = await Matting.load(assetPath('matting', 'matting.safetensors'), { threads: 1 });
});
afterAll(() => matting.dispose());

const renderer = new PeopleRenderer(makeFormula());
/** Seed that nothing was trained on. */
const people = Array.from({ length: 10 }, (_, i) => {
  const key = foldIn(randomKey(990_017), i);
  const { image, mask } = renderer.render(samplePerson(renderer.anatomy.model, key), sampleShot(key), { size: 64 });
  return { image, mask };
});

function overlap(found: readonly Image[], truth: readonly Image[]): number {
  let [both, either] = [0, 0];
  for (const [i, { data }] of truth.entries())
    for (const [at, share] of data.entries()) {
      const [a, b] = [found[i]!.data[at]! > 0.5, share > 0.5];
      both += Number(a && b);
      either += Number(a || b);
    }
  return both / either;
}

test('people of another family of heads than it learned from: overlap with the true matte', async () => {
  const mattes = await matting.mattes(people.map(({ image }) => image));
  expect(mattes.map(({ width, height, channels }) => [width, height, channels])).toEqual(people.map(() => [64, 64, 1]));
  expect(mattes.every(({ data }) => data.every((share) => share >= 0 && share <= 1))).toBe(true);
  // its own family reaches what the file's metadata says; the formula's heads are strangers to it
  expect(
    overlap(
      mattes,
      people.map(({ mask }) => mask),
    ),
  ).toBeGreaterThan(0.9);
});

test('a picture of another size gets a matte of its size, near the one at 64²', async () => {
  const key = foldIn(randomKey(990_017), 3);
  const person = samplePerson(renderer.anatomy.model, key);
  const large = renderer.render(person, sampleShot(key), { size: 128 });
  const [matte] = await matting.mattes([large.image]);
  const [small] = await matting.mattes([people[3]!.image]);
  expect([matte!.width, matte!.channels]).toEqual([128, 1]);
  // rendered at another size and averaged down, the picture is a little other one
  expect(overlap([resizeArea(matte!, 64, 64)], [small!])).toBeGreaterThan(0.95);
});
