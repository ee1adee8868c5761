/**
 * A coloured triangle mesh of the head: isosurface of the density, largest piece, one colour per vertex.
 *
 * Not a textured mesh: the colours sit on the vertices, so their detail is that of the grid.
 */

import { JokerError } from '../core/errors.js';
import { type Mesh, vertexNormals } from '../core/mesh.js';
import { cellSide, FIELD_BATCH, type FieldGrid, type FieldSampler } from './field.js';
import { isosurface } from './isosurface.js';

/** A mesh with normals and colours. */
export type ColoredMesh = Mesh & {
  /** 3·N unit vectors, outwards */
  readonly normals: Float32Array;
  /** 3·N sRGB in [0, 1] */
  readonly colors: Float32Array;
};

/**
 * Default density of the surface per world unit: one centimetre (a head's radius is 0.12) of such matter absorbs half
 * of the light, ln 2 / 0.01. A distilled head rises from 0 to several hundred within a cell or two.
 */
export const SURFACE_LEVEL = 69;

/** How the mesh is cut out of the field. */
export type MeshOptions = {
  /** density of the surface per world unit; default `SURFACE_LEVEL` */
  readonly level?: number;
};

/**
 * The head's surface from its baked grid, coloured by the field itself.
 * @throws JokerError bad-argument when the density never reaches the level.
 */
export async function extractMesh(
  field: FieldSampler,
  grid: FieldGrid,
  options: MeshOptions = {},
): Promise<ColoredMesh> {
  const { level = SURFACE_LEVEL } = options;
  const mesh = largestComponent(isosurface(grid, level));
  if (mesh.triangles.length === 0)
    throw new JokerError(
      'bad-argument',
      `the head has no surface: its density never reaches ${level}`,
      'Distil it for longer or lower the level.',
    );
  const normals = vertexNormals(mesh);
  return { ...mesh, normals, colors: await surfaceColors(field, mesh.positions, normals, cellSide(grid, 0)) };
}

/** The connected piece with the most triangles; vertices that it does not use are dropped. Floaters go, so do bubbles inside. */
export function largestComponent(mesh: Mesh): Mesh {
  const root = componentRoots(mesh);
  const counts = new Map<number, number>();
  for (let t = 0; t < mesh.triangles.length; t += 3) {
    const r = root[mesh.triangles[t]!]!;
    counts.set(r, (counts.get(r) ?? 0) + 1);
  }
  let largest = -1;
  for (const [r, count] of counts) if (largest < 0 || count > counts.get(largest)!) largest = r;
  return keepVertices(mesh, (vertex) => root[vertex] === largest);
}

/** For each vertex the name of its piece (union–find with path halving). */
function componentRoots(mesh: Mesh): Int32Array {
  const parent = Int32Array.from({ length: mesh.positions.length / 3 }, (_, i) => i);
  const find = (i: number): number => {
    let at = i;
    while (parent[at] !== at) at = parent[at] = parent[parent[at]!]!;
    return at;
  };
  for (let t = 0; t < mesh.triangles.length; t += 3) {
    const a = find(mesh.triangles[t]!);
    parent[find(mesh.triangles[t + 1]!)] = a;
    parent[find(mesh.triangles[t + 2]!)] = a;
  }
  return parent.map((_, i) => find(i));
}

function keepVertices(mesh: Mesh, keep: (vertex: number) => boolean): Mesh {
  const renamed = new Int32Array(mesh.positions.length / 3).fill(-1);
  const positions: number[] = [];
  for (let v = 0; v < renamed.length; v++) {
    if (!keep(v)) continue;
    renamed[v] = positions.length / 3;
    positions.push(mesh.positions[3 * v]!, mesh.positions[3 * v + 1]!, mesh.positions[3 * v + 2]!);
  }
  const triangles: number[] = [];
  for (let t = 0; t < mesh.triangles.length; t += 3) {
    if (renamed[mesh.triangles[t]!]! < 0) continue;
    for (let k = 0; k < 3; k++) triangles.push(renamed[mesh.triangles[t + k]!]!);
  }
  return { positions: Float32Array.from(positions), triangles: Uint32Array.from(triangles) };
}

/** Depths below the surface, in steps, at which the colour is read: from just outside to two steps inside. */
const COLOR_DEPTHS = [-0.5, 0.25, 1, 2] as const;

/**
 * Colours as an eye straight above the surface sees them: emission and absorption along the inward normal through four
 * samples `step` apart (volume rendering, Max 1995, as in NeRF), divided by the opacity reached.
 * @param points 3·N world positions on the surface; `normals` 3·N outward unit vectors.
 * @param step world units, about one grid cell.
 * @returns 3·N sRGB.
 */
export async function surfaceColors(
  field: FieldSampler,
  points: Float32Array,
  normals: Float32Array,
  step: number,
): Promise<Float32Array> {
  const colors = new Float32Array(points.length);
  const perBatch = Math.floor(FIELD_BATCH / COLOR_DEPTHS.length);
  for (let first = 0; first < points.length / 3; first += perBatch) {
    const count = Math.min(perBatch, points.length / 3 - first);
    const range = [3 * first, 3 * (first + count)] as const;
    const probes = probesBelow(points.subarray(...range), normals.subarray(...range), step);
    const { density, color } = await field.sample(probes);
    for (let i = 0; i < count; i++)
      colors.set(composite(density, color, i * COLOR_DEPTHS.length, step), range[0] + 3 * i);
  }
  return colors;
}

function probesBelow(points: Float32Array, normals: Float32Array, step: number): Float32Array {
  const out = new Float32Array(points.length * COLOR_DEPTHS.length);
  for (let i = 0, o = 0; i < points.length; i += 3)
    for (const depth of COLOR_DEPTHS)
      for (let a = 0; a < 3; a++) out[o++] = points[i + a]! - depth * step * normals[i + a]!;
  return out;
}

function composite(density: Float32Array, color: Float32Array, first: number, step: number): number[] {
  const sum = [0, 0, 0];
  let weights = 0;
  let light = 1;
  for (let s = first; s < first + COLOR_DEPTHS.length; s++) {
    // 1e-6: where all four samples are empty the colours count alike instead of 0/0.
    const alpha = Math.max(1e-6, 1 - Math.exp(-Math.max(0, density[s]! || 0) * step));
    for (let c = 0; c < 3; c++) sum[c]! += light * alpha * color[3 * s + c]!;
    weights += light * alpha;
    light *= 1 - alpha;
  }
  return sum.map((value) => Math.max(0, Math.min(1, value / weights || 0)));
}
