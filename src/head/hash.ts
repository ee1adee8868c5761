/**
 * Interpolation in the hash grid, forward and backward, on plain arrays.
 *
 * Host loops instead of Gather/Scatter on the graph: the same work in a third of the time on a CPU (see bench/head). The
 * graph version is in encodeOnGraph (network.ts) and is the slow twin in the tests.
 * Idea: Müller et al. 2022, section 3, hash primes of equation 4. Letters: N points, L levels, F = 2 features.
 */

import { FEATURES_PER_LEVEL, type FieldLayout, type LevelLayout } from './field.js';

/** Second and third prime of the spatial hash; the first is 1 (Müller et al. 2022, equation 4). */
const PRIME_Y = 2654435761 | 0;
const PRIME_Z = 805459861;

/**
 * Features of points: trilinear interpolation at every level.
 * @param table [E, 2]
 * @param points [N, 3] in the unit cube; values outside are clamped to it
 * @param count N; the arrays may be longer
 * @param out [N, L·2], levels in order
 */
export function encodePoints(
  layout: FieldLayout,
  table: Float32Array,
  points: Float32Array,
  count: number,
  out: Float32Array,
): void {
  const stride = layout.levels.length * FEATURES_PER_LEVEL;
  layout.levels.forEach((level, l) => {
    if (level.hashed) encodeHashed(level, table, points, count, out, stride, l * FEATURES_PER_LEVEL);
    else encodeDense(level, table, points, count, out, stride, l * FEATURES_PER_LEVEL);
  });
}

/**
 * Adds the gradient of the table: the transpose of `encodePoints`.
 * @param gradient [N, L·2] gradient with respect to the features
 * @param tableGradient [E, 2], added to
 */
export function scatterGradient(
  layout: FieldLayout,
  points: Float32Array,
  count: number,
  gradient: Float32Array,
  tableGradient: Float32Array,
): void {
  const stride = layout.levels.length * FEATURES_PER_LEVEL;
  const corner = new Int32Array(8);
  const weight = new Float64Array(8);
  layout.levels.forEach((level, l) => {
    for (let i = 0; i < count; i++) {
      const g0 = gradient[i * stride + l * 2]!;
      const g1 = gradient[i * stride + l * 2 + 1]!;
      if (g0 === 0 && g1 === 0) continue; // padded samples have no gradient
      cornersOf(level, points[i * 3]!, points[i * 3 + 1]!, points[i * 3 + 2]!, corner, weight);
      for (let c = 0; c < 8; c++) {
        const at = corner[c]!;
        tableGradient[at]! += weight[c]! * g0;
        tableGradient[at + 1]! += weight[c]! * g1;
      }
    }
  });
}

/**
 * Corner positions in the table (index of the first feature, entry·2) and trilinear weights of one point at one level.
 * Corner c has x + (c & 1), y + (c >> 1 & 1), z + (c >> 2).
 */
export function cornersOf(
  level: LevelLayout,
  x: number,
  y: number,
  z: number,
  corner: Int32Array,
  weight: Float64Array,
): void {
  const px = clamp01(x) * level.scale + 0.5;
  const py = clamp01(y) * level.scale + 0.5;
  const pz = clamp01(z) * level.scale + 0.5;
  const ix = px | 0;
  const iy = py | 0;
  const iz = pz | 0;
  weightsOf(px - ix, py - iy, pz - iz, weight);
  if (level.hashed) hashedCorners(level, ix, iy, iz, corner);
  else denseCorners(level, ix, iy, iz, corner);
}

function clamp01(x: number): number {
  return x < 0 ? 0 : x > 1 ? 1 : x;
}

function weightsOf(fx: number, fy: number, fz: number, weight: Float64Array): void {
  const gx = 1 - fx;
  const gy = 1 - fy;
  const gz = 1 - fz;
  weight[0] = gx * gy * gz;
  weight[1] = fx * gy * gz;
  weight[2] = gx * fy * gz;
  weight[3] = fx * fy * gz;
  weight[4] = gx * gy * fz;
  weight[5] = fx * gy * fz;
  weight[6] = gx * fy * fz;
  weight[7] = fx * fy * fz;
}

function hashedCorners(level: LevelLayout, ix: number, iy: number, iz: number, corner: Int32Array): void {
  const mask = level.size - 1; // sizes of hashed levels are powers of two
  const hy0 = Math.imul(iy, PRIME_Y);
  const hy1 = Math.imul(iy + 1, PRIME_Y);
  const hz0 = Math.imul(iz, PRIME_Z);
  const hz1 = Math.imul(iz + 1, PRIME_Z);
  const base = level.offset;
  corner[0] = (base + ((ix ^ hy0 ^ hz0) & mask)) << 1;
  corner[1] = (base + (((ix + 1) ^ hy0 ^ hz0) & mask)) << 1;
  corner[2] = (base + ((ix ^ hy1 ^ hz0) & mask)) << 1;
  corner[3] = (base + (((ix + 1) ^ hy1 ^ hz0) & mask)) << 1;
  corner[4] = (base + ((ix ^ hy0 ^ hz1) & mask)) << 1;
  corner[5] = (base + (((ix + 1) ^ hy0 ^ hz1) & mask)) << 1;
  corner[6] = (base + ((ix ^ hy1 ^ hz1) & mask)) << 1;
  corner[7] = (base + (((ix + 1) ^ hy1 ^ hz1) & mask)) << 1;
}

function denseCorners(level: LevelLayout, ix: number, iy: number, iz: number, corner: Int32Array): void {
  const r = level.resolution;
  // The far corner of the last cell lies outside the grid and has weight ≤ half a cell: it wraps within the level, as in
  // tiny-cuda-nn, instead of reading the next level.
  const at = ix + iy * r + iz * r * r;
  for (let c = 0; c < 8; c++) {
    const index = at + (c & 1) + ((c >> 1) & 1) * r + (c >> 2) * r * r;
    corner[c] = (level.offset + (index >= level.size ? index - level.size : index)) << 1;
  }
}

type EncodeLevel = (
  level: LevelLayout,
  table: Float32Array,
  points: Float32Array,
  count: number,
  out: Float32Array,
  stride: number,
  at: number,
) => void;

function encodeWith(corners: typeof hashedCorners): EncodeLevel {
  return (level, table, points, count, out, stride, at) => {
    const corner = new Int32Array(8);
    const weight = new Float64Array(8);
    for (let i = 0; i < count; i++) {
      const px = clamp01(points[i * 3]!) * level.scale + 0.5;
      const py = clamp01(points[i * 3 + 1]!) * level.scale + 0.5;
      const pz = clamp01(points[i * 3 + 2]!) * level.scale + 0.5;
      const ix = px | 0;
      const iy = py | 0;
      const iz = pz | 0;
      weightsOf(px - ix, py - iy, pz - iz, weight);
      corners(level, ix, iy, iz, corner);
      let a = 0;
      let b = 0;
      for (let c = 0; c < 8; c++) {
        const entry = corner[c]!;
        a += weight[c]! * table[entry]!;
        b += weight[c]! * table[entry + 1]!;
      }
      out[i * stride + at] = a;
      out[i * stride + at + 1] = b;
    }
  };
}

const encodeHashed = encodeWith(hashedCorners);
const encodeDense = encodeWith(denseCorners);
