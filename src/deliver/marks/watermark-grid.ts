/**
 * What the watermark is written into: the signs of 8×8 DCT coefficients of the picture's luma on a fixed square grid.
 *
 * The grid spans the picture whatever its size, so that resizing it changes next to nothing; signs survive whatever scales a
 * coefficient by a positive factor (contrast, blur, requantisation that does not erase it). No keys here.
 */

import { type Image, makeImage, resizeArea, resizeBilinear } from '../../core/image.js';

/** Side of a block in grid pixels. */
export const BLOCK = 8;

/** A grid of luma values: side² of them, 0 … 255, row by row. */
export type Grid = { readonly side: number; readonly values: Float32Array };

/** One coefficient of a block: vertical and horizontal frequency, 0 … 7. */
export type Frequency = readonly [v: number, u: number];

/** Luma of ITU-R BT.601, as JPEG uses it, 0 … 255, as an H×W×1 image. Grey and RGB(A); alpha is not looked at. */
export function lumaOf(image: Image): Image {
  const { width, height, channels, data } = image;
  const luma = makeImage(width, height, 1);
  const [r, g, b] = channels < 3 ? [255, 0, 0] : [0.299 * 255, 0.587 * 255, 0.114 * 255];
  for (let i = 0; i < luma.data.length; i++) {
    const at = i * channels;
    luma.data[i] = r! * data[at]! + (channels < 3 ? 0 : g! * data[at + 1]! + b! * data[at + 2]!);
  }
  return luma;
}

/** A luma image on the grid: area means when it is larger, bilinear when it is smaller. */
export function toGrid(luma: Image, side: number): Grid {
  return { side, values: resize(luma, side, side).data };
}

/** The other way: a change of the grid as a change of an image, H×W×1. */
export function fromGrid(grid: Grid, width: number, height: number): Image {
  return resize({ width: grid.side, height: grid.side, channels: 1, data: grid.values }, width, height);
}

function resize(image: Image, width: number, height: number): Image {
  if (image.width === width && image.height === height) return image;
  return width >= image.width && height >= image.height
    ? resizeBilinear(image, width, height)
    : resizeArea(image, width, height);
}

/** Values of the orthonormal DCT-II basis, [frequency][position]. */
const BASIS = Array.from({ length: BLOCK }, (_, k) =>
  Float64Array.from(
    { length: BLOCK },
    (_, i) => Math.sqrt((k === 0 ? 1 : 2) / BLOCK) * Math.cos(((2 * i + 1) * k * Math.PI) / (2 * BLOCK)),
  ),
);

/** The eight values of a wave of the basis; a block's basis is the product of two. */
export function waveOf(frequency: number): Float64Array {
  return BASIS[frequency]!;
}

/** The 64 basis values of a frequency, row by row. */
function basisOf([v, u]: Frequency): Float64Array {
  return Float64Array.from(
    { length: BLOCK * BLOCK },
    (_, i) => BASIS[v]![Math.floor(i / BLOCK)]! * BASIS[u]![i % BLOCK]!,
  );
}

/**
 * Coefficients of every block, block by block in reading order, frequencies in the order given.
 * @returns (side/8)² · frequencies numbers, in grey levels (an orthonormal transform).
 */
export function blockCoefficients(grid: Grid, frequencies: readonly Frequency[]): Float64Array {
  const blocks = grid.side / BLOCK;
  const bases = frequencies.map(basisOf);
  const out = new Float64Array(blocks * blocks * frequencies.length);
  let at = 0;
  for (let by = 0; by < blocks; by++)
    for (let bx = 0; bx < blocks; bx++)
      for (const basis of bases) out[at++] = projectBlock(grid, basis, bx * BLOCK, by * BLOCK);
  return out;
}

/** One coefficient of the 8×8 window whose top left grid pixel is (x, y). */
function projectBlock(grid: Grid, basis: Float64Array, x: number, y: number): number {
  let sum = 0;
  for (let row = 0, i = 0; row < BLOCK; row++) {
    const start = (y + row) * grid.side + x;
    for (let column = 0; column < BLOCK; column++, i++) sum += basis[i]! * grid.values[start + column]!;
  }
  return sum;
}

/** Adds `change` (as `blockCoefficients` orders them) of the coefficients to a grid of zeros. */
export function gridOfCoefficients(change: Float64Array, side: number, frequencies: readonly Frequency[]): Grid {
  const blocks = side / BLOCK;
  const bases = frequencies.map(basisOf);
  const values = new Float32Array(side * side);
  change.forEach((amount, at) => {
    if (amount === 0) return;
    const block = Math.floor(at / bases.length);
    const start = Math.floor(block / blocks) * BLOCK * side + (block % blocks) * BLOCK;
    const basis = bases[at % bases.length]!;
    for (let i = 0; i < BLOCK * BLOCK; i++)
      values[start + Math.floor(i / BLOCK) * side + (i % BLOCK)]! += amount * basis[i]!;
  });
  return { side, values };
}
