import { describe, expect, it } from 'vitest';
import { RandomStream, randomKey } from '../core/rng.js';
import { solvePositiveDefinite } from './cholesky.js';

describe('solvePositiveDefinite', () => {
  it('solves random systems', () => {
    for (const n of [1, 2, 7, 40]) {
      const random = new RandomStream(randomKey(n));
      const root = random.normals(n * n);
      const a = new Float64Array(n * n);
      for (let i = 0; i < n; i++)
        for (let j = 0; j < n; j++) {
          for (let k = 0; k < n; k++) a[i * n + j]! += root[i * n + k]! * root[j * n + k]!;
          if (i === j) a[i * n + j]! += 1; // keeps the condition number below about 4n
        }
      const x = random.normals(n);
      const b = Float64Array.from({ length: n }, (_, i) => x.reduce((s, v, j) => s + a[i * n + j]! * v, 0));
      expect(solvePositiveDefinite(a, b, n)).toBe(true);
      x.forEach((v, i) => {
        expect(b[i]).toBeCloseTo(v, 8); // 1e-16 times the condition number, with room
      });
    }
  });

  it('says no to matrices that are not positive definite', () => {
    expect(solvePositiveDefinite(Float64Array.of(1, 0, 2, 1), Float64Array.of(1, 1), 2)).toBe(false);
    expect(solvePositiveDefinite(Float64Array.of(Number.NaN), Float64Array.of(1), 1)).toBe(false);
  });
});
