/**
 * The timestep's way into a network: sinusoids of t, then a two-layer perceptron.
 *
 * After Ho et al. 2020 (the transformer's position code applied to t), with Stable Diffusion's order: cosines first.
 */
import { concat, cos, mul, reshape, silu, sin, type Tensor } from '../graph/index.js';
import { constantRow } from './ops.js';
import { dense, type Scope } from './scope.js';

/** Longest period of the sinusoids, in timesteps (Ho et al. 2020, after Vaswani et al. 2017). */
const LONGEST_PERIOD = 10_000;

/**
 * Sinusoids of timesteps t [B] (float32, 0 … 999) → [B, C], C even: cosines in the first half, sines in the second,
 * frequency i = 10000^(−i / (C/2)).
 */
export function timestepSinusoids(t: Tensor, channels: number): Tensor {
  const half = channels / 2;
  const frequencies = Array.from({ length: half }, (_, i) => LONGEST_PERIOD ** (-i / half));
  const angles = mul(reshape(t, [t.shape[0]!, 1]), constantRow(t, frequencies));
  return concat([cos(angles), sin(angles)], 1);
}

/** Embedding of timesteps t [B] → [B, 4·C] with C the outermost width; parameters `linear_1`, `linear_2`. */
export function timestepEmbedding(scope: Scope, t: Tensor, channels: number): Tensor {
  const width = 4 * channels; // Stable Diffusion's ratio
  const hidden = silu(dense(scope.at('linear_1'), timestepSinusoids(t, channels), width));
  return dense(scope.at('linear_2'), hidden, width);
}
