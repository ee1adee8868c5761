/**
 * The config of Stable Diffusion 1.5 with a ControlNet, which the paper's prior has: the values of the released config.json
 * files, for checkpoints that come without them.
 *
 * No weights and no vocabulary: the tokenizer has to come from somewhere else.
 */
import { type PriorConfig, parsePriorConfig } from './config.js';
import type { TokenizerJson } from './tokenizer.js';

const UNET_PARTS = {
  sample_size: 64,
  in_channels: 4,
  block_out_channels: [320, 640, 1280, 1280],
  down_block_types: ['CrossAttnDownBlock2D', 'CrossAttnDownBlock2D', 'CrossAttnDownBlock2D', 'DownBlock2D'],
  layers_per_block: 2,
  cross_attention_dim: 768,
  attention_head_dim: 8,
  norm_num_groups: 32,
  norm_eps: 1e-5,
};

/** Content of each part's config.json. */
export const SD15_PARTS = {
  unet: {
    ...UNET_PARTS,
    out_channels: 4,
    up_block_types: ['UpBlock2D', 'CrossAttnUpBlock2D', 'CrossAttnUpBlock2D', 'CrossAttnUpBlock2D'],
  },
  controlnet: { ...UNET_PARTS, conditioning_channels: 3, conditioning_embedding_out_channels: [16, 32, 96, 256] },
  vae: {
    in_channels: 3,
    out_channels: 3,
    down_block_types: Array<string>(4).fill('DownEncoderBlock2D'),
    up_block_types: Array<string>(4).fill('UpDecoderBlock2D'),
    block_out_channels: [128, 256, 512, 512],
    layers_per_block: 2,
    latent_channels: 4,
    norm_num_groups: 32,
    sample_size: 512,
    scaling_factor: 0.18215,
  },
  text_encoder: {
    hidden_size: 768,
    num_attention_heads: 12,
    num_hidden_layers: 12,
    intermediate_size: 3072,
    vocab_size: 49_408,
    max_position_embeddings: 77,
    hidden_act: 'quick_gelu',
    layer_norm_eps: 1e-5,
  },
  scheduler: {},
} as const;

/** The whole config, for pictures of 512². */
export function sd15Config(tokenizer: TokenizerJson): PriorConfig {
  return parsePriorConfig({ ...SD15_PARTS, tokenizer, image_size: 512 }, 'Stable Diffusion 1.5');
}
