/**
 * Density and colour of a head at any points, without the graph: for meshes, splats, baking and the occupancy grid.
 *
 * Also the slow twin of the graph version (network.ts) in the tests.
 */

import { densityBias, FEATURES_PER_LEVEL, type FieldConfig, fieldLayout } from './field.js';
import { encodePoints } from './hash.js';
import type { Head } from './head.js';
import type { Occupancy } from './occupancy.js';

/** What `sampleField` reads of a head. */
export type FieldValues = Pick<Head, 'config' | 'table' | 'networks'>;

/** The box that holds a head's density, world units. */
export function headBox(head: Pick<Head, 'config'>): {
  readonly min: readonly [number, number, number];
  readonly max: readonly [number, number, number];
} {
  const h = head.config.halfSide;
  return { min: [-h, -h, -h], max: [h, h, h] };
}

/** Numerically safe log(1 + e^x): e^x overflows for large x, where the answer is x. */
export function softplusOf(x: number): number {
  return x > 20 ? x : Math.log1p(Math.exp(x));
}

/** Density [N], 1/world units, at points [N, 3] of the unit cube (0.5 = the middle of the box). */
export function sampleDensity(head: FieldValues, points: Float32Array): Float32Array {
  return densityOf(head, points, featuresAt(head, points));
}

/**
 * Density [N] in 1/world units and colour [N, 3] in [0, 1] (sRGB) at world points [N, 3]. The density is 0 outside the box
 * and in cells that the occupancy grid calls empty: what pictures do not show, meshes do not hold.
 */
export function sampleField(
  head: FieldValues & Pick<Head, 'occupancy'>,
  world: Float32Array,
): { density: Float32Array; color: Float32Array } {
  const count = world.length / 3;
  const scale = 0.5 / head.config.halfSide;
  const points = Float32Array.from(world, (x) => x * scale + 0.5);
  const features = featuresAt(head, points);
  const density = densityOf(head, points, features);
  const color = applyNetwork(head, 'feature', features, count, 3).map((x) => 1 / (1 + Math.exp(-x)));
  for (let i = 0; i < count; i++)
    if (!isOccupied(head.occupancy, points[i * 3]!, points[i * 3 + 1]!, points[i * 3 + 2]!)) density[i] = 0;
  return { density, color };
}

function isOccupied({ resolution, occupied }: Occupancy, x: number, y: number, z: number): boolean {
  if (!(x >= 0 && x <= 1 && y >= 0 && y <= 1 && z >= 0 && z <= 1)) return false;
  const cell = (t: number) => Math.min(resolution - 1, Math.floor(t * resolution));
  return occupied[cell(x) + resolution * (cell(y) + resolution * cell(z))] === 1;
}

function featuresAt(head: FieldValues, points: Float32Array): Float32Array {
  const layout = fieldLayout(head.config);
  const count = points.length / 3;
  const features = new Float32Array(count * layout.levels.length * FEATURES_PER_LEVEL);
  encodePoints(layout, head.table, points, count, features);
  return features;
}

function densityOf(head: FieldValues, points: Float32Array, features: Float32Array): Float32Array {
  const { config } = head;
  const count = points.length / 3;
  const raw = applyNetwork(head, 'density', features, count, 1);
  const density = new Float32Array(count);
  for (let i = 0; i < count; i++) {
    const [x, y, z] = [
      toWorld(config, points[i * 3]!),
      toWorld(config, points[i * 3 + 1]!),
      toWorld(config, points[i * 3 + 2]!),
    ];
    density[i] = config.densityScale * softplusOf(raw[i]! + densityBias(config, x, y, z));
  }
  return density;
}

function toWorld(config: FieldConfig, unit: number): number {
  return (unit * 2 - 1) * config.halfSide;
}

/** features [N, F] → hidden (ReLU) → [N, outputs]. */
function applyNetwork(
  head: FieldValues,
  name: 'density' | 'feature',
  features: Float32Array,
  count: number,
  outputs: number,
): Float32Array {
  const first = head.networks[`${name}.0.weight`]!;
  const second = head.networks[`${name}.1.weight`]!;
  const { hidden } = head.config;
  const width = first.length / hidden;
  const out = new Float32Array(count * outputs);
  for (let i = 0; i < count; i++)
    for (let h = 0; h < hidden; h++) {
      let value = 0;
      for (let f = 0; f < width; f++) value += first[h * width + f]! * features[i * width + f]!;
      if (value > 0) for (let o = 0; o < outputs; o++) out[i * outputs + o]! += second[o * hidden + h]! * value;
    }
  return out;
}
