/**
 * The trained 2D prior as a teacher: renders are noised and walked back to clean pictures under each view's normals, the
 * person's reference and the words.
 *
 * The place where prior and head meet; the walk itself is prior/sampler.ts `refine`. Source: Joker, paper "3D distillation".
 */

import { type Image, resizeArea, resizeBilinear } from '../core/image.js';
import { type JokerPrior, type PreparedCondition, refine } from '../prior/index.js';
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
  readonly signal?: AbortSignal;
};

/** A teacher that asks the prior. Computes the control features of all views once. */
export async function priorTeacher(options: PriorTeacherOptions): Promise<Teacher> {
  const { prior, condition, controls, guidance, signal } = options;
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
      return refine(prior, batch, pictures, keys, { timesteps, guidance, onStep, signal });
    },
  };
}

/** Enlarged bilinearly, as the paper does; a render larger than the prior's pictures is averaged down. */
function fitted(image: Image, size: number): Image {
  if (image.width === size) return image;
  return image.width < size ? resizeBilinear(image, size, size) : resizeArea(image, size, size);
}

function chosenRows(all: Float32Array, row: number, requests: readonly TargetRequest[]): Float32Array {
  const out = new Float32Array(requests.length * row);
  requests.forEach(({ view }, i) => {
    out.set(all.subarray(view * row, (view + 1) * row), i * row);
  });
  return out;
}
