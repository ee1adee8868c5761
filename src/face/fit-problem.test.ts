import { describe, expect, it } from 'vitest';
import { RandomStream, randomKey } from '../core/rng.js';
import { FitProblem, type Observations } from './fit-problem.js';
import type { MorphableModel } from './model/model.js';

/** A random model of 9 vertices, 3 identity and 2 expression shapes. */
function toyModel(random: RandomStream): MorphableModel {
  const field = (scale: number) => random.normals(27).map((v) => v * scale);
  return {
    name: 'toy',
    vertexCount: 9,
    mean: field(0.5),
    identityBasis: [field(0.1), field(0.1), field(0.1)],
    expressionBasis: [field(0.2), field(0.2)],
    expressionNames: ['a', 'b'],
    expressionRange: 'sigma',
    expressionStds: Float32Array.of(0.5, 0.7),
    triangles: new Uint32Array(),
    trackerVertices: new Int32Array(468).fill(-1),
    landmarks68: new Int32Array(68),
    landmarks5: [],
    reader: null,
  };
}

function toyProblem(seed: number): FitProblem {
  const random = new RandomStream(randomKey(seed));
  const seen: Observations = {
    vertices: Int32Array.of(0, 2, 3, 5, 8),
    points: Float64Array.from({ length: 10 }, () => random.uniform(100, 400)),
    weights: Float64Array.from({ length: 5 }, () => random.uniform(0.01, 0.1)),
  };
  const deviations = Float64Array.of(Infinity, Infinity, Infinity, 0.5, 0.5, 0.5, 1, 1, 1, 0.5, 0.7);
  const camera = { fx: 2183, fy: 2100, cx: 250, cy: 260 };
  const means = Float64Array.from(deviations, (_, i) => (i < 3 ? 0 : 0.1 * random.normal()));
  const problem = new FitProblem(toyModel(random), seen, camera, { means, deviations });
  for (let k = 0; k < problem.size; k++) problem.x[k] = 0.4 * random.normal();
  return problem;
}

describe('FitProblem', () => {
  it('has the gradient that differences of the cost give, for every family of unknowns', () => {
    for (const seed of [1, 2, 3]) {
      const problem = toyProblem(seed);
      problem.linearise();
      const scale = Math.max(...problem.right.map(Math.abs));
      for (let k = 0; k < problem.size; k++) {
        const h = 1e-5; // third derivatives of a pinhole at 10 units are mild: the error is h² relative
        const at = (d: number) => problem.cost(problem.x.map((v, i) => (i === k ? v + d : v)));
        const slope = (at(h) - at(-h)) / (2 * h);
        expect(Math.abs(-2 * problem.right[k]! - slope) / scale).toBeLessThan(1e-6);
      }
    }
  });

  it('has a normal matrix that is half of the Hessian where residuals vanish', () => {
    const problem = toyProblem(4);
    problem.pose();
    const seen = Reflect.get(problem, 'seen') as Observations;
    for (let l = 0; l < seen.vertices.length; l++) seen.points.set(problem.project(l), 2 * l);
    problem.linearise();
    const n = problem.size;
    const normal = problem.normal.slice();
    const h = 1e-4;
    for (const [i, j] of [
      [0, 0],
      [2, 1],
      [5, 3],
      [7, 4],
      [10, 2],
      [9, 8],
    ] as const) {
      const at = (a: number, b: number) =>
        problem.cost(problem.x.map((v, k) => v + (k === i ? a : 0) + (k === j ? b : 0)));
      const second = (at(h, h) - at(h, -h) - at(-h, h) + at(-h, -h)) / (4 * h * h);
      expect(Math.abs(2 * normal[i * n + j]! - second)).toBeLessThan(1e-3 * Math.max(1, Math.abs(second)));
    }
  });

  it('linearises only what is active', () => {
    const problem = toyProblem(5);
    problem.linearise(6);
    expect([...problem.right.subarray(6)].every((v) => v === 0)).toBe(true);
    expect(problem.normal[7 * problem.size + 7]).toBe(0);
  });
});
