/**
 * Residual blocks and the changes of resolution between them, with diffusers' names (`ResnetBlock2D`, `Downsample2D`,
 * `Upsample2D`). Letters: B batch, C channels, H W pixels, E width of the time embedding.
 *
 * Shared by UNet, ControlNet and autoencoder; the autoencoder passes no time.
 */
import { add, reshape, silu, type Tensor, upsampleNearest2x } from '../graph/index.js';
import { repeatBatch } from './ops.js';
import { convolution, dense, normaliseGroups, type Scope } from './scope.js';

/** Options of `resnet`. */
export type ResnetOptions = {
  /** channels out */
  readonly channels: number;
  /** groups of both norms; divides the channels in and out */
  readonly groups: number;
  /** inside the norms' root: 1e-5 in UNets, 1e-6 in autoencoders */
  readonly epsilon: number;
  /** time embedding [T, E] with T dividing B; none in autoencoders */
  readonly time?: Tensor | null;
};

/** Residual block, x [B, C, H, W] → [B, channels, H, W]: norm, SiLU, conv, + time, norm, SiLU, conv, + shortcut. */
export function resnet(scope: Scope, x: Tensor, options: ResnetOptions): Tensor {
  const { channels, groups, epsilon, time } = options;
  let hidden = convolution(scope.at('conv1'), silu(normaliseGroups(scope.at('norm1'), x, groups, epsilon)), channels);
  if (time) hidden = add(hidden, timeShift(scope.at('time_emb_proj'), time, channels, x.shape[0]!));
  hidden = convolution(scope.at('conv2'), silu(normaliseGroups(scope.at('norm2'), hidden, groups, epsilon)), channels);
  const same = x.shape[1] === channels;
  return add(same ? x : convolution(scope.at('conv_shortcut'), x, channels, { kernel: 1 }), hidden);
}

function timeShift(scope: Scope, time: Tensor, channels: number, batch: number): Tensor {
  const shift = dense(scope, silu(time), channels);
  const rows = shift.shape[0] === 1 ? shift : repeatBatch(shift, batch); // one row broadcasts by itself
  return reshape(rows, [rows.shape[0]!, channels, 1, 1]);
}

/** Halves H and W by a convolution of stride 2. `oneSided` pads right and bottom only, as the autoencoder does. */
export function downsample(scope: Scope, x: Tensor, options: { oneSided?: boolean } = {}): Tensor {
  const padding = options.oneSided ? ([0, 0, 1, 1] as const) : 1;
  return convolution(scope.at('conv'), x, x.shape[1]!, { stride: 2, padding });
}

/** Doubles H and W: nearest neighbour, then a convolution. */
export function upsample(scope: Scope, x: Tensor): Tensor {
  return convolution(scope.at('conv'), upsampleNearest2x(x), x.shape[1]!);
}
