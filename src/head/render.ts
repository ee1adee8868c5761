/**
 * Pictures of a head: colour, opacity and depth of a camera.
 *
 * The field runs in an engine (open-field.ts), the background behind it on the graph. Not the training step
 * (distill/step.ts).
 */

import type { Camera } from '../core/camera.js';
import { type Image, makeImage } from '../core/image.js';
import { foldIn, type RandomKey } from '../core/rng.js';
import { compile, type Device, Graph, type Program } from '../graph/index.js';
import { directionHarmonics, HARMONICS } from './background.js';
import type { FieldEngine } from './engine.js';
import { type FieldConfig, isBackground } from './field.js';
import type { Head } from './head.js';
import { backgroundOnGraph, networkInputs, overBackground } from './network.js';
import { openField } from './open-field.js';
import { fillCameraRays, type Rays } from './rays.js';

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

/** See RendererOptions. */
const [DEFAULT_RAYS, DEFAULT_SAMPLES] = [4096, 48];

/** Below this opacity a pixel has no depth: the quotient would be noise. */
const OPACITY_FLOOR = 1e-3;

/** What the background on the graph is fed with: harmonics [R, 9] of the rays, and its networks. */
export function backgroundFeed(head: Pick<Head, 'config' | 'networks'>, rays: Rays): Record<string, Float32Array> {
  const harmonics = new Float32Array(rays.count * HARMONICS);
  directionHarmonics(head.config.background === 'world' ? rays.directions : rays.places, rays.count, harmonics);
  const networks = Object.entries(head.networks).filter(([name]) => isBackground(name));
  return { harmonics, ...Object.fromEntries(networks) };
}

/** Renders heads of one field shape. Owns a compiled program, memory and threads: call `dispose`. */
export class HeadRenderer {
  /** Made when the first head says how fine its occupancy grid is, and again when that changes. */
  private engine: FieldEngine | null = null;
  private occupancy = 0;
  /** what the engine holds */
  private held: { readonly table: Float32Array; readonly version: number | undefined } | null = null;

  private constructor(
    private readonly config: FieldConfig,
    private readonly options: RendererOptions,
    private readonly program: Program,
  ) {}

  /** Prepares for heads of this shape. */
  static async create(config: FieldConfig, options: RendererOptions = {}): Promise<HeadRenderer> {
    const { rays = DEFAULT_RAYS, device, threads } = options;
    const g = new Graph();
    const [seen, opacity] = [g.input('seen', [rays, 3]), g.input('opacity', [rays])];
    const color = overBackground(
      seen,
      opacity,
      backgroundOnGraph(networkInputs(g, config), g.input('harmonics', [rays, HARMONICS])),
    );
    return new HeadRenderer(config, options, await compile({ outputs: { color }, device, threads }));
  }

  /**
   * Renders one view.
   * @param options.key jitters the samples as in training; without it they sit in the middle of their steps.
   * @param options.version tells states of a head apart: with the same head and version as in the last call, its values are not
   * taken over again. Absent: they always are.
   */
  async render(
    head: Head,
    camera: Camera,
    options: { readonly key?: RandomKey; readonly version?: number } = {},
  ): Promise<Rendering> {
    const { width, height } = camera;
    const rendering = {
      color: makeImage(width, height, 3),
      opacity: makeImage(width, height, 1),
      depth: makeImage(width, height, 1),
    };
    const engine = await this.engineFor(head, options.version);
    const { step, stop } = this.options;
    const { rays } = engine;
    for (let start = 0, run = 0; start < width * height; start += rays.count, run++) {
      const count = fillPixels(camera, start, rays);
      await engine.forward({ step, stop, key: options.key && foldIn(options.key, run) });
      const feed = backgroundFeed(head, rays);
      const { color } = await this.program.run({
        ...feed,
        seen: engine.color.slice(),
        opacity: engine.opacity.slice(),
      });
      store(rendering, camera, rays, start, count, { ...engine, color: color! });
    }
    return rendering;
  }

  private async engineFor(head: Head, version: number | undefined): Promise<FieldEngine> {
    const { resolution } = head.occupancy;
    if (!this.engine || this.occupancy !== resolution) {
      this.engine?.dispose();
      const { device, samples = DEFAULT_SAMPLES, threads } = this.options;
      const rays = this.options.rays ?? DEFAULT_RAYS;
      this.engine = await openField(this.config, { rays, samples, threads, device, occupancy: resolution });
      this.occupancy = resolution;
    } else if (version !== undefined && version === this.held?.version && head.table === this.held.table)
      return this.engine;
    this.held = null; // until all is taken over
    this.engine.table.set(head.table);
    this.engine.push();
    this.engine.setNetworks(head.networks);
    this.engine.setOccupancy(head.occupancy);
    this.held = { table: head.table, version };
    return this.engine;
  }

  /** Frees program and engine. */
  async dispose(): Promise<void> {
    this.engine?.dispose();
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
  out: { readonly color: Float32Array; readonly opacity: Float32Array; readonly distance: Float32Array },
): void {
  const m = camera.cameraToWorld;
  to.color.data.set(out.color.subarray(0, count * 3), start * 3);
  to.opacity.data.set(out.opacity.subarray(0, count), start);
  for (let i = 0; i < count; i++) {
    const d = i * 3;
    const opacity = out.opacity[i]!;
    // distance along the ray → depth along the camera's −z
    const forward = -(m[2]! * rays.directions[d]! + m[6]! * rays.directions[d + 1]! + m[10]! * rays.directions[d + 2]!);
    to.depth.data[start + i] = opacity < OPACITY_FLOOR ? 0 : (out.distance[i]! / opacity) * forward;
  }
}
