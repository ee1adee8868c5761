/**
 * The configs of the Stable Diffusion 1.5 family, field for field as diffusers and transformers write them to config.json.
 *
 * Not a config of our own: fields that a released file has and we do not need are ignored; values that we cannot honour
 * are refused instead of ignored.
 */
import { z } from 'zod';
import { JokerError } from '../core/errors.js';

/** Bounds keep a damaged or hostile config from building a network that fills the memory before anything is checked. */
const count = z.number().int().positive().max(65_536);
const layers = z.number().int().positive().max(64);
const channels = z.array(count).min(1).max(16);
const headCounts = z.union([count, channels]);

const unetParts = {
  /** latent side in pixels that the network was trained at; any other multiple works too */
  sample_size: z.union([count, z.null()]).optional(),
  /** latent channels in */
  in_channels: count.default(4),
  /** channels per level, outermost first */
  block_out_channels: channels.default([320, 640, 1280, 1280]),
  down_block_types: z.array(z.enum(['CrossAttnDownBlock2D', 'DownBlock2D'])),
  /** resnets per down block; up blocks have one more */
  layers_per_block: layers.default(2),
  /** width of the text tokens */
  cross_attention_dim: count.default(768),
  norm_num_groups: count.default(32),
  norm_eps: z.number().positive().default(1e-5),
  /** in this family the NUMBER OF HEADS (a misnomer that diffusers keeps), one for all levels or one per level */
  attention_head_dim: headCounts.default(8),
  act_fn: z.enum(['silu', 'swish']).default('silu'),
  flip_sin_to_cos: z.literal(true).default(true),
  freq_shift: z.literal(0).default(0),
  use_linear_projection: z.literal(false).default(false),
  only_cross_attention: z.literal(false).default(false),
  dual_cross_attention: z.literal(false).default(false),
  class_embed_type: z.null().optional(),
};

const LEVELS_RULE =
  'one down_block_type per width is needed, and norm_num_groups and the number of heads must divide every width';

function levelsFit(config: {
  block_out_channels: number[];
  down_block_types: string[];
  norm_num_groups: number;
  attention_head_dim: number | number[];
}): boolean {
  const { block_out_channels: widths, down_block_types: types, norm_num_groups: groups } = config;
  const fits = (width: number, i: number): boolean => width % groups === 0 && width % headsAt(config, i) === 0;
  return types.length === widths.length && widths.every(fits);
}

/** UNet2DConditionModel. */
export const unetConfigSchema = z
  .object({
    ...unetParts,
    out_channels: count.default(4),
    up_block_types: z.array(z.enum(['CrossAttnUpBlock2D', 'UpBlock2D'])),
  })
  .refine((c) => c.up_block_types.length === c.block_out_channels.length, 'one up_block_type per width is needed')
  .refine(levelsFit, LEVELS_RULE);
/** Config of a denoising or reference UNet. */
export type UnetConfig = z.infer<typeof unetConfigSchema>;

/** ControlNetModel. */
export const controlnetConfigSchema = z
  .object({
    ...unetParts,
    /** channels of the control image */
    conditioning_channels: count.default(3),
    /** widths of the control image's embedding; every step but the first halves H and W */
    conditioning_embedding_out_channels: channels.default([16, 32, 96, 256]),
  })
  .refine(levelsFit, LEVELS_RULE);
/** Config of a ControlNet. */
export type ControlnetConfig = z.infer<typeof controlnetConfigSchema>;

/** AutoencoderKL. */
export const vaeConfigSchema = z
  .object({
    in_channels: count.default(3),
    out_channels: count.default(3),
    down_block_types: z.array(z.literal('DownEncoderBlock2D')),
    up_block_types: z.array(z.literal('UpDecoderBlock2D')),
    block_out_channels: channels,
    layers_per_block: layers.default(1),
    latent_channels: count.default(4),
    norm_num_groups: count.default(32),
    sample_size: z.union([count, z.null()]).optional(),
    act_fn: z.enum(['silu', 'swish']).default('silu'),
    /** posterior samples are multiplied by it before they become latents (default: Stable Diffusion's) */
    scaling_factor: z.number().positive().default(0.18215),
    /** false leaves out the attention of both mid blocks (a saving for small models; diffusers' field of the same name) */
    mid_block_add_attention: z.boolean().default(true),
    /**
     * p > 1: pictures enter and leave as p×p blocks of pixels put into channels (in_channels and out_channels are then 3·p²),
     * as in later diffusers autoencoders. Small models need it: see docs/PITFALLS.md on upsampling and fine detail.
     */
    patch_size: count.default(1),
  })
  .refine((c) => c.in_channels % c.patch_size ** 2 === 0 && c.out_channels % c.patch_size ** 2 === 0, {
    message: 'in_channels and out_channels must be multiples of patch_size²',
  })
  .refine((c) => c.block_out_channels.every((width) => width % c.norm_num_groups === 0), {
    message: 'norm_num_groups must divide every width',
  });
/** Config of the image autoencoder. */
export type VaeConfig = z.infer<typeof vaeConfigSchema>;

/** CLIPTextModel. */
export const clipTextConfigSchema = z
  .object({
    hidden_size: count,
    num_attention_heads: count,
    num_hidden_layers: layers,
    intermediate_size: count,
    vocab_size: count,
    max_position_embeddings: count,
    hidden_act: z.enum(['quick_gelu', 'gelu']).default('quick_gelu'),
    layer_norm_eps: z.literal(1e-5).default(1e-5),
  })
  .refine((c) => c.hidden_size % c.num_attention_heads === 0, 'num_attention_heads must divide hidden_size');
/** Config of the text encoder. */
export type ClipTextConfig = z.infer<typeof clipTextConfigSchema>;

/**
 * Checks a parsed config.json.
 * @param where path or name, for the message.
 * @throws JokerError bad-file naming the first field that does not fit.
 */
export function parseConfig<T>(schema: z.ZodType<T>, value: unknown, where: string): T {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const issue = result.error.issues[0]!;
  const what = `${where}: ${issue.path.join('.') || 'config'}: ${issue.message}`;
  throw new JokerError('bad-file', what, 'Use the config.json of a Stable Diffusion 1.5 style network.');
}

/** Heads at a level (outermost is 0). */
export function headsAt(config: { readonly attention_head_dim: number | readonly number[] }, level: number): number {
  const heads = config.attention_head_dim;
  return typeof heads === 'number' ? heads : heads[Math.min(level, heads.length - 1)]!;
}

/** How many times the image is larger than its latent, per side: 2 to the number of downsamplings, times the patch. */
export function vaeFactor(config: Pick<VaeConfig, 'block_out_channels' | 'patch_size'>): number {
  return config.patch_size * 2 ** (config.block_out_channels.length - 1);
}

/** Channels of the pictures that an autoencoder takes, before they are put into patches. */
export function pictureChannels(config: Pick<VaeConfig, 'in_channels' | 'patch_size'>): number {
  return config.in_channels / config.patch_size ** 2;
}
