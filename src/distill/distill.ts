/**
 * Distillation: from a teacher of views to a head. The loop of plan, targets, occupancy and steps, the same for targets that
 * stay and for targets that are made for one step.
 *
 * Idea: Joker (2024), paper "Progressive 3D distillation" and supplement. No files and no clock: checkpoints are handed to
 * the caller, progress goes to a Report. Letters: V views.
 */

import type { Camera } from '../core/camera.js';
import { resizeCamera } from '../core/camera.js';
import { JokerError } from '../core/errors.js';
import { type Image, resizeArea } from '../core/image.js';
import { type Report, silent } from '../core/progress.js';
import { foldIn, foldInName, type RandomKey, RandomStream, randomKey } from '../core/rng.js';
import type { Device } from '../graph/index.js';
import { type Head, HeadRenderer, type HeadView, updateOccupancy } from '../head/index.js';
import type { DistillConfig } from './config.js';
import { emptyAround, type MatteMaker } from './empty.js';
import type { PerceptualTerm } from './losses.js';
import { listUpdates, planStep, type TargetUpdate } from './plan.js';
import { copyState, type DistillState, initialState } from './state.js';
import { chooseBatch, HeadTrainer, type StepFigures, type ViewSet } from './step.js';
import type { TargetRequest, Teacher } from './teacher.js';

/** What a distillation needs. */
export type DistillOptions = {
  readonly config: DistillConfig;
  /** one per view V, at any picture size (square) */
  readonly cameras: readonly Camera[];
  readonly teacher: Teacher;
  /** per view, H×W×1 of any size: 1 where the view is known to show the head (the control image's mask) */
  readonly faces?: readonly Image[];
  /** says of targets where they show nobody; default: nobody says so */
  readonly matte?: MatteMaker;
  readonly perceptual?: PerceptualTerm | null;
  /** how the head is meant to be looked at; default: the paper's view */
  readonly view?: HeadView;
  readonly report?: Report;
  /** continues an earlier run of the same config, cameras and teacher, to the same result */
  readonly resume?: DistillState;
  /** handed a state after every target update, every `checkpointEvery` steps, when stopped and at the end; must be done with it when it resolves */
  readonly checkpoint?: (state: DistillState) => Promise<void>;
  /** default 500 */
  readonly checkpointEvery?: number;
  readonly signal?: AbortSignal;
  readonly device?: Device;
  readonly threads?: number;
};

/** Steps between progress messages: several a second in the draft. */
const REPORT_EVERY = 10;

/**
 * Runs the plan to its end.
 * @returns the head.
 * @throws JokerError bad-argument on cameras and config that do not fit, interrupted when the signal fires.
 */
export async function distill(options: DistillOptions): Promise<Head> {
  checkOptions(options);
  const { config, device, threads, perceptual } = options;
  const trainer = await HeadTrainer.create(config, { perceptual, device, threads });
  const renderer = await HeadRenderer.create(config.field, {
    samples: config.samples,
    step: config.step ?? undefined,
    device,
    threads,
  });
  try {
    return await runSteps(options, trainer, renderer);
  } finally {
    await trainer.dispose();
    await renderer.dispose();
  }
}

