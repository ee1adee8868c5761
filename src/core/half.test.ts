/** Tests of half.ts: every binary16 word, the rounding rule on exact midpoints, a slow twin by search. */

import { describe, expect, it } from 'vitest';
import { bfloatsToFloats, floatsToHalfs, floatToHalf, halfsToFloats, halfToFloat } from './half.js';
import { RandomStream, randomKey } from './rng.js';

/** All finite halfs from 0 up, in order: the list that the slow twin searches. */
const ladder = Array.from({ length: 0x7c00 }, (_, i) => halfToFloat(i));

function nearestHalf(x: number): number {
  let best = 0;
  for (let i = 1; i < ladder.length; i++) {
    const gain = Math.abs(ladder[best]! - x) - Math.abs(ladder[i]! - x);
    if (gain > 0 || (gain === 0 && i % 2 === 0)) best = i;
  }
  return best;
}

describe('half precision', () => {
  it('has the values of the IEEE table', () => {
    const table: [number, number][] = [
      [0x3c00, 1],
      [0xc000, -2],
      [0x7bff, 65504],
      [0x0001, 2 ** -24],
      [0x03ff, 1023 * 2 ** -24],
      [0x0400, 2 ** -14],
      [0x3555, 0.333251953125],
      [0x7c00, Infinity],
      [0xfc00, -Infinity],
    ];
    for (const [bits, value] of table) expect(halfToFloat(bits)).toBe(value);
    expect(halfToFloat(0x8000)).toBe(-0);
    expect(halfToFloat(0x7e00)).toBeNaN();
  });

  it('comes back unchanged for all 65536 words', () => {
    const words = Uint16Array.from({ length: 65536 }, (_, i) => i);
    const floats = halfsToFloats(words);
    for (const word of words) {
      expect(Object.is(floats[word], halfToFloat(word))).toBe(true);
      if (!Number.isNaN(floats[word])) expect(floatToHalf(floats[word]!)).toBe(word);
      else expect(halfToFloat(floatToHalf(floats[word]!))).toBeNaN();
    }
  });

  it('rounds to the nearest, ties to even, like a search through all halfs', () => {
    const stream = new RandomStream(randomKey(1));
    for (let i = 0; i < 200; i++) {
      const x = Math.fround(2 ** stream.uniform(-26, 15.9));
      expect(floatToHalf(x)).toBe(nearestHalf(x));
    }
    for (const i of [0, 1, 2, 1022, 1023, 1024, 1025, 15360, 15361, 31742]) {
      const middle = (ladder[i]! + ladder[i + 1]!) / 2; // exact in float32: one more bit than a half has
      expect(floatToHalf(middle)).toBe(i % 2 === 0 ? i : i + 1);
    }
  });

  it('overflows to infinity from 65520, the midpoint to the next power', () => {
    expect(floatToHalf(65519.99)).toBe(0x7bff);
    expect(floatToHalf(65520)).toBe(0x7c00);
    expect(floatToHalf(-1e30)).toBe(0xfc00);
  });

  it('keeps the upper half of a float32 in bfloat16', () => {
    const values = Float32Array.of(1, -2.5, 0, 3.140625);
    const words = Uint16Array.from(new Uint32Array(values.buffer), (word) => word >>> 16);
    expect(bfloatsToFloats(words)).toEqual(values);
    expect(floatsToHalfs(Float32Array.of(0.5, -1))).toEqual(Uint16Array.of(0x3800, 0xbc00));
  });
});
