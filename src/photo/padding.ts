/**
 * The surroundings of a crop that reaches outside of its picture: reflection blurred and faded to the median colour.
 *
 * FFHQ's recipe (Karras et al. 2019, `recreate_aligned_images`), used by Joker's dataset preprocessing. It works here at the
 * crop's resolution, and takes the median of the crop rather than of the whole padded picture.
 */
import { type Image, makeImage } from '../core/image.js';
import type { Box } from './align.js';

/**
 * Blends a reflected crop with its blur and its median where it lies outside of `source` (or within a tenth of the padding
 * inside its border). With q the crop's diagonal: padding ≥ 0.3 q, blur σ = 0.02 q.
 */
export function blurSurroundings(crop: Image, box: Box, source: Image): Image {
  const outside = [-box.x0, -box.y0, box.x1 - source.width, box.y1 - source.height];
  if (outside.every((amount) => amount <= 0)) return crop;
  const q = Math.hypot(box.x1 - box.x0, box.y1 - box.y0);
  const pads = outside.map((amount) => Math.max(amount, Math.round(0.3 * q)));
  const sigma = (0.02 * q * crop.width) / (box.x1 - box.x0);
  return blend(crop, gaussianBlur(crop, sigma), median(crop), (x, y) => depthOutside(crop, box, source, pads, x, y));
}

/** FFHQ's mask m: 0 at the picture's border, 1 at the end of the padding, negative inside of the picture. */
function depthOutside(crop: Image, box: Box, source: Image, pads: number[], column: number, row: number): number {
  const x = box.x0 + ((column + 0.5) * (box.x1 - box.x0)) / crop.width;
  const y = box.y0 + ((row + 0.5) * (box.y1 - box.y0)) / crop.height;
  const [left, top, right, bottom] = pads;
  return Math.max(-x / left!, (x - source.width) / right!, -y / top!, (y - source.height) / bottom!);
}

function blend(crop: Image, soft: Image, middle: Float32Array, depth: (x: number, y: number) => number): Image {
  const out = makeImage(crop.width, crop.height, crop.channels);
  for (let y = 0; y < crop.height; y++)
    for (let x = 0; x < crop.width; x++) {
      const m = depth(x, y);
      const toBlur = Math.max(0, Math.min(1, 10 * m + 1)); // full blur already at the border, none a tenth inside
      const toMedian = Math.max(0, Math.min(1, m));
      for (let c = 0; c < crop.channels; c++) {
        const i = (y * crop.width + x) * crop.channels + c;
        const blurred = crop.data[i]! + (soft.data[i]! - crop.data[i]!) * toBlur;
        out.data[i] = blurred + (middle[c]! - blurred) * toMedian;
      }
    }
  return out;
}

/** Separable Gaussian, kernel cut at 3 σ (0.3 % of the weight), edges clamped. */
export function gaussianBlur(image: Image, sigma: number): Image {
  const reach = Math.max(1, Math.ceil(3 * sigma));
  const kernel = Float32Array.from({ length: 2 * reach + 1 }, (_, i) =>
    Math.exp(-((i - reach) ** 2) / (2 * sigma * sigma)),
  );
  const sum = kernel.reduce((a, b) => a + b, 0);
  const across = blurAxis(image, kernel, reach, sum, 1, 0);
  return blurAxis(across, kernel, reach, sum, 0, 1);
}

function blurAxis(image: Image, kernel: Float32Array, reach: number, sum: number, dx: number, dy: number): Image {
  const { width, height, channels } = image;
  const out = makeImage(width, height, channels);
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++)
      for (let k = -reach; k <= reach; k++) {
        const sx = Math.max(0, Math.min(width - 1, x + k * dx));
        const sy = Math.max(0, Math.min(height - 1, y + k * dy));
        const weight = kernel[k + reach]! / sum;
        for (let c = 0; c < channels; c++)
          out.data[(y * width + x) * channels + c]! += weight * image.data[(sy * width + sx) * channels + c]!;
      }
  return out;
}

function median(image: Image): Float32Array {
  const pixels = image.width * image.height;
  return Float32Array.from({ length: image.channels }, (_, c) => {
    const values = Float32Array.from({ length: pixels }, (_, i) => image.data[i * image.channels + c]!).sort();
    return values[pixels >> 1]!;
  });
}
