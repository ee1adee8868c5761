/**
 * Where the kernels' arrays lie in their memory, and the description that the kernels read (layout.as, the same order).
 *
 * All sizes are known before the start: the memory never grows, so views of it never go stale.
 */

import { JokerError } from '../../core/errors.js';
import { FEATURES_PER_LEVEL, type FieldConfig, fieldLayout } from '../field.js';
import { OCCUPANCY_STEP } from '../occupancy.js';
import { CREW_BYTES } from './crew.js';

/** Samples per block, as in network.as. */
export const BLOCK = 128;

/** Slots that a chunk of rays has room for, about: enough to hide the cost of a piece, small enough to stay in the caches. */
const CHUNK_SLOTS = 1024;

/** Rows of kept samples and of marched ones in a thread's scratch, as in layout.as and field.as. */
const [KEPT_ROWS, SCRATCH_ROWS, OUT_ROWS] = [10, 9, 4];

/** What the kernels are to have room for. */
export type KernelRoom = {
  /** rays R and slots per ray S of a run */
  readonly rays: number;
  readonly samples: number;
  /** points whose density is asked for at once; 0 = never */
  readonly points: number;
  /** cells per axis of the occupancy grid */
  readonly occupancy: number;
  /** with room for gradients and moments */
  readonly training: boolean;
  readonly threads: number;
};

/** Sizes that follow from config and room. Letters: F features, H hidden width rounded up to 4. */
export type KernelShape = {
  readonly features: number;
  readonly hidden: number;
  readonly perChunk: number;
  readonly chunks: number;
  readonly capacity: number;
  /** floats of one chunk's gradient of the networks */
  readonly gradient: number;
  readonly scratchBytes: number;
};

/** Sizes of a config's arrays. */
export function kernelShape(config: FieldConfig, { rays, samples, occupancy }: KernelRoom): KernelShape {
  const features = config.levels * FEATURES_PER_LEVEL;
  const hidden = roundUp(config.hidden, 4);
  const perChunk = Math.max(1, Math.floor(CHUNK_SLOTS / samples));
  const capacity = roundUp(perChunk * samples, BLOCK);
  const unitRows = Math.max(hidden * 2, roundUp(features, 4));
  const stretches = (occupancy * 3 + 3) * 2; // a line crosses at most 3R − 2 cells
  return {
    features,
    hidden,
    perChunk,
    chunks: Math.ceil(rays / perChunk),
    capacity,
    gradient: hidden * 2 * features + 4 * hidden,
    scratchBytes:
      4 * ((unitRows * 2 + OUT_ROWS) * BLOCK + (SCRATCH_ROWS + features) * capacity) + roundUp(8 * stretches, 16),
  };
}

/** Byte offsets by name, and the size of the whole. */
export type KernelLayout = { readonly at: Readonly<Record<ArrayName, number>>; readonly bytes: number };

type ArrayName = keyof ReturnType<typeof arraySizes>;

/** Bytes of every array. */
function arraySizes(config: FieldConfig, room: KernelRoom, shape: KernelShape) {
  const { rays, points, occupancy, training, threads } = room;
  const { features, hidden, chunks, capacity, gradient, scratchBytes } = shape;
  const table = fieldLayout(config).entries * FEATURES_PER_LEVEL * 4;
  const only = (bytes: number) => (training ? bytes : 0);
  const row = points > 0 ? roundUp(points, BLOCK) * 4 : 0;
  return {
    crew: CREW_BYTES,
    layout: 64 * 8,
    levels: config.levels * 32,
    settings: 64,
    origins: rays * 12,
    directions: rays * 12,
    seeds: chunks * 16,
    kept: rays * 4,
    color: rays * 12,
    opacity: rays * 4,
    distance: rays * 4,
    colorGradient: only(rays * 12),
    opacityGradient: only(rays * 4),
    occupied: occupancy ** 3,
    values: occupancy ** 3 * 4,
    table,
    tableGradient: only(table),
    first: only(table),
    second: only(table),
    weights: hidden * 2 * features * 4,
    transposed: roundUp(features, 4) * hidden * 2 * 4,
    outputs: 4 * hidden * 4,
    gradients: only(chunks * gradient * 4),
    counts: chunks * 4,
    rows: chunks * capacity * KEPT_ROWS * 4,
    features: chunks * capacity * features * 4,
    scratch: threads * scratchBytes,
    x: row,
    y: row,
    z: row,
    bias: row,
  };
}

/** Where everything lies. @throws JokerError too-large when it is more than the 4 GB that WebAssembly can address. */
export function kernelLayout(config: FieldConfig, room: KernelRoom): KernelLayout {
  const sizes = arraySizes(config, room, kernelShape(config, room));
  const at: Partial<Record<ArrayName, number>> = {};
  let bytes = 0;
  for (const [name, size] of Object.entries(sizes) as [ArrayName, number][]) {
    at[name] = bytes;
    bytes += roundUp(size, 64); // a cache line: neighbours of two threads do not disturb each other
  }
  if (bytes > 2 ** 32 - 65536)
    throw new JokerError(
      'bad-argument',
      `${room.rays} rays of ${room.samples} samples need ${(bytes / 2 ** 30).toFixed(1)} GB for the field, at most 4 can be had`,
      'Give fewer views, a smaller patch or fewer samples.',
    );
  return { at: at as Record<ArrayName, number>, bytes };
}

/** How a run marches. */
export type MarchNumbers = {
  readonly jitter: boolean;
  readonly step: number;
  readonly stop: number;
  readonly earlyStop: number;
};

/** The description's numbers, in the order in which layout.as reads them. */
export function describe(
  config: FieldConfig,
  room: KernelRoom,
  { at }: KernelLayout,
  march: MarchNumbers,
  points: number,
): number[] {
  const shape = kernelShape(config, room);
  const { halfSide, biasHeight, biasRadius, levels, densityScale } = config;
  return [
    ...[at.origins, at.directions, room.rays, shape.perChunk, at.seeds, at.kept],
    ...[at.color, at.opacity, at.distance, at.colorGradient, at.opacityGradient],
    ...[at.occupied, at.values, room.occupancy, room.samples, Number(march.jitter), halfSide, march.step, march.stop],
    ...[1 / (OCCUPANCY_STEP * halfSide), biasHeight, biasRadius],
    ...[levels, at.levels, at.table, at.tableGradient, at.first, at.second, at.settings],
    ...[shape.hidden, at.weights, at.transposed, at.outputs, at.gradients, shape.gradient * 4],
    ...[densityScale, march.earlyStop],
    ...[shape.capacity, at.counts, at.rows, at.features],
    ...[at.scratch, shape.scratchBytes],
    ...[at.x, at.y, at.z, at.bias, points],
  ];
}

function roundUp(n: number, to: number): number {
  return Math.ceil(n / to) * to;
}
