/**
 * Occupancy grid: which parts of the box are worth sampling. One level of 32³ cells over the field's box.
 *
 * A running maximum of density·step per cell, updated from jittered points, as in nerfacc (Li et al. 2023) and as Joker sets
 * it (supplement, NeRF). Only skips work: what it calls empty is not rendered, so thresholds are low.
 */

import type { RandomStream } from '../core/rng.js';

/** State of the grid. Cell (x, y, z) is at x + R·(y + R·z). */
export type Occupancy = {
  /** cells per axis R */
  readonly resolution: number;
  /** [R³] running maximum of density · `OCCUPANCY_STEP`, an opacity-like number */
  readonly values: Float32Array;
  /** [R³] 1 where rays take samples */
  readonly occupied: Uint8Array;
};

/** Cells per axis in the paper. */
export const OCCUPANCY_RESOLUTION = 32;

/** Length in boxes' half-sides that turns a density into an opacity: √3·2/200, the paper's ray step. */
export const OCCUPANCY_STEP = (1.732 * 2) / 200;

/** How much of the old value survives an update: nerfacc's default. */
const DECAY = 0.95;

/** A cell is occupied above min(mean, this): nerfacc's alpha threshold. */
const THRESHOLD = 0.01;

/** A grid with every cell occupied: before anything is known. */
export function fullOccupancy(resolution: number = OCCUPANCY_RESOLUTION): Occupancy {
  const cells = resolution ** 3;
  return { resolution, values: new Float32Array(cells), occupied: new Uint8Array(cells).fill(1) };
}

/** Density at N points [N, 3] of the unit cube, in 1/world units. */
export type DensityAt = (points: Float32Array) => Float32Array | Promise<Float32Array>;

/**
 * One update in place: values decay and rise to the density at one jittered point per chosen cell; then cells are compared
 * with min(mean, 0.01).
 * @param options.halfSide the box's half-side in world units.
 * @param options.cells 'all' (the first 256 steps of a run), or 'some': a quarter of the cells at random and as many of the occupied ones.
 */
export async function updateOccupancy(
  grid: Occupancy,
  density: DensityAt,
  stream: RandomStream,
  options: { readonly halfSide: number; readonly cells: 'all' | 'some' },
): Promise<void> {
  const cells = options.cells === 'all' ? Int32Array.from(grid.values.keys()) : chooseCells(grid, stream);
  const found = await density(jitteredPoints(grid.resolution, cells, stream));
  const step = OCCUPANCY_STEP * options.halfSide;
  // Decay first and for every chosen cell once, so that a cell drawn twice does not decay twice.
  const old = Float32Array.from(cells, (cell) => grid.values[cell]! * DECAY);
  cells.forEach((cell, i) => {
    grid.values[cell] = old[i]!;
  });
  cells.forEach((cell, i) => {
    grid.values[cell] = Math.max(grid.values[cell]!, found[i]! * step);
  });
  markOccupied(grid);
}

/** Recomputes `occupied` from `values`. */
export function markOccupied(grid: Occupancy): void {
  let total = 0;
  for (const value of grid.values) total += value;
  const threshold = Math.min(total / grid.values.length, THRESHOLD);
  for (let i = 0; i < grid.values.length; i++) grid.occupied[i] = grid.values[i]! > threshold ? 1 : 0;
}

function chooseCells(grid: Occupancy, stream: RandomStream): Int32Array {
  const count = grid.values.length >> 2;
  const occupied: number[] = [];
  grid.occupied.forEach((value, cell) => {
    if (value) occupied.push(cell);
  });
  const anywhere = Array.from({ length: count }, () => stream.integer(grid.values.length));
  const inside = occupied.length === 0 ? [] : Array.from({ length: count }, () => stream.pick(occupied));
  return Int32Array.from([...anywhere, ...inside]);
}

function jitteredPoints(resolution: number, cells: Int32Array, stream: RandomStream): Float32Array {
  const points = new Float32Array(cells.length * 3);
  cells.forEach((cell, i) => {
    const x = cell % resolution;
    const y = Math.floor(cell / resolution) % resolution;
    const z = Math.floor(cell / (resolution * resolution));
    points[i * 3] = (x + stream.uniform()) / resolution;
    points[i * 3 + 1] = (y + stream.uniform()) / resolution;
    points[i * 3 + 2] = (z + stream.uniform()) / resolution;
  });
  return points;
}
