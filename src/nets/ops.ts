/**
 * Small compositions of graph operations that several networks need, beside the graph's own operations.
 *
 * Knows no parameters: what has weights stands in `scope.ts` or in a network's file.
 */
import { broadcastTo, reshape, type Tensor, transpose } from '../graph/index.js';

/** A constant row [1, N] in the graph of `like`. */
export function constantRow(like: Tensor, values: readonly number[]): Tensor {
  return like.graph.constant(values, [1, values.length]);
}

/**
 * Repeats every item of the batch axis so that x [R, …] becomes [B, …] with B = R·n: item b of the result is item
 * ⌊b / n⌋ of x. This is how one reference, text or timestep serves several images.
 */
export function repeatBatch(x: Tensor, batch: number): Tensor {
  const [own, ...rest] = x.shape as [number, ...number[]];
  if (own === batch) return x;
  const times = batch / own;
  if (!Number.isInteger(times)) throw new Error(`internal: a batch of ${own} cannot serve ${batch}`);
  const wide = broadcastTo(reshape(x, [own, 1, ...rest]), [own, times, ...rest]);
  return reshape(wide, [batch, ...rest]);
}

/** Blocks of p×p pixels into channels: [B, C, H, W] → [B, C·p², H/p, W/p]; channel order (c, row, column) as in PyTorch. */
export function patchesToChannels(x: Tensor, p: number): Tensor {
  if (p === 1) return x;
  const [b, c, h, w] = x.shape as [number, number, number, number];
  const split = reshape(x, [b, c, h / p, p, w / p, p]);
  return reshape(transpose(split, [0, 1, 3, 5, 2, 4]), [b, c * p * p, h / p, w / p]);
}

/** The inverse: [B, C·p², H, W] → [B, C, H·p, W·p]. */
export function channelsToPatches(x: Tensor, p: number): Tensor {
  if (p === 1) return x;
  const [b, c, h, w] = x.shape as [number, number, number, number];
  const split = reshape(x, [b, c / (p * p), p, p, h, w]);
  return reshape(transpose(split, [0, 1, 4, 2, 5, 3]), [b, c / (p * p), h * p, w * p]);
}
