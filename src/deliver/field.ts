/**
 * What delivery needs to know about a head: a volume that can be asked for density and colour, and a renderer.
 *
 * Not the head itself (head/ owns the network): anything that answers `sample`, a formula included, can be delivered.
 */

import type { Camera } from '../core/camera.js';
import { JokerError } from '../core/errors.js';
import type { Image } from '../core/image.js';

/** Axis-aligned box in world units (head radius about 0.12). */
export type Box = {
  readonly min: readonly [number, number, number];
  readonly max: readonly [number, number, number];
};

/** Density and colour at N points. */
export type FieldSamples = {
  /** N, absorption per world unit, ≥ 0 */
  readonly density: Float32Array;
  /** 3·N, sRGB in [0, 1] */
  readonly color: Float32Array;
};

/** A volume that emits and absorbs: the 3D head as delivery sees it. */
export type FieldSampler = {
  /** points: 3·N world xyz. Called with at most `FIELD_BATCH` points at once. */
  sample(points: Float32Array): FieldSamples | Promise<FieldSamples>;
  /** everything outside is empty */
  readonly box: Box;
};

/** One picture of the head. */
export type Frame = {
  /** H×W×3 sRGB, background included */
  readonly color: Image;
  /** H×W×1, share of the ray that the head absorbs, in [0, 1] */
  readonly opacity: Image;
  /** H×W×1, mean depth along the viewing direction in world units; meaningless where the opacity is low */
  readonly depth: Image;
};

/** Draws the head for a camera at the camera's picture size. */
export type FrameRenderer = (camera: Camera) => Promise<Frame>;

/** Most points of one `sample` call: bounds the memory of the network behind it (about 1.6 MB of points and answers). */
export const FIELD_BATCH = 65536;

/** A field on a regular grid: x fastest, then y, then z; samples at cell centres. */
export type FieldGrid = {
  /** cells along x, y, z */
  readonly size: readonly [number, number, number];
  readonly box: Box;
  /** X·Y·Z, per world unit */
  readonly density: Float32Array;
  /** 3·X·Y·Z, sRGB; 0 where the grid was known to be empty */
  readonly color: Float32Array;
};

/** How finely a field is put on a grid. */
export type BakeOptions = {
  /** cells along the longest side of the occupied box; 8 … 256, default 128 */
  readonly resolution?: number;
  /** density below which space counts as empty, per world unit; default 1 (a ray through the whole box keeps > 60 %) */
  readonly emptyBelow?: number;
};

/** Cells a side of the first, coarse look for occupied space: about 1 cm of a real head, thinner than an ear. */
const COARSE = 48;

/**
 * Samples a field on a grid around its occupied part. Two passes: a coarse one finds where anything is, a fine one asks
 * only there (one coarse cell of margin), which saves about three quarters of the samples of a head in its box.
 * @throws JokerError bad-argument when the resolution is out of range or the field is empty.
 */
export async function bakeField(field: FieldSampler, options: BakeOptions = {}): Promise<FieldGrid> {
  const { resolution = 128, emptyBelow = 1 } = options;
  if (!Number.isInteger(resolution) || resolution < 8 || resolution > 256)
    throw new JokerError('bad-argument', `grid resolution ${resolution}: whole number from 8 to 256`, 'Use 128.');
  const coarse = emptyGrid([COARSE, COARSE, COARSE], field.box);
  await fillGrid(field, coarse, () => true);
  const occupied = dilate(coarse, emptyBelow);
  const fine = emptyGridAround(coarse, occupied, resolution);
  await fillGrid(field, fine, (x, y, z) => occupied[coarseCell(coarse, x, y, z)] === 1);
  return fine;
}

function emptyGrid(size: [number, number, number], box: Box): FieldGrid {
  const count = size[0] * size[1] * size[2];
  return { size, box, density: new Float32Array(count), color: new Float32Array(3 * count) };
}

/** World centre of a cell along one axis. */
export function cellCenter(grid: FieldGrid, axis: 0 | 1 | 2, index: number): number {
  const { min, max } = grid.box;
  return min[axis] + ((index + 0.5) / grid.size[axis]) * (max[axis] - min[axis]);
}

/** Side of a cell along one axis in world units. */
export function cellSide(grid: FieldGrid, axis: 0 | 1 | 2): number {
  return (grid.box.max[axis] - grid.box.min[axis]) / grid.size[axis];
}

