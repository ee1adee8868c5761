/**
 * One small example of every differentiable operation: material for the checks of gradients and of devices.
 *
 * Not a test itself. Shapes are as small as broadcasting, strides and repeated indices allow.
 */
import { RandomStream, randomKey } from '../../core/rng.js';
import * as graph from '../index.js';
import { Graph, gradients, type Shape, type Tensor } from '../index.js';

/** y = f(inputs) for a check of its gradient. */
export type GradientCase = {
  /** of the inputs x0, x1, … */
  readonly shapes: readonly Shape[];
  /** adds the operation to the inputs' graph */
  readonly f: (...inputs: Tensor[]) => Tensor;
  /** moves random normals to where the function is smooth; default: identity */
  readonly domain?: (value: number, index: number) => number;
  /** positions of the inputs through which no gradient flows; default: none */
  readonly fixed?: readonly number[];
};

/** Away from 0 by at least 0.2, where |x|, relu, max … have their kink: the step below is 40 times smaller. */
const awayFromZero = (v: number) => (Math.abs(v) < 0.2 ? v + 0.4 * (v < 0 ? -1 : 1) : v);
/** Up to 71 values in disorder, any two at least 0.1 apart: no step changes which one is a maximum. */
const apart = (_: number, i: number) => 0.1 * ((20 * i) % 71);
const positive = (v: number) => 0.5 + Math.abs(v);

/** One case or more for every operation that carries a gradient, by name. */
export const gradientCases: Readonly<Record<string, GradientCase>> = {
  add: { shapes: [[2, 3], [3]], f: graph.add },
  sub: {
    shapes: [
      [2, 3],
      [2, 1],
    ],
    f: graph.sub,
  },
  mul: {
    shapes: [
      [2, 3],
      [1, 3],
    ],
    f: graph.mul,
  },
  div: { shapes: [[2, 3], [3]], f: graph.div, domain: positive },
  maximum: { shapes: [[4, 5], [5]], f: (a, b) => graph.maximum(a, graph.mul(b, 0.1)), domain: awayFromZero },
  minimum: { shapes: [[4, 5], [5]], f: (a, b) => graph.minimum(a, graph.mul(b, 0.1)), domain: awayFromZero },
  clip: { shapes: [[10]], f: (x) => graph.clip(x, -0.1, 0.1), domain: awayFromZero },
  where: {
    shapes: [[6], [6], [6]],
    f: (c, a, b) => graph.where(graph.greater(c, 0), a, b),
    domain: awayFromZero,
    fixed: [0],
  },
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
  matmul: {
    shapes: [
      [2, 3, 4],
      [4, 2],
    ],
    f: graph.matmul,
  },
  'matmul batched': {
    shapes: [
      [2, 1, 3, 4],
      [3, 4, 2],
    ],
    f: graph.matmul,
  },
  linear: { shapes: [[2, 3, 4], [5, 4], [5]], f: graph.linear },
  gemm: {
    shapes: [
      [3, 4],
      [5, 3],
    ],
    f: (a, b) => graph.gemm(a, b, null, { transposeA: true, transposeB: true }),
  },
  'gemm transposed B': { shapes: [[3, 4], [5, 4], [5]], f: (a, b, c) => graph.gemm(a, b, c, { transposeB: true }) },
  'gemm transposed A': {
    shapes: [
      [4, 3],
      [4, 5],
    ],
    f: (a, b) => graph.gemm(a, b, null, { transposeA: true }),
  },
  'conv 3x3': { shapes: [[2, 3, 4, 5], [4, 3, 3, 3], [4]], f: (x, w, b) => graph.conv2d(x, w, b, { padding: 1 }) },
  'conv 1x1': {
    shapes: [
      [2, 3, 2, 2],
      [4, 3, 1, 1],
    ],
    f: (x, w) => graph.conv2d(x, w),
  },
  // the two above have few pixels per channel, these two many: another product makes the weight gradient
  'conv 3x3 of many pixels': {
    shapes: [
      [2, 1, 4, 5],
      [2, 1, 3, 3],
    ],
    f: (x, w) => graph.conv2d(x, w, null, { padding: 1 }),
  },
  'conv 1x1 of many pixels': {
    shapes: [
      [2, 1, 3, 4],
      [2, 1, 1, 1],
    ],
    f: (x, w) => graph.conv2d(x, w),
  },
  'conv 3x2': {
    shapes: [
      [1, 2, 4, 3],
      [3, 2, 3, 2],
    ],
    f: (x, w) => graph.conv2d(x, w, null, { padding: [1, 0, 1, 1] }),
  },
  'conv of two groups': {
    shapes: [
      [1, 4, 3, 3],
      [4, 2, 3, 3],
    ],
    f: (x, w) => graph.conv2d(x, w, null, { padding: 1, groups: 2 }),
    fixed: [1],
  },
  'conv stride 2': {
    shapes: [
      [2, 2, 6, 6],
      [3, 2, 3, 3],
    ],
    f: (x, w) => graph.conv2d(x, w, null, { stride: 2, padding: 1 }),
  },
  'conv uneven padding': {
    shapes: [[1, 2, 5, 4], [3, 2, 3, 3], [3]],
    f: (x, w, b) => graph.conv2d(x, w, b, { stride: 2, padding: [0, 0, 1, 1] }),
  },
  upsampleNearest2x: { shapes: [[1, 2, 2, 3]], f: graph.upsampleNearest2x },
  averagePool2x: { shapes: [[1, 2, 4, 2]], f: graph.averagePool2x },
  maxPool2x: { shapes: [[1, 2, 4, 4]], f: graph.maxPool2x, domain: (v, i) => v + i * 0.1 },
  'maxPool3x even': { shapes: [[1, 2, 6, 4]], f: graph.maxPool3x, domain: apart },
  'maxPool3x odd': { shapes: [[2, 1, 5, 7]], f: graph.maxPool3x, domain: apart },
  'conv 5x5 stride 4': {
    shapes: [[1, 2, 10, 9], [3, 2, 5, 5], [3]],
    f: (x, w, b) => graph.conv2d(x, w, b, { stride: 4, padding: 2 }),
  },
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
  concat: {
    shapes: [
      [2, 3],
      [2, 2],
    ],
    f: (a, b) => graph.concat([a, b, a], 1),
  },
  slice: { shapes: [[4, 5]], f: (x) => graph.slice(x, 1, 1, -1) },
  broadcastTo: { shapes: [[1, 3]], f: (x) => graph.broadcastTo(x, [4, 3]) },
  pad: { shapes: [[2, 3]], f: (x) => graph.pad(x, [1, 0, 2, 1]) },
  'gather with repeats': {
    shapes: [[5, 2]],
    f: (x) => graph.gather(x, x.graph.constant([0, 3, 3, 3, 1, 0, 4, 3], [2, 4], 'int64')),
  },
  stopGradient: { shapes: [[4]], f: (x) => graph.add(graph.square(x), graph.mul(graph.stopGradient(x), 0)) },
};

