/**
 * Interpolation in the hash grid, forward and backward, on plain arrays.
 *
 * Host loops instead of Gather and ScatterElements on the graph, which take ten times as long on a CPU: 90 ms against 9 ms
 * for 16 384 points forward and backward, one thread (hash-graph.ts is that version, and the slow twin in the tests). The loops are written out per kind of level: with the corners in small
 * arrays they took 1.5 to 2.4 times as long in V8.
 * Idea: Müller et al. 2022, section 3, hash of equation 4. Letters: N points, L levels, F = 2 features.
 */

import { FEATURES_PER_LEVEL, type FieldLayout, type LevelLayout } from './field.js';

/** Second and third factor of the spatial hash; the first is 1 (Müller et al. 2022, equation 4). */
export const PRIME_Y = 2654435761 | 0;
/** See PRIME_Y. */
export const PRIME_Z = 805459861;

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
    const encode = level.hashed ? encodeHashed : encodeDense;
    encode(level, table, points, count, out, stride, l * FEATURES_PER_LEVEL);
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
  layout.levels.forEach((level, l) => {
    const scatter = level.hashed ? scatterHashed : scatterDense;
    scatter(level, tableGradient, points, count, gradient, stride, l * FEATURES_PER_LEVEL);
  });
}

/** One level of one direction: `values` [N, stride] from column `at` on are written (encode) or read (scatter). */
type LevelLoop = (
  level: LevelLayout,
  table: Float32Array,
  points: Float32Array,
  count: number,
  values: Float32Array,
  stride: number,
  at: number,
) => void;

function clamp01(x: number): number {
  return x < 0 ? 0 : x > 1 ? 1 : x;
}

/*
 * In all four loops: p = x·scale + 0.5; i = floor(p); f = p − i, g = 1 − f; corners c0 … c7 have x in bit 0, y in bit 1, z in
 * bit 2; w = weight of a pair of corners along x. The far corners of the last cells lie outside the grid; their index wraps
 * within the level, as in tiny-cuda-nn.
 */

const encodeHashed: LevelLoop = ({ scale, size, offset }, table, points, count, values, stride, at) => {
  const mask = size - 1; // hashed levels have a power of two of entries
  for (let i = 0, j = 0, o = at; i < count; i++, j += 3, o += stride) {
    const px = clamp01(points[j]!) * scale + 0.5;
    const py = clamp01(points[j + 1]!) * scale + 0.5;
    const pz = clamp01(points[j + 2]!) * scale + 0.5;
    const ix = px | 0;
    const iy = py | 0;
    const iz = pz | 0;
    const y0 = Math.imul(iy, PRIME_Y);
    const y1 = (y0 + PRIME_Y) | 0;
    const z0 = Math.imul(iz, PRIME_Z);
    const z1 = (z0 + PRIME_Z) | 0;
    const c0 = (offset + ((ix ^ y0 ^ z0) & mask)) << 1;
    const c1 = (offset + (((ix + 1) ^ y0 ^ z0) & mask)) << 1;
    const c2 = (offset + ((ix ^ y1 ^ z0) & mask)) << 1;
    const c3 = (offset + (((ix + 1) ^ y1 ^ z0) & mask)) << 1;
    const c4 = (offset + ((ix ^ y0 ^ z1) & mask)) << 1;
    const c5 = (offset + (((ix + 1) ^ y0 ^ z1) & mask)) << 1;
    const c6 = (offset + ((ix ^ y1 ^ z1) & mask)) << 1;
    const c7 = (offset + (((ix + 1) ^ y1 ^ z1) & mask)) << 1;
    const fx = px - ix;
    const gx = 1 - fx;
    const fy = py - iy;
    const fz = pz - iz;
    const w0 = (1 - fy) * (1 - fz);
    const w1 = fy * (1 - fz);
    const w2 = (1 - fy) * fz;
    const w3 = fy * fz;
    values[o] =
      w0 * (gx * table[c0]! + fx * table[c1]!) +
      w1 * (gx * table[c2]! + fx * table[c3]!) +
      w2 * (gx * table[c4]! + fx * table[c5]!) +
      w3 * (gx * table[c6]! + fx * table[c7]!);
    values[o + 1] =
      w0 * (gx * table[c0 + 1]! + fx * table[c1 + 1]!) +
      w1 * (gx * table[c2 + 1]! + fx * table[c3 + 1]!) +
      w2 * (gx * table[c4 + 1]! + fx * table[c5 + 1]!) +
      w3 * (gx * table[c6 + 1]! + fx * table[c7 + 1]!);
  }
};

