/**
 * Maxima of blocks that overlap, as AlexNet pools.
 *
 * Made of differentiable operations, so it needs no gradient of its own. Blocks that do not overlap are in shape.ts.
 */
import type { Tensor } from '../tensor.js';
import { maximum } from './elementwise.js';
import { pad, reshape, slice } from './shape.js';

/** [B,C,H,W] → [B,C,⌊(H−1)/2⌋,⌊(W−1)/2⌋], maxima of 3×3 blocks that begin at every second pixel; H and W at least 3. */
export function maxPool3x(x: Tensor): Tensor {
  if (x.shape[2]! < 3 || x.shape[3]! < 3) throw new Error(`internal: 3×3 pooling of [${x.shape}]`);
  return alongAxis(alongAxis(x, 3), 2);
}

/** Element i of the result is the maximum of elements 2i, 2i + 1 and 2i + 2 along the axis. */
function alongAxis(x: Tensor, axis: 2 | 3): Tensor {
  const blocks = Math.floor((x.shape[axis]! - 1) / 2);
  const whole = 2 * (blocks + 1);
  // An odd extent gets one more element, which no block reads.
  const amounts = new Array<number>(2 * x.shape.length).fill(0);
  amounts[axis + x.shape.length] = whole - x.shape[axis]!;
  const before = x.shape.slice(0, axis);
  const after = x.shape.slice(axis + 1);
  const pairs = reshape(pad(x, amounts), [...before, blocks + 1, 2, ...after]);
  const every = (i: number) => reshape(slice(pairs, axis + 1, i, i + 1), [...before, blocks + 1, ...after]);
  const [even, odd] = [every(0), every(1)];
  return maximum(maximum(slice(even, axis, 0, blocks), slice(odd, axis, 0, blocks)), slice(even, axis, 1, blocks + 1));
}
