/**
 * One optimisation step of a head: choose views and a patch, march, run forward and backward, update.
 *
 * Features and tables are on the host, networks, compositing and loss on the graph: the graph returns the gradient with
 * respect to the features, and the host carries it on into the tables.
 */

import type { Camera } from '../core/camera.js';
import { resizeCamera } from '../core/camera.js';
import type { Image } from '../core/image.js';
import type { RandomStream } from '../core/rng.js';
import { compile, type Device, Graph, gradients, type Program } from '../graph/index.js';
import {
  type FieldLayout,
  type FieldRun,
  feedOf,
  fieldLayout,
  fillCameraRays,
  type Head,
  makeFieldRun,
  networkShapes,
  type Patch,
  raysOnGraph,
  scatterGradient,
} from '../head/index.js';
import { adamWStep, type Moments, makeMoments } from './adamw.js';
import type { DistillConfig } from './config.js';
import { buildLoss, type PerceptualTerm } from './losses.js';

/** What a step sees, per view, at the current resolution. */
export type ViewSet = {
  readonly cameras: readonly Camera[];
  /** by view; only those of the step's batch are looked at */
  readonly targets: { readonly [view: number]: Image };
  readonly faces?: readonly Image[];
};

/** Which rays a step compares. */
export type StepBatch = {
  /** B distinct views */
  readonly views: readonly number[];
  /** the patch that all of them share */
  readonly place: Patch;
};

/** Draws the batch of a step from V views at a resolution of `size` pixels, which is at least the patch. */
export function chooseBatch(
  { views, patch }: DistillConfig['batch'],
  viewCount: number,
  size: number,
  stream: RandomStream,
): StepBatch {
  if (size < patch) throw new Error(`internal: a patch of ${patch} in pictures of ${size}`);
  const chosen = stream.permutation(viewCount);
  // The released code never picks the last position, which leaves the last row and column of pictures untrained.
  const column = stream.integer(size - patch + 1);
  const row = stream.integer(size - patch + 1);
  const place = { column, row, width: patch, height: patch };
  return { views: Array.from({ length: views }, (_, b) => chosen[b % chosen.length]!), place };
}

/** Values of the loss terms at one step. */
export type StepFigures = { readonly loss: number; readonly l1: number; readonly perceptual: number };

/** Moments by parameter name: 'table' and the networks' names. */
export type MomentTable = Readonly<Record<string, Moments>>;

/** Zero moments for a head. */
export function initialMoments(head: Head): MomentTable {
  const moments: Record<string, Moments> = { table: makeMoments(head.table.length) };
  for (const [name, values] of Object.entries(head.networks)) moments[name] = makeMoments(values.length);
  return moments;
}

/** Options of a trainer. */
export type TrainerOptions = {
  readonly perceptual?: PerceptualTerm | null;
  readonly device?: Device;
  readonly threads?: number;
};

/** Owns the compiled training step and its buffers: call `dispose`. Changes heads in place. */
export class HeadTrainer {
  private readonly layout: FieldLayout;
  private readonly run: FieldRun;
  private readonly target: Float32Array;
  private readonly face: Float32Array;
  private readonly tableGradient: Float32Array;

  private constructor(
    private readonly config: DistillConfig,
    private readonly program: Program,
  ) {
    const { views, patch } = config.batch;
    const rays = views * patch * patch;
    this.layout = fieldLayout(config.field);
    this.run = makeFieldRun(config.field, rays, config.samples);
    this.target = new Float32Array(rays * 3);
    this.face = new Float32Array(rays);
    this.tableGradient = new Float32Array(this.layout.entries * 2);
  }

  /** Builds and compiles the step. */
  static async create(config: DistillConfig, options: TrainerOptions = {}): Promise<HeadTrainer> {
    return new HeadTrainer(config, await compileStep(config, options));
  }

