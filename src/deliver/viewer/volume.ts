/**
 * A baked field as bytes for a 3D texture: sRGB colour and opacity, 8 bits each.
 *
 * No WebGL here: the page's script (script.ts) uploads these bytes as they are.
 */

import { type Box, cellSide, type FieldGrid } from '../field.js';
import { buriedCells } from './buried.js';

/** What the viewer page draws. */
export type Volume = {
  readonly size: readonly [number, number, number];
  readonly box: Box;
  /** side of a (cubic) cell in world units: the length over which the opacities are meant */
  readonly cell: number;
  /** 4·X·Y·Z: red, green, blue, opacity of one cell's length; x fastest */
  readonly rgba: Uint8Array;
};

/** Opacity in steps of 1/255 below which a cell's own colour is replaced: it is about to be hidden or interpolated away. */
const FAINT = 2;

/**
 * Quantises a grid. Opacity over one cell's length, 1 − exp(−σ·cell), is stored instead of density: it fits 8 bits, and
 * interpolating it gives softer edges than interpolating σ. Faint cells take their neighbours' colour, so that
 * interpolation draws no dark seam around the head; cells that no ray reaches become plain opaque black.
 */
export function quantise(grid: FieldGrid): Volume {
  const cell = cellSide(grid, 0);
  const rgba = new Uint8Array(4 * grid.density.length);
  for (let i = 0; i < grid.density.length; i++) {
    for (let c = 0; c < 3; c++) rgba[4 * i + c] = Math.round(255 * grid.color[3 * i + c]!);
    rgba[4 * i + 3] = Math.round(255 * (1 - Math.exp(-grid.density[i]! * cell)));
  }
  bleedColors(rgba, grid.size);
  buriedCells(rgba, grid.size).forEach((buried, i) => {
    if (buried) rgba.set([0, 0, 0, 255], 4 * i);
  });
  return { size: grid.size, box: grid.box, cell, rgba };
}

/** Gives faint cells the opacity-weighted mean colour of their 26 neighbours, or black when those are faint too. */
function bleedColors(rgba: Uint8Array, size: readonly [number, number, number]): void {
  const [sx, sy, sz] = size;
  const mean = [0, 0, 0];
  for (let z = 0; z < sz; z++)
    for (let y = 0; y < sy; y++)
      for (let x = 0; x < sx; x++) {
        const at = 4 * ((z * sy + y) * sx + x);
        if (rgba[at + 3]! >= FAINT) continue;
        neighbourMean(rgba, size, x, y, z, mean);
        rgba.set(mean, at);
      }
}

function neighbourMean(
  rgba: Uint8Array,
  [sx, sy, sz]: readonly [number, number, number],
  x: number,
  y: number,
  z: number,
  out: number[],
): void {
  out.fill(0);
  let weights = 0;
  for (let k = Math.max(0, z - 1); k <= Math.min(sz - 1, z + 1); k++)
    for (let j = Math.max(0, y - 1); j <= Math.min(sy - 1, y + 1); j++)
      for (let i = Math.max(0, x - 1); i <= Math.min(sx - 1, x + 1); i++) {
        const at = 4 * ((k * sy + j) * sx + i);
        const weight = rgba[at + 3]!;
        if (weight < FAINT) continue; // so that cells changed earlier in this pass do not spread on
        weights += weight;
        for (let c = 0; c < 3; c++) out[c]! += weight * rgba[at + c]!;
      }
  if (weights > 0) for (let c = 0; c < 3; c++) out[c] = Math.round(out[c]! / weights);
}