const encodeDense: LevelLoop = ({ scale, resolution, size, offset }, table, points, count, values, stride, at) => {
  const down = resolution;
  const deep = resolution * resolution;
  for (let i = 0, j = 0, o = at; i < count; i++, j += 3, o += stride) {
    const px = clamp01(points[j]!) * scale + 0.5;
    const py = clamp01(points[j + 1]!) * scale + 0.5;
    const pz = clamp01(points[j + 2]!) * scale + 0.5;
    const ix = px | 0;
    const iy = py | 0;
    const iz = pz | 0;
    const base = ix + iy * down + iz * deep;
    const fx = px - ix;
    const gx = 1 - fx;
    const fy = py - iy;
    const fz = pz - iz;
    let a = 0;
    let b = 0;
    for (let pair = 0; pair < 4; pair++) {
      const w = (pair & 1 ? fy : 1 - fy) * (pair & 2 ? fz : 1 - fz);
      const low = base + (pair & 1 ? down : 0) + (pair & 2 ? deep : 0);
      const c0 = (offset + (low < size ? low : low - size)) << 1;
      const c1 = (offset + (low + 1 < size ? low + 1 : low + 1 - size)) << 1;
      a += w * (gx * table[c0]! + fx * table[c1]!);
      b += w * (gx * table[c0 + 1]! + fx * table[c1 + 1]!);
    }
    values[o] = a;
    values[o + 1] = b;
  }
};

const scatterHashed: LevelLoop = ({ scale, size, offset }, table, points, count, values, stride, at) => {
  const mask = size - 1;
  for (let i = 0, j = 0, o = at; i < count; i++, j += 3, o += stride) {
    const a = values[o]!;
    const b = values[o + 1]!;
    if (a === 0 && b === 0) continue; // unused slots have no gradient
    const px = clamp01(points[j]!) * scale + 0.5;
    const py = clamp01(points[j + 1]!) * scale + 0.5;
    const pz = clamp01(points[j + 2]!) * scale + 0.5;
    const ix = px | 0;
    const iy = py | 0;
    const iz = pz | 0;
    const fx = px - ix;
    const fy = py - iy;
    const fz = pz - iz;
    const y0 = Math.imul(iy, PRIME_Y);
    const z0 = Math.imul(iz, PRIME_Z);
    for (let pair = 0; pair < 4; pair++) {
      const w = (pair & 1 ? fy : 1 - fy) * (pair & 2 ? fz : 1 - fz);
      const hash = (pair & 1 ? y0 + PRIME_Y : y0) ^ (pair & 2 ? z0 + PRIME_Z : z0);
      const c0 = (offset + ((ix ^ hash) & mask)) << 1;
      const c1 = (offset + (((ix + 1) ^ hash) & mask)) << 1;
      table[c0]! += w * (1 - fx) * a;
      table[c0 + 1]! += w * (1 - fx) * b;
      table[c1]! += w * fx * a;
      table[c1 + 1]! += w * fx * b;
    }
  }
};

const scatterDense: LevelLoop = ({ scale, resolution, size, offset }, table, points, count, values, stride, at) => {
  const down = resolution;
  const deep = resolution * resolution;
  for (let i = 0, j = 0, o = at; i < count; i++, j += 3, o += stride) {
    const a = values[o]!;
    const b = values[o + 1]!;
    if (a === 0 && b === 0) continue;
    const px = clamp01(points[j]!) * scale + 0.5;
    const py = clamp01(points[j + 1]!) * scale + 0.5;
    const pz = clamp01(points[j + 2]!) * scale + 0.5;
    const ix = px | 0;
    const iy = py | 0;
    const iz = pz | 0;
    const base = ix + iy * down + iz * deep;
    const fx = px - ix;
    const fy = py - iy;
    const fz = pz - iz;
    for (let pair = 0; pair < 4; pair++) {
      const w = (pair & 1 ? fy : 1 - fy) * (pair & 2 ? fz : 1 - fz);
      const low = base + (pair & 1 ? down : 0) + (pair & 2 ? deep : 0);
      const c0 = (offset + (low < size ? low : low - size)) << 1;
      const c1 = (offset + (low + 1 < size ? low + 1 : low + 1 - size)) << 1;
      table[c0]! += w * (1 - fx) * a;
      table[c0 + 1]! += w * (1 - fx) * b;
      table[c1]! += w * fx * a;
      table[c1 + 1]! += w * fx * b;
    }
  }
};
