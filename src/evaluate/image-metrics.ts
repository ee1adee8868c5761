/**
 * How far two pictures are apart: MSE, PSNR, SSIM on values in [0, 1].
 *
 * SSIM is Wang et al. 2004 with the paper's Gaussian window, as scikit-image computes it with `gaussian_weights`, sigma 1.5
 * and population covariance. No masks here and no resizing: whoever compares prepares the pictures.
 */
import type { Image } from '../core/image.js';

function sameSize(a: Image, b: Image): void {
  if (a.width !== b.width || a.height !== b.height || a.channels !== b.channels)
    throw new Error(
      `internal: pictures of ${a.width}×${a.height}×${a.channels} and ${b.width}×${b.height}×${b.channels} cannot be compared`,
    );
}

/** Mean squared error over all pixels and channels. */
export function meanSquaredError(a: Image, b: Image): number {
  sameSize(a, b);
  let sum = 0;
  for (let i = 0; i < a.data.length; i++) sum += (a.data[i]! - b.data[i]!) ** 2;
  return sum / a.data.length;
}

/** Peak signal-to-noise ratio in dB for a peak of 1; Infinity for equal pictures. */
export function peakSignalToNoise(a: Image, b: Image): number {
  return -10 * Math.log10(meanSquaredError(a, b));
}

/** Deviation of the window in pixels, and its radius: scikit-image cuts it at 3.5 deviations. */
const WINDOW_SIGMA = 1.5;
const WINDOW_RADIUS = 5;
/** (K · peak)² with K1 = 0.01, K2 = 0.03 of Wang et al., peak 1: keep the quotients finite where a window is flat. */
const C1 = 0.01 ** 2;
const C2 = 0.03 ** 2;

/**
 * Mean structural similarity, −1 … 1, over channels and over all windows that lie inside the picture.
 * Both sides must be at least 11 pixels.
 */
export function structuralSimilarity(a: Image, b: Image): number {
  sameSize(a, b);
  if (Math.min(a.width, a.height) <= 2 * WINDOW_RADIUS) throw new Error('internal: SSIM needs at least 11×11 pixels');
  let sum = 0;
  for (let c = 0; c < a.channels; c++) sum += channelSimilarity(plane(a, c), plane(b, c), a.width, a.height);
  return sum / a.channels;
}

function plane(image: Image, channel: number): Float64Array {
  const { data, channels } = image;
  return Float64Array.from({ length: data.length / channels }, (_, i) => data[i * channels + channel]!);
}

function channelSimilarity(a: Float64Array, b: Float64Array, width: number, height: number): number {
  const blurred = (of: (i: number) => number): Float64Array =>
    blur(
      Float64Array.from(a, (_, i) => of(i)),
      width,
      height,
    );
  const meanA = blurred((i) => a[i]!);
  const meanB = blurred((i) => b[i]!);
  const squareA = blurred((i) => a[i]! ** 2);
  const squareB = blurred((i) => b[i]! ** 2);
  const product = blurred((i) => a[i]! * b[i]!);
  let sum = 0;
  for (let i = 0; i < meanA.length; i++) {
    const [x, y] = [meanA[i]!, meanB[i]!];
    const covariance = product[i]! - x * y;
    const variances = squareA[i]! - x * x + squareB[i]! - y * y;
    sum += ((2 * x * y + C1) * (2 * covariance + C2)) / ((x * x + y * y + C1) * (variances + C2));
  }
  return sum / meanA.length;
}

const WINDOW = gaussianWindow();

function gaussianWindow(): number[] {
  const raw = Array.from({ length: 2 * WINDOW_RADIUS + 1 }, (_, i) =>
    Math.exp(-0.5 * ((i - WINDOW_RADIUS) / WINDOW_SIGMA) ** 2),
  );
  const total = raw.reduce((x, y) => x + y, 0);
  return raw.map((value) => value / total);
}

/** Gaussian means at all places where the whole window lies inside: (width − 10)·(height − 10) values. */
function blur(x: Float64Array, width: number, height: number): Float64Array {
  const columns = width - 2 * WINDOW_RADIUS;
  const rows = height - 2 * WINDOW_RADIUS;
  const middle = new Float64Array(columns * height);
  for (let r = 0; r < height; r++)
    for (let c = 0; c < columns; c++)
      for (let k = 0; k < WINDOW.length; k++) middle[r * columns + c]! += WINDOW[k]! * x[r * width + c + k]!;
  const out = new Float64Array(columns * rows);
  for (let r = 0; r < rows; r++)
    for (let k = 0; k < WINDOW.length; k++)
      for (let c = 0; c < columns; c++) out[r * columns + c]! += WINDOW[k]! * middle[(r + k) * columns + c]!;
  return out;
}
