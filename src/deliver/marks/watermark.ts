/**
 * The imperceptible mark in pictures and frames: written here, read in watermark-detect.ts.
 *
 * Signs of block DCT coefficients on a 64×64 grid that spans the picture say "made by joker"; from 256×256 up a second, finer
 * layer carries the run id. After the patchwork and DCT-domain spread-spectrum marks (Bender et al. 1996; Cox et al. 1997),
 * with an informed embedder (watermark-embed.ts). Not a secret and no proof of origin: the signature is that.
 */

import { type Image, toBytes } from '../../core/image.js';
import { cheapestChanges } from './watermark-embed.js';
import { blockCoefficients, fromGrid, gridOfCoefficients, lumaOf, toGrid } from './watermark-grid.js';
import { idLayer, type Layer, presenceLayer } from './watermark-pattern.js';

/** Pictures with a shorter side than this carry no run id: its layer would not be worth its noise. */
export const ID_MIN_SIDE = 256;

/** Never worse than this against the unmarked picture, dB, counted in 8-bit values; the promise is 38. */
const FLOOR = 38.2;

/**
 * Power of each layer relative to white, dB. Below 96 pixels the mark needs all that the promise allows (a JPEG block is a grid
 * block there); larger pictures average the noise of encoders away, so that less is enough.
 */
const STRENGTH = { small: 38.6, large: 40.5, id: 42.5 } as const;

/** Rounds of correction: blur of the grid's interpolation and clipping at black and white are made up for. */
const ROUNDS = 3;

/**
 * The picture with the mark, H×W×3, values rounded to 8 bits, at least 38 dB PSNR to the 8-bit original.
 * @param runId 0 … 2³² − 1, written when both sides have at least 256 pixels.
 */
export function watermarkImage(image: Image, runId: number): Image {
  const original = rounded(image);
  const shorter = Math.min(image.width, image.height);
  const presence = goalOf(original, presenceLayer(), shorter < 96 ? STRENGTH.small : STRENGTH.large);
  const goals = shorter < ID_MIN_SIDE ? [presence] : [presence, goalOf(original, idLayer(runId), STRENGTH.id)];
  let marked = original;
  for (let round = 0; round < ROUNDS; round++) for (const goal of goals) marked = approach(marked, goal);
  return withinFloor(original, marked);
}

/** Coefficients as a layer wants them. NaN where it leaves them alone. */
type Goal = { readonly layer: Layer; readonly wanted: Float64Array };

function goalOf(image: Image, layer: Layer, decibels: number): Goal {
  const hosts = blockCoefficients(toGrid(lumaOf(image), layer.side), layer.frequencies);
  const energy = (255 ** 2 / 10 ** (decibels / 10)) * layer.side ** 2;
  const changes = cheapestChanges(hosts, layer.signs, energy);
  return { layer, wanted: hosts.map((host, i) => (changes[i] === 0 ? Number.NaN : host + changes[i]!)) };
}

function approach(image: Image, { layer, wanted }: Goal): Image {
  const { side, frequencies } = layer;
  const now = blockCoefficients(toGrid(lumaOf(image), side), frequencies);
  const missing = now.map((value, i) => (Number.isNaN(wanted[i]) ? 0 : wanted[i]! - value));
  const change = fromGrid(gridOfCoefficients(missing, side, frequencies), image.width, image.height).data;
  const { channels } = image;
  const data = image.data.map((value, i) => Math.max(0, Math.min(1, value + change[Math.floor(i / channels)]! / 255)));
  return { ...image, data };
}

function rounded(image: Image): Image {
  return { ...image, data: Float32Array.from(toBytes(image), (value) => value / 255) };
}

/** The marked picture in 8 bits, its change made smaller until it keeps the promise. */
function withinFloor(original: Image, marked: Image): Image {
  for (let share = 1; ; share *= 0.95) {
    const data = marked.data.map((value, i) => original.data[i]! + share * (value - original.data[i]!));
    const candidate = rounded({ ...marked, data });
    if (psnr(original, candidate) >= FLOOR) return candidate;
  }
}

/** Peak signal-to-noise ratio of two equally large pictures, dB; infinite when they are the same. */
export function psnr(a: Image, b: Image): number {
  let sum = 0;
  for (let i = 0; i < a.data.length; i++) sum += (a.data[i]! - b.data[i]!) ** 2;
  return -10 * Math.log10(sum / a.data.length);
}
