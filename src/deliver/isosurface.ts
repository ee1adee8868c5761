/**
 * The surface where a density on a grid crosses a level, as a closed triangle mesh.
 *
 * Marching cubes (Lorensen and Cline 1987) on the cell centres of the grid, with one ring of empty cells around it so that
 * the surface is closed. Knows no colours.
 */

import type { Mesh } from '../core/mesh.js';
import { cellCenter, cellSide, type FieldGrid } from './field.js';
import { CUBE_CASES, CUBE_EDGES } from './isosurface-table.js';

/** Nearest that a vertex comes to a grid point, in cells: no two vertices coincide, so no triangle is degenerate. */
const VERTEX_MARGIN = 1e-3;

/** Working state of one extraction: padded values, the vertex on each grid edge (−1 none), and the growing mesh. */
type Marching = {
  readonly grid: FieldGrid;
  readonly level: number;
  readonly values: Float32Array;
  readonly size: readonly [number, number, number];
  readonly vertexOfEdge: Int32Array;
  readonly positions: number[];
  readonly triangles: number[];
};

/**
 * Closed surface of density = `level`; counter-clockwise triangles face the lower density. Empty when nothing reaches it.
 * @param level per world unit, > 0.
 */
export function isosurface(grid: FieldGrid, level: number): Mesh {
  const state = start(grid, level);
  const [sx, sy, sz] = state.size;
  for (let z = 0; z < sz - 1; z++)
    for (let y = 0; y < sy - 1; y++) for (let x = 0; x < sx - 1; x++) marchCell(state, x, y, z);
  return { positions: Float32Array.from(state.positions), triangles: Uint32Array.from(state.triangles) };
}

function start(grid: FieldGrid, level: number): Marching {
  const [gx, gy, gz] = grid.size;
  const size = [gx + 2, gy + 2, gz + 2] as const;
  const values = new Float32Array(size[0] * size[1] * size[2]);
  for (let z = 0; z < gz; z++)
    for (let y = 0; y < gy; y++) {
      const row = (z * gy + y) * gx;
      values.set(grid.density.subarray(row, row + gx), ((z + 1) * size[1] + y + 1) * size[0] + 1);
    }
  const vertexOfEdge = new Int32Array(3 * values.length).fill(-1);
  return { grid, level, values, size, vertexOfEdge, positions: [], triangles: [] };
}

function marchCell(state: Marching, x: number, y: number, z: number): void {
  const { values, level, size } = state;
  const rowStep = size[0];
  const sliceStep = size[0] * size[1];
  const base = z * sliceStep + y * rowStep + x;
  let inside = 0;
  for (let c = 0; c < 8; c++) {
    const at = base + (c & 1) + ((c >> 1) & 1) * rowStep + (c >> 2) * sliceStep;
    if (values[at]! >= level) inside |= 1 << c;
  }
  if (inside === 0 || inside === 255) return;
  for (const edge of CUBE_CASES[inside]!) {
    const { corner, axis } = CUBE_EDGES[edge]!;
    const at = [x + (corner & 1), y + ((corner >> 1) & 1), z + (corner >> 2)] as const;
    state.triangles.push(vertexOn(state, at, axis));
  }
}

/** The vertex on the grid edge that starts at `at` and runs along `axis`; made on first use. */
function vertexOn(state: Marching, at: readonly [number, number, number], axis: 0 | 1 | 2): number {
  const { values, size, level, grid, positions, vertexOfEdge } = state;
  const from = (at[2] * size[1] + at[1]) * size[0] + at[0];
  const known = vertexOfEdge[3 * from + axis]!;
  if (known >= 0) return known;
  const to = from + (axis === 0 ? 1 : axis === 1 ? size[0] : size[0] * size[1]);
  const share = (level - values[from]!) / (values[to]! - values[from]!);
  const shift = Math.max(VERTEX_MARGIN, Math.min(1 - VERTEX_MARGIN, share));
  const index = positions.length / 3;
  for (const a of [0, 1, 2] as const) {
    const center = cellCenter(grid, a, at[a] - 1); // − 1: the ring of empty cells
    positions.push(a === axis ? center + shift * cellSide(grid, a) : center);
  }
  vertexOfEdge[3 * from + axis] = index;
  return index;
}
