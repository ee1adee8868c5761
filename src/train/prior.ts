/**
 * Training of the prior: denoising UNet (middle and up blocks), reference UNet and ControlNet together (Joker, section on
 * the 2D prior, and supplement).
 *
 * A group is one frame of one person seen by V cameras: its targets share reference, caption and timestep, so one pass of
 * the reference UNet serves V targets and is still exact (its features depend on reference, timestep and text only).
 */
import { RandomStream } from '../core/rng.js';
import type { Tensor } from '../graph/index.js';
import {
  clipText,
  controlEmbedding,
  controlnet,
  scopeOf,
  selfAttentionLayers,
  type UnetConfig,
  unet,
} from '../nets/index.js';
import { CAPTION_DROPOUT, type CaptionedLatents } from './base.js';
import type { PriorNetworks } from './config.js';
import { noisedInputs, noisedLatent, noisedValues, promptIds, sampledLatents, velocityLoss } from './diffusion.js';
import { type Emphasis, emphasisOf } from './emphasis.js';
import type { TrainingTask } from './loop.js';
import { type PictureSet, pictureTo, viewIndex } from './pictures.js';

/** Switches of the ablations (supplement, Table 1). */
export type PriorAblation = {
  /** nothing of the denoising UNet trains */
  readonly frozenDenoiser?: boolean;
  /** every caption is empty */
  readonly noText?: boolean;
  /** the denoiser's encoder trains too: for a base that has seen little, whose frozen encoder would hold the prior back */
  readonly wholeDenoiser?: boolean;
  /** the text encoder trains too: one that has seen thousands of captions and not millions does not know its words yet */
  readonly textEncoder?: boolean;
};

/** How the embedded prior's loss is spread (emphasis.ts); the paper's is a plain mean. */
const MINI_EMPHASIS: Emphasis = { face: 1, mouth: 4 };

/** Material of the prior's training: latents are indexed as the pictures of the set. */
export type PriorMaterial = CaptionedLatents & { readonly pictures: PictureSet };

/** First weights of the three UNets and the text encoder from a base: the reference UNet and ControlNet are copies. */
export function priorStart(base: ReadonlyMap<string, Float32Array>): Map<string, Float32Array> {
  const start = new Map(base);
  for (const [name, values] of base) {
    if (!name.startsWith('unet.')) continue;
    const rest = name.slice('unet.'.length);
    // ControlNet has the encoder and the middle; its zero convolutions and picture embedding start fresh. A start that is a
    // whole prior keeps its own.
    for (const copy of [`ref_unet.${rest}`, `controlnet.${rest}`]) if (!base.has(copy)) start.set(copy, values);
  }
  return start;
}

/** True for parameters that train in the prior's phases (method of the paper; the rest stays as the base left it). */
export function trainsInPrior(name: string, config: UnetConfig, ablation: PriorAblation = {}): boolean {
  if (name.startsWith('controlnet.')) return true;
  if (name.startsWith('text_encoder.')) return ablation.textEncoder === true;
  if (name.startsWith('unet.')) {
    if (ablation.wholeDenoiser) return true;
    return !ablation.frozenDenoiser && /^unet\.(mid_block|up_blocks)\./.test(name);
  }
  return name.startsWith('ref_unet.') && reachesReferenceFeatures(name.slice('ref_unet.'.length), config);
}

/** False for what comes after the last recorded tokens: it influences nothing. */
function reachesReferenceFeatures(name: string, config: UnetConfig): boolean {
  if (/^conv_(norm_)?out\./.test(name)) return false;
  const last = selfAttentionLayers(config)
    .at(-1)!
    .replace(/transformer_blocks\.0\.attn1$/, '');
  if (!name.startsWith(last)) return true;
  const inside = name.slice(last.length);
  return !/^(proj_out|transformer_blocks\.0\.(attn1|norm2|attn2|norm3|ff))\./.test(inside);
}

