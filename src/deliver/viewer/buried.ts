/**
 * Which cells of a volume no ray can show, so that their noise need not be stored.
 *
 * Nothing constrains the inside of a distilled head; left alone it is most of the page's size.
 */

/** Opacity in steps of 1/255 from which a cell counts as dense: it passes at most half of the light. */
const DENSE = 128;

/** After this many dense cells at most 2⁻⁸ of the light is left: the viewer stops its rays at 0.004, just above. */
export const BURIED_DEPTH = 8;

/**
 * 1 for cells with `BURIED_DEPTH` dense cells on every side, corners included (an erosion by a cube, one axis after the
 * other); everything outside the grid is empty.
 * @param rgba 4·X·Y·Z, opacity last, x fastest.
 */
export function buriedCells(rgba: Uint8Array, size: readonly [number, number, number]): Uint8Array {
  const cells = new Uint8Array(rgba.length / 4);
  for (let i = 0; i < cells.length; i++) cells[i] = rgba[4 * i + 3]! >= DENSE ? 1 : 0;
  const [sx, sy, sz] = size;
  erodeLines(cells, sx, 1, sy * sz, (line) => line * sx);
  erodeLines(cells, sy, sx, sx * sz, (line) => Math.floor(line / sx) * sx * sy + (line % sx));
  erodeLines(cells, sz, sx * sy, sx * sy, (line) => line);
  return cells;
}

/** Shortens every run of ones by `BURIED_DEPTH` at both ends, along lines of `length` cells that are `step` apart. */
function erodeLines(
  cells: Uint8Array,
  length: number,
  step: number,
  lines: number,
  start: (line: number) => number,
): void {
  for (let line = 0; line < lines; line++) {
    const first = start(line);
    for (let i = 0, run = 0; i <= length; i++) {
      if (i < length && cells[first + i * step] === 1) run++;
      else {
        trimRun(cells, first + (i - run) * step, run, step);
        run = 0;
      }
    }
  }
}

function trimRun(cells: Uint8Array, first: number, run: number, step: number): void {
  for (let k = 0; k < run; k++) if (k < BURIED_DEPTH || k >= run - BURIED_DEPTH) cells[first + k * step] = 0;
}
