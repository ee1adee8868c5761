/** Loss terms against plain sums. */
import { describe, expect, it } from 'vitest';
import { RandomStream, randomKey } from '../core/rng.js';
import { compile, Graph, gradients, mean, mul } from '../graph/index.js';
import { buildLoss } from './losses.js';

const shape = { views: 2, patch: 3 };
const RAYS = 18;
const stream = new RandomStream(randomKey(1));
const uniforms = (n: number) => new Float32Array(n).map(() => stream.uniform());

const NOTHING_KNOWN = { face: null, empty: null };

describe('buildLoss', () => {
  it('is the weighted sum of its terms', async () => {
    const feed = {
      color: uniforms(RAYS * 3),
      target: uniforms(RAYS * 3),
      opacity: uniforms(RAYS),
      face: uniforms(RAYS),
      empty: uniforms(RAYS),
    };
    const g = new Graph();
    const rays = { color: g.input('color', [RAYS, 3]), opacity: g.input('opacity', [RAYS]) };
    const weights = { l1: 2, perceptual: 3, sparsity: 0.5, opaqueness: 0.25, coverage: 0.75, emptiness: 0.4 };
    const known = { face: g.input('face', [RAYS]), empty: g.input('empty', [RAYS]) };
    const loss = buildLoss(g, rays, g.input('target', [RAYS, 3]), known, shape, weights, {
      name: 'correlation',
      build: (_graph, a, b) => mean(mul(a, b)),
      weights: () => {
        throw new Error('internal: no weights here');
      },
    });
    const program = await compile({ outputs: { total: loss.total }, threads: 1 });
    const total = (await program.run(feed))['total']![0]!;
    await program.dispose();
    const average = (n: number, f: (i: number) => number) =>
      Array.from({ length: n }, (_, i) => f(i)).reduce((a, b) => a + b) / n;
    const l1 = average(RAYS * 3, (i) => Math.abs(feed.color[i]! - feed.target[i]!));
    const product = average(RAYS * 3, (i) => (2 * feed.color[i]! - 1) * (2 * feed.target[i]! - 1));
    const sparsity = average(RAYS, (i) => Math.sqrt(feed.opacity[i]! ** 2 + 0.01));
    const entropy = average(RAYS, (i) => {
      const o = feed.opacity[i]!;
      return -o * Math.log(o) - (1 - o) * Math.log(1 - o);
    });
    const gap = average(RAYS, (i) => feed.face[i]! * (1 - feed.opacity[i]!));
    const haze = average(RAYS, (i) => feed.empty[i]! * feed.opacity[i]!);
    const all = 2 * l1 + 3 * product + 0.5 * sparsity + 0.25 * entropy + 0.75 * gap + 0.4 * haze;
    expect(total).toBeCloseTo(all, 5);
  });
  it('has finite gradients at opacities 0 and 1', async () => {
    const g = new Graph();
    const opacity = g.input('opacity', [RAYS]);
    const color = g.input('color', [RAYS, 3]);
    const weights = { l1: 1, perceptual: 0, sparsity: 1, opaqueness: 1, coverage: 0, emptiness: 0 };
    const loss = buildLoss(g, { color, opacity }, g.input('target', [RAYS, 3]), NOTHING_KNOWN, shape, weights, null);
    const program = await compile({ outputs: { slope: gradients(loss.total, [opacity])[0]! }, threads: 1 });
    const zeros = new Float32Array(RAYS * 3);
    for (const value of [0, 1e-30, 0.5, 1]) {
      const out = await program.run({ opacity: new Float32Array(RAYS).fill(value), color: zeros, target: zeros });
      expect(out['slope']!.every(Number.isFinite)).toBe(true);
    }
    await program.dispose();
  });
});
