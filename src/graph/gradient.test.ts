/**
 * Every operation's gradient against central differences, run on the real runtime with two threads.
 *
 * Each case builds y = f(inputs); the loss is Σ y·r with fixed random r, so that every output element counts.
 */
import { describe, expect, test } from 'vitest';
import { RandomStream, randomKey } from '../core/rng.js';
import * as graph from './index.js';
import { compile, Graph, gradients, type Shape, type Tensor } from './index.js';

type Case = {
  readonly shapes: readonly Shape[];
  readonly f: (...inputs: Tensor[]) => Tensor;
  /** moves random normals to where the function is smooth; default: identity */
  readonly domain?: (value: number, index: number) => number;
};

/** Away from 0 by at least 0.2, where |x|, relu, max … have their kink: the step below is 40 times smaller. */
const awayFromZero = (v: number) => (Math.abs(v) < 0.2 ? v + 0.4 * (v < 0 ? -1 : 1) : v);
const positive = (v: number) => 0.5 + Math.abs(v);

const cases: Record<string, Case> = {
  add: { shapes: [[2, 3], [3]], f: graph.add },
  sub: { shapes: [[2, 3], [2, 1]], f: graph.sub },
  mul: { shapes: [[2, 3], [1, 3]], f: graph.mul },
  div: { shapes: [[2, 3], [3]], f: graph.div, domain: positive },
  maximum: { shapes: [[4, 5], [5]], f: (a, b) => graph.maximum(a, graph.mul(b, 0.1)), domain: awayFromZero },
  minimum: { shapes: [[4, 5], [5]], f: (a, b) => graph.minimum(a, graph.mul(b, 0.1)), domain: awayFromZero },
  clip: { shapes: [[10]], f: (x) => graph.clip(x, -0.1, 0.1), domain: awayFromZero },
  where: { shapes: [[6], [6], [6]], f: (c, a, b) => graph.where(graph.greater(c, 0), a, b), domain: awayFromZero },
  neg: { shapes: [[4]], f: graph.neg },
  exp: { shapes: [[4]], f: graph.exp },
  log: { shapes: [[4]], f: graph.log, domain: positive },
  sqrt: { shapes: [[4]], f: graph.sqrt, domain: positive },
  sin: { shapes: [[4]], f: graph.sin },
  cos: { shapes: [[4]], f: graph.cos },
  abs: { shapes: [[8]], f: graph.abs, domain: awayFromZero },
  tanh: { shapes: [[4]], f: graph.tanh },
  sigmoid: { shapes: [[4]], f: graph.sigmoid },
  relu: { shapes: [[8]], f: graph.relu, domain: awayFromZero },
  softplus: { shapes: [[4]], f: graph.softplus },
  reciprocal: { shapes: [[4]], f: graph.reciprocal, domain: positive },
  erf: { shapes: [[4]], f: graph.erf },
  gelu: { shapes: [[6]], f: graph.gelu },
  quickGelu: { shapes: [[6]], f: graph.quickGelu },
  silu: { shapes: [[6]], f: graph.silu },
  square: { shapes: [[4]], f: graph.square },
  pow: { shapes: [[4]], f: (x) => graph.pow(x, 1.7), domain: positive },
  cast: { shapes: [[4]], f: (x) => graph.cast(x, 'float32') },
  matmul: { shapes: [[2, 3, 4], [4, 2]], f: graph.matmul },
  'matmul batched': { shapes: [[2, 1, 3, 4], [3, 4, 2]], f: graph.matmul },
  linear: { shapes: [[2, 3, 4], [5, 4], [5]], f: graph.linear },
  gemm: { shapes: [[3, 4], [5, 3]], f: (a, b) => graph.gemm(a, b, null, { transposeA: true, transposeB: true }) },
  'gemm transposed B': { shapes: [[3, 4], [5, 4], [5]], f: (a, b, c) => graph.gemm(a, b, c, { transposeB: true }) },
  'gemm transposed A': { shapes: [[4, 3], [4, 5]], f: (a, b) => graph.gemm(a, b, null, { transposeA: true }) },
  'conv 3x3': { shapes: [[2, 3, 4, 5], [4, 3, 3, 3], [4]], f: (x, w, b) => graph.conv2d(x, w, b, { padding: 1 }) },
  'conv 1x1': { shapes: [[2, 3, 2, 2], [4, 3, 1, 1]], f: (x, w) => graph.conv2d(x, w) },
  'conv stride 2': { shapes: [[2, 2, 6, 6], [3, 2, 3, 3]], f: (x, w) => graph.conv2d(x, w, null, { stride: 2, padding: 1 }) },
  'conv uneven padding': {
    shapes: [[1, 2, 5, 4], [3, 2, 3, 3], [3]],
    f: (x, w, b) => graph.conv2d(x, w, b, { stride: 2, padding: [0, 0, 1, 1] }),
  },
  upsampleNearest2x: { shapes: [[1, 2, 2, 3]], f: graph.upsampleNearest2x },
  averagePool2x: { shapes: [[1, 2, 4, 2]], f: graph.averagePool2x },
  maxPool2x: { shapes: [[1, 2, 4, 4]], f: graph.maxPool2x, domain: (v, i) => v + i * 0.1 },
  layerNorm: { shapes: [[2, 3, 6], [6], [6]], f: (x, s, b) => graph.layerNorm(x, s, b, 1e-5) },
  groupNorm: { shapes: [[2, 4, 3, 2], [4], [4]], f: (x, s, b) => graph.groupNorm(x, 2, s, b, 1e-5) },
  softmax: { shapes: [[2, 3, 4]], f: graph.softmax },
  sum: { shapes: [[2, 3, 4]], f: (x) => graph.sum(x, [0, 2]) },
  'sum kept': { shapes: [[2, 3]], f: (x) => graph.sum(x, [-1], true) },
  mean: { shapes: [[2, 3, 4]], f: (x) => graph.mean(x, [1]) },
  cumsum: { shapes: [[2, 5]], f: (x) => graph.cumsum(x, 1) },
  'cumsum exclusive': { shapes: [[2, 5]], f: (x) => graph.cumsum(x, 1, { exclusive: true }) },
  'cumsum reverse': { shapes: [[2, 5]], f: (x) => graph.cumsum(x, -1, { reverse: true }) },
  reshape: { shapes: [[2, 6]], f: (x) => graph.reshape(x, [3, -1]) },
  transpose: { shapes: [[2, 3, 4]], f: (x) => graph.transpose(x, [2, 0, 1]) },
  concat: { shapes: [[2, 3], [2, 2]], f: (a, b) => graph.concat([a, b, a], 1) },
  slice: { shapes: [[4, 5]], f: (x) => graph.slice(x, 1, 1, -1) },
  broadcastTo: { shapes: [[1, 3]], f: (x) => graph.broadcastTo(x, [4, 3]) },
  pad: { shapes: [[2, 3]], f: (x) => graph.pad(x, [1, 0, 2, 1]) },
  'gather with repeats': {
    shapes: [[5, 2]],
    f: (x) => graph.gather(x, x.graph.constant([0, 3, 3, 3, 1, 0, 4, 3], [2, 4], 'int64')),
  },
  stopGradient: { shapes: [[4]], f: (x) => graph.add(graph.square(x), graph.mul(graph.stopGradient(x), 0)) },
};

