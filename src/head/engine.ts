/**
 * What computes a field: WebAssembly on the processor (field-kernels.ts) or shaders on a graphics card (field-shaders.ts).
 *
 * The contract of both; the choice between them is in open-field.ts, and nothing is computed here. Letters: R rays, E table entries, P points.
 */
import type { RandomKey } from '../core/rng.js';
import type { Head } from './head.js';
import type { MarchOptions } from './march.js';
import type { Occupancy } from './occupancy.js';
import type { Rays } from './rays.js';

/** Options of an engine; fixed for its life. */
export type FieldEngineOptions = {
  /** rays R and samples per ray S of a run */
  readonly rays: number;
  readonly samples: number;
  /** points per call of `density`, default 0 */
  readonly points?: number;
  /** cells per axis of occupancy grids, default 32 */
  readonly occupancy?: number;
  /** with `backward` and `updateTable`; default false */
  readonly training?: boolean;
  /** threads, ≥ 1; default: all cores. More than one on Node only. A graphics card has its own. */
  readonly threads?: number;
};

/** How a run samples its rays; see march.ts for `step` and `stop`. */
export type ForwardOptions = Pick<MarchOptions, 'step' | 'stop'> & {
  /** jitters the samples: chunk c of rays draws from the stream of foldIn(key, c). Default: none */
  readonly key?: RandomKey;
  /** number of the first chunk of rays, for a run that is a part of many rays; default 0 */
  readonly firstChunk?: number;
  /** a ray ends where less than this of the light passes; default 1e-4, as in the paper. 0 turns it off */
  readonly earlyStop?: number;
};

/** Numbers of an AdamW step on the table. */
export type TableStep = {
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
  readonly weightDecay: number;
  readonly rate: number;
  /** from 1 */
  readonly step: number;
};

/** Which run of a step this is: the first clears the table's gradient, the last takes the AdamW step. Default: both. */
export type RunOfStep = { readonly first: boolean; readonly last: boolean };

/** nerfacc's early stop, the paper's. */
export const EARLY_STOP = 1e-4;

/** Marches rays through one field at a time, and back. Owns memory and threads or a device: call `dispose`. */
export interface FieldEngine {
  /** WebAssembly on the processor, or shaders on a graphics card */
  readonly kind: 'kernels' | 'shaders';
  /** [E, 2] and its moments (empty without training): `push` hands them over, `pull` brings them back as `updateTable` left them */
  readonly table: Float32Array;
  readonly first: Float32Array;
  readonly second: Float32Array;
  /** what `forward` looks along; `places` are the caller's own affair */
  readonly rays: Rays;
  /** [R, 3] Σ weight·colour, [R] Σ weight, [R] Σ weight·distance of the last `forward`: without a background */
  readonly color: Float32Array;
  readonly opacity: Float32Array;
  readonly distance: Float32Array;
  /** [R, 3] and [R], the gradients that `backward` starts from (empty without training) */
  readonly colorGradient: Float32Array;
  readonly opacityGradient: Float32Array;
  /** rays that share a stream of jitter */
  readonly raysPerChunk: number;
  /** Takes over what the caller wrote into table and moments. */
  push(): void;
  /** Brings table and moments (or the table alone) up to date. */
  pull(what?: 'table' | 'all'): void | Promise<void>;
  /** Takes over the networks' weights (density and feature). */
  setNetworks(networks: Head['networks']): void;
  /** Takes over an occupancy grid of the size given at the start. */
  setOccupancy(grid: Occupancy): void;
  /** Marches `rays` through the field and fills `color`, `opacity` and `distance`. */
  forward(options?: ForwardOptions): void | Promise<void>;
  /** Carries the gradients of colour and opacity back through the last `forward`, once. Gradients of the networks by name. */
  backward(): Record<string, Float32Array> | Promise<Record<string, Float32Array>>;
  /** Adds the last `backward` to the table's gradient, and takes an AdamW step. */
  updateTable(update: TableStep, run?: RunOfStep): void;
  /** Density [P], 1/world units, at points [P, 3] of the unit cube. Ends the last `forward`: no `backward` may follow. */
  density(points: Float32Array): Float32Array | Promise<Float32Array>;
  dispose(): void;
}
