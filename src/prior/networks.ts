/**
 * The prior as a function on a graph: which network sees what, and how they join (Joker, section "2D prior" and its
 * supplement). The same function is verified, trained and sampled from.
 *
 * Not the sampler and no guidance here. Letters: B images, R references (R divides B), C h w latents, H W pixels,
 * S text tokens, D text width, T tokens of a layer.
 */
import { concat, type Graph, type Tensor } from '../graph/index.js';
import {
  type ControlnetConfig,
  controlEmbedding,
  controlnet,
  type ReferenceTokens,
  scopeOf,
  type UnetConfig,
  unet,
} from '../nets/index.js';

/** Prefixes of the parameter names of the parts, as in the paper's released checkpoint. */
export const PREFIXES = {
  textEncoder: 'text_encoder.',
  vae: 'vae.',
  unet: 'unet.',
  referenceUnet: 'ref_unet.',
  controlnet: 'controlnet.',
} as const;

/** Configs of the three UNets; denoising and reference UNet share one. */
export type DiffusionConfig = { readonly unet: UnetConfig; readonly controlnet: ControlnetConfig };

/** What the reference network sees. */
export type ReferenceInputs = {
  /** clean, scaled latents of the reference [R, C, h, w] */
  readonly latent: Tensor;
  /** the denoiser's timestep [R] or [1] */
  readonly timestep: Tensor;
  /** the denoiser's text [R, S, D] or a divisor of R */
  readonly text: Tensor;
};

/**
 * Tokens of every self-attention layer of the reference network, [R, T, C] each, recorded after `norm1`. Its noise
 * prediction is not computed: nothing reads it.
 */
export function referenceTokens(graph: Graph, config: DiffusionConfig, inputs: ReferenceInputs): Map<string, Tensor> {
  const record = new Map<string, Tensor>();
  const { latent, timestep, text } = inputs;
  unet(scopeOf(graph, PREFIXES.referenceUnet), config.unet, { sample: latent, timestep, text, record });
  return record;
}

/** Features of control pictures [V, 3, H, W] in [−1, 1] → [V, width, h, w]; the same at every timestep. */
export function controlFeatures(graph: Graph, config: DiffusionConfig, control: Tensor): Tensor {
  return controlEmbedding(scopeOf(graph, PREFIXES.controlnet), config.controlnet, control);
}

/** What the denoiser sees. */
export type DenoiserInputs = {
  /** noisy latents [B, C, h, w] */
  readonly sample: Tensor;
  /** float32 [B], [1] or a divisor */
  readonly timestep: Tensor;
  /** [R, S, D], R dividing B */
  readonly text: Tensor;
  /** of `controlFeatures`, [B, width, h, w] */
  readonly control: Tensor;
  /** of `referenceTokens`; [R, T, C] each, R dividing B */
  readonly reference: ReferenceTokens;
};

/** Prediction of the denoising UNet with ControlNet residuals and reference tokens, [B, C, h, w]. */
export function denoise(graph: Graph, config: DiffusionConfig, inputs: DenoiserInputs): Tensor {
  const { sample, timestep, text, control, reference } = inputs;
  const residuals = controlnet(scopeOf(graph, PREFIXES.controlnet), config.controlnet, {
    sample,
    timestep,
    text,
    embedding: control,
  });
  const scope = scopeOf(graph, PREFIXES.unet);
  return unet(scope, config.unet, { sample, timestep, text, control: residuals, inject: reference });
}

/** The same images once more, behind each other: [V, …] → [n·V, …], item b of the result is item b mod V. */
export function tileBatch(x: Tensor, times: number): Tensor {
  return times === 1 ? x : concat(Array<Tensor>(times).fill(x), 0);
}
