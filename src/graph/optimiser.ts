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
  /** stretches of the value that have names of their own */
  readonly parts?: readonly StatePart[];
};

/** A named stretch of a state value: can be read and written by its name, and be seen by the graph without a copy. */
export type StatePart = {
  readonly name: string;
  readonly offset: number;
  readonly length: number;
  /** an input or parameter of the graph that is fed with this stretch */
  readonly leaf?: Tensor;
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

/** Name under which a parameter's first or second moment is read and written. */
export function momentName(parameter: string, which: 'first' | 'second'): string {
  return `adamw.${which}.${parameter}`;
}

/** Norm over all values of all tensors together. */
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

/**
 * Values of one pack. Most parameters of a network are short rows, and a node costs microseconds however short its input is:
 * one update for each is thousands of tiny nodes. Packs of this size (256 KB) still fit a core's cache.
 */
const PACK_VALUES = 1 << 16;
/** The same for a wide graph: a GPU starts a kernel for every node, and 16 MB of values take it no longer than a few rows. */
const WIDE_PACK_VALUES = 1 << 22;

/** Neighbouring parameters whose values are updated as one flat vector. */
type Pack = {
  readonly members: readonly number[];
  readonly length: number;
  /** the members' gradients, one after another */
  readonly gradient: Tensor;
};

/** The updates of all parameters and moments for one step of AdamW, by packs; every parameter and moment can be read by name. */
export function adamW(graph: Graph, options: AdamWOptions): StateUpdate[] {
  const packs = packsOf(graph, options);
  const rates = stepRates(
    graph,
    options,
    packs.map(({ gradient }) => gradient),
  );
  return packs.flatMap((pack, i) => updatePack(graph, options, pack, i, rates));
}

function packsOf(graph: Graph, { parameters, gradients }: AdamWOptions): Pack[] {
  const packValues = graph.wide ? WIDE_PACK_VALUES : PACK_VALUES;
  const groups: number[][] = [];
  let length = Infinity;
  parameters.forEach(({ shape }, i) => {
    if (length + sizeOf(shape) > packValues) {
      groups.push([]);
      length = 0;
    }
    groups.at(-1)!.push(i);
    length += sizeOf(shape);
  });
  return groups.map((members) => ({
    members,
    length: members.reduce((total, i) => total + sizeOf(parameters[i]!.shape), 0),
    gradient: concat(
      members.map((i) => reshape(gradients[i]!, [sizeOf(gradients[i]!.shape)])),
      0,
    ),
  }));
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

function stepRates(graph: Graph, options: AdamWOptions, gradients: readonly Tensor[]): StepRates {
  const { beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8, weightDecay = 0.01, clipNorm, step, learningRate } = options;
  const correct1 = sub(1, powerOf(beta1, step));
  const correct2 = sqrt(sub(1, powerOf(beta2, step)));
  const clip = clipNorm === undefined ? graph.scalar(1) : clipScale(gradients, clipNorm);
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

function updatePack(
  graph: Graph,
  options: AdamWOptions,
  { members, length, gradient }: Pack,
  index: number,
  rates: StepRates,
): StateUpdate[] {
  const { beta1 = 0.9, beta2 = 0.999, moments, parameters, initial } = options;
  const [value, first, second] = ['value', 'first', 'second'].map((kind) =>
    graph.input(`adamw.pack.${kind}.${index}`, [length]),
  ) as [Tensor, Tensor, Tensor];
  const nextFirst = add(mul(first, beta1), mul(gradient, rates.first));
  const nextSecond = add(mul(second, beta2), mul(mul(gradient, gradient), rates.second));
  const kept = rates.keep ? mul(value, rates.keep) : value;
  const next = sub(kept, mul(div(nextFirst, add(sqrt(nextSecond), rates.epsilon)), rates.size));
  const packed = (values: readonly Float32Array[] | undefined): Float32Array => {
    const out = new Float32Array(length);
    let offset = 0;
    for (const i of members) {
      if (values) out.set(values[i]!, offset);
      offset += sizeOf(parameters[i]!.shape);
    }
    return out;
  };
  const parts = (name: (parameter: Tensor) => string, seen: boolean): StatePart[] => {
    let offset = 0;
    return members.map((i) => {
      const leaf = parameters[i]!;
      const part = { name: name(leaf), offset, length: sizeOf(leaf.shape), ...(seen ? { leaf } : {}) };
      offset += part.length;
      return part;
    });
  };
  const moment = (which: 'first' | 'second') => parts((p) => momentName(p.name, which), false);
  return [
    { tensor: value, next, initial: packed(initial), parts: parts((p) => p.name, true) },
    { tensor: first, next: nextFirst, initial: packed(moments?.first), parts: moment('first') },
    { tensor: second, next: nextSecond, initial: packed(moments?.second), parts: moment('second') },
  ];
}
