/** Stable Diffusion 1.5 at its real size, without its weights: published parameter counts, key counts and layer names. */
import { describe, expect, it } from 'vitest';
import { ldmIndex, selfAttentionLayers } from '../nets/index.js';
import { trainBpe } from './bpe.js';
import { controlSize, latentShape, parsePriorConfig } from './config.js';
import { priorParameters } from './parameters.js';
import { sd15Config } from './sd15.js';
import { tokenizerJson } from './tokenizer.js';

// Fields as in the released config.json files, those that we ignore included.
const shared = {
  act_fn: 'silu',
  attention_head_dim: 8,
  block_out_channels: [320, 640, 1280, 1280],
  center_input_sample: false,
  cross_attention_dim: 768,
  down_block_types: ['CrossAttnDownBlock2D', 'CrossAttnDownBlock2D', 'CrossAttnDownBlock2D', 'DownBlock2D'],
  downsample_padding: 1,
  flip_sin_to_cos: true,
  freq_shift: 0,
  in_channels: 4,
  layers_per_block: 2,
  mid_block_scale_factor: 1,
  norm_eps: 1e-5,
  norm_num_groups: 32,
  sample_size: 64,
};
const config = parsePriorConfig(
  {
    unet: {
      ...shared,
      out_channels: 4,
      up_block_types: ['UpBlock2D', 'CrossAttnUpBlock2D', 'CrossAttnUpBlock2D', 'CrossAttnUpBlock2D'],
    },
    controlnet: { ...shared, conditioning_embedding_out_channels: [16, 32, 96, 256] },
    vae: {
      block_out_channels: [128, 256, 512, 512],
      down_block_types: Array(4).fill('DownEncoderBlock2D'),
      up_block_types: Array(4).fill('UpDecoderBlock2D'),
      in_channels: 3,
      latent_channels: 4,
      layers_per_block: 2,
      norm_num_groups: 32,
      out_channels: 3,
      sample_size: 256,
    },
    text_encoder: {
      hidden_act: 'quick_gelu',
      hidden_size: 768,
      intermediate_size: 3072,
      layer_norm_eps: 1e-5,
      max_position_embeddings: 77,
      num_attention_heads: 12,
      num_hidden_layers: 12,
      vocab_size: 49408,
    },
    scheduler: {
      beta_end: 0.012,
      beta_schedule: 'scaled_linear',
      beta_start: 0.00085,
      clip_sample: false,
      num_train_timesteps: 1000,
      set_alpha_to_one: false,
      skip_prk_steps: true,
      steps_offset: 1,
      trained_betas: null,
    },
    tokenizer: tokenizerJson(trainBpe([], 514)),
    image_size: 512,
  },
  'sd15',
);

describe('Stable Diffusion 1.5', () => {
  it('has as many parameters and keys as the released files', () => {
    const parameters = priorParameters(config);
    const count = (prefix: string): [number, number] => {
      const own = parameters.filter(({ name }) => name.startsWith(prefix));
      return [own.length, own.reduce((sum, { shape }) => sum + shape.reduce((a, b) => a * b, 1), 0)];
    };
    expect(count('unet.')).toEqual([686, 859_520_964]);
    expect(count('ref_unet.')).toEqual([686, 859_520_964]);
    expect(count('controlnet.')).toEqual([340, 361_279_120]);
    expect(count('vae.')).toEqual([248, 83_653_863]);
    expect(count('text_encoder.')).toEqual([196, 123_060_480]);
  });

  it('has 16 self-attention layers: 6 down, 1 mid, 9 up', () => {
    const layers = selfAttentionLayers(config.unet);
    const of = (start: string): number => layers.filter((layer) => layer.startsWith(start)).length;
    expect([of('down_blocks.'), of('mid_block.'), of('up_blocks.'), layers.length]).toEqual([6, 1, 9, 16]);
    expect(layers[0]).toBe('down_blocks.0.attentions.0.transformer_blocks.0.attn1');
    expect(layers.at(-1)).toBe('up_blocks.3.attentions.2.transformer_blocks.0.attn1');
  });

  it('has the names of the original checkpoints, one for one: 686 + 248 + 196', () => {
    const names = priorParameters(config)
      .map(({ name }) => name)
      .filter((name) => /^(unet|vae|text_encoder)\./.test(name));
    const index = ldmIndex(names, config);
    expect(new Set(index.values())).toEqual(new Set(names));
    expect(index.size).toBe(686 + 248 + 196);
    // Nothing was left under a name of ours, and the numbering has no gaps: 12 inputs, 12 outputs, as published.
    const theirs = [...index.keys()];
    expect(theirs.filter((name) => /down_blocks|up_blocks|mid_block|resnets|attentions|samplers/.test(name))).toEqual(
      [],
    );
    for (const side of ['input', 'output'])
      expect(
        new Set(theirs.map((name) => new RegExp(`${side}_blocks\\.(\\d+)\\.`).exec(name)?.[1]).filter(Boolean)).size,
      ).toBe(12);
  });

  it('is what checkpoints without configs are taken for', () => {
    const plain = sd15Config(config.tokenizer);
    const { sample_size: _, ...vae } = config.vae;
    expect(plain).toMatchObject({ ...config, vae });
  });

  it('works on 64² latents of 512² pictures', () => {
    expect(latentShape(config)).toEqual([4, 64, 64]);
    expect(controlSize(config)).toBe(512);
  });
});
