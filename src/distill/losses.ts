/**
 * The loss of distillation on the graph: L1 + perceptual + a pinch of sparsity.
 *
 * Source: Joker, supplement; the image terms are ReconFusion's (Wu et al. 2024). The perceptual network is injected: which
 * one it is (LPIPS with the user's weights, or the project's own) is the caller's knowledge. Letters: B views, P patch side.
 */

import {
  abs,
  add,
  clip,
  type Graph,
  log,
  mean,
  mul,
  neg,
  reshape,
  sqrt,
  square,
  sub,
  type Tensor,
  transpose,
  type WeightSource,
} from '../graph/index.js';
import type { LossWeights } from './config.js';

/** A perceptual distance, built onto the graph of the training step. */
export type PerceptualTerm = {
  /** what results call it, e.g. 'lpips(mini)' */
  readonly name: string;
  /** distance of two batches [B, 3, P, P] in [−1, 1], as a scalar: the mean over the batch. Only the first gets a gradient. */
  readonly build: (g: Graph, prediction: Tensor, target: Tensor) => Tensor;
  /** values of the parameters that `build` asks for */
  readonly weights: WeightSource;
};

/** Under the root of the sparsity term: keeps its slope at opacity 0 finite (threestudio's constant). */
const SPARSITY_FLOOR = 0.01;

/** Loss terms as scalars; `total` is what is minimised. */
export type LossTerms = {
  readonly total: Tensor;
  readonly l1: Tensor;
  readonly perceptual: Tensor | null;
  readonly sparsity: Tensor;
};

/** What is known of rays before they are looked along, [B·P²] each, 0 … 1; null when nothing is. */
export type KnownRays = {
  /** 1 where they see the head */
  readonly face: Tensor | null;
  /** 1 where they miss it */
  readonly empty: Tensor | null;
};

/**
 * Builds the loss of B patches of P×P rays.
 * @param color [B·P², 3] in [0, 1], patch by patch, row by row. @param opacity [B·P²] @param target like `color`
 * @param known where the head is known to be, and not to be
 */
export function buildLoss(
  g: Graph,
  rays: { readonly color: Tensor; readonly opacity: Tensor },
  target: Tensor,
  { face, empty }: KnownRays,
  shape: { readonly views: number; readonly patch: number },
  weights: LossWeights,
  perceptualTerm: PerceptualTerm | null,
): LossTerms {
  const l1 = mean(abs(sub(rays.color, target)));
  const sparsity = mean(sqrt(add(square(rays.opacity), SPARSITY_FLOOR)));
  const plain = add(mul(l1, weights.l1), mul(sparsity, weights.sparsity));
  const sharp = weights.opaqueness === 0 ? plain : add(plain, mul(entropy(rays.opacity), weights.opaqueness));
  const gap = face && weights.coverage > 0 ? mean(mul(face, sub(1, rays.opacity))) : null;
  const covered = gap ? add(sharp, mul(gap, weights.coverage)) : sharp;
  const haze = empty && weights.emptiness > 0 ? mean(mul(empty, rays.opacity)) : null;
  const base = haze ? add(covered, mul(haze, weights.emptiness)) : covered;
  if (!perceptualTerm || weights.perceptual === 0) return { total: base, l1, perceptual: null, sparsity };
  const perceptual = perceptualTerm.build(g, toPatches(rays.color, shape), toPatches(target, shape));
  return { total: add(base, mul(perceptual, weights.perceptual)), l1, perceptual, sparsity };
}

/** Keeps the logarithms finite; at the limits the entropy is 0.008, and there is nothing left to gain. */
const ENTROPY_FLOOR = 1e-3;

/** Mean of −o·log o − (1 − o)·log(1 − o). */
function entropy(opacity: Tensor): Tensor {
  const o = clip(opacity, ENTROPY_FLOOR, 1 - ENTROPY_FLOOR);
  const rest = sub(1, o);
  return neg(mean(add(mul(o, log(o)), mul(rest, log(rest)))));
}

/** [B·P², 3] in [0, 1] → [B, 3, P, P] in [−1, 1]. */
function toPatches(color: Tensor, { views, patch }: { readonly views: number; readonly patch: number }): Tensor {
  const images = transpose(reshape(color, [views, patch, patch, 3]), [0, 3, 1, 2]);
  return sub(mul(images, 2), 1);
}
