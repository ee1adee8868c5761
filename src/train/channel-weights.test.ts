/** Weights of latent channels: those of a decoder whose channels show by known amounts. */
import { expect, test } from 'vitest';
import { channelWeights } from './channel-weights.js';

test('weights are in proportion to what a channel shows, and their mean is 1', async () => {
  const shape = [3, 4, 4] as const;
  const shown = [2, 1, 0]; // pixels per unit of each channel; the last is not shown at all
  const decode = async (latents: Float32Array) => [
    latents.map((value, i) => shown[Math.floor(i / 16) % 3]! * value + 5),
  ];
  const latents = Float32Array.from({ length: 2 * 48 }, (_, i) => Math.sin(i));
  const weights = await channelWeights(decode, latents, shape);
  expect([...weights].map((w) => Number(w.toFixed(5)))).toEqual([2, 1, 0]); // 5: float32 sums of 32 values
});
