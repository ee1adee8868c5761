/**
 * A prior that has been trained on the photo it is about to draw from (train/personal.ts): crops, encoding, training, and the
 * weights back as a model. Nothing is written; the same photo, steps and seed give the same weights on one machine.
 */
import { captionOf, reenactCaption } from '../condition/caption.js';
import { referenceCrop } from '../condition/condition.js';
import { controlImage } from '../condition/control.js';
import { JokerError } from '../core/errors.js';
import { foldInName, randomKey } from '../core/rng.js';
import type { Face } from '../face/face.js';
import type { MorphableModel } from '../face/model/model.js';
import type { Device } from '../graph/index.js';
import type { Photo } from '../photo/photo.js';
import { JokerPrior, makeTokenizer, type PriorModel, priorParameters } from '../prior/index.js';
import { channelWeights } from '../train/channel-weights.js';
import { train } from '../train/loop.js';
import { PERSONAL_RECIPE, PERSONAL_STEPS, personalPictures, personalTask } from '../train/personal.js';
import { type JobContext, stopIfAsked } from './job.js';

/** How to train on the photo. */
export type PersonalOptions = {
  /**
   * steps of training on the photo before anything is drawn; 0 leaves the prior as it is, as the paper does. Default
   * `PERSONAL_STEPS` for the embedded weights, which have seen no real face, and 0 for weights that are named and for the preset
   * `paper`, which is literal
   */
  readonly tune?: number;
};

/** What is known of the photo. */
export type PersonalPhoto = {
  readonly photo: Photo;
  readonly reference: Face;
  readonly faceModel: MorphableModel;
};

/** How it runs. */
export type PersonalRun = {
  readonly seed?: number;
  readonly threads?: number;
  readonly device?: Device;
};

/** Steps that a request means. */
export function tuneSteps(options: PersonalOptions & { readonly weights?: string; readonly preset?: string }): number {
  const { tune, weights, preset } = options;
  return tune ?? (weights === undefined && preset !== 'paper' ? PERSONAL_STEPS : 0);
}

/** Pixels of the moved crops' source for each pixel that the prior sees: enough that a moved crop is as sharp as the crop. */
const OVERSAMPLING = 4;
/**
 * A little noise on the latents of the few crops, whose deviation is 1: more than the embedded encoder's own posteriors have (median
 * 0.0005, 95 % below 0.005 in its training set). Chosen, not compared.
 */
const LATENT_NOISE = 0.02;

/**
 * The model trained on the photo; the model itself for 0 steps.
 * @throws JokerError bad-argument for weights that do not speak v, interrupted.
 */
export async function personalPrior(
  model: PriorModel,
  person: PersonalPhoto,
  steps: number,
  run: PersonalRun,
  context: JobContext,
): Promise<PriorModel> {
  if (steps === 0) return model;
  if (model.config.scheduler.prediction_type !== 'v_prediction')
    throw new JokerError(
      'bad-argument',
      `${model.path}: predicts ${model.config.scheduler.prediction_type}; training on the photo is made for v_prediction`,
      'Use --tune 0, which draws with the weights as they are.',
    );
  const { seed = 0, threads, device } = run;
  const weights = new Map(
    priorParameters(model.config).map(({ name, shape }) => {
      const data = model.weights(name, shape);
      if (data.kind !== 'memory') throw new Error(`internal: ${name} is not in memory`);
      return [name, data.data];
    }),
  );
  const material = await materialOf(model, person, run);
  const { unet, controlnet, vae, text_encoder: text } = model.config;
  const task = personalTask({ unet, controlnet, vae, text }, material, weights);
  const recipe = { ...PERSONAL_RECIPE, steps, seed };
  const { report, signal } = context;
  const now = () => performance.now() / 1000;
  const trained = await train(task, { ...recipe, threads, device, report, signal, now });
  stopIfAsked(signal);
  return withWeights(model, trained.weights);
}

async function materialOf(model: PriorModel, { photo, reference, faceModel }: PersonalPhoto, run: PersonalRun) {
  const { image_size: size, tokenizer: json, text_encoder } = model.config;
  const source = OVERSAMPLING * size;
  const crop = referenceCrop(photo, reference, source, 'blur');
  const normals = controlImage(reference, faceModel, source);
  const caption = reenactCaption('a person', captionOf({ expression: reference.arkit })).toLowerCase();
  const key = foldInName(randomKey(run.seed ?? 0), 'personal');
  const { crops, set } = personalPictures({ crop, normals, size, caption }, key);
  const prior = new JokerPrior(model, { threads: run.threads, device: run.device, batch: 8 });
  try {
    const means = await prior.encodeImages(crops, null);
    const length = means.length / crops.length;
    const deviations = new Float32Array(means.length).fill(LATENT_NOISE);
    const encoder = makeTokenizer(json, text_encoder.max_position_embeddings);
    const ids = (text: string) => Int32Array.from(encoder.encode(text), Number);
    const prompts = crops.map(() => ids(caption));
    const latentShape = prior.latentShape;
    const decode = async (latents: Float32Array) => (await prior.decodeLatents(latents)).map(({ data }) => data);
    const weights = await channelWeights(decode, means, latentShape);
    const latents = { length, means, deviations };
    return { pictures: set, latents, latentShape, prompts, empty: ids(''), channelWeights: weights };
  } finally {
    await prior.dispose();
  }
}

/** The model with other values for some of its weights. */
function withWeights(model: PriorModel, changed: ReadonlyMap<string, Float32Array>): PriorModel {
  return {
    ...model,
    weights: (name, shape) => {
      const data = changed.get(name);
      return data ? { kind: 'memory', data } : model.weights(name, shape);
    },
  };
}
