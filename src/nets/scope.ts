/**
 * Where in a checkpoint a network stands: a graph and the prefix of its parameter names, and the few layers that every
 * network is made of.
 *
 * Not a module system: a layer is a function call, and a parameter exists from the moment its name is first asked for.
 */
import { conv2d, type Graph, groupNorm, layerNorm, linear, type Tensor } from '../graph/index.js';

/** A place in the tree of parameter names. */
export type Scope = {
  readonly graph: Graph;
  /** '' or a name that ends with a dot */
  readonly prefix: string;
  /** the place below, e.g. `at('resnets.0')` */
  at(name: string): Scope;
  /** the parameter `prefix + name`; its gradient exists in training, its values come from the checkpoint otherwise */
  weight(name: string, shape: readonly number[]): Tensor;
};

/** The root of a network's names in a graph; `prefix` is '' or ends with a dot, e.g. 'unet.'. */
export function scopeOf(graph: Graph, prefix = ''): Scope {
  return {
    graph,
    prefix,
    at: (name) => scopeOf(graph, `${prefix}${name}.`),
    weight: (name, shape) => graph.parameter(prefix + name, shape),
  };
}

/** Options of `convolution`. */
export type ConvolutionOptions = {
  /** side of the square kernel. Default 3. */
  readonly kernel?: number;
  /** Default 1. */
  readonly stride?: number;
  /** one number or [top, left, bottom, right]. Default: kernel / 2 rounded down, which keeps H×W at stride 1. */
  readonly padding?: number | readonly [number, number, number, number];
};

/** Convolution with bias, x [B, C, H, W] → [B, O, H', W']; parameters `weight` [O, C, k, k] and `bias` [O]. */
export function convolution(scope: Scope, x: Tensor, outputs: number, options: ConvolutionOptions = {}): Tensor {
  const { kernel = 3, stride = 1, padding = Math.floor(kernel / 2) } = options;
  const weight = scope.weight('weight', [outputs, x.shape[1]!, kernel, kernel]);
  return conv2d(x, weight, scope.weight('bias', [outputs]), { stride, padding });
}

/** Affine map of the last axis, x […, I] → […, O]; parameters `weight` [O, I] and, unless switched off, `bias` [O]. */
export function dense(scope: Scope, x: Tensor, outputs: number, options: { bias?: boolean } = {}): Tensor {
  const weight = scope.weight('weight', [outputs, x.shape[x.shape.length - 1]!]);
  return linear(x, weight, options.bias === false ? undefined : scope.weight('bias', [outputs]));
}

/** Group norm over x [B, C, …]; `groups` divides C. */
export function normaliseGroups(scope: Scope, x: Tensor, groups: number, epsilon: number): Tensor {
  const channels = x.shape[1]!;
  return groupNorm(x, groups, scope.weight('weight', [channels]), scope.weight('bias', [channels]), epsilon);
}

/** PyTorch's default, which Stable Diffusion's transformers and CLIP keep. */
const LAYER_NORM_EPSILON = 1e-5;

/** Layer norm over the last axis. */
export function normaliseLayer(scope: Scope, x: Tensor): Tensor {
  const width = x.shape[x.shape.length - 1]!;
  return layerNorm(x, scope.weight('weight', [width]), scope.weight('bias', [width]), LAYER_NORM_EPSILON);
}