/** Samples all cells whose centre is wanted, in batches of `FIELD_BATCH`. */
async function fillGrid(field: FieldSampler, grid: FieldGrid, wanted: (x: number, y: number, z: number) => boolean) {
  const [sx, sy, sz] = grid.size;
  const cells = new Uint32Array(FIELD_BATCH);
  const points = new Float32Array(3 * FIELD_BATCH);
  let count = 0;
  for (let z = 0, cell = 0; z < sz; z++)
    for (let y = 0; y < sy; y++)
      for (let x = 0; x < sx; x++, cell++) {
        const p = [cellCenter(grid, 0, x), cellCenter(grid, 1, y), cellCenter(grid, 2, z)] as const;
        if (!wanted(...p)) continue;
        points.set(p, 3 * count);
        cells[count++] = cell;
        if (count === FIELD_BATCH) {
          await sampleCells(field, grid, points, cells, count);
          count = 0;
        }
      }
  await sampleCells(field, grid, points, cells, count);
}

async function sampleCells(field: FieldSampler, grid: FieldGrid, points: Float32Array, cells: Uint32Array, n: number) {
  if (n === 0) return;
  const { density, color } = await field.sample(points.slice(0, 3 * n));
  for (let i = 0; i < n; i++) {
    const cell = cells[i]!;
    grid.density[cell] = cleanDensity(density[i]!);
    for (let c = 0; c < 3; c++) grid.color[3 * cell + c] = Math.max(0, Math.min(1, color[3 * i + c]! || 0));
  }
}

/** A network may overflow far inside a head; one bad value must not spread through interpolation. */
function cleanDensity(value: number): number {
  return value > 0 ? Math.min(value, 1e6) : 0; // NaN compares false
}

/** 1 for every coarse cell that holds something or touches (26-neighbourhood) one that does. */
function dilate(coarse: FieldGrid, emptyBelow: number): Uint8Array {
  const out = new Uint8Array(coarse.density.length);
  const near = (i: number) => [Math.max(0, i - 1), Math.min(COARSE - 1, i + 1)] as const;
  for (let cell = 0; cell < out.length; cell++) {
    if (coarse.density[cell]! < emptyBelow) continue;
    const [x0, x1] = near(cell % COARSE);
    const [y0, y1] = near(Math.floor(cell / COARSE) % COARSE);
    const [z0, z1] = near(Math.floor(cell / COARSE ** 2));
    for (let z = z0; z <= z1; z++)
      for (let y = y0; y <= y1; y++) out.fill(1, (z * COARSE + y) * COARSE + x0, (z * COARSE + y) * COARSE + x1 + 1);
  }
  return out;
}

function coarseCell(coarse: FieldGrid, x: number, y: number, z: number): number {
  const p = [x, y, z] as const;
  const at = (axis: 0 | 1 | 2) => {
    const index = Math.floor((p[axis] - coarse.box.min[axis]) / cellSide(coarse, axis));
    return Math.max(0, Math.min(COARSE - 1, index));
  };
  return (at(2) * COARSE + at(1)) * COARSE + at(0);
}

/** The finest grid of cubic cells around the occupied coarse cells, `resolution` cells along the longest side. */
function emptyGridAround(coarse: FieldGrid, occupied: Uint8Array, resolution: number): FieldGrid {
  const low = [COARSE, COARSE, COARSE];
  const high = [-1, -1, -1];
  for (let cell = 0; cell < occupied.length; cell++) {
    if (occupied[cell] === 0) continue;
    const at = [cell % COARSE, Math.floor(cell / COARSE) % COARSE, Math.floor(cell / COARSE ** 2)];
    for (let a = 0; a < 3; a++) {
      low[a] = Math.min(low[a]!, at[a]!);
      high[a] = Math.max(high[a]!, at[a]!);
    }
  }
  if (high[0] === -1)
    throw new JokerError('bad-argument', 'the head is empty: no density anywhere in its box', 'Distil it for longer.');
  const corner = (ends: number[], extra: number) =>
    ([0, 1, 2] as const).map((a) => coarse.box.min[a] + (ends[a]! + extra) * cellSide(coarse, a));
  return cubicGrid(corner(low, 0), corner(high, 1), resolution);
}

function cubicGrid(min: number[], max: number[], resolution: number): FieldGrid {
  const cell = Math.max(...[0, 1, 2].map((a) => max[a]! - min[a]!)) / resolution;
  const size = [0, 1, 2].map((a) => Math.max(1, Math.ceil((max[a]! - min[a]!) / cell - 1e-6))); // 1e-6: rounding
  const end = size.map((count, a) => min[a]! + count * cell);
  return emptyGrid([size[0]!, size[1]!, size[2]!], {
    min: [min[0]!, min[1]!, min[2]!],
    max: [end[0]!, end[1]!, end[2]!],
  });
}
