/**
 * Pictures of a head: colour, opacity and depth of a camera.
 *
 * Owns one compiled program per field shape; weights are fed at every run, so that a head in training renders with the same
 * program. Not the training step (distill/step.ts).
 */

import type { Camera } from '../core/camera.js';
import { type Image, makeImage } from '../core/image.js';
import type { RandomStream } from '../core/rng.js';
import { compile, type Device, Graph, type Program, type Tensor } from '../graph/index.js';
import { directionHarmonics, HARMONICS } from './background.js';
import { FEATURES_PER_LEVEL, type FieldConfig, type FieldLayout, fieldLayout } from './field.js';
import { encodePoints } from './hash.js';
import type { Head } from './head.js';
import { makeSampleBatch, marchRays, type SampleBatch } from './march.js';
import { backgroundOnGraph, compositeOnGraph, fieldOnGraph, networkInputs } from './network.js';
import { fillCameraRays, makeRays, type Rays } from './rays.js';

/** Options of a renderer; fixed for its life. */
export type RendererOptions = {
  /** rays per run R, default 4096: large enough to hide the cost of a run, small enough for caches */
  readonly rays?: number;
  /** samples per ray S, default 48 */
  readonly samples?: number;
  /** wished step in world units, see march.ts */
  readonly step?: number;
  /** see march.ts */
  readonly stop?: number;
  /** default 'cpu' */
  readonly device?: Device;
  /** default: the runtime's */
  readonly threads?: number;
};

/** A rendered view. */
export type Rendering = {
  /** H×W×3 sRGB in [0, 1], background included */
  readonly color: Image;
  /** H×W×1 in [0, 1] */
  readonly opacity: Image;
  /** H×W×1 depth along the viewing direction in world units; 0 where the opacity is below 0.001 */
  readonly depth: Image;
};

/** Below this opacity a pixel has no depth: the quotient would be noise. */
const OPACITY_FLOOR = 1e-3;

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

/** Marches `run.rays` through a head and returns what the graph's inputs want. */
export function feedOf(
  head: Pick<Head, 'config' | 'table' | 'networks' | 'occupancy'>,
  layout: FieldLayout,
  run: FieldRun,
  options: { readonly step?: number; readonly stop?: number; readonly stream?: RandomStream },
): Record<string, Float32Array> {
  const { rays, batch, features, harmonics } = run;
  marchRays(rays, head.config, head.occupancy, { ...options, samples: batch.samples }, batch);
  encodePoints(layout, head.table, batch.points, batch.rays * batch.samples, features);
  const behind = head.config.background === 'world' ? rays.directions : rays.places;
  directionHarmonics(behind, rays.count, harmonics);
  const { bias, length, distance } = batch;
  return { features, bias, length, distance, harmonics, ...head.networks };
}

/** Renders heads of one field shape. Owns a compiled program: call `dispose`. */
export class HeadRenderer {
  private constructor(
    private readonly layout: FieldLayout,
    private readonly options: RendererOptions,
    private readonly program: Program,
    private readonly room: FieldRun,
  ) {}

  /** Builds and compiles the program for heads of this shape. */
  static async create(config: FieldConfig, options: RendererOptions = {}): Promise<HeadRenderer> {
    const { rays = 4096, samples = 48, device, threads } = options;
    const { color, opacity, distance } = raysOnGraph(new Graph(), config, rays, samples);
    const program = await compile({ outputs: { color, opacity, distance }, device, threads });
    return new HeadRenderer(fieldLayout(config), options, program, makeFieldRun(config, rays, samples));
  }

  /**
   * Renders one view.
   * @param options.stream jitters the samples as in training; without it the picture is exactly repeatable.
   */
  async render(head: Head, camera: Camera, options: { readonly stream?: RandomStream } = {}): Promise<Rendering> {
    const { width, height } = camera;
    const rendering = {
      color: makeImage(width, height, 3),
      opacity: makeImage(width, height, 1),
      depth: makeImage(width, height, 1),
    };
    const { step, stop } = this.options;
    for (let start = 0; start < width * height; start += this.room.rays.count) {
      const count = fillPixels(camera, start, this.room.rays);
      const feed = feedOf(head, this.layout, this.room, { step, stop, stream: options.stream });
      const out = await this.program.run(feed);
      store(rendering, camera, this.room.rays, start, count, out as Record<string, Float32Array>);
    }
    return rendering;
  }

  /** Frees the program. */
  async dispose(): Promise<void> {
    await this.program.dispose();
  }
}

/** Renders one view with a program of its own: for a single picture. Several views: keep a `HeadRenderer`. */
export async function renderHead(head: Head, camera: Camera, options: RendererOptions = {}): Promise<Rendering> {
  const renderer = await HeadRenderer.create(head.config, options);
  try {
    return await renderer.render(head, camera);
  } finally {
    await renderer.dispose();
  }
}

/** Rays of pixels start … start + R − 1 in row order; past the picture's end the last ray is repeated. Returns the real ones. */
function fillPixels(camera: Camera, start: number, rays: Rays): number {
  const pixels = camera.width * camera.height;
  const count = Math.min(rays.count, pixels - start);
  for (let i = 0; i < count; ) {
    const column = (start + i) % camera.width;
    const row = Math.floor((start + i) / camera.width);
    const width = Math.min(camera.width - column, count - i);
    fillCameraRays(camera, { column, row, width, height: 1 }, rays, i);
    i += width;
  }
  for (let i = count * 3; i < rays.count * 3; i++) {
    rays.origins[i] = rays.origins[i - 3]!;
    rays.directions[i] = rays.directions[i - 3]!;
    rays.places[i] = rays.places[i - 3]!;
  }
  return count;
}

function store(
  to: Rendering,
  camera: Camera,
  rays: Rays,
  start: number,
  count: number,
  out: Record<string, Float32Array>,
): void {
  const m = camera.cameraToWorld;
  to.color.data.set(out['color']!.subarray(0, count * 3), start * 3);
  to.opacity.data.set(out['opacity']!.subarray(0, count), start);
  for (let i = 0; i < count; i++) {
    const d = i * 3;
    const opacity = out['opacity']![i]!;
    // distance along the ray → depth along the camera's −z
    const forward = -(m[2]! * rays.directions[d]! + m[6]! * rays.directions[d + 1]! + m[10]! * rays.directions[d + 2]!);
    to.depth.data[start + i] = opacity < OPACITY_FLOOR ? 0 : (out['distance']![i]! / opacity) * forward;
  }
}
