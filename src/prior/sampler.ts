/**
 * Walks from noise to pictures with a prior: whole sampling (DDIM or PLMS) and the truncated DDIM of the distillation
 * (Joker, supplement).
 *
 * The steps and their arithmetic are `schedule.ts`'s; here they meet the networks. All views of a call share condition and
 * timestep, so the reference network runs once per step.
 */
import { JokerError } from '../core/errors.js';
import type { Image } from '../core/image.js';
import { foldInName, type RandomKey } from '../core/rng.js';
import { normalRows, rowKeys } from './batches.js';
import { branchesFor, type JokerPrior, type PreparedCondition } from './prior.js';
import {
  addNoise,
  ddimStep,
  ddimSteps,
  NO_HISTORY,
  type PlmsHistory,
  plmsStep,
  plmsSteps,
  type Step,
  stepsThrough,
} from './schedule.js';

/** What the views of one call share, and what each has of its own. */
export type ViewBatch = {
  readonly condition: PreparedCondition;
  /** of `JokerPrior.controlFeatures`, [V, width, h, w] */
  readonly control: Float32Array;
  /** number of views V ≥ 1 */
  readonly views: number;
};

/** Options of every walk. */
export type WalkOptions = {
  /** guidance scale; 1 or less skips guidance */
  readonly guidance: number;
  /** told after every network call */
  readonly onStep?: (done: number, total: number) => void;
  /** ends the walk before its next step with JokerError interrupted */
  readonly signal?: AbortSignal;
};

/** Options of `sample`. */
export type SampleOptions = Partial<WalkOptions> & {
  /** 1 … 1000; PLMS makes one call more. Default 100, the paper's. */
  readonly steps?: number;
  /** Default 'pndm' (PLMS), the paper's. Only 'ddim' clips x0 where the config asks for it: small models want it. */
  readonly sampler?: 'ddim' | 'pndm';
};

/** The paper's guidance scale of the 2D prior. */
export const DEFAULT_GUIDANCE = 3;
const DEFAULT_STEPS = 100;

/**
 * Pictures from noise, one per view.
 * @param key view i starts from normals drawn with foldIn(key, i).
 * @throws JokerError bad-argument for an impossible number of steps, interrupted when the signal says so.
 */
export async function sample(
  prior: JokerPrior,
  batch: ViewBatch,
  key: RandomKey,
  options: SampleOptions = {},
): Promise<Image[]> {
  const { steps = DEFAULT_STEPS, sampler = 'pndm', guidance = DEFAULT_GUIDANCE } = options;
  if (!(Number.isInteger(steps) && steps >= 1 && steps <= 1000))
    throw new JokerError('bad-argument', `${steps} sampling steps`, 'Choose 1 to 1000 steps.');
  const start = drawLatents(prior, rowKeys(key, batch.views));
  const walk = { ...options, guidance };
  const latents =
    sampler === 'ddim'
      ? await walkDdim(prior, batch, start, ddimSteps(steps), walk)
      : await walkPlms(prior, batch, start, plmsSteps(steps), walk);
  return prior.decodeLatents(latents);
}

/** Start noise, one row per key: [V, C, h, w]. */
export function drawLatents(prior: JokerPrior, keys: readonly RandomKey[]): Float32Array {
  return normalRows(
    keys,
    prior.latentShape.reduce((a, b) => a * b, 1),
  );
}

/** Latents after the steps of deterministic DDIM. */
export async function walkDdim(
  prior: JokerPrior,
  batch: ViewBatch,
  start: Float32Array,
  steps: readonly Step[],
  options: WalkOptions,
): Promise<Float32Array> {
  const { clip_sample, clip_sample_range } = prior.config.scheduler;
  const clipClean = clip_sample ? clip_sample_range : null;
  let x = start;
  for (const [i, step] of steps.entries()) {
    x = ddimStep(prior.schedule, step, x, await predict(prior, batch, x, step.from, options), { clipClean });
    options.onStep?.(i + 1, steps.length);
  }
  return x;
}

/** Latents after all calls of PLMS. */
export async function walkPlms(
  prior: JokerPrior,
  batch: ViewBatch,
  start: Float32Array,
  steps: readonly Step[],
  options: WalkOptions,
): Promise<Float32Array> {
  let x = start;
  let history: PlmsHistory = NO_HISTORY;
  for (const [i, step] of steps.entries()) {
    const noise = await predict(prior, batch, x, step.from, options);
    ({ next: x, history } = plmsStep(prior.schedule, steps, history, x, noise));
    options.onStep?.(i + 1, steps.length);
  }
  return x;
}

async function predict(
  prior: JokerPrior,
  { condition, control }: ViewBatch,
  latents: Float32Array,
  timestep: number,
  { guidance, signal }: WalkOptions,
): Promise<Float32Array> {
  if (signal?.aborted) throw new JokerError('interrupted', 'sampling was interrupted', '');
  const features = await prior.referenceFeatures(condition, timestep, branchesFor(guidance));
  return prior.predictNoise(condition, { latents, control, features, guidance });
}

/** Options of `refine`. */
export type RefineOptions = WalkOptions & {
  /** falling, 0 … 999: pictures are noised to the first and walked through all of them to timestep 0 */
  readonly timesteps: readonly number[];
};

/**
 * The distillation's target update (Joker, supplement): pictures are encoded, noised, and walked back to timestep 0 by
 * deterministic DDIM. Stage 1 names one timestep, Stage 2 the rest of the ladder.
 * @param pictures one per view, of the prior's size.
 * @param keys one per view: draws its posterior and its noise.
 */
export async function refine(
  prior: JokerPrior,
  batch: ViewBatch,
  pictures: readonly Image[],
  keys: readonly RandomKey[],
  options: RefineOptions,
): Promise<Image[]> {
  const { timesteps } = options;
  const ofEach = (name: string): RandomKey[] => keys.map((key) => foldInName(key, name));
  const clean = await prior.encodeImages(pictures, ofEach('posterior'));
  const noisy = addNoise(prior.schedule, clean, drawLatents(prior, ofEach('noise')), timesteps[0]!);
  return prior.decodeLatents(await walkDdim(prior, batch, noisy, stepsThrough(timesteps), options));
}
