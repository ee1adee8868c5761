/**
 * The product of distillation: a volumetric head as plain data.
 *
 * Values and their initial draw; the shape is in field.ts, pictures come from render.ts, files from file.ts.
 */

import { foldInName, type RandomKey, RandomStream } from '../core/rng.js';
import { FEATURES_PER_LEVEL, type FieldConfig, fieldLayout, networkShapes } from './field.js';
import { fullOccupancy, type Occupancy } from './occupancy.js';

/** How a head is meant to be looked at: cameras of a turntable or a viewer start from this. */
export type HeadView = {
  /** camera distance from the origin in world units */
  readonly distance: number;
  /** focal length in picture widths */
  readonly focal: number;
  /** largest azimuth and elevation, radians, that training views covered */
  readonly azimuth: number;
  readonly elevation: number;
};

/** A volumetric head: density and colour in a box around the origin, and a background. */
export type Head = {
  readonly config: FieldConfig;
  /** [E, 2] hash table of all levels */
  readonly table: Float32Array;
  /** weights [out, in] by name, see `networkShapes` */
  readonly networks: Readonly<Record<string, Float32Array>>;
  readonly occupancy: Occupancy;
  readonly view: HeadView;
  /** text by key: how the head was made (seed, prompt, preset …) */
  readonly meta: Readonly<Record<string, string>>;
};

/** The paper's view: camera at 10·k = 1.2 with the focal length of its 512² crop, and its range of angles. */
export const paperView: HeadView = {
  distance: 1.2,
  focal: 4.2647,
  azimuth: (22.5 * Math.PI) / 180,
  elevation: (10 * Math.PI) / 180,
};

/** Bound of the uniform initial table: small, so that the start is smooth (Müller et al. 2022, section 4). */
const TABLE_BOUND = 1e-4;

/** A head before training: a soft grey ball. The same key gives the same head. */
export function initialHead(config: FieldConfig, key: RandomKey, view: HeadView = paperView): Head {
  const table = uniforms(fieldLayout(config).entries * FEATURES_PER_LEVEL, TABLE_BOUND, foldInName(key, 'table'));
  const networks: Record<string, Float32Array> = {};
  for (const [name, [out, width]] of Object.entries(networkShapes(config)))
    networks[name] = uniforms(out * width, 1 / Math.sqrt(width), foldInName(key, name)); // torch's default for a layer
  return { config, table, networks, occupancy: fullOccupancy(), view, meta: {} };
}

function uniforms(count: number, bound: number, key: RandomKey): Float32Array {
  const stream = new RandomStream(key);
  const out = new Float32Array(count);
  for (let i = 0; i < count; i++) out[i] = stream.uniform(-bound, bound);
  return out;
}
