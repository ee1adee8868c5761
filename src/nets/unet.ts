/**
 * `UNet2DConditionModel` of Stable Diffusion 1.5 at any width, diffusers' names (Rombach et al. 2022), as a function on a
 * graph. Letters: B batch, C latent channels, H W latent pixels, S text tokens, D text width.
 *
 * The denoising and the reference network of Joker are this one function: one records its self-attentions' inputs, the
 * other injects them.
 */
import { add, silu, type Tensor } from '../graph/index.js';
import { type BlockContext, downBlock, midBlock, type ReferenceTokens, upBlock } from './blocks.js';
import { headsAt, type UnetConfig } from './config.js';
import { timestepEmbedding } from './embedding.js';
import { convolution, normaliseGroups, type Scope } from './scope.js';

/** What goes into a UNet. Timesteps, text and reference tokens may have any batch that divides B; see `repeatBatch`. */
export type UnetInputs = {
  /** noisy latents [B, C, H, W]; H and W divisible by 2 to the number of downsamplings */
  readonly sample: Tensor;
  /** float32, 0 … 999, [T] with T dividing B */
  readonly timestep: Tensor;
  /** text tokens [B', S, D] */
  readonly text: Tensor;
  /** ControlNet's outputs, added to the skips and to the mid block's result */
  readonly control?: ControlResiduals | null;
  /** tokens for every self-attention to look at in addition */
  readonly inject?: ReferenceTokens | null;
  /** filled with every self-attention's input tokens */
  readonly record?: Map<string, Tensor> | null;
};

/** One tensor per skip connection, outermost first, and one for the mid block. */
export type ControlResiduals = { readonly down: readonly Tensor[]; readonly mid: Tensor };

/** The network's prediction (noise or v, as trained), [B, out_channels, H, W]. */
export function unet(scope: Scope, config: UnetConfig, inputs: UnetInputs): Tensor {
  const context = contextOf(scope, config, inputs);
  const { skips, mid } = encode(scope, config, inputs.sample, context);
  const { control } = inputs;
  if (control && control.down.length !== skips.length)
    throw new Error(`internal: ${control.down.length} control residuals for ${skips.length} skips`);
  const joined = control ? skips.map((skip, i) => add(skip, control.down[i]!)) : skips;
  let x = control ? add(mid, control.mid) : mid;
  x = decode(scope, config, x, joined, context);
  x = silu(normaliseGroups(scope.at('conv_norm_out'), x, config.norm_num_groups, config.norm_eps));
  return convolution(scope.at('conv_out'), x, config.out_channels);
}

/** What UNet and ControlNet configs share. */
export type EncoderConfig = Pick<
  UnetConfig,
  'block_out_channels' | 'down_block_types' | 'layers_per_block' | 'norm_num_groups' | 'norm_eps' | 'attention_head_dim'
>;

/** The blocks' shared context: time embedding, text, norms, hooks. */
export function contextOf(
  scope: Scope,
  config: EncoderConfig,
  inputs: Pick<UnetInputs, 'timestep' | 'text' | 'inject' | 'record'>,
): BlockContext {
  return {
    root: scope.prefix,
    groups: config.norm_num_groups,
    epsilon: config.norm_eps,
    time: timestepEmbedding(scope.at('time_embedding'), inputs.timestep, config.block_out_channels[0]!),
    text: inputs.text,
    record: inputs.record,
    inject: inputs.inject,
  };
}

/**
 * First half, from latents to the mid block's result; `addition` [B, first width, H, W] joins after `conv_in`
 * (ControlNet's picture).
 * Skips are in order of creation, `conv_in` first.
 */
export function encode(
  scope: Scope,
  config: EncoderConfig,
  sample: Tensor,
  context: BlockContext,
  addition?: Tensor,
): { skips: Tensor[]; mid: Tensor } {
  const widths = config.block_out_channels;
  let x = convolution(scope.at('conv_in'), sample, widths[0]!);
  if (addition) x = add(x, addition);
  const skips = [x];
  widths.forEach((channels, level) => {
    const heads = config.down_block_types[level] === 'CrossAttnDownBlock2D' ? headsAt(config, level) : null;
    const options = { channels, layers: config.layers_per_block, heads, resample: level < widths.length - 1 };
    x = downBlock(scope.at(`down_blocks.${level}`), x, options, context, skips);
  });
  return { skips, mid: midBlock(scope.at('mid_block'), x, headsAt(config, widths.length - 1), context) };
}

function decode(scope: Scope, config: UnetConfig, x: Tensor, skips: readonly Tensor[], context: BlockContext): Tensor {
  const widths = config.block_out_channels;
  const left = [...skips];
  for (let i = 0; i < widths.length; i++) {
    const level = widths.length - 1 - i;
    const heads = config.up_block_types[i] === 'CrossAttnUpBlock2D' ? headsAt(config, level) : null;
    const options = { channels: widths[level]!, layers: config.layers_per_block + 1, heads, resample: level > 0 };
    x = upBlock(scope.at(`up_blocks.${i}`), x, options, context, left);
  }
  return x;
}

/** Names of the self-attention layers of a config, in order of execution: the keys of `ReferenceTokens`. */
export function selfAttentionLayers(config: UnetConfig): string[] {
  const layers: string[] = [];
  const push = (block: string, count: number): void => {
    for (let i = 0; i < count; i++) layers.push(`${block}.attentions.${i}.transformer_blocks.0.attn1`);
  };
  config.down_block_types.forEach((type, i) => {
    if (type === 'CrossAttnDownBlock2D') push(`down_blocks.${i}`, config.layers_per_block);
  });
  push('mid_block', 1);
  config.up_block_types.forEach((type, i) => {
    if (type === 'CrossAttnUpBlock2D') push(`up_blocks.${i}`, config.layers_per_block + 1);
  });
  return layers;
}
