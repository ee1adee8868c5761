/**
 * Names of weights in the original Stable Diffusion 1 checkpoints (CompVis/latent-diffusion), mapped from ours.
 *
 * Those checkpoints number the parts of the UNet through (`input_blocks.4.1` is the first attention of the second level) and
 * count the levels of the decoder from the latent outwards backwards. The map is computed from the config, so that it holds
 * for every width and depth. Only names; nothing is read here. Versions 2 and XL have other text encoders and are not meant.
 */
import type { UnetConfig, VaeConfig } from './config.js';

/** What the numbering depends on. */
export type LdmConfig = { readonly unet: UnetConfig; readonly vae: VaeConfig };

/** Prefixes of the three networks in a whole checkpoint, by ours. */
const PREFIXES: readonly (readonly [ours: string, theirs: string])[] = [
  ['unet.', 'model.diffusion_model.'],
  ['vae.', 'first_stage_model.'],
  ['text_encoder.', 'cond_stage_model.transformer.text_model.'],
];

/** Layers of a UNet block with a time input. */
const UNET_RESNET: Readonly<Record<string, string>> = {
  norm1: 'in_layers.0',
  conv1: 'in_layers.2',
  time_emb_proj: 'emb_layers.1',
  norm2: 'out_layers.0',
  conv2: 'out_layers.3',
  conv_shortcut: 'skip_connection',
};
/** Layers outside the blocks of a UNet. */
const UNET_ENDS: Readonly<Record<string, string>> = {
  conv_in: 'input_blocks.0.0',
  'time_embedding.linear_1': 'time_embed.0',
  'time_embedding.linear_2': 'time_embed.2',
  conv_norm_out: 'out.0',
  conv_out: 'out.2',
};
const UNET_MIDDLE: Readonly<Record<string, number>> = { 'resnets.0': 0, 'attentions.0': 1, 'resnets.1': 2 };
/** Attention of the autoencoder's middle. */
const VAE_ATTENTION: Readonly<Record<string, string>> = {
  group_norm: 'norm',
  to_q: 'q',
  to_k: 'k',
  to_v: 'v',
  'to_out.0': 'proj_out',
};

/**
 * Our names by theirs, for names with our prefixes `unet.`, `vae.` and `text_encoder.`; others have no counterpart and are
 * left out. @throws Error internal when the map is not one to one.
 */
export function ldmIndex(names: Iterable<string>, config: LdmConfig): Map<string, string> {
  const index = new Map<string, string>();
  for (const name of names) {
    const theirs = ldmName(name, config);
    if (theirs === null) continue;
    if (index.has(theirs)) throw new Error(`internal: '${name}' and '${index.get(theirs)}' are both '${theirs}'`);
    index.set(theirs, name);
  }
  return index;
}

/** Their name of one of ours, or null when it has none. */
export function ldmName(name: string, config: LdmConfig): string | null {
  const prefix = PREFIXES.find(([ours]) => name.startsWith(ours));
  if (!prefix) return null;
  const rest = name.slice(prefix[0].length);
  if (prefix[0] === 'unet.') return prefix[1] + unetName(rest, config.unet);
  return prefix[1] + (prefix[0] === 'vae.' ? vaeName(rest, config.vae) : rest);
}

/** Names that whole checkpoints hold beside the networks: noise schedules, averaged copies, losses of the training. */
export function isLdmExtra(name: string): boolean {
  if (/^(first_stage_model\.)?(model_ema|loss)\./.test(name)) return true;
  if (/^(betas|logvar|global_step)$/.test(name)) return true;
  return /^(sqrt_|log_|posterior_|alphas_cumprod)[a-z0-9_]*$/.test(name);
}

/** True when a file's names are those of a whole checkpoint of this kind. */
export function isLdmCheckpoint(names: Iterable<string>): boolean {
  for (const name of names) if (name.startsWith('model.diffusion_model.')) return true;
  return false;
}

