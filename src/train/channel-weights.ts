/**
 * How much the prior's loss counts each channel of the latents: by how much an error in it changes the picture.
 *
 * Not in the paper, whose four channels all show. The embedded autoencoder has sixteen of like spread, of which the last eight hold
 * fine texture: an error there changes the picture a fifth as much, yet three quarters of a plain mean are theirs, because nobody can
 * predict them. A network that is small and has seen little should spend itself on what is seen.
 */
import { RandomStream, randomKey } from '../core/rng.js';

/** Latents are moved by this much of their unit deviation: about what a denoiser's errors are. */
const MOVE = 0.3;
/** Pictures that the weights are measured on, the first of a set: channels differ by far more than pictures do. */
export const WEIGHED_PICTURES = 8;

/**
 * Weights of the channels, mean 1, each in proportion to the root of the mean squared change of the pictures when the channel is
 * moved. The root, and not the square that would make the loss one of pixels, because texture is small and still seen.
 * @param decode scaled latents [B, C, h, w] to pictures, of any layout. @param latents typical ones, [N, C, h, w].
 * @returns [C].
 */
export async function channelWeights(
  decode: (latents: Float32Array) => Promise<readonly Float32Array[]>,
  latents: Float32Array,
  [channels, height, width]: readonly [number, number, number],
): Promise<Float32Array> {
  const cells = height * width;
  const typical = latents.subarray(0, WEIGHED_PICTURES * channels * cells);
  const still = await decode(typical);
  const random = new RandomStream(randomKey(0));
  const changes: number[] = [];
  for (let c = 0; c < channels; c++) {
    const moved = Float32Array.from(typical);
    for (let at = c * cells; at < moved.length; at += channels * cells)
      for (let i = 0; i < cells; i++) moved[at + i]! += random.chance(0.5) ? MOVE : -MOVE;
    changes.push(distance(await decode(moved), still));
  }
  const total = changes.reduce((a, b) => a + b, 0);
  return Float32Array.from(changes, (change) => (change * channels) / total);
}

function distance(pictures: readonly Float32Array[], others: readonly Float32Array[]): number {
  let sum = 0;
  for (const [p, picture] of pictures.entries())
    for (let i = 0; i < picture.length; i++) sum += (picture[i]! - others[p]![i]!) ** 2;
  return Math.sqrt(sum);
}
