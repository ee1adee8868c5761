/**
 * Everything about a prior but its weights: the configs of its networks, its tokenizer and the form of its prediction.
 *
 * Plain data that survives JSON. Which files it is read from is `prior-files.ts`'s affair.
 */
import { z } from 'zod';
import { JokerError } from '../core/errors.js';
import {
  clipTextConfigSchema,
  controlnetConfigSchema,
  parseConfig,
  unetConfigSchema,
  vaeConfigSchema,
  vaeFactor,
} from '../nets/index.js';
import { TRAINING_STEPS } from './schedule.js';

/** A diffusers scheduler_config.json, as far as it may differ; any other schedule than Stable Diffusion's is refused. */
export const schedulerConfigSchema = z.object({
  num_train_timesteps: z.literal(TRAINING_STEPS).default(TRAINING_STEPS),
  beta_start: z.literal(0.00085).default(0.00085),
  beta_end: z.literal(0.012).default(0.012),
  beta_schedule: z.literal('scaled_linear').default('scaled_linear'),
  steps_offset: z.literal(1).default(1),
  set_alpha_to_one: z.literal(false).default(false),
  /** what the network puts out; v is converted, so that everything outside speaks of noise */
  prediction_type: z.enum(['epsilon', 'v_prediction']).default('epsilon'),
  /** clip x0 in DDIM: off for Stable Diffusion, on for small models (see `DdimOptions.clipClean`) */
  clip_sample: z.boolean().default(false),
  /** bound of |x0| in latent units when `clip_sample` is on */
  clip_sample_range: z.number().positive().default(1),
});
/** Scheduler part of a prior's config. */
export type SchedulerConfig = z.infer<typeof schedulerConfigSchema>;

/** Config of a whole prior. */
export const priorConfigSchema = z.object({
  unet: unetConfigSchema,
  controlnet: controlnetConfigSchema,
  vae: vaeConfigSchema,
  text_encoder: clipTextConfigSchema,
  scheduler: schedulerConfigSchema,
  /** content of tokenizer.json */
  tokenizer: z.record(z.string(), z.unknown()),
  /** side of the square pictures in pixels: 512 for Stable Diffusion */
  image_size: z.number().int().positive().max(8192),
  /** name of the face model whose fits drew the control images of training; absent when nobody has said, as of the paper's weights */
  face_model: z.string().max(100).optional(),
});
/** Config of a whole prior. */
export type PriorConfig = z.infer<typeof priorConfigSchema>;

/**
 * Checks a parsed config and that its networks fit each other.
 * @throws JokerError bad-file naming what does not fit.
 */
export function parsePriorConfig(value: unknown, where: string): PriorConfig {
  const config = parseConfig(priorConfigSchema, value, where);
  const wrong = mismatch(config);
  if (wrong) throw new JokerError('bad-file', `${where}: ${wrong}`, 'Use parts of one and the same prior.');
  return config;
}

function mismatch(config: PriorConfig): string | null {
  const { unet, controlnet, vae, text_encoder: text } = config;
  if (unet.in_channels !== vae.latent_channels || controlnet.in_channels !== vae.latent_channels)
    return `the autoencoder has ${vae.latent_channels} latent channels, the UNets take ${unet.in_channels} and ${controlnet.in_channels}`;
  if (unet.cross_attention_dim !== text.hidden_size || controlnet.cross_attention_dim !== text.hidden_size)
    return `text tokens are ${text.hidden_size} wide, the UNets take ${unet.cross_attention_dim} and ${controlnet.cross_attention_dim}`;
  if (String(unet.block_out_channels) !== String(controlnet.block_out_channels))
    return `UNet widths [${unet.block_out_channels}] and ControlNet widths [${controlnet.block_out_channels}] differ`;
  const multiple = vaeFactor(vae) * 2 ** (unet.block_out_channels.length - 1);
  if (config.image_size % multiple !== 0)
    return `pictures of ${config.image_size} pixels are no multiple of ${multiple}`;
  return null;
}

/** Shape of one latent: channels, height, width. */
export function latentShape(config: PriorConfig): [number, number, number] {
  const side = config.image_size / vaeFactor(config.vae);
  return [config.vae.latent_channels, side, side];
}

/** Side of the control pictures in pixels: latent side times the ControlNet embedding's reduction. */
export function controlSize(config: PriorConfig): number {
  return latentShape(config)[1] * 2 ** (config.controlnet.conditioning_embedding_out_channels.length - 1);
}
