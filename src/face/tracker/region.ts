/**
 * Turned squares of a picture: where a network looks, and the way back from its pixels.
 *
 * Not for the crops of the method itself (photo/crop.ts, antialiased by Lanczos): networks of the tracker were trained on
 * plain bilinear crops.
 */
import { type Image, sampleBilinear } from '../../core/image.js';

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
 * Samples the region into `out` as planes 3×size×size from `offset`; outside of the picture is black. Shrinking averages a
 * grid of samples a pixel apart, so that small details do not alias. `flip` mirrors left and right.
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
  const sum = new Float32Array(3);
  for (let row = 0; row < size; row++)
    for (let column = 0; column < size; column++) {
      const target = options.flip ? size - 1 - column : column;
      averageCell(image, region, size, per, column, row, sum);
      for (let c = 0; c < 3; c++) out[offset + (c * size + row) * size + target] = sum[c]! * range.scale + range.shift;
    }
}

const pixel = new Float32Array(3);

function averageCell(image: Image, region: Region, size: number, per: number, column: number, row: number, sum: Float32Array) {
  sum.fill(0);
  for (let j = 0; j < per; j++)
    for (let i = 0; i < per; i++) {
      const [x, y] = fromRegion(region, (column + (i + 0.5) / per) / size, (row + (j + 0.5) / per) / size);
      if (x < 0 || y < 0 || x > image.width || y > image.height) continue;
      sampleBilinear(image, x, y, pixel);
      for (let c = 0; c < 3; c++) sum[c]! += pixel[c]! / (per * per);
    }
}
