import { describe, expect, it } from 'vitest';
import { symmetricEigen } from './eigen.js';
import { RandomStream, randomKey } from './rng.js';

/** A random symmetric matrix. */
function symmetric(seed: number, d: number): Float64Array {
  const random = new RandomStream(randomKey(seed));
  const out = new Float64Array(d * d);
  for (let i = 0; i < d; i++)
    for (let j = 0; j <= i; j++) {
      out[i * d + j] = random.normal();
      out[j * d + i] = out[i * d + j]!;
    }
  return out;
}

describe('symmetricEigen', () => {
  it('gives values and vectors with A·v = λ·v, vectors of length 1 and at right angles', () => {
    for (const [seed, d] of [
      [1, 2],
      [2, 4],
      [3, 17],
    ] as const) {
      const a = symmetric(seed, d);
      const { values, vectors } = symmetricEigen(a, d);
      for (let k = 0; k < d; k++)
        for (let l = 0; l < d; l++) {
          let [product, dot] = [0, 0];
          for (let j = 0; j < d; j++) {
            product += a[l * d + j]! * vectors[j * d + k]!;
            dot += vectors[j * d + k]! * vectors[j * d + l]!;
          }
          expect(Math.abs(product - values[k]! * vectors[l * d + k]!)).toBeLessThan(1e-12 * d);
          expect(Math.abs(dot - Number(k === l))).toBeLessThan(1e-12 * d);
        }
    }
  });

  it('finds the values of a known matrix, without vectors too, and leaves the matrix as it was', () => {
    const a = Float64Array.of(2, 1, 1, 2); // eigenvalues 1 and 3
    for (const wanted of [true, false])
      expect([...symmetricEigen(a, 2, wanted).values].sort()).toEqual([expect.closeTo(1, 12), expect.closeTo(3, 12)]);
    expect([...a]).toEqual([2, 1, 1, 2]);
  });
});
