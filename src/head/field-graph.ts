/**
 * The whole field on the graph: the slow twin of field-kernels.ts, for tests and benchmarks.
 *
 * Marching and hash grid in plain TypeScript (march.ts, hash.ts), networks and volume rendering on the graph (network.ts).
 */

import type { RandomStream } from '../core/rng.js';
import type { Graph, Tensor } from '../graph/index.js';
import { directionHarmonics, HARMONICS } from './background.js';
import { FEATURES_PER_LEVEL, type FieldConfig, type FieldLayout } from './field.js';
import { encodePoints } from './hash.js';
import type { Head } from './head.js';
import { makeSampleBatch, marchRays, type SampleBatch } from './march.js';
import { backgroundOnGraph, compositeOnGraph, fieldOnGraph, networkInputs } from './network.js';
import { makeRays, type Rays } from './rays.js';

/** Arrays that one run reads: rays, their samples, features [N, F] and harmonics [R, 9]. */
export type FieldRun = {
  readonly rays: Rays;
  readonly batch: SampleBatch;
  readonly features: Float32Array;
  readonly harmonics: Float32Array;
};

/** Room for runs of R rays × S samples. */
export function makeFieldRun(config: FieldConfig, rays: number, samples: number): FieldRun {
  return {
    rays: makeRays(rays),
    batch: makeSampleBatch(rays, samples),
    features: new Float32Array(rays * samples * config.levels * FEATURES_PER_LEVEL),
    harmonics: new Float32Array(rays * HARMONICS),
  };
}

/** The graph inputs that `feedOf` feeds, and what follows from them. */
export type RaysOnGraph = {
  readonly features: Tensor;
  readonly weights: Readonly<Record<string, Tensor>>;
  readonly color: Tensor;
  readonly opacity: Tensor;
  readonly distance: Tensor;
};

/** Declares the inputs of R rays × S samples and builds field, background and composite. */
export function raysOnGraph(g: Graph, config: FieldConfig, rays: number, samples: number): RaysOnGraph {
  const features = g.input('features', [rays * samples, config.levels * FEATURES_PER_LEVEL]);
  const bias = g.input('bias', [rays * samples]);
  const length = g.input('length', [rays, samples]);
  const distance = g.input('distance', [rays, samples]);
  const harmonics = g.input('harmonics', [rays, HARMONICS]);
  const weights = networkInputs(g, config);
  const field = fieldOnGraph(config, weights, features, bias);
  const background = backgroundOnGraph(weights, harmonics);
  const composite = compositeOnGraph(field.density, field.color, length, distance, background);
  return { features, weights, ...composite };
}

/** Marches `run.rays` through a head (unless `options` is null: it has been marched) and returns what the graph's inputs want. */
export function feedOf(
  head: Pick<Head, 'config' | 'table' | 'networks' | 'occupancy'>,
  layout: FieldLayout,
  run: FieldRun,
  options: { readonly step?: number; readonly stop?: number; readonly stream?: RandomStream } | null,
): Record<string, Float32Array> {
  const { rays, batch, features, harmonics } = run;
  if (options) marchRays(rays, head.config, head.occupancy, { ...options, samples: batch.samples }, batch);
  encodePoints(layout, head.table, batch.points, batch.rays * batch.samples, features);
  const behind = head.config.background === 'world' ? rays.directions : rays.places;
  directionHarmonics(behind, rays.count, harmonics);
  const { bias, length, distance } = batch;
  return { features, bias, length, distance, harmonics, ...head.networks };
}
