/**
 * Who says what the views should look like: the interface between distillation and a 2D prior, and a perfect teacher.
 *
 * The teacher that asks the trained prior is prior-teacher.ts.
 */

import type { Camera } from '../core/camera.js';
import type { Image } from '../core/image.js';
import type { RandomKey } from '../core/rng.js';

/** One view whose target is to be made. */
export type TargetRequest = {
  /** index of the view */
  readonly view: number;
  readonly camera: Camera;
  /** the head as it is now, seen from the view at the current resolution; rendered only when asked for */
  readonly render: () => Promise<Image>;
  /** random numbers of this view and update */
  readonly key: RandomKey;
};

/** Makes target images. */
export interface Teacher {
  /** width and height of the targets, pixels; equal for all views and updates */
  readonly size: number;
  /**
   * New targets [H, W, 3] in [0, 1], in the order of the requests. The head does not change meanwhile, so order and batching
   * are the teacher's choice.
   * @param timesteps falling; from the render noised to the first one, through all of them, to timestep 0.
   * @param progress told the number of views done.
   */
  updateTargets(
    requests: readonly TargetRequest[],
    timesteps: readonly number[],
    progress?: (done: number) => void,
  ): Promise<Image[]>;
  /** frees what the teacher owns, if anything; it must not be asked afterwards */
  dispose?(): Promise<void>;
}

/** A teacher that knows the truth: returns the given image of each view. For tests, gates and reconstruction from real views. */
export function perfectTeacher(images: readonly Image[]): Teacher {
  const size = images[0]?.width ?? 0;
  if (images.some((image) => image.width !== size || image.height !== size || image.channels !== 3))
    throw new Error('internal: a perfect teacher needs square colour images of one size');
  return {
    size,
    updateTargets: async (requests) => requests.map(({ view }) => images[view]!),
  };
}
