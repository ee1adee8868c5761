/**
 * AdamW (Loshchilov and Hutter 2019) and clipping by global norm, as nodes of the training graph.
 */
import type { Graph } from './graph.js';
import { add, div, minimum, mul, type Operand, sqrt, sub } from './ops/elementwise.js';
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
  return sqrt(
    sum(
      concat(
        tensors.map((t) => reshape(sum(mul(t, t)), [1])),
        0,
      ),
    ),
  );
}

/** The updates of all parameters and moments for one step of AdamW. */
export function adamW(graph: Graph, options: AdamWOptions): StateUpdate[] {
  const rates = stepRates(graph, options);
  return options.parameters.flatMap((parameter, i) => updateOne(graph, options, i, parameter, rates));
}

/** Scalars of a step, computed once, so that a parameter's own update has as few passes over memory as possible. */
type StepRates = {
  /** factor of the gradient in the first moment: clipping · (1 − β1) */
  readonly first: Tensor;
  /** factor of the squared gradient in the second moment: clipping² · (1 − β2) */
  readonly second: Tensor;
  /** step size with both bias corrections */
  readonly size: Tensor;
  /** ε with the correction that `size` has taken over */
  readonly epsilon: Tensor;
  /** 1 − rate · decay */
  readonly keep: Tensor | null;
};

function stepRates(graph: Graph, options: AdamWOptions): StepRates {
  const { beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8, weightDecay = 0.01, clipNorm, step, learningRate } = options;
  const correct1 = sub(1, powerOf(beta1, step));
  const correct2 = sqrt(sub(1, powerOf(beta2, step)));
  const clip = clipNorm === undefined ? graph.scalar(1) : clipScale(options.gradients, clipNorm);
  // m̂ / (√v̂ + ε) = m/c1 / (√v/c2 + ε) = (c2/c1)·m / (√v + ε·c2), with c1 = 1 − β1^t and c2 = √(1 − β2^t)
  return {
    first: mul(clip, 1 - beta1),
    second: mul(mul(clip, clip), 1 - beta2),
    size: mul(div(correct2, correct1), learningRate),
    epsilon: mul(correct2, epsilon),
    keep: weightDecay === 0 ? null : sub(1, mul(graph.scalar(weightDecay), learningRate)),
  };
}

function powerOf(base: number, exponent: Tensor): Tensor {
  return exponent.graph.add(
    { type: 'Pow' },
    [exponent.graph.scalar(base), exponent],
    [{ shape: exponent.shape, dtype: 'float32' }],
  )[0]!;
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
  rates: StepRates,
): StateUpdate[] {
  const { beta1 = 0.9, beta2 = 0.999, moments } = options;
  const gradient = options.gradients[index]!;
  const zeros = () => new Float32Array(sizeOf(parameter.shape));
  const first = graph.input(momentName(parameter.name, 'first'), parameter.shape);
  const second = graph.input(momentName(parameter.name, 'second'), parameter.shape);
  const nextFirst = add(mul(first, beta1), mul(gradient, rates.first));
  const nextSecond = add(mul(second, beta2), mul(mul(gradient, gradient), rates.second));
  const kept = rates.keep ? mul(parameter, rates.keep) : parameter;
  const next = sub(kept, mul(div(nextFirst, add(sqrt(nextSecond), rates.epsilon)), rates.size));
  return [
    { tensor: parameter, next, initial: options.initial[index]! },
    { tensor: first, next: nextFirst, initial: moments?.first[index] ?? zeros() },
    { tensor: second, next: nextSecond, initial: moments?.second[index] ?? zeros() },
  ];
}