  /**
   * One step.
   * @param n number of the step, from 0. @param views targets at the current resolution; faces: one mask per view at the same
   * resolution, 1 where the head is known to be; absent: nothing is known. @param stream jitters the samples.
   */
  async step(
    head: Head,
    moments: MomentTable,
    n: number,
    batch: StepBatch,
    views: ViewSet,
    stream: RandomStream,
  ): Promise<StepFigures> {
    this.fillPatches(batch, views);
    const { step } = this.config;
    const feed = feedOf(head, this.layout, this.run, { step: step ?? undefined, stream });
    const out = await this.program.run({
      ...feed,
      target: this.target,
      ...(this.config.losses.coverage > 0 && { face: this.face }),
    });
    this.update(head, moments, n, out);
    return { loss: out['loss']![0]!, l1: out['l1']![0]!, perceptual: out['perceptual']?.[0] ?? 0 };
  }

  private fillPatches({ views, place }: StepBatch, { cameras, targets, faces }: ViewSet): void {
    views.forEach((view, b) => {
      const at = b * place.width * place.height;
      const target = targets[view]!;
      fillCameraRays(resizeCamera(cameras[view]!, target.width, target.height), place, this.run.rays, at);
      copyPatch(target, place, this.target, at * 3);
      if (faces) copyPatch(faces[view]!, place, this.face, at);
    });
  }

  private update(head: Head, moments: MomentTable, n: number, out: Record<string, Float32Array>): void {
    const { optimiser, rates } = this.config;
    const { points, rays, samples } = this.run.batch;
    const decay = rateFactor(n, this.config);
    this.tableGradient.fill(0);
    scatterGradient(this.layout, points, rays * samples, out['features']!, this.tableGradient);
    adamWStep(head.table, this.tableGradient, moments['table']!, n + 1, rates.table * decay, optimiser);
    for (const [name, values] of Object.entries(head.networks))
      adamWStep(values, out[`gradient:${name}`]!, moments[name]!, n + 1, rates.networks * decay, optimiser);
  }

  /** Frees the program. */
  async dispose(): Promise<void> {
    await this.program.dispose();
  }
}

/** 1 until `decayFrom` of the run, then geometrically down to 0.1 at its end. */
export function rateFactor(n: number, { steps, decayFrom }: Pick<DistillConfig, 'steps' | 'decayFrom'>): number {
  const progress = n / steps;
  return progress <= decayFrom ? 1 : 0.1 ** ((progress - decayFrom) / (1 - decayFrom));
}

async function compileStep(config: DistillConfig, options: TrainerOptions): Promise<Program> {
  const { views, patch } = config.batch;
  const g = new Graph();
  const rays = raysOnGraph(g, config.field, views * patch * patch, config.samples);
  const target = g.input('target', [views * patch * patch, 3]);
  const face = config.losses.coverage > 0 ? g.input('face', [views * patch * patch]) : null;
  const loss = buildLoss(g, rays, target, face, config.batch, config.losses, options.perceptual ?? null);
  const names = Object.keys(networkShapes(config.field));
  const all = gradients(loss.total, [rays.features, ...names.map((name) => rays.weights[name]!)]);
  const outputs = {
    loss: loss.total,
    l1: loss.l1,
    features: all[0]!,
    ...(loss.perceptual && { perceptual: loss.perceptual }),
  };
  const weightGradients = Object.fromEntries(names.map((name, i) => [`gradient:${name}`, all[i + 1]!]));
  return compile({
    outputs: { ...outputs, ...weightGradients },
    weights: options.perceptual?.weights,
    device: options.device,
    threads: options.threads,
  });
}

function copyPatch(image: Image, patch: Patch, out: Float32Array, at: number): void {
  for (let y = 0; y < patch.height; y++) {
    const from = ((patch.row + y) * image.width + patch.column) * image.channels;
    const length = patch.width * image.channels;
    out.set(image.data.subarray(from, from + length), at + y * length);
  }
}
