/**
 * First values of parameters for training from nothing, by name and shape.
 *
 * Each parameter's numbers depend on the key and its own name only, so that adding a layer changes no other layer.
 * Not for networks that start from a checkpoint.
 */
import { foldInName, type RandomKey, RandomStream } from '../core/rng.js';

/** What a rule sees of a parameter. */
export type ParameterLike = { readonly name: string; readonly shape: readonly number[] };

/** Norm scales and offsets: any layer called norm…, …_norm, layer_norm1, group_norm, conv_norm_out. */
const NORM = /(^|\.)[a-z_]*norm[a-z0-9_]*\.(weight|bias)$/;
/** ControlNet's zero convolutions (Zhang et al. 2023): at the start the picture changes nothing. */
const CONTROL_ZERO = /(^|\.)(controlnet_down_blocks\.\d+|controlnet_mid_block|controlnet_cond_embedding\.conv_out)\./;
/** The last convolution of every UNet branch (Ho et al. 2020; Rombach et al. 2022): at the start a block is its shortcut. */
const UNET_LAST =
  /(^|\.)(?:down_blocks\.\d+|mid_block|up_blocks\.\d+)\.(?:resnets\.\d+\.conv2|attentions\.\d+\.proj_out)\.|^(?:unet\.|ref_unet\.)?conv_out\./;
const VAE = /(^|\.)(encoder|decoder)\.(conv_in|conv_out|conv_norm_out|down_blocks|up_blocks|mid_block)\./;
const TABLE = /(token|position)_embedding\.weight$/;
/**
 * Standard deviations of a text encoder's tables. Words must stand out against what the layers add, or all tokens come out
 * alike: with CLIP's 0.02 and ordinary biases a small encoder trained for an hour gave every prompt the same rows
 * (docs/PITFALLS.md). The norms take any scale.
 */
const WORD_DEVIATION = 1;
const POSITION_DEVIATION = 0.2;
/** Biases of a text encoder's layers begin at zero (Radford et al. 2021). */
const TEXT_BIAS = /(^|\.)encoder\.layers\.\d+\.(self_attn|mlp)\.[a-z0-9_]+\.bias$/;

/** First values of all parameters, by name. `key`: each name draws from a stream of its own. */
export function initialise(parameters: readonly ParameterLike[], key: RandomKey): Map<string, Float32Array> {
  const shapes = new Map(parameters.map((p) => [p.name, p.shape]));
  return new Map(parameters.map((p) => [p.name, initialValue(p, shapes, key)]));
}

function initialValue(
  { name, shape }: ParameterLike,
  shapes: ReadonlyMap<string, readonly number[]>,
  key: RandomKey,
): Float32Array {
  const size = shape.reduce((a, b) => a * b, 1);
  if (NORM.test(name)) return new Float32Array(size).fill(name.endsWith('.weight') ? 1 : 0);
  if (startsAtZero(name) || TEXT_BIAS.test(name)) return new Float32Array(size);
  const stream = new RandomStream(foldInName(key, name));
  const deviation = name.includes('position') ? POSITION_DEVIATION : WORD_DEVIATION;
  if (TABLE.test(name)) return stream.normals(size).map((x) => x * deviation);
  // PyTorch's default for linear layers and convolutions: uniform within ±1/√(inputs), biases too.
  const bound = 1 / Math.sqrt(inputsOf(name, shape, shapes));
  return Float32Array.from({ length: size }, () => stream.uniform(-bound, bound));
}

/** True for layers that begin at zero. The autoencoder has none: its decoder would never see its latents. */
export function startsAtZero(name: string): boolean {
  return CONTROL_ZERO.test(name) || (UNET_LAST.test(name) && !VAE.test(name));
}

/** Inputs per output: from the weight's own shape, or, for a bias, from its weight's. */
function inputsOf(name: string, shape: readonly number[], shapes: ReadonlyMap<string, readonly number[]>): number {
  const weight = name.endsWith('.bias') ? shapes.get(name.replace(/bias$/, 'weight')) : shape;
  if (!weight) return 1; // a bias without a weight: PyTorch has none, so any bound is as good
  return Math.max(
    1,
    weight.slice(1).reduce((a, b) => a * b, 1),
  );
}
