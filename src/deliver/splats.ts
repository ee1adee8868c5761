/**
 * The head as Gaussian splats: flat discs on the surface, and their PLY layout of 3D Gaussian Splatting (Kerbl et al. 2023).
 *
 * Made from the mesh, not optimised against pictures: the splats follow the surface and carry its colour, no view
 * dependence (all higher harmonics are zero).
 */

import { RandomStream, randomKey } from '../core/rng.js';
import type { FieldSampler } from './field.js';
import { DIGITAL_SOURCE_TYPE, type Maker, SYNTHETIC_STATEMENT } from './marks.js';
import { type ColoredMesh, surfaceColors } from './mesh.js';

/** N splats as plain data, world axes. */
export type Splats = {
  /** 3·N world xyz */
  readonly positions: Float32Array;
  /** 3·N unit normals: the discs' short axis */
  readonly normals: Float32Array;
  /** 3·N sRGB in [0, 1] */
  readonly colors: Float32Array;
  /** standard deviation of every disc within its plane, world units */
  readonly radius: number;
};

/** How splats are laid on a surface. */
export type SplatOptions = {
  /** number of splats; default 30 000 (a 7 MB file) */
  readonly count?: number;
  /** seed of the places; default 0 */
  readonly seed?: number;
};

/** Deviation of a disc in units of the mean distance √(area/N): discs overlap enough to leave no hole, and blur little. */
const OVERLAP = 0.7;

/** Thickness of a disc as a share of its radius: thin, but not so thin that a renderer's inverse covariance overflows. */
export const FLATNESS = 0.1;

/** Opacity of every splat; its logit is finite, and two overlapping discs hide 99.99 % of what is behind. */
export const OPACITY = 0.99;

/** Value of the constant spherical harmonic, 1 / (2 √π). */
export const SH_C0 = 0.28209479177387814;

/** Discs spread evenly by area over the mesh, coloured by the field along their normals (`step` world units apart). */
export async function splatsOnMesh(
  field: FieldSampler,
  mesh: ColoredMesh,
  step: number,
  options: SplatOptions = {},
): Promise<Splats> {
  const { count = 30_000, seed = 0 } = options;
  const { ends, area } = cumulativeAreas(mesh);
  const positions = new Float32Array(3 * count);
  const normals = new Float32Array(3 * count);
  const random = new RandomStream(randomKey(seed));
  for (let i = 0, t = 0; i < count; i++) {
    const at = ((i + random.uniform()) / count) * area; // stratified: one splat in each Nth of the area
    while (t < ends.length - 1 && ends[t]! < at) t++;
    placeOnTriangle(mesh, t, random, positions, normals, 3 * i);
  }
  const colors = await surfaceColors(field, positions, normals, step);
  return { positions, normals, colors, radius: OVERLAP * Math.sqrt(area / count) };
}

function cumulativeAreas(mesh: ColoredMesh): { ends: Float64Array; area: number } {
  const ends = new Float64Array(mesh.triangles.length / 3);
  let area = 0;
  for (let t = 0; t < ends.length; t++) {
    const [a, b, c] = [0, 1, 2].map((k) => 3 * mesh.triangles[3 * t + k]!) as [number, number, number];
    const p = mesh.positions;
    const u = [0, 1, 2].map((k) => p[b + k]! - p[a + k]!) as [number, number, number];
    const v = [0, 1, 2].map((k) => p[c + k]! - p[a + k]!) as [number, number, number];
    area += Math.hypot(u[1] * v[2] - u[2] * v[1], u[2] * v[0] - u[0] * v[2], u[0] * v[1] - u[1] * v[0]) / 2;
    ends[t] = area;
  }
  return { ends, area };
}

