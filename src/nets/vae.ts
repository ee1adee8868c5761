/**
 * `AutoencoderKL` (Rombach et al. 2022) with diffusers' names: pictures to latents and back.
 * Letters: B batch, H W pixels, f factor between picture and latent, L latent channels, p side of a patch.
 *
 * Works on unscaled latents: the factor of `config.scaling_factor` is applied by whoever calls (see prior/).
 */
import { add, clip, reshape, silu, slice, type Tensor, transpose } from '../graph/index.js';
import { attention } from './attention.js';
import type { VaeConfig } from './config.js';
import { channelsToPatches, patchesToChannels } from './ops.js';
import { downsample, resnet, upsample } from './resnet.js';
import { convolution, normaliseGroups, type Scope } from './scope.js';

/** diffusers' fixed value for all norms of the autoencoder. */
const EPSILON = 1e-6;
/** Bounds of the log variance: beyond them exp() leaves float32's useful range (Rombach et al., `DiagonalGaussian`). */
const LOG_VARIANCE: readonly [number, number] = [-30, 20];

/** Posterior of latents. */
export type LatentPosterior = {
  /** [B, L, H/f, W/f] */
  readonly mean: Tensor;
  /** logarithm of the variance, clipped to [−30, 20], same shape */
  readonly logVariance: Tensor;
};

/** Pictures [B, 3, H, W] in [−1, 1] → their posterior. H and W are multiples of f = p·2^(levels − 1). */
export function vaeEncode(scope: Scope, config: VaeConfig, image: Tensor): LatentPosterior {
  const moments = convolution(
    scope.at('quant_conv'),
    encoder(scope.at('encoder'), config, image),
    momentCount(config),
    {
      kernel: 1,
    },
  );
  const channels = config.latent_channels;
  const [low, high] = LOG_VARIANCE;
  return {
    mean: slice(moments, 1, 0, channels),
    logVariance: clip(slice(moments, 1, channels, 2 * channels), low, high),
  };
}

/** Unscaled latents [B, L, H/f, W/f] → pictures [B, 3, H, W], about [−1, 1] and not clamped. */
export function vaeDecode(scope: Scope, config: VaeConfig, latent: Tensor): Tensor {
  const x = convolution(scope.at('post_quant_conv'), latent, config.latent_channels, { kernel: 1 });
  return channelsToPatches(decoder(scope.at('decoder'), config, x), config.patch_size);
}

/** Mean and log variance side by side. */
function momentCount(config: VaeConfig): number {
  return 2 * config.latent_channels;
}

/** Features of the encoder's levels before each downsampling, [B, width, H/(p·2^i), W/(p·2^i)]: for perceptual distances. */
export function vaeFeatures(scope: Scope, config: VaeConfig, image: Tensor): Tensor[] {
  return encoderLevels(scope.at('encoder'), config, image);
}

function encoder(scope: Scope, config: VaeConfig, image: Tensor): Tensor {
  const x = encoderLevels(scope, config, image).at(-1)!;
  return head(scope, config, middle(scope.at('mid_block'), config, x), momentCount(config));
}

function encoderLevels(scope: Scope, config: VaeConfig, image: Tensor): Tensor[] {
  const widths = config.block_out_channels;
  let x = convolution(scope.at('conv_in'), patchesToChannels(image, config.patch_size), widths[0]!);
  return widths.map((channels, level) => {
    const block = scope.at(`down_blocks.${level}`);
    if (level > 0) x = downsample(scope.at(`down_blocks.${level - 1}.downsamplers.0`), x, { oneSided: true });
    for (let i = 0; i < config.layers_per_block; i++) x = plainResnet(block.at(`resnets.${i}`), config, x, channels);
    return x;
  });
}

function decoder(scope: Scope, config: VaeConfig, latent: Tensor): Tensor {
  const widths = [...config.block_out_channels].reverse();
  let x = middle(scope.at('mid_block'), config, convolution(scope.at('conv_in'), latent, widths[0]!));
  widths.forEach((channels, level) => {
    const block = scope.at(`up_blocks.${level}`);
    for (let i = 0; i <= config.layers_per_block; i++) x = plainResnet(block.at(`resnets.${i}`), config, x, channels);
    if (level < widths.length - 1) x = upsample(block.at('upsamplers.0'), x);
  });
  return head(scope, config, x, config.out_channels);
}

function plainResnet(scope: Scope, config: VaeConfig, x: Tensor, channels: number): Tensor {
  return resnet(scope, x, { channels, groups: config.norm_num_groups, epsilon: EPSILON });
}

function head(scope: Scope, config: VaeConfig, x: Tensor, channels: number): Tensor {
  const normed = normaliseGroups(scope.at('conv_norm_out'), x, config.norm_num_groups, EPSILON);
  return convolution(scope.at('conv_out'), silu(normed), channels);
}

function middle(scope: Scope, config: VaeConfig, x: Tensor): Tensor {
  const channels = x.shape[1]!;
  x = plainResnet(scope.at('resnets.0'), config, x, channels);
  if (config.mid_block_add_attention) x = pixelAttention(scope.at('attentions.0'), config, x);
  return plainResnet(scope.at('resnets.1'), config, x, channels);
}

/** One-head self-attention over pixels, with biases. */
function pixelAttention(scope: Scope, config: VaeConfig, x: Tensor): Tensor {
  const [batch, channels, height, width] = x.shape as [number, number, number, number];
  const normed = normaliseGroups(scope.at('group_norm'), x, config.norm_num_groups, EPSILON);
  const tokens = transpose(reshape(normed, [batch, channels, height * width]), [0, 2, 1]);
  const out = attention(scope, tokens, { heads: 1, bias: true });
  return add(reshape(transpose(out, [0, 2, 1]), [batch, channels, height, width]), x);
}