/** The task of training the prior; `groups` frames of V views each per step. */
export function priorTask(
  networks: PriorNetworks,
  groups: number,
  material: PriorMaterial,
  base: ReadonlyMap<string, Float32Array>,
  ablation: PriorAblation = {},
): TrainingTask {
  const { pictures, latentShape, empty } = material;
  const batch = groups * pictures.views;
  const open = openMouthsOf(pictures);
  return {
    name: 'prior',
    initial: priorStart(base),
    trains: (name) => trainsInPrior(name, networks.unet, ablation),
    build: (graph) => {
      const inputs = noisedInputs(graph, [batch, ...latentShape], pictures.views);
      const { timestep } = inputs;
      const ids = graph.input('ids', [groups, empty.length], 'int64');
      const text = clipText(scopeOf(graph, 'text_encoder.'), networks.text, ids);
      const inject = new Map<string, Tensor>();
      const reference = graph.input('reference', [groups, ...latentShape]);
      unet(scopeOf(graph, 'ref_unet.'), networks.unet, { sample: reference, timestep, text, record: inject });
      const sample = noisedLatent(inputs);
      const picture = graph.input('control', [batch, 3, pictures.size, pictures.size]);
      const scope = scopeOf(graph, 'controlnet.');
      const embedding = controlEmbedding(scope, networks.controlnet, picture);
      const control = controlnet(scope, networks.controlnet, { sample, timestep, text, embedding });
      const prediction = unet(scopeOf(graph, 'unet.'), networks.unet, { sample, timestep, text, control, inject });
      const [, , height, width] = sample.shape as [number, number, number, number];
      return { loss: velocityLoss(prediction, inputs, graph.input('weights', [batch, 1, height, width])) };
    },
    batch: (key) => priorBatch(new RandomStream(key), groups, material, ablation, open),
  };
}

/** Frames (person · F + frame) whose caption says that the tongue is out, and those that only say that the mouth is open. */
type OpenMouths = { readonly tongue: readonly number[]; readonly open: readonly number[] };

function openMouthsOf({ captions }: PictureSet): OpenMouths {
  const where = (test: (caption: string) => boolean) => captions.flatMap((c, i) => (test(c) ? [i] : []));
  const says = (caption: string) => /tongue/.test(caption);
  return { tongue: where(says), open: where((c) => !says(c) && /mouth/.test(c)) };
}

/**
 * Share of groups that are drawn from open mouths, half of them with a tongue: the supplement, too, shows tongues more often.
 * Both halves alike, so that an empty prompt still says nothing of the tongue.
 */
const OPEN_MOUTH_SHARE = 0.5;

function pickFrame(random: RandomStream, { people, frames }: PictureSet, { tongue, open }: OpenMouths) {
  const wanted = random.chance(OPEN_MOUTH_SHARE);
  const list = random.chance(0.5) ? tongue : open;
  const index = wanted && list.length > 0 ? random.pick(list) : random.integer(people * frames);
  return { person: Math.floor(index / frames), frame: index % frames };
}

function priorBatch(
  random: RandomStream,
  groups: number,
  material: PriorMaterial,
  ablation: PriorAblation,
  open: OpenMouths,
) {
  const { pictures, latents, latentShape, prompts, empty } = material;
  const side = latentShape[1];
  const targets: number[] = [];
  const references: number[] = [];
  const captions: Int32Array[] = [];
  for (let g = 0; g < groups; g++) {
    const { person, frame } = pickFrame(random, pictures, open);
    for (let view = 0; view < pictures.views; view++) targets.push(viewIndex(pictures, person, frame, view));
    const other = (frame + 1 + random.integer(pictures.frames - 1)) % pictures.frames;
    references.push(viewIndex(pictures, person, other, random.integer(pictures.views)));
    captions.push(ablation.noText ? empty : prompts[targets.at(-1)!]!);
  }
  const pixels = 3 * pictures.size ** 2;
  const control = new Float32Array(targets.length * pixels);
  targets.forEach((index, b) => {
    pictureTo(pictures.normals!, index, pictures.size, control, b * pixels);
  });
  const weights = new Float32Array(targets.length * side * side);
  targets.forEach((index, b) => {
    weights.set(emphasisOf(pictures, index, side, MINI_EMPHASIS), b * side * side);
  });
  return {
    ...noisedValues(latents, targets, random, pictures.views),
    weights,
    reference: sampledLatents(latents, references, random),
    ids: promptIds(captions, empty, CAPTION_DROPOUT, random),
    control,
  };
}