async function runSteps(options: DistillOptions, trainer: HeadTrainer, renderer: HeadRenderer): Promise<Head> {
  const { config, report = silent, resume, checkpointEvery = 500 } = options;
  const checkpoint =
    options.checkpoint &&
    (async (state: DistillState) => {
      await trainer.read('all');
      await options.checkpoint!(copyState(state));
    });
  let state = resume ?? initialState(config, options.view);
  state = { ...state, ...trainer.adopt(state.head, state.moments) };
  let shown: readonly Image[] = [];
  let faces: readonly Image[] | undefined;
  let empties: readonly Image[] | undefined;
  let size = 0;
  report({ kind: 'stage', stage: 'distill', text: 'building the head', total: config.steps });
  if (options.device === 'webgpu' && trainer.engine === 'kernels')
    report({
      kind: 'note',
      level: 'warning',
      text: 'the field stays on the processor: no WebGPU for it (in Node: npm install webgpu, and a driver)',
    });
  for (let n = state.step; n < config.steps; n++) {
    if (options.signal?.aborted) await checkpoint?.(state);
    stopIfAsked(options.signal);
    const plan = planStep(n, config);
    if (plan.update?.kind === 'all' && state.updated !== n) {
      const now = { renderer, head: state.head, n, size: plan.resolution };
      await trainer.read('table');
      const targets = await makeTargets(options, now, plan.update);
      state = { ...state, targets, updated: n };
      size = 0;
      await checkpoint?.(state);
    }
    if (plan.resolution !== size) {
      size = plan.resolution;
      shown = state.targets.map((target) => scaled(target, size));
      faces = options.faces?.map((face) => scaled(face, size));
      empties = await emptiesOf(options, state.targets, size);
    }
    await occupancyAt(trainer, state.head, config, n);
    const key = keyOf(config, 'step', n);
    const batch = chooseBatch(config.batch, options.cameras.length, size, new RandomStream(key));
    const now = { renderer, head: state.head, n, size };
    if (plan.update?.kind === 'batch') await trainer.read('table');
    const fresh = plan.update?.kind === 'batch' ? await freshTargets(options, now, plan.update, batch.views) : null;
    const seen = { cameras: options.cameras, targets: shown, empties, ...fresh, faces };
    const figures = await trainer.step(state.head, state.moments, n, batch, seen, foldInName(key, 'samples'));
    state = { ...state, step: n + 1 };
    if ((n + 1) % REPORT_EVERY === 0 || n + 1 === config.steps) tell(report, n + 1, config.steps, figures, size);
    if ((n + 1) % checkpointEvery === 0) await checkpoint?.(state);
  }
  await checkpoint?.(state);
  await trainer.read('table');
  return copyState(state).head;
}

function keyOf(config: DistillConfig, name: string, n: number): RandomKey {
  return foldIn(foldInName(randomKey(config.seed), name), n);
}

function scaled(image: Image, size: number): Image {
  return image.width === size ? image : resizeArea(image, size, size);
}

async function occupancyAt(trainer: HeadTrainer, head: Head, config: DistillConfig, n: number): Promise<void> {
  if (n % config.occupancy.every !== 0) return;
  await updateOccupancy(
    head.occupancy,
    (points) => trainer.density(head, points),
    new RandomStream(keyOf(config, 'occupancy', n)),
    {
      halfSide: config.field.halfSide,
      cells: n < config.occupancy.allCellsUntil ? 'all' : 'some',
    },
  );
}

/** The head as step n finds it, and the size at which it is looked at. */
type Now = { readonly renderer: HeadRenderer; readonly head: Head; readonly n: number; readonly size: number };

/** New targets of all views: a rung of the ladder. */
async function makeTargets(
  options: DistillOptions,
  now: Now,
  { stage, timesteps }: Extract<TargetUpdate, { kind: 'all' }>,
): Promise<Image[]> {
  const { config, cameras, teacher, report = silent } = options;
  const text =
    stage === 1 ? `new targets at noise level ${timesteps[0]}` : `sampling targets from noise level ${timesteps[0]}`;
  report({ kind: 'note', level: 'info', text });
  const all = cameras.map((_, view) => view);
  const progress = (done: number) => {
    stopIfAsked(options.signal);
    report({ kind: 'progress', done: now.n, total: config.steps, figures: { views: done } });
  };
  return teacher.updateTargets(requestsOf(options, now, all), timesteps, progress);
}