/** float32 central differences: rounding of the loss (~1e-6 of its size) over 2·h leaves about 1e-3 relative. */
const STEP = 5e-3;
const TOLERANCE = 4e-3;

async function analyticAndNumeric({ shapes, f, domain = (v) => v }: Case, seed: number) {
  const random = new RandomStream(randomKey(seed));
  const values = shapes.map((shape) => Float32Array.from(random.normals(graph.sizeOf(shape)), domain));
  const g = new Graph();
  const inputs = shapes.map((shape, i) => g.input(`x${i}`, shape));
  const y = f(...inputs);
  const loss = graph.sum(graph.mul(y, g.constant(random.normals(graph.sizeOf(y.shape)), y.shape)));
  const useful = inputs.filter((_, i) => !(f.length === 3 && i === 0 && shapes.length === 3 && shapes[0]!.length === 1));
  const slopes = gradients(loss, useful);
  const outputs = { loss, ...Object.fromEntries(slopes.map((s, i) => [useful[i]!.name, s])) };
  const program = await compile({ outputs, threads: 2 });
  const feeds = Object.fromEntries(values.map((v, i) => [`x${i}`, v]));
  const analytic = await program.run(feeds);
  const numeric: Record<string, Float32Array> = {};
  for (const { name } of useful) {
    const base = feeds[name]!;
    numeric[name] = new Float32Array(base.length);
    for (let i = 0; i < base.length; i++) {
      const at = async (delta: number) => {
        const moved = Float32Array.from(base);
        moved[i]! += delta;
        return (await program.run({ ...feeds, [name]: moved }))['loss']![0]!;
      };
      numeric[name]![i] = ((await at(STEP)) - (await at(-STEP))) / (2 * STEP);
    }
  }
  await program.dispose();
  return { analytic, numeric };
}

describe('gradients agree with central differences', () => {
  for (const [name, example] of Object.entries(cases))
    test(name, async () => {
      const { analytic, numeric } = await analyticAndNumeric(example, 7);
      for (const [input, expected] of Object.entries(numeric)) {
        const scale = Math.max(1, ...expected.map(Math.abs));
        expected.forEach((value, i) => {
          expect(Math.abs(analytic[input]![i]! - value) / scale, `${name} d${input}[${i}]`).toBeLessThan(TOLERANCE);
        });
      }
    });
});
