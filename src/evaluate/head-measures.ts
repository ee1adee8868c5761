/**
 * How far a head is from the truth: pictures under the true matte, as the paper compares them, and depth.
 *
 * The perceptual distance needs a network and is computed by the caller. Nothing here renders.
 */
import type { Image } from '../core/image.js';
import { quantileOf } from './statistics.js';

/** Measures of one head, means over its views unless said otherwise. */
export type HeadMeasures = {
  /** of the network that the caller compared with, `lpips(mini)` or LPIPS */
  readonly perceptual: number;
  /** structural similarity, −1 … 1 */
  readonly ssim: number;
  /** dB: mean of the views' values */
  readonly psnr: number;
  /** mean squared error of colours in [0, 1] */
  readonly mse: number;
  /** median of the depth errors of all views' pixels, millimetres of a head of natural size */
  readonly depthMedian: number;
  /** 95th percentile of the same, millimetres */
  readonly depthTail: number;
  /** share of the person's pixels where the head stops at least half of the light, 0 … 1 */
  readonly seen: number;
  /** mean opacity where the person is not at all, 0 … 1: what a mesh or splats carry around the head */
  readonly haze: number;
};

/** Names of the measures, how they are printed, and whether more is better. The perceptual one is called as its network is. */
export const HEAD_MEASURES = {
  perceptual: { name: null, digits: 3, higher: false },
  ssim: { name: 'SSIM', digits: 3, higher: true },
  psnr: { name: 'PSNR', digits: 2, higher: true },
  mse: { name: 'MSE', digits: 4, higher: false },
  depthMedian: { name: 'depth, median mm', digits: 1, higher: false },
  depthTail: { name: 'depth, 95 % mm', digits: 1, higher: false },
  seen: { name: 'seen', digits: 2, higher: true },
  haze: { name: 'haze', digits: 3, higher: false },
} as const satisfies Record<keyof HeadMeasures, { name: string | null; digits: number; higher: boolean }>;

/** Opacity from which a ray counts as stopped by the head. */
const SOLID = 0.5;

/** One view's depth, H×W×1 each, all in one unit. */
export type DepthPair = {
  readonly found: Image;
  readonly opacity: Image;
  /** 0 where the person is not */
  readonly truth: Image;
};

/**
 * Absolute differences of depth where truth and head both have a surface, after a shift of the whole view by the median
 * difference: a single photo does not tell how far away a head is.
 */
export function depthErrors({ found, opacity, truth }: DepthPair): number[] {
  const differences: number[] = [];
  truth.data.forEach((depth, i) => {
    if (depth > 0 && opacity.data[i]! >= SOLID) differences.push(found.data[i]! - depth);
  });
  const shift = quantileOf(differences, 0.5);
  return differences.map((difference) => Math.abs(difference - shift));
}

/** Share of the person's pixels (true depth > 0) that the head covers; NaN when the person is in none. */
export function shareSeen({ opacity, truth }: DepthPair): number {
  let [person, seen] = [0, 0];
  truth.data.forEach((depth, i) => {
    if (depth <= 0) return;
    person++;
    if (opacity.data[i]! >= SOLID) seen++;
  });
  return seen / person;
}

/** Mean opacity H×W×1 of the pixels that a true matte H×W×1 leaves out wholly; 0 when it leaves none. */
export function meanHaze(opacity: Image, matte: Image): number {
  let [sum, pixels] = [0, 0];
  matte.data.forEach((share, i) => {
    if (share > 0) return;
    sum += opacity.data[i]!;
    pixels++;
  });
  return pixels === 0 ? 0 : sum / pixels;
}
