/**
 * A baked field as bytes for a 3D texture: sRGB colour times opacity, and opacity, 8 bits each.
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
  /** 4·X·Y·Z: red, green, blue, each times opacity, and opacity of one cell's length; x fastest */
  readonly rgba: Uint8Array;
};

/**
 * Quantises a grid. Opacity over one cell's length, 1 − exp(−σ·cell), is stored instead of density: it fits 8 bits, and
 * interpolating it gives softer edges than interpolating σ. Colours are multiplied by it, so that between a cell of the head
 * and one of the haze before it each counts by what it absorbs; cells that no ray reaches become plain opaque black.
 */
export function quantise(grid: FieldGrid): Volume {
  const cell = cellSide(grid, 0);
  const rgba = new Uint8Array(4 * grid.density.length);
  for (let i = 0; i < grid.density.length; i++) {
    const opacity = 1 - Math.exp(-grid.density[i]! * cell);
    for (let c = 0; c < 3; c++) rgba[4 * i + c] = Math.round(255 * opacity * grid.color[3 * i + c]!);
    rgba[4 * i + 3] = Math.round(255 * opacity);
  }
  buriedCells(rgba, grid.size).forEach((buried, i) => {
    if (buried) rgba.set([0, 0, 0, 255], 4 * i);
  });
  return { size: grid.size, box: grid.box, cell, rgba };
}
