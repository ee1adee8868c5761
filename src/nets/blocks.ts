/**
 * The levels of a UNet: down blocks, mid block, up blocks, with diffusers' names, and the hooks through which reference
 * tokens are recorded and injected (Joker, supplement). Letters: B C H W, E width of the time embedding.
 *
 * Channel counts are read off the tensors: a block needs to be told only what it puts out.
 */
import { concat, type Tensor } from '../graph/index.js';
import { downsample, resnet, upsample } from './resnet.js';
import type { Scope } from './scope.js';
import { transformer } from './transformer.js';

/** Tokens by self-attention layer, e.g. 'mid_block.attentions.0.transformer_blocks.0.attn1' → [R, T, C]. */
export type ReferenceTokens = ReadonlyMap<string, Tensor>;

/** What is the same in all blocks of a network. */
export type BlockContext = {
  /** prefix of the network's root: layer names given to the hooks are relative to it */
  readonly root: string;
  readonly groups: number;
  readonly epsilon: number;
  /** time embedding [T, E], T dividing B */
  readonly time: Tensor;
  /** text tokens [B', S, D], B' dividing B */
  readonly text: Tensor;
  /** filled with the input tokens of every self-attention */
  readonly record?: Map<string, Tensor> | null;
  /** tokens to look at in addition, by layer */
  readonly inject?: ReferenceTokens | null;
};

/** Shape of one level. */
export type LevelOptions = {
  /** channels out */
  readonly channels: number;
  /** resnets of the level */
  readonly layers: number;
  /** heads of its attentions, or null for a level without attention */
  readonly heads: number | null;
  /** true if the resolution changes at the end */
  readonly resample: boolean;
};

function residual(scope: Scope, x: Tensor, channels: number, context: BlockContext): Tensor {
  const { groups, epsilon, time } = context;
  return resnet(scope, x, { channels, groups, epsilon, time });
}

function attend(scope: Scope, x: Tensor, heads: number, context: BlockContext): Tensor {
  const { groups, text, record, inject, root } = context;
  const layer = `${scope.prefix.slice(root.length)}transformer_blocks.0.attn1`;
  const reference = inject?.get(layer) ?? null;
  if (inject && !reference) throw new Error(`internal: no reference tokens for ${layer}`);
  return transformer(scope, x, { heads, groups, text, reference, record: (tokens) => record?.set(layer, tokens) });
}

/** Down block: pushes every intermediate result onto `skips` and returns the last. */
export function downBlock(
  scope: Scope,
  x: Tensor,
  level: LevelOptions,
  context: BlockContext,
  skips: Tensor[],
): Tensor {
  for (let i = 0; i < level.layers; i++) {
    x = residual(scope.at(`resnets.${i}`), x, level.channels, context);
    if (level.heads !== null) x = attend(scope.at(`attentions.${i}`), x, level.heads, context);
    skips.push(x);
  }
  if (!level.resample) return x;
  x = downsample(scope.at('downsamplers.0'), x);
  skips.push(x);
  return x;
}

/** Mid block: resnet, attention, resnet. */
export function midBlock(scope: Scope, x: Tensor, heads: number, context: BlockContext): Tensor {
  const channels = x.shape[1]!;
  x = residual(scope.at('resnets.0'), x, channels, context);
  x = attend(scope.at('attentions.0'), x, heads, context);
  return residual(scope.at('resnets.1'), x, channels, context);
}

/** Up block: takes one tensor off `skips` per resnet and puts it behind the channels. */
export function upBlock(scope: Scope, x: Tensor, level: LevelOptions, context: BlockContext, skips: Tensor[]): Tensor {
  for (let i = 0; i < level.layers; i++) {
    x = residual(scope.at(`resnets.${i}`), concat([x, skips.pop()!], 1), level.channels, context);
    if (level.heads !== null) x = attend(scope.at(`attentions.${i}`), x, level.heads, context);
  }
  return level.resample ? upsample(scope.at('upsamplers.0'), x) : x;
}