/** Uniform point of a triangle (Turk 1990: folding the unit square) with the interpolated normal. */
function placeOnTriangle(
  mesh: ColoredMesh,
  t: number,
  random: RandomStream,
  positions: Float32Array,
  normals: Float32Array,
  at: number,
): void {
  let u = random.uniform();
  let v = random.uniform();
  if (u + v > 1) [u, v] = [1 - u, 1 - v];
  const weights = [1 - u - v, u, v];
  for (let a = 0; a < 3; a++)
    for (let k = 0; k < 3; k++) {
      const vertex = 3 * mesh.triangles[3 * t + k]! + a;
      positions[at + a]! += weights[k]! * mesh.positions[vertex]!;
      normals[at + a]! += weights[k]! * mesh.normals[vertex]!;
    }
  const length = Math.hypot(normals[at]!, normals[at + 1]!, normals[at + 2]!) || 1; // opposite normals may cancel
  for (let a = 0; a < 3; a++) normals[at + a]! /= length;
}

/** Columns in the order that 3D Gaussian Splatting writes; 45 higher harmonics, because strict readers count them. */
const COLUMNS = [
  ...['x', 'y', 'z', 'nx', 'ny', 'nz', 'f_dc_0', 'f_dc_1', 'f_dc_2'],
  ...Array.from({ length: 45 }, (_, i) => `f_rest_${i}`),
  ...['opacity', 'scale_0', 'scale_1', 'scale_2', 'rot_0', 'rot_1', 'rot_2', 'rot_3'],
];

/**
 * Bytes of a splat PLY. The axes are those that splat viewers expect (OpenCV: x right, y down, z forward), i.e. ours turned
 * by 180° about x; opacity is a logit, scales are logarithms, the quaternion is w x y z.
 */
export function encodeSplatPly(splats: Splats, maker: Maker): Uint8Array {
  const count = splats.positions.length / 3;
  const header = [
    'ply',
    'format binary_little_endian 1.0',
    `comment ${SYNTHETIC_STATEMENT}`,
    `comment DigitalSourceType ${DIGITAL_SOURCE_TYPE}`,
    `comment Generator ${maker.generator.replace(/[^ -~]/g, '?')}`, // a header line is printable ASCII
    'comment Axes OpenCV: x right, y down, z forward (the face looks towards -z)',
    `element vertex ${count}`,
    ...COLUMNS.map((name) => `property float ${name}`),
    'end_header\n',
  ].join('\n');
  const start = header.length;
  const bytes = new Uint8Array(start + count * COLUMNS.length * 4);
  bytes.set(new TextEncoder().encode(header));
  const view = new DataView(bytes.buffer, start);
  for (let i = 0; i < count; i++) {
    const row = splatRow(splats, 3 * i);
    for (let k = 0; k < row.length; k++) view.setFloat32(4 * (i * COLUMNS.length + k), row[k]!, true);
  }
  return bytes;
}

function splatRow(splats: Splats, at: number): number[] {
  const [x, y, z] = splats.positions.subarray(at, at + 3);
  const [nx, ny, nz] = splats.normals.subarray(at, at + 3);
  const normal = [nx!, -ny!, -nz!] as const;
  const plane = Math.log(splats.radius);
  return [
    ...[x!, -y!, -z!, ...normal],
    ...Array.from(splats.colors.subarray(at, at + 3), (c) => (c - 0.5) / SH_C0),
    ...new Array<number>(45).fill(0),
    ...[Math.log(OPACITY / (1 - OPACITY)), plane, plane, plane + Math.log(FLATNESS)],
    ...rotationOntoNormal(...normal),
  ];
}

/** Unit quaternion (w, x, y, z) of the shortest turn of +z onto a unit normal. */
export function rotationOntoNormal(x: number, y: number, z: number): [number, number, number, number] {
  if (z < -1 + 1e-6) return [0, 1, 0, 0]; // half a turn has no shortest axis: take x
  const length = Math.hypot(1 + z, y, x); // the half-way vector of +z and the normal, crossed with +z
  return [(1 + z) / length, -y / length, x / length, 0];
}
