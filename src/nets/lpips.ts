/**
 * LPIPS v0.1 on the graph: how different two pictures look, from the features of AlexNet or VGG16 and five learned linear
 * layers.
 *
 * Source: Zhang et al. 2018 and the package `lpips`; networks and parameter names (`features.N.weight`) are torchvision's, names
 * of the linear layers (`lin0.model.1.weight`) the package's. No weights here: who has them names files (run/lpips-files.ts).
 * Letters: B pictures, H×W pixels, C channels.
 */
import {
  add,
  conv2d,
  div,
  Graph,
  maxPool2x,
  maxPool3x,
  mean,
  relu,
  slice,
  sqrt,
  square,
  sub,
  sum,
  type Tensor,
  type WeightSource,
} from '../graph/index.js';
import type { ParameterLike } from './initialise.js';
import { convolution, type Scope, scopeOf } from './scope.js';

/** The network whose features are compared: AlexNet (the metric of the paper) or VGG16 (its loss). */
export type LpipsBackbone = 'alex' | 'vgg';

/** Channels of the five levels. */
export type LpipsWidths = readonly [number, number, number, number, number];

/** Which network, and how wide. */
export type LpipsConfig = { readonly backbone: LpipsBackbone; readonly widths: LpipsWidths };

/** A network whose weights were found. */
export type LpipsModel = {
  readonly config: LpipsConfig;
  /** as results call it: `lpips(alex)` or `lpips(vgg)` */
  readonly name: string;
  /** values by name, below `LPIPS_PREFIX` */
  readonly weights: WeightSource;
  readonly paths: readonly string[];
};

/** Prefix of the parameters on a graph, so that they never meet another network's. */
export const LPIPS_PREFIX = 'lpips.';

/** Widths of the published networks. */
export const LPIPS_WIDTHS: Readonly<Record<LpipsBackbone, LpipsWidths>> = {
  alex: [64, 192, 384, 256, 256],
  vgg: [64, 128, 256, 512, 512],
};

/** Pixels that a picture needs in both directions, so that every level has at least one. */
export const LPIPS_SMALLEST: Readonly<Record<LpipsBackbone, number>> = { alex: 31, vgg: 16 };

/** A convolution, called by its place in torchvision's `features`; each is followed by a ReLU. */
type Layer = { readonly at: number; readonly kernel: number; readonly stride: number; readonly padding: number };
/** A level ends with features that are compared. */
type Level = { readonly pool: null | ((x: Tensor) => Tensor); readonly layers: readonly Layer[] };

const small = (at: number): Layer => ({ at, kernel: 3, stride: 1, padding: 1 });

const LEVELS: Readonly<Record<LpipsBackbone, readonly Level[]>> = {
  alex: [
    { pool: null, layers: [{ at: 0, kernel: 11, stride: 4, padding: 2 }] },
    { pool: maxPool3x, layers: [{ at: 3, kernel: 5, stride: 1, padding: 2 }] },
    { pool: maxPool3x, layers: [small(6)] },
    { pool: null, layers: [small(8)] },
    { pool: null, layers: [small(10)] },
  ],
  vgg: [
    { pool: null, layers: [0, 2].map(small) },
    { pool: maxPoolWhole, layers: [5, 7].map(small) },
    { pool: maxPoolWhole, layers: [10, 12, 14].map(small) },
    { pool: maxPoolWhole, layers: [17, 19, 21].map(small) },
    { pool: maxPoolWhole, layers: [24, 26, 28].map(small) },
  ],
};

/** Maxima of whole 2×2 blocks: the last row or column of an odd size is in none. */
function maxPoolWhole(x: Tensor): Tensor {
  const [, , h, w] = x.shape as [number, number, number, number];
  return maxPool2x(slice(slice(x, 2, 0, h - (h % 2)), 3, 0, w - (w % 2)));
}

/** Mean and spread of photos' colours in [−1, 1], per channel (the package's scaling layer). */
const SHIFT = [-0.03, -0.088, -0.188];
const SCALE = [0.458, 0.448, 0.45];

/** Keeps the length of a vector away from 0 (the package's constant). */
const EPSILON = 1e-10;
/** Under the root: keeps its slope finite where all channels are 0, and is nothing beside any length above 1e-9. */
const ROOT_FLOOR = 1e-20;

/**
 * Distances of B pairs of pictures [B, 3, H, W] in [−1, 1]: [B], 0 = equal. H and W at least `LPIPS_SMALLEST`.
 * Parameters stand below the scope: `features.N.weight`, `.bias`, `linN.model.1.weight`.
 */
export function lpipsDistance(scope: Scope, config: LpipsConfig, a: Tensor, b: Tensor): Tensor {
  const [ofA, ofB] = [a, b].map((picture) => lpipsFeatures(scope, config, picture)) as [Tensor[], Tensor[]];
  return ofA
    .map((level, i) => {
      const difference = square(sub(unitLength(level), unitLength(ofB[i]!)));
      const weight = scope.weight(`lin${i}.model.1.weight`, [1, config.widths[i]!, 1, 1]);
      return mean(conv2d(difference, weight), [1, 2, 3]);
    })
    .reduce((total, term) => add(total, term));
}

/** All parameters of a network, in order of use, with names as they stand in files. */
export function lpipsParameters(config: LpipsConfig): ParameterLike[] {
  const graph = new Graph();
  const side = LPIPS_SMALLEST[config.backbone];
  const [a, b] = ['a', 'b'].map((name) => graph.input(name, [1, 3, side, side])) as [Tensor, Tensor];
  lpipsDistance(scopeOf(graph), config, a, b);
  return graph.parameters().map(({ name, shape }) => ({ name, shape }));
}

/** Features of the five levels before they are brought to unit length, [B, C, H', W'] each. */
export function lpipsFeatures(scope: Scope, { backbone, widths }: LpipsConfig, picture: Tensor): Tensor[] {
  const { graph } = scope;
  let x = div(sub(picture, perChannel(graph, SHIFT)), perChannel(graph, SCALE));
  return LEVELS[backbone].map(({ pool, layers }, i) => {
    if (pool) x = pool(x);
    for (const { at, ...options } of layers) x = relu(convolution(scope.at(`features.${at}`), x, widths[i]!, options));
    return x;
  });
}

function perChannel(graph: Graph, values: readonly number[]): Tensor {
  return graph.constant(values, [1, values.length, 1, 1]);
}

function unitLength(x: Tensor): Tensor {
  return div(x, add(sqrt(add(sum(square(x), [1], true), ROOT_FLOOR)), EPSILON));
}
