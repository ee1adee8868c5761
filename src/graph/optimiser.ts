/**
 * AdamW (Loshchilov and Hutter 2019) and clipping by global norm, as nodes of the training graph.
 */
import type { Graph } from './graph.js';
import { add, div, minimum, mul, type Operand, pow, sqrt, sub } from './ops/elementwise.js';
import { sum } from './ops/reduce.js';
import { concat, reshape } from './ops/shape.js';
import { sizeOf, type Tensor } from './tensor.js';

/** A value that stays in the program between runs: read through `tensor`, replaced by `next` after each run. */
export type StateUpdate = {
  /** an input or parameter of the graph */
  readonly tensor: Tensor;
  /** its value after the run, same shape */
  readonly next: Tensor;
  /** its value before the first run; row-major */
  readonly initial: Float32Array;
};

/** Settings of AdamW. */
export type AdamWOptions = {
  readonly parameters: readonly Tensor[];
  /** initial values of the parameters, in their order */
  readonly initial: readonly Float32Array[];
  /** gradients of the loss, in the order of the parameters */
  readonly gradients: readonly Tensor[];
  /** step size; a scalar tensor when it changes over time */
  readonly learningRate: Operand;
  /** number of this step, counted from 1, as a float32 scalar input: for the bias correction */
  readonly step: Tensor;
  /** default 0.9 */
  readonly beta1?: number;
  /** default 0.999 */
  readonly beta2?: number;
  /** default 1e-8: keeps the division finite for parameters that have had no gradient */
  readonly epsilon?: number;
  /** decoupled decay, default 0.01 */
  readonly weightDecay?: number;
  /** gradients are scaled down to this global norm when they exceed it; absent = no clipping */
  readonly clipNorm?: number;
  /** first and second moments to start from, in the order of the parameters; default zeros */
  readonly moments?: { readonly first: readonly Float32Array[]; readonly second: readonly Float32Array[] };
};

/** Name of the state tensor that holds a parameter's first or second moment. */
export function momentName(parameter: string, which: 'first' | 'second'): string {
  return `adamw.${which}.${parameter}`;
}

/** Norm over all gradients together. */
export function globalNorm(tensors: readonly Tensor[]): Tensor {
  return sqrt(sum(concat(tensors.map((t) => reshape(sum(mul(t, t)), [1])), 0)));
}

/** The updates of all parameters and moments for one step of AdamW. */
export function adamW(graph: Graph, options: AdamWOptions): StateUpdate[] {
  const { beta1 = 0.9, beta2 = 0.999, clipNorm, step } = options;
  // 1 − β^step by exp(step·ln β); pow with a constant base is not an op here
  const correct1 = sub(1, powerOf(beta1, step));
  const correct2 = sqrt(sub(1, powerOf(beta2, step)));
  const scale = clipNorm === undefined ? null : clipScale(options.gradients, clipNorm);
  const rate = { size: div(options.learningRate, correct1), correct2 };
  return options.parameters.flatMap((parameter, i) => {
    const gradient = options.gradients[i]!;
    return updateOne(graph, options, i, parameter, scale ? mul(gradient, scale) : gradient, rate);
  });
}

function powerOf(base: number, exponent: Tensor): Tensor {
  return exponent.graph.add({ type: 'Pow' }, [exponent.graph.scalar(base), exponent], [
    { shape: exponent.shape, dtype: 'float32' },
  ])[0]!;
}

function clipScale(gradients: readonly Tensor[], clipNorm: number): Tensor {
  // 1e-6 as in PyTorch's clip_grad_norm_: keeps the quotient finite for a zero gradient
  return minimum(div(clipNorm, add(globalNorm(gradients), 1e-6)), 1);
}

function updateOne(
  graph: Graph,
  options: AdamWOptions,
  index: number,
  parameter: Tensor,
  gradient: Tensor,
  rate: { size: Tensor; correct2: Tensor },
): StateUpdate[] {
  const { beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8, weightDecay = 0.01, learningRate, moments } = options;
  const zeros = () => new Float32Array(sizeOf(parameter.shape));
  const first = graph.input(momentName(parameter.name, 'first'), parameter.shape);
  const second = graph.input(momentName(parameter.name, 'second'), parameter.shape);
  const nextFirst = add(mul(first, beta1), mul(gradient, 1 - beta1));
  const nextSecond = add(mul(second, beta2), mul(pow(gradient, 2), 1 - beta2));
  const denominator = add(div(sqrt(nextSecond), rate.correct2), epsilon);
  const decayed = weightDecay === 0 ? parameter : mul(parameter, sub(1, mulOperands(learningRate, weightDecay, graph)));
  const next = sub(decayed, mul(div(nextFirst, denominator), rate.size));
  return [
    { tensor: parameter, next, initial: options.initial[index]! },
    { tensor: first, next: nextFirst, initial: moments?.first[index] ?? zeros() },
    { tensor: second, next: nextSecond, initial: moments?.second[index] ?? zeros() },
  ];
}

function mulOperands(a: Operand, b: number, graph: Graph): Tensor {
  return typeof a === 'number' ? graph.scalar(a * b) : mul(a, b);
}
