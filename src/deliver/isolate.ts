/**
 * The head alone on a grid: its surroundings inside the box are emptied.
 *
 * Distillation explains the backgrounds of its target pictures partly by haze behind the head, which looks right only from
 * the views that it was made from. Works on a baked grid; the field itself stays as it is.
 */

import type { FieldGrid } from './field.js';

/** Share of the surface density from which cells belong together: half, so that soft edges do not part. */
const CONNECTED = 0.5;

/** Cells kept around the head: the soft edge of its surface. */
const EDGE_CELLS = 3;

/**
 * The grid with density only in and next to (3 cells) its largest piece of at least half the surface density.
 * @param level surface density per world unit. A grid that never reaches half of it is returned unchanged.
 */
export function isolateHead(grid: FieldGrid, level: number): FieldGrid {
  const solid = Uint8Array.from(grid.density, (value) => (value >= CONNECTED * level ? 1 : 0));
  const piece = largestPiece(solid, grid.size);
  if (piece.length === 0) return grid;
  const keep = new Uint8Array(solid.length);
  for (const cell of piece) keep[cell] = 1;
  const [sx, sy] = grid.size;
  for (const [step, length] of [
    [1, sx],
    [sx, sy],
    [sx * sy, grid.size[2]],
  ] as const)
    widen(keep, step, length);
  return { ...grid, density: grid.density.map((value, i) => (keep[i] ? value : 0)) };
}

/** Cells of the largest 6-connected set of ones (flood fill; `solid` is used up). */
function largestPiece(solid: Uint8Array, size: readonly [number, number, number]): Int32Array {
  const queue = new Int32Array(solid.length);
  let largest = new Int32Array(0);
  for (let first = 0; first < solid.length; first++) {
    if (solid[first] === 0) continue;
    const count = flood(solid, size, first, queue);
    if (count > largest.length) largest = queue.slice(0, count);
  }
  return largest;
}

function flood(solid: Uint8Array, size: readonly [number, number, number], first: number, queue: Int32Array): number {
  const [sx, sy, sz] = size;
  const axes = [
    [1, sx],
    [sx, sy],
    [sx * sy, sz],
  ] as const;
  solid[first] = 0;
  queue[0] = first;
  let end = 1;
  for (let at = 0; at < end; at++)
    for (const [step, length] of axes) {
      const place = Math.floor(queue[at]! / step) % length;
      for (const next of [place > 0 ? queue[at]! - step : -1, place < length - 1 ? queue[at]! + step : -1]) {
        if (next < 0 || solid[next] === 0) continue;
        solid[next] = 0;
        queue[end++] = next;
      }
    }
  return end;
}

/** Widens ones by `EDGE_CELLS` to both sides along one axis: all three axes together widen by a cube. */
function widen(cells: Uint8Array, step: number, length: number): void {
  const before = cells.slice();
  for (let i = 0; i < cells.length; i++) {
    if (before[i] === 0) continue;
    const place = Math.floor(i / step) % length;
    const from = Math.max(-EDGE_CELLS, -place);
    const to = Math.min(EDGE_CELLS, length - 1 - place);
    for (let k = from; k <= to; k++) cells[i + k * step] = 1;
  }
}
