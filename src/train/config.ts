/**
 * What a training does, as values: networks and recipe of the embedded (`mini`) models.
 *
 * The recipe follows Joker, supplement (AdamW, caption dropout 0.1, clipping at 1, plain MSE); every deviation of `mini` is
 * a value here and stands with its reason in docs/PAPER.md.
 */
import type { ClipTextConfig, ControlnetConfig, UnetConfig, VaeConfig } from '../nets/index.js';

/** Stages of training, in their order. */
export const TRAINING_STAGES = ['vae', 'decoder', 'base', 'prior'] as const;

/** One stage. */
export type TrainingStage = (typeof TRAINING_STAGES)[number];

/** Parts that Table 1 of the supplement leaves out; its third row, no fine-tuning on studio data, is a run on `wild` alone. */
export const ABLATED_PARTS = ['denoiser', 'text'] as const;

/** One of them: the denoiser stays frozen, or every caption is empty. */
export type AblatedPart = (typeof ABLATED_PARTS)[number];

/** Configs of all networks of a prior. */
export type PriorNetworks = {
  readonly vae: VaeConfig;
  readonly text: ClipTextConfig;
  readonly unet: UnetConfig;
  readonly controlnet: ControlnetConfig;
};

/** Settings shared by all stages of training. */
export type StageOptions = {
  /** samples per step */
  readonly batch: number;
  /** peak learning rate */
  readonly learningRate: number;
  /** steps of linear warm-up from 0 */
  readonly warmupSteps: number;
  /** steps of the whole training; the rate falls to a tenth over the last `decayShare` of them */
  readonly steps: number;
  /** share of the steps at the end over which the rate falls (cosine); 0 = constant, as in the paper */
  readonly decayShare: number;
  readonly weightDecay: number;
  /** global norm at which gradients are clipped; the paper: 1 */
  readonly clipNorm: number;
  /** decay per step of the averaged weights; 0 = no averaging, as in the paper */
  readonly averageDecay: number;
  readonly seed: number;
};

/** Learning rate at a step (counted from 1). */
export function learningRateAt(options: StageOptions, step: number): number {
  const { learningRate, warmupSteps, steps, decayShare } = options;
  const warm = Math.min(1, step / Math.max(1, warmupSteps));
  const start = steps * (1 - decayShare);
  const t = decayShare === 0 ? 0 : Math.min(1, Math.max(0, (step - start) / (steps - start)));
  return learningRate * warm * (0.1 + 0.9 * 0.5 * (1 + Math.cos(Math.PI * t)));
}

/** Prompt length of the embedded models: captions of the synthetic sets have at most about twenty words. */
const MINI_TOKENS = 32;
const MINI_TEXT_WIDTH = 64;
/**
 * Pictures enter the autoencoder as 4×4 blocks: nearest upsampling cannot put detail inside a block of constant latents, and
 * with it an hour's training stayed below the best linear code (docs/PITFALLS.md).
 */
const MINI_PATCH = 4;
/**
 * Numbers per 4×4 block: linearly, 16 hold 34.0 dB of these pictures, 8 hold 29.3, 4 only 24.9. Behind 8 the tracker reads mouths of
 * true pictures no better than r = 0.76, behind 16 it reaches 0.83 (docs/RESULTS.md).
 */
const MINI_LATENT_CHANNELS = 16;

/**
 * Networks of the embedded models: Stable Diffusion 1.5's classes, narrow, for 64² pictures with 16²×16 latents.
 * @param vocabulary size of the tokenizer's vocabulary.
 */
export function miniNetworks(vocabulary: number): PriorNetworks {
  const shared = {
    sample_size: 16,
    in_channels: MINI_LATENT_CHANNELS,
    block_out_channels: [48, 64, 96],
    down_block_types: ['CrossAttnDownBlock2D', 'CrossAttnDownBlock2D', 'DownBlock2D'] as UnetConfig['down_block_types'],
    layers_per_block: 1,
    cross_attention_dim: MINI_TEXT_WIDTH,
    norm_num_groups: 8,
    norm_eps: 1e-5,
    attention_head_dim: 2,
    act_fn: 'silu' as const,
    flip_sin_to_cos: true as const,
    freq_shift: 0 as const,
    use_linear_projection: false as const,
    only_cross_attention: false as const,
    dual_cross_attention: false as const,
  };
  return {
    vae: {
      in_channels: 3 * MINI_PATCH ** 2,
      out_channels: 3 * MINI_PATCH ** 2,
      down_block_types: ['DownEncoderBlock2D'],
      up_block_types: ['UpDecoderBlock2D'],
      block_out_channels: [96],
      layers_per_block: 1,
      latent_channels: MINI_LATENT_CHANNELS,
      norm_num_groups: 8,
      sample_size: 64,
      act_fn: 'silu',
      scaling_factor: 1,
      mid_block_add_attention: false,
      patch_size: MINI_PATCH,
    },
    text: {
      hidden_size: MINI_TEXT_WIDTH,
      num_attention_heads: 4,
      num_hidden_layers: 2,
      intermediate_size: 4 * MINI_TEXT_WIDTH,
      vocab_size: vocabulary,
      max_position_embeddings: MINI_TOKENS,
      hidden_act: 'quick_gelu',
      layer_norm_eps: 1e-5,
    },
    unet: {
      ...shared,
      out_channels: MINI_LATENT_CHANNELS,
      up_block_types: ['UpBlock2D', 'CrossAttnUpBlock2D', 'CrossAttnUpBlock2D'],
    },
    controlnet: { ...shared, conditioning_channels: 3, conditioning_embedding_out_channels: [16, 32, 64] },
  };
}
