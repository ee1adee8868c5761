/**
 * The network of the tongue judge: a small encoder–decoder (after Ronneberger et al. 2015) that marks the pixels of a tongue
 * that is out, and says where it points. Our own: the paper judges tongues by eye.
 *
 * Not a part of the prior and never trained with it: a judge must not share weights or pictures with what it judges.
 * Letters: B pictures, W side of the window.
 */
import {
  add,
  averagePool2x,
  concat,
  type Graph,
  linear,
  log,
  mean,
  mul,
  reshape,
  softmax,
  sub,
  type Tensor,
  upsampleNearest2x,
} from '../graph/index.js';
import { maskTerms, plainBlock, plainConvolution } from '../nets/index.js';

/** W: side of the window of the 64² picture that the network looks at. A multiple of 8, for three halvings. */
export const WINDOW = 40;

/** Directions that the judge can tell, in the order of its outputs; left and right as seen in the picture. */
export const JUDGED_DIRECTIONS = ['out', 'down', 'up', 'left', 'right', 'curled'] as const;

/** One of the directions. */
export type JudgedDirection = (typeof JUDGED_DIRECTIONS)[number];

/** Channels at full, half and quarter size: what fits into a file of 300 kB. */
const WIDTHS = [24, 40, 56] as const;
/** Channels of the eighth-size map from which the direction is read. */
const DIRECTION_WIDTH = 32;

/** What the network says of a batch. */
export type TongueOutputs = {
  /** logits of "this pixel is tongue, and the tongue is out", [B, 1, W, W] */
  readonly mask: Tensor;
  /** logits over `JUDGED_DIRECTIONS`, [B, 6]; mean nothing where there is no tongue */
  readonly direction: Tensor;
};

/** The network on windows [B, 3, W, W] in [−1, 1]. Parameters are made on the window's graph. */
export function tongueNetwork(window: Tensor): TongueOutputs {
  const [full, half, quarter] = WIDTHS;
  const x1 = plainBlock(window, 'full', full);
  const x2 = plainBlock(plainBlock(averagePool2x(x1), 'half1', half), 'half2', half);
  const x3 = plainBlock(plainBlock(averagePool2x(x2), 'quarter1', quarter), 'quarter2', quarter);
  const y2 = plainBlock(concat([upsampleNearest2x(x3), x2], 1), 'up_half', half);
  const y1 = plainBlock(concat([upsampleNearest2x(y2), x1], 1), 'up_full', full);
  return { mask: plainConvolution(y1, 'mask', 1, 1), direction: directionLogits(x3) };
}

function directionLogits(x: Tensor): Tensor {
  const small = plainBlock(averagePool2x(x), 'eighth', DIRECTION_WIDTH);
  const [batch, ...rest] = small.shape as [number, ...number[]];
  const inputs = rest.reduce((a, b) => a * b, 1);
  const weight = x.graph.parameter('direction.weight', [JUDGED_DIRECTIONS.length, inputs]);
  const bias = x.graph.parameter('direction.bias', [JUDGED_DIRECTIONS.length]);
  return linear(reshape(small, [batch, inputs]), weight, bias);
}

/** Keeps the logarithm finite where softmax underflows; float32 has 1e-7 of resolution near 1. */
const TINY = 1e-7;
/** The direction is a by-catch: below one, so that the mask's features come first. */
const DIRECTION_WEIGHT = 0.6;

/**
 * Loss of a batch: cross entropy per pixel + soft Jaccard distance (Rahman and Wang 2016) + cross entropy of the direction.
 * Inputs made on the graph: `window` [B, 3, W, W], `truth` [B, 1, W, W] shares of tongue, `pointing` [B, 6] one-hot rows,
 * zero where there is no tongue.
 */
export function tongueLoss(graph: Graph, batch: number): { loss: Tensor; figures: Record<string, Tensor> } {
  const { mask, direction } = tongueNetwork(graph.input('window', [batch, 3, WINDOW, WINDOW]));
  const truth = graph.input('truth', mask.shape);
  const pointing = graph.input('pointing', direction.shape);
  const { entropy, overlap } = maskTerms(mask, truth);
  const surprise = mul(mean(mul(pointing, log(add(softmax(direction), TINY)))), -JUDGED_DIRECTIONS.length);
  const loss = add(sub(add(entropy, 1), overlap), mul(surprise, DIRECTION_WEIGHT));
  return { loss, figures: { entropy, overlap, surprise } };
}