/** 'norm1.weight' → ['norm1', 'weight']. */
function splitKind(name: string): [layer: string, kind: string] {
  const at = name.lastIndexOf('.');
  return [name.slice(0, at), name.slice(at + 1)];
}

function renamed(name: string, table: Readonly<Record<string, string>>): string {
  const [layer, kind] = splitKind(name);
  return Object.hasOwn(table, layer) ? `${table[layer]}.${kind}` : name;
}

const UNET_BLOCK = /^(down|up)_blocks\.(\d+)\.(resnets|attentions|downsamplers|upsamplers)\.(\d+)\.(.+)$/;

function unetName(name: string, config: UnetConfig): string {
  const middle = /^mid_block\.((?:resnets|attentions)\.\d+)\.(.+)$/.exec(name);
  if (middle) return `middle_block.${UNET_MIDDLE[middle[1]!]}.${unetLayer(middle[1]!.slice(0, -2), middle[2]!)}`;
  const block = UNET_BLOCK.exec(name);
  if (!block) return renamed(name, UNET_ENDS);
  const [, side, level, part, index, rest] = block as unknown as [string, string, string, string, string, string];
  const place = side === 'down' ? downPlace : upPlace;
  return `${place(config, Number(level), part, Number(index))}.${unetLayer(part, rest)}`;
}

/** `conv.weight` of a downsampling is `op.weight` there; that of an upsampling keeps its name, as attentions do. */
function unetLayer(part: string, rest: string): string {
  if (part === 'downsamplers') return rest.replace(/^conv\./, 'op.');
  return part === 'resnets' ? renamed(rest, UNET_RESNET) : rest;
}

/** input_blocks: 0 is conv_in, then per level its layers and, but for the last, one downsampling. */
function downPlace({ layers_per_block: layers }: UnetConfig, level: number, part: string, index: number): string {
  const first = 1 + level * (layers + 1);
  if (part === 'downsamplers') return `input_blocks.${first + layers}.0`;
  return `input_blocks.${first + index}.${part === 'resnets' ? 0 : 1}`;
}

/** output_blocks: per level one layer more; the upsampling stands behind the last layer, after its attention if any. */
function upPlace(config: UnetConfig, level: number, part: string, index: number): string {
  const layers = config.layers_per_block + 1;
  const attends = config.up_block_types[level] === 'CrossAttnUpBlock2D';
  if (part === 'upsamplers') return `output_blocks.${level * layers + layers - 1}.${attends ? 2 : 1}`;
  return `output_blocks.${level * layers + index}.${part === 'resnets' ? 0 : 1}`;
}

const VAE_BLOCK = /^(encoder\.down|decoder\.up)_blocks\.(\d+)\.(resnets\.(\d+)|(?:down|up)samplers\.0)\.(.+)$/;
const VAE_MIDDLE = /^(encoder|decoder)\.mid_block\.(resnets|attentions)\.(\d+)\.(.+)$/;

function vaeName(name: string, config: VaeConfig): string {
  const middle = VAE_MIDDLE.exec(name);
  if (middle) {
    const [, side, part, index, rest] = middle as unknown as [string, string, string, string, string];
    const layer = `${part === 'resnets' ? 'block' : 'attn'}_${Number(index) + 1}`;
    return `${side}.mid.${layer}.${part === 'resnets' ? shortcut(rest) : renamed(rest, VAE_ATTENTION)}`;
  }
  const block = VAE_BLOCK.exec(name);
  if (!block) return name.replace('.conv_norm_out.', '.norm_out.');
  const [, side, level, part, index, rest] = block as unknown as [string, string, string, string, string, string];
  const outwards = side === 'decoder.up' ? config.block_out_channels.length - 1 - Number(level) : Number(level);
  const layer = part.startsWith('resnets') ? `block.${index}` : part.replace(/samplers\.0$/, 'sample');
  return `${side}.${outwards}.${layer}.${shortcut(rest)}`;
}

function shortcut(name: string): string {
  return name.replace(/^conv_shortcut\./, 'nin_shortcut.');
}
