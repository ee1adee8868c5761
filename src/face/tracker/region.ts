/**
 * Turned squares of a picture: where a network looks, and the way back from its pixels.
 *
 * Not for the crops of the method itself (photo/crop.ts, antialiased by Lanczos): networks of the tracker were trained on
 * plain bilinear crops.
 */
import type { Image } from '../../core/image.js';

/** A square of a picture, in its pixels. */
export type Region = {
  /** centre */
  readonly x: number;
  readonly y: number;
  /** side */
  readonly size: number;
  /** radians, from the picture's +x towards its +y (clockwise as seen): direction of the square's own x axis */
  readonly angle: number;
};

/** Position in the region, [0, 1]² from its own top left, → pixels of the picture. */
export function fromRegion(region: Region, u: number, v: number): [number, number] {
  const [c, s] = [Math.cos(region.angle), Math.sin(region.angle)];
  const [dx, dy] = [(u - 0.5) * region.size, (v - 0.5) * region.size];
  return [region.x + c * dx - s * dy, region.y + s * dx + c * dy];
}

/** Pixels of the picture → position in the region: the inverse of `fromRegion`. */
export function toRegion(region: Region, x: number, y: number): [number, number] {
  const [c, s] = [Math.cos(region.angle), Math.sin(region.angle)];
  const [dx, dy] = [x - region.x, y - region.y];
  return [(c * dx + s * dy) / region.size + 0.5, (-s * dx + c * dy) / region.size + 0.5];
}

/** What a network reads: values are `scale`·pixel + `shift`, pixel in [0, 1]. */
export type InputRange = { readonly scale: number; readonly shift: number };

/**
 * Samples the region of an H×W×3 picture into `out` as planes 3×size×size from `offset`; outside of the picture is black.
 * Shrinking averages a grid of bilinear samples about a pixel apart, so that small details do not alias. `flip` mirrors left
 * and right.
 */
export function sampleRegion(
  image: Image,
  region: Region,
  size: number,
  range: InputRange,
  out: Float32Array,
  options: { offset?: number; flip?: boolean } = {},
): void {
  const per = Math.max(1, Math.min(16, Math.ceil(region.size / size))); // 16: a 4096-pixel picture in a 256-pixel input
  const offset = options.offset ?? 0;
  const step = region.size / (size * per);
  const [ux, uy] = [step * Math.cos(region.angle), step * Math.sin(region.angle)]; // one sample along the square's x axis
  const [left, top] = fromRegion(region, 0, 0);
  const sum = new Float64Array(3);
  for (let row = 0; row < size; row++)
    for (let column = 0; column < size; column++) {
      sum.fill(0);
      for (let j = row * per + 0.5; j < (row + 1) * per; j++)
        for (let i = column * per + 0.5; i < (column + 1) * per; i++)
          addSample(image, left + i * ux - j * uy, top + i * uy + j * ux, sum);
      const at = offset + row * size + (options.flip ? size - 1 - column : column);
      for (let c = 0; c < 3; c++) out[at + c * size * size] = (sum[c]! / (per * per)) * range.scale + range.shift;
    }
}

/** Adds the bilinear sample of a 3-channel picture at (x, y), pixel centres at +0.5; nothing outside of it. */
function addSample(image: Image, x: number, y: number, sum: Float64Array): void {
  const { width, height, data } = image;
  if (!(x >= 0 && y >= 0 && x <= width && y <= height)) return;
  const fx = Math.max(0, Math.min(width - 1, x - 0.5));
  const fy = Math.max(0, Math.min(height - 1, y - 0.5));
  const [x0, y0] = [Math.floor(fx), Math.floor(fy)];
  const [ax, ay] = [fx - x0, fy - y0];
  const a = (y0 * width + x0) * 3;
  const b = x0 + 1 < width ? a + 3 : a;
  const down = y0 + 1 < height ? width * 3 : 0;
  const [wa, wb, wc, wd] = [(1 - ax) * (1 - ay), ax * (1 - ay), (1 - ax) * ay, ax * ay];
  for (let c = 0; c < 3; c++)
    sum[c]! += wa * data[a + c]! + wb * data[b + c]! + wc * data[a + down + c]! + wd * data[b + down + c]!;
}