/** A case as a graph: loss = Σ y·r with fixed random r, so that every element of y counts. */
export type BuiltCase = {
  /** y, the scalar loss, and 'd x0', … for each input through which a gradient flows */
  readonly outputs: Readonly<Record<string, Tensor>>;
  /** random values of the inputs x0, x1, … */
  readonly feeds: Readonly<Record<string, Float32Array>>;
  /** names of the inputs that have a gradient */
  readonly differentiated: readonly string[];
};

/** Where to build a case: a graph of its own, or one that several cases share and where a prefix keeps names apart. */
export type CasePlace = { readonly graph: Graph; readonly prefix: string };

/** Builds a case with values drawn from `seed`. Names of feeds and outputs begin with the prefix; default ''. */
export function buildCase(
  { shapes, f, domain = (v) => v, fixed = [] }: GradientCase,
  seed: number,
  { graph: g, prefix }: CasePlace = { graph: new Graph(), prefix: '' },
): BuiltCase {
  const random = new RandomStream(randomKey(seed));
  const values = shapes.map((shape) => Float32Array.from(random.normals(graph.sizeOf(shape)), domain));
  const inputs = shapes.map((shape, i) => g.input(`${prefix}x${i}`, shape));
  const y = f(...inputs);
  const loss = graph.sum(graph.mul(y, g.constant(random.normals(graph.sizeOf(y.shape)), y.shape)));
  const differentiated = inputs.flatMap((_, i) => (fixed.includes(i) ? [] : [i]));
  const slopes = gradients(
    loss,
    differentiated.map((i) => inputs[i]!),
  );
  const named = slopes.map((slope, i) => [`${prefix}d x${differentiated[i]}`, slope]);
  return {
    outputs: { [`${prefix}y`]: y, [`${prefix}loss`]: loss, ...Object.fromEntries(named) },
    feeds: Object.fromEntries(values.map((v, i) => [`${prefix}x${i}`, v])),
    differentiated: differentiated.map((i) => `x${i}`),
  };
}
