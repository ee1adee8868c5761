/** Statistics against hand-made values and stated properties. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { foldIn, RandomStream, randomKey } from '../core/rng.js';
import { bootstrap } from './bootstrap.js';
import { correlationOf, meanOf, quantileOf } from './statistics.js';

describe('statistics', () => {
  it('agrees with values computed by hand', () => {
    expect(meanOf([1, 2, 6])).toBe(3);
    expect(quantileOf([4, 1, 3, 2], 0.5)).toBe(2.5);
    expect(quantileOf([4, 1, 3, 2], 1)).toBe(4);
    // deviations (−1, 0, 1) and (−1, 2, −1) + … : sum of products 1, squares 2 and 14/3
    expect(
      correlationOf([
        [1, 2],
        [2, 1],
        [3, 3],
      ]),
    ).toBeCloseTo(0.5, 12);
    expect(
      correlationOf([
        [0, 1],
        [1, 0],
      ]),
    ).toBe(-1);
  });

  it('has no correlation where there is none to have', () => {
    expect(correlationOf([])).toBeNaN();
    expect(correlationOf([[1, 1]])).toBeNaN();
    expect(
      correlationOf([
        [1, 5],
        [2, 5],
        [3, 5],
      ]),
    ).toBeNaN();
  });

  it('correlation does not change with scale and shift of either side, and changes sign with a negative scale', () => {
    const pairs = fc.array(fc.tuple(fc.integer({ min: -50, max: 50 }), fc.integer({ min: -50, max: 50 })), {
      minLength: 3,
      maxLength: 30,
    });
    fc.assert(
      fc.property(pairs, fc.integer({ min: 1, max: 9 }), fc.integer({ min: -9, max: 9 }), (list, scale, shift) => {
        const r = correlationOf(list);
        if (Number.isNaN(r)) return;
        // 1e-9: sums of squares below 1e6 in float64
        expect(correlationOf(list.map(([x, y]) => [scale * x + shift, y]))).toBeCloseTo(r, 9);
        expect(correlationOf(list.map(([x, y]) => [x, shift - scale * y]))).toBeCloseTo(-r, 9);
      }),
    );
  });
});

describe('bootstrap', () => {
  it('covers the true mean about as often as it says', () => {
    let covered = 0;
    for (let i = 0; i < 200; i++) {
      const values = new RandomStream(foldIn(randomKey(5), i)).normals(30);
      const { low, high } = bootstrap(
        [...values].map((v) => [v]),
        meanOf,
        foldIn(randomKey(6), i),
        { draws: 200 },
      );
      if (low <= 0 && 0 <= high) covered++;
    }
    // 95 % asked; percentile intervals of 30 values are a little narrow (about 93 %), and 200 trials have a deviation of 1.7 %
    expect(covered / 200).toBeGreaterThan(0.88);
    expect(covered / 200).toBeLessThan(0.99);
  });

  it('draws people, not pictures: copies of a picture make no figure surer', () => {
    const values = [...new RandomStream(randomKey(7)).normals(20)];
    const key = randomKey(8);
    const single = bootstrap(
      values.map((v) => [v]),
      meanOf,
      key,
    );
    const copied = bootstrap(
      values.map((v) => [v, v, v]),
      meanOf,
      key,
    );
    expect(copied.low).toBeCloseTo(single.low, 12);
    expect(copied.high).toBeCloseTo(single.high, 12);
    expect(copied.count).toBe(20);
  });

  it('is the same for the same key, and holds nothing for no people', () => {
    const groups = [[1], [2], [4]];
    expect(bootstrap(groups, meanOf, randomKey(1))).toEqual(bootstrap(groups, meanOf, randomKey(1)));
    const { value, low } = bootstrap<number>([], meanOf, randomKey(1));
    expect([value, low]).toEqual([Number.NaN, Number.NaN]);
  });
});
