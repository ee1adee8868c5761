/**
 * The trained 2D prior as a teacher: renders are noised and walked back to clean pictures under each view's normals, the
 * person's reference and the words.
 *
 * The place where prior and head meet; the walk itself is prior/sampler.ts `refine`. Source: Joker, paper "3D distillation".
 * For targets of a single step, the clean picture that one noise estimate implies, with ImageDream's rescale of its contrast
 * (Wang and Shi 2023; the rescale is Lin et al. 2023); theirs acts on latents of four views together, ours on each view's.
 */

import { type Image, resizeArea, resizeBilinear } from '../core/image.js';
import { foldInName, type RandomKey } from '../core/rng.js';
import {
  addNoise,
  branchesFor,
  cleanFromNoise,
  drawLatents,
  type JokerPrior,
  type PreparedCondition,
  refine,
  type ViewBatch,
} from '../prior/index.js';
import type { TargetPlan } from './plan.js';
import type { TargetRequest, Teacher } from './teacher.js';

/** What the prior is told. */
export type PriorTeacherOptions = {
  readonly prior: JokerPrior;
  /** words and reference, of `JokerPrior.prepare` */
  readonly condition: PreparedCondition;
  /** control picture of each view, of the prior's control size, in the order of the views */
  readonly controls: readonly Image[];
  /** scale of classifier-free guidance; the paper distils with 19 */
  readonly guidance: number;
  /** how targets are used: those that stay are walked to timestep 0, those of one step are one-step estimates; default: walked */
  readonly target?: TargetPlan;
  readonly signal?: AbortSignal;
};

/** A teacher that asks the prior. Computes the control features of all views once. */
export async function priorTeacher(options: PriorTeacherOptions): Promise<Teacher> {
  const { prior, condition, controls, guidance, target, signal } = options;
  const size = prior.config.image_size;
  const control = await prior.controlFeatures(controls);
  const row = control.length / controls.length;
  return {
    size,
    updateTargets: async (requests, timesteps, progress) => {
      const pictures: Image[] = [];
      for (const request of requests) pictures.push(fitted(await request.render(), size));
      const batch = { condition, control: chosenRows(control, row, requests), views: requests.length };
      // The walk moves all views one step at a time: done views are counted in shares of the walk.
      const onStep = (done: number, total: number) => progress?.(Math.floor((requests.length * done) / total));
      const keys = requests.map(({ key }) => key);
      if (target?.kind === 'dynamic')
        return estimate(prior, batch, pictures, keys, { timestep: timesteps[0]!, guidance, rescale: target.rescale });
      return refine(prior, batch, pictures, keys, { timesteps, guidance, onStep, signal });
    },
  };
}

/** One noise estimate's clean pictures: x0 = (x_t − √(1−ᾱ) ε)/√ᾱ, bounded where the prior asks for it, contrast rescaled. */
async function estimate(
  prior: JokerPrior,
  batch: ViewBatch,
  pictures: readonly Image[],
  keys: readonly RandomKey[],
  { timestep, guidance, rescale }: { timestep: number; guidance: number; rescale: number },
): Promise<Image[]> {
  const { schedule } = prior;
  const ofEach = (name: string) => keys.map((key) => foldInName(key, name));
  const clean = await prior.encodeImages(pictures, ofEach('posterior'));
  const latents = addNoise(schedule, clean, drawLatents(prior, ofEach('noise')), timestep);
  const predicted = async (scale: number) => {
    const features = await prior.referenceFeatures(batch.condition, timestep, branchesFor(scale));
    const query = { latents, control: batch.control, features, guidance: scale };
    const found = cleanFromNoise(schedule, await prior.predictNoise(batch.condition, query), latents, timestep);
    return bounded(found, prior.config.scheduler);
  };
  const guided = await predicted(guidance);
  if (rescale === 0 || guidance <= 1) return prior.decodeLatents(guided);
  return prior.decodeLatents(rescaledContrast(guided, await predicted(1), batch.views, rescale));
}

/** Small models ask for a bound of |x0|, as in the walk. */
function bounded(
  x: Float32Array,
  { clip_sample: asked, clip_sample_range: bound }: JokerPrior['config']['scheduler'],
): Float32Array {
  return asked ? x.map((value) => Math.max(-bound, Math.min(bound, value))) : x;
}

/** Keeps the quotient finite for a constant estimate (ImageDream's constant). */
const SPREAD_FLOOR = 1e-8;

/**
 * Guided estimates brought towards the contrast of the unguided ones: (1 − rescale)·x + rescale·x·std(plain)/std(x), with one
 * standard deviation per view.
 * @param guided, plain V views one after another. @param rescale 0 (guided) … 1 (the plain ones' standard deviation).
 */
export function rescaledContrast(
  guided: Float32Array,
  plain: Float32Array,
  views: number,
  rescale: number,
): Float32Array {
  const row = guided.length / views;
  const out = new Float32Array(guided.length);
  for (let v = 0; v < views; v++) {
    const [from, to] = [v * row, (v + 1) * row];
    const quotient =
      (deviation(plain.subarray(from, to)) + SPREAD_FLOOR) / (deviation(guided.subarray(from, to)) + SPREAD_FLOOR);
    const factor = 1 - rescale + rescale * quotient;
    for (let i = from; i < to; i++) out[i] = guided[i]! * factor;
  }
  return out;
}

function deviation(values: Float32Array): number {
  const mean = values.reduce((sum, x) => sum + x, 0) / values.length;
  return Math.sqrt(values.reduce((sum, x) => sum + (x - mean) ** 2, 0) / values.length);
}

/** Enlarged bilinearly, as the paper does; a render larger than the prior's pictures is averaged down. */
export function fitted(image: Image, size: number): Image {
  if (image.width === size) return image;
  return image.width < size ? resizeBilinear(image, size, size) : resizeArea(image, size, size);
}

/** Rows of the requests' views. @param row numbers of a view. */
export function chosenRows(all: Float32Array, row: number, requests: readonly TargetRequest[]): Float32Array {
  const out = new Float32Array(requests.length * row);
  requests.forEach(({ view }, i) => {
    out.set(all.subarray(view * row, (view + 1) * row), i * row);
  });
  return out;
}
