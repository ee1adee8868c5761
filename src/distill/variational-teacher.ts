/**
 * Targets of variational score distillation: a render is moved by the difference between the noise that the guided prior finds in it
 * and the noise that a model of the renders finds.
 *
 * ProlificDreamer (Wang et al. 2023) with Joker's prior in place of its own, as the paper's Table 2 compares with; the adapter's numbers
 * are not published. Theirs is a gradient in latents; ours is the picture that one such step leads to, so that the losses of pictures
 * stay (distill.ts). What the autoencoder alone does to a render is taken off, because the step is small beside it.
 */
import { type Image, makeImage } from '../core/image.js';
import { foldInName } from '../core/rng.js';
import type { Device } from '../graph/index.js';
import { addNoise, branchesFor, drawLatents, type PriorModel } from '../prior/index.js';
import type { VariationalTarget } from './plan.js';
import { chosenRows, fitted, type PriorTeacherOptions } from './prior-teacher.js';
import { RenderModel } from './render-model.js';
import type { Teacher } from './teacher.js';

/** The prior's teacher and what the second model needs. */
export type VariationalTeacherOptions = Omit<PriorTeacherOptions, 'target'> & {
  readonly target: VariationalTarget;
  /** the prior's weights, from which the model of the renders starts */
  readonly model: PriorModel;
  /** views of a step */
  readonly views: number;
  readonly threads?: number;
  readonly device?: Device;
};

/** A teacher that learns beside the head; its `dispose` frees the second model. */
export async function variationalTeacher(options: VariationalTeacherOptions): Promise<Teacher> {
  const { prior, condition, controls, guidance, target, model, views, threads, device } = options;
  const size = prior.config.image_size;
  const features = await prior.controlFeatures(controls);
  const row = features.length / controls.length;
  const { learningRate } = target;
  const renders = await RenderModel.create(model, prior.schedule, { learningRate, views, threads, device });
  const text = condition.text.subarray(condition.text.length / 2); // the prompt's, without the empty one's
  return {
    size,
    updateTargets: async (requests, [timestep]) => {
      const pictures: Image[] = [];
      for (const request of requests) pictures.push(fitted(await request.render(), size));
      const ofEach = (name: string) => requests.map(({ key }) => foldInName(key, name));
      const clean = await prior.encodeImages(pictures, ofEach('posterior'));
      const noise = drawLatents(prior, ofEach('noise'));
      const control = chosenRows(features, row, requests);
      const branches = branchesFor(guidance);
      const guided = await prior.referenceFeatures(condition, timestep!, branches);
      const plain = branches === 1 ? guided : await prior.referenceFeatures(condition, timestep!, 1);
      const latents = addNoise(prior.schedule, clean, noise, timestep!);
      const wanted = await prior.predictNoise(condition, { latents, control, features: guided, guidance });
      const found = await renders.look({ clean, noise, control, text, features: plain });
      const weight = 1 - prior.schedule.alphasCumprod[timestep!]!; // ProlificDreamer's w(t)
      const moved = clean.map((value, i) => value - weight * (wanted[i]! - found[i]!));
      const [after, before] = [await prior.decodeLatents(moved), await prior.decodeLatents(clean)];
      return pictures.map((picture, i) => changed(picture, before[i]!, after[i]!));
    },
    dispose: () => renders.dispose(),
  };
}

/** The picture with the change from one decoded picture to another, in [0, 1]. */
function changed(picture: Image, before: Image, after: Image): Image {
  const out = makeImage(picture.width, picture.height, 3);
  for (let i = 0; i < out.data.length; i++)
    out.data[i] = Math.max(0, Math.min(1, picture.data[i]! + after.data[i]! - before.data[i]!));
  return out;
}
