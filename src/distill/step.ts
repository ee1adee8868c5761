/**
 * One optimisation step of a head: choose views and a patch, march, run forward and backward, update.
 *
 * The field runs in an engine of head/, background and loss on the graph: the graph takes what the rays see and returns the
 * gradient with respect to it, and the engine carries it on into networks and table.
 */

import type { Camera } from '../core/camera.js';
import { resizeCamera } from '../core/camera.js';
import type { Image } from '../core/image.js';
import type { RandomKey, RandomStream } from '../core/rng.js';
import { compile, type Device, Graph, gradients, type Program } from '../graph/index.js';
import {
  backgroundFeed,
  backgroundOnGraph,
  type FieldEngine,
  fillCameraRays,
  HARMONICS,
  type Head,
  isBackground,
  networkInputs,
  networkShapes,
  overBackground,
  type Patch,
} from '../head/index.js';
import { adamWStep, type Moments, makeMoments } from './adamw.js';
import type { DistillConfig } from './config.js';
import { FieldPass } from './field-pass.js';
import { buildLoss, type PerceptualTerm } from './losses.js';

/** What a step sees, per view, at the current resolution. */
export type ViewSet = {
  readonly cameras: readonly Camera[];
  /** by view; only those of the step's batch are looked at */
  readonly targets: { readonly [view: number]: Image };
  readonly faces?: readonly Image[];
  /** by view, like the targets */
  readonly empties?: { readonly [view: number]: Image };
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

/** Points whose density is asked for at once, more than all cells of an occupancy grid of 32³. */
const DENSITY_POINTS = 32 ** 3;

/** Owns the compiled loss, the engine and a head in training: call `dispose`. */
export class HeadTrainer {
  private readonly target: Float32Array;
  private readonly face: Float32Array;
  private readonly empty: Float32Array;

  private constructor(
    private readonly config: DistillConfig,
    private readonly program: Program,
    private readonly field: FieldPass,
  ) {
    this.target = new Float32Array(field.rays.count * 3);
    this.face = new Float32Array(field.rays.count);
    this.empty = new Float32Array(field.rays.count);
  }

  /** Opens the field's engine and compiles the loss. */
  static async create(config: DistillConfig, options: TrainerOptions = {}): Promise<HeadTrainer> {
    const { views, patch } = config.batch;
    const size = {
      rays: views * patch * patch,
      samples: config.samples,
      points: DENSITY_POINTS,
      threads: options.threads,
      device: options.device,
    };
    const field = await FieldPass.create(config.field, size);
    return new HeadTrainer(config, await compileLoss(config, options), field);
  }

  /**
   * Copies a head and its moments into the trainer.
   * @returns the ones to train: table and moments lie in the engine's memory, which other threads share. `read` before looking
   * at them, and copy before handing on.
   */
  adopt(head: Head, moments: MomentTable): { readonly head: Head; readonly moments: MomentTable } {
    const { engine } = this.field;
    const { table, first, second } = engine;
    table.set(head.table);
    first.set(moments['table']!.first);
    second.set(moments['table']!.second);
    engine.push();
    return { head: { ...head, table }, moments: { ...moments, table: { first, second } } };
  }

  /** What computes the field. */
  get engine(): FieldEngine['kind'] {
    return this.field.engine.kind;
  }

  /** Brings the adopted table and moments up to date: steps on a graphics card leave them there. A rendering needs the table alone. */
  async read(what: 'table' | 'all'): Promise<void> {
    await this.field.engine.pull(what);
  }

  /** Density [N] of the head in training at points [N, 3] of the unit cube, N ≤ 32³. */
  async density(head: Head, points: Float32Array): Promise<Float32Array> {
    this.field.engine.setNetworks(head.networks);
    return this.field.engine.density(points);
  }

  /**
   * One step on an adopted head, in place.
   * @param n number of the step, from 0. @param views targets at the current resolution; faces: one mask per view at the same
   * resolution, 1 where the head is known to be, empties: where it is known not to be; absent: nothing is known. @param key jitters
   * the samples.
   */
  async step(
    head: Head,
    moments: MomentTable,
    n: number,
    batch: StepBatch,
    views: ViewSet,
    key: RandomKey,
  ): Promise<StepFigures> {
    const { field } = this;
    if (head.table !== field.engine.table) throw new Error('internal: a head that was not adopted');
    this.fillPatches(batch, views);
    field.engine.setNetworks(head.networks);
    field.engine.setOccupancy(head.occupancy);
    const march = { step: this.config.step ?? undefined, key };
    await field.forward(march);
    const out = await this.program.run({
      ...backgroundFeed(head, field.rays),
      seen: field.color,
      opacity: field.opacity,
      target: this.target,
      ...(this.config.losses.coverage > 0 && { face: this.face }),
      ...(this.config.losses.emptiness > 0 && { empty: this.empty }),
    });
    await this.update(head, moments, n, out, march);
    return { loss: out['loss']![0]!, l1: out['l1']![0]!, perceptual: out['perceptual']?.[0] ?? 0 };
  }

  private fillPatches({ views, place }: StepBatch, { cameras, targets, faces, empties }: ViewSet): void {
    views.forEach((view, b) => {
      const at = b * place.width * place.height;
      const target = targets[view]!;
      fillCameraRays(resizeCamera(cameras[view]!, target.width, target.height), place, this.field.rays, at);
      copyPatch(target, place, this.target, at * 3);
      if (faces) copyPatch(faces[view]!, place, this.face, at);
      if (empties) copyPatch(empties[view]!, place, this.empty, at);
    });
  }

  private async update(
    head: Head,
    moments: MomentTable,
    n: number,
    out: Record<string, Float32Array>,
    march: { readonly step?: number; readonly key: RandomKey },
  ): Promise<void> {
    const { optimiser, rates } = this.config;
    const decay = rateFactor(n, this.config);
    const table = { ...optimiser, rate: rates.table * decay, step: n + 1 };
    const gradients = await this.field.backward(march, out['gradient:seen']!, out['gradient:opacity']!, table);
    for (const [name, values] of Object.entries(head.networks)) {
      const gradient = gradients[name] ?? out[`gradient:${name}`]!;
      adamWStep(values, gradient, moments[name]!, n + 1, rates.networks * decay, optimiser);
    }
  }

  /** Frees program and engine. The adopted arrays stay readable. */
  async dispose(): Promise<void> {
    this.field.dispose();
    await this.program.dispose();
  }
}

/** 1 until `decayFrom` of the run, then geometrically down to 0.1 at its end. */
export function rateFactor(n: number, { steps, decayFrom }: Pick<DistillConfig, 'steps' | 'decayFrom'>): number {
  const progress = n / steps;
  return progress <= decayFrom ? 1 : 0.1 ** ((progress - decayFrom) / (1 - decayFrom));
}

/** Background and loss: from what the field shows to the gradient with respect to it. */
async function compileLoss(config: DistillConfig, options: TrainerOptions): Promise<Program> {
  const count = config.batch.views * config.batch.patch ** 2;
  const g = new Graph();
  const [seen, opacity] = [g.input('seen', [count, 3]), g.input('opacity', [count])];
  const weights = networkInputs(g, config.field);
  const background = backgroundOnGraph(weights, g.input('harmonics', [count, HARMONICS]));
  const color = overBackground(seen, opacity, background);
  const target = g.input('target', [count, 3]);
  const known = {
    face: config.losses.coverage > 0 ? g.input('face', [count]) : null,
    empty: config.losses.emptiness > 0 ? g.input('empty', [count]) : null,
  };
  const loss = buildLoss(g, { color, opacity }, target, known, config.batch, config.losses, options.perceptual ?? null);
  const names = Object.keys(networkShapes(config.field)).filter(isBackground);
  const all = gradients(loss.total, [seen, opacity, ...names.map((name) => weights[name]!)]);
  const outputs = ['seen', 'opacity', ...names].map((name, i) => [`gradient:${name}`, all[i]!]);
  return compile({
    outputs: {
      loss: loss.total,
      l1: loss.l1,
      ...(loss.perceptual && { perceptual: loss.perceptual }),
      ...Object.fromEntries(outputs),
    },
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
