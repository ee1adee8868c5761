/**
 * Blocks of the small networks of our own that look at pictures: a biased convolution, and one with normalisation and SiLU.
 *
 * Not the blocks of the Stable Diffusion family (resnet.ts), whose names and shapes are given.
 */
import {
  add,
  conv2d,
  div,
  groupNorm,
  mean,
  mul,
  sigmoid,
  silu,
  softplus,
  sub,
  sum,
  type Tensor,
} from '../graph/index.js';

/** Groups of the normalisation, and what keeps it finite where a picture is flat: a grey window has no variance. */
const GROUPS = 4;
const FLAT = 1e-5;

/** A convolution of [B, I, H, W] to [B, channels, H, W]; parameters `name.weight`, `name.bias` are made on its graph. */
export function plainConvolution(x: Tensor, name: string, channels: number, size: 1 | 3): Tensor {
  const weight = x.graph.parameter(`${name}.weight`, [channels, x.shape[1]!, size, size]);
  const bias = x.graph.parameter(`${name}.bias`, [channels]);
  return conv2d(x, weight, bias, { padding: (size - 1) / 2 });
}

/** Convolution of 3×3, normalisation in 4 groups (parameters `name_norm`), SiLU. `channels`: a multiple of 4. */
export function plainBlock(x: Tensor, name: string, channels: number): Tensor {
  const scale = x.graph.parameter(`${name}_norm.weight`, [channels]);
  const shift = x.graph.parameter(`${name}_norm.bias`, [channels]);
  return silu(groupNorm(plainConvolution(x, name, channels, 3), GROUPS, scale, shift, FLAT));
}

/** Keeps the overlap's quotient finite in a batch of empty pictures; far below one pixel. */
const NOTHING = 1e-3;

/** Cross entropy per pixel, and the soft Jaccard overlap (Rahman and Wang 2016), of logits and true shares of one shape. */
export function maskTerms(logits: Tensor, truth: Tensor): { readonly entropy: Tensor; readonly overlap: Tensor } {
  const share = sigmoid(logits);
  const both = add(sum(mul(share, truth)), NOTHING);
  const either = add(sum(sub(add(share, truth), mul(share, truth))), NOTHING);
  return { entropy: mean(sub(softplus(logits), mul(logits, truth))), overlap: div(both, either) };
}
