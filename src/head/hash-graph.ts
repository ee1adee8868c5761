/**
 * The hash grid on the graph: corners and weights from the host, Gather and weighted sum on the device.
 *
 * The slow twin of hash.ts in the tests and benchmarks, and the version for devices where the host is the bottleneck.
 */

import { gather, mul, reshape, sum, type Tensor } from '../graph/index.js';
import type { FieldLayout, LevelLayout } from './field.js';
import { PRIME_Y, PRIME_Z } from './hash.js';

/** Entry indices and trilinear weights [N·L, 8] of N points at all levels; corner c has x in bit 0, y in bit 1, z in bit 2. */
export function gridCorners(
  layout: FieldLayout,
  points: Float32Array,
): { entries: BigInt64Array; weights: Float32Array } {
  const count = points.length / 3;
  const { levels } = layout;
  const entries = new BigInt64Array(count * levels.length * 8);
  const weights = new Float32Array(entries.length);
  for (let i = 0; i < count; i++)
    levels.forEach((level, l) => {
      const at = (i * levels.length + l) * 8;
      const p = [0, 1, 2].map((axis) => Math.max(0, Math.min(1, points[i * 3 + axis]!)) * level.scale + 0.5);
      const cell = p.map(Math.floor);
      for (let c = 0; c < 8; c++) {
        const bits = [c & 1, (c >> 1) & 1, c >> 2];
        entries[at + c] = BigInt(
          entryOf(
            level,
            cell.map((x, axis) => x + bits[axis]!),
          ),
        );
        weights[at + c] = p.reduce((w, x, axis) => w * (bits[axis] ? x - cell[axis]! : 1 - (x - cell[axis]!)), 1);
      }
    });
  return { entries, weights };
}

/** Entry of a corner with whole-number coordinates. */
function entryOf({ hashed, resolution, size, offset }: LevelLayout, corner: readonly number[]): number {
  const [x, y, z] = corner as [number, number, number];
  const index = hashed
    ? (x ^ Math.imul(y, PRIME_Y) ^ Math.imul(z, PRIME_Z)) >>> 0
    : x + y * resolution + z * resolution * resolution;
  return offset + (index % size);
}

/**
 * Features [N, L·2] on the graph.
 * @param table [E, 2] @param entries int64 [N·L, 8] @param weights [N·L, 8]
 */
export function encodeOnGraph(table: Tensor, entries: Tensor, weights: Tensor, levels: number): Tensor {
  const rows = weights.shape[0]!;
  const values = gather(table, entries, 0); // [N·L, 8, 2]
  const features = sum(mul(values, reshape(weights, [rows, 8, 1])), [1]);
  return reshape(features, [rows / levels, levels * 2]);
}