/** Targets of this step's views alone, by view, at a timestep that they share. */
async function freshTargets(
  options: DistillOptions,
  now: Now,
  { low, high }: Extract<TargetUpdate, { kind: 'batch' }>,
  views: readonly number[],
): Promise<Pick<ViewSet, 'targets' | 'empties'>> {
  const drawn = new RandomStream(keyOf(options.config, 'timestep', now.n));
  const timestep = low + drawn.integer(high - low + 1);
  const targets = await options.teacher.updateTargets(requestsOf(options, now, views), [timestep]);
  const empties = await emptiesOf(options, targets, now.size);
  const byView = (images: readonly Image[]) => Object.fromEntries(views.map((view, i) => [view, images[i]!]));
  return {
    targets: byView(targets.map((target) => scaled(target, now.size))),
    ...(empties && { empties: byView(empties) }),
  };
}

/** Where targets surely show nobody, at the size at which they are compared: away from the person, and 1 where the matte is 0. */
async function emptiesOf(
  { config, matte }: DistillOptions,
  targets: readonly Image[],
  size: number,
): Promise<Image[] | undefined> {
  if (!matte || config.losses.emptiness === 0) return undefined;
  return (await matte(targets)).map((image) => scaled(emptyAround(image), size));
}

function requestsOf(
  { config, cameras }: DistillOptions,
  { renderer, head, n, size }: Now,
  views: readonly number[],
): TargetRequest[] {
  const key = keyOf(config, 'targets', n);
  return views.map((view) => {
    const viewKey = foldIn(key, view);
    const small = resizeCamera(cameras[view]!, size, size);
    const render = async () =>
      (await renderer.render(head, small, { key: foldInName(viewKey, 'samples'), version: n })).color;
    return { view, camera: cameras[view]!, key: viewKey, render };
  });
}

function tell(report: Report, done: number, total: number, figures: StepFigures, resolution: number): void {
  const { loss, l1, perceptual } = figures;
  report({ kind: 'progress', done, total, figures: { loss, l1, perceptual, resolution } });
}

function stopIfAsked(signal: AbortSignal | undefined): void {
  if (signal?.aborted)
    throw new JokerError(
      'interrupted',
      'the distillation was interrupted',
      'Run the same command with --resume to go on.',
    );
}

function checkOptions({ config, cameras, teacher, resume }: DistillOptions): void {
  const views = config.views.azimuths * config.views.elevations;
  if (cameras.length !== views)
    throw new JokerError('bad-argument', `${cameras.length} cameras for ${views} views`, 'Give one camera per view.');
  const smallest = Math.min(...config.resolutions.map(({ size }) => size));
  if (config.batch.patch > smallest)
    throw new JokerError(
      'bad-argument',
      `batch.patch ${config.batch.patch} is larger than pictures of ${smallest}`,
      'Make the patch smaller.',
    );
  if (config.batch.views > views)
    throw new JokerError(
      'bad-argument',
      `batch.views ${config.batch.views} of ${views} views`,
      'Make the batch smaller.',
    );
  if (teacher.size < 1)
    throw new JokerError('bad-argument', 'the teacher makes no pictures', 'Give it at least one view.');
  if (resume && config.target.kind === 'variational')
    throw new JokerError(
      'bad-argument',
      'a checkpoint does not hold the model of the renders that variational targets need',
      'Begin anew, without --resume.',
    );
  if (resume && JSON.stringify(resume.head.config) !== JSON.stringify(config.field))
    throw new JokerError(
      'bad-argument',
      'the checkpoint is of another field',
      'Resume with the settings it was made with.',
    );
}

/** The number of guided network evaluations that a config costs. */
export function countEvaluations(config: Pick<DistillConfig, 'steps' | 'target' | 'views' | 'batch'>): number {
  const { steps, target, views, batch } = config;
  if (target.kind !== 'progressive') return steps * batch.views;
  const calls = listUpdates(steps, target).reduce((sum, { timesteps }) => sum + timesteps.length, 0);
  return calls * views.azimuths * views.elevations;
}
