/** Emptiness around a matte against a slow twin, and at its limits. */
import { expect, it } from 'vitest';
import { makeImage } from '../core/image.js';
import { RandomStream, randomKey } from '../core/rng.js';
import { emptyAround } from './empty.js';

const SIDE = 64;
/** 1/32 of the picture. */
const REACH = 2;

it('is 1 − twice the largest matte of the square window around a pixel, and never negative', () => {
  const random = new RandomStream(randomKey(4));
  const matte = makeImage(SIDE, SIDE, 1);
  for (let i = 0; i < 60; i++) matte.data[random.integer(SIDE * SIDE)] = random.uniform();
  const found = emptyAround(matte);
  for (let y = 0; y < SIDE; y++)
    for (let x = 0; x < SIDE; x++) {
      let most = 0;
      for (let v = Math.max(0, y - REACH); v <= Math.min(SIDE - 1, y + REACH); v++)
        for (let u = Math.max(0, x - REACH); u <= Math.min(SIDE - 1, x + REACH); u++)
          most = Math.max(most, matte.data[v * SIDE + u]!);
      expect(found.data[y * SIDE + x]).toBeCloseTo(Math.max(0, 1 - 2 * most), 6); // float32
    }
});

it('is everywhere where nobody is, and nowhere in a picture that is all person', () => {
  expect(emptyAround(makeImage(8, 8, 1)).data.every((share) => share === 1)).toBe(true);
  const full = makeImage(8, 8, 1);
  full.data.fill(1);
  expect(emptyAround(full).data.every((share) => share === 0)).toBe(true);
});
