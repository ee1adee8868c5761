/**
 * Training of the prior: denoising UNet (middle and up blocks), reference UNet and ControlNet together (Joker, section on
 * the 2D prior, and supplement).
 *
 * A group is one frame of one person seen by V cameras: its targets share reference, caption and timestep, so one pass of
 * the reference UNet serves V targets and is still exact (its features depend on reference, timestep and text only).
 */
import { RandomStream, randomKey } from '../core/rng.js';
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
import { drawFrame, drawPair, type MouthFrames, mouthFrames } from './draws.js';
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
const MINI_EMPHASIS: Emphasis = { face: 1, eyes: 2, mouth: 6 };

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

/**
 * The task of training the prior; `groups` frames of V views each per step, V being the first material's. Each group is drawn
 * from one of the materials, chosen uniformly (phase A of the paper: `wild`; phase B: `wild` and `studio`).
 */
export function priorTask(
  networks: PriorNetworks,
  groups: number,
  materials: readonly PriorMaterial[],
  base: ReadonlyMap<string, Float32Array>,
  ablation: PriorAblation = {},
): TrainingTask {
  const { pictures, latentShape, empty } = materials[0]!;
  const batch = groups * pictures.views;
  const sources = materials.map((material) => ({ ...material, mouths: mouthFrames(material.pictures) }));
  return {
    // The name is part of what a resumed run must share: an ablation cannot be taken up as something else.
    name: ablation.noText ? 'prior without text' : ablation.frozenDenoiser ? 'prior without denoiser' : 'prior',
    initial: priorStart(base),
    trains: (name) => trainsInPrior(name, networks.unet, ablation),
    build: (graph) => {
      const inputs = noisedInputs(graph, [batch, ...latentShape], pictures.views);
      const { timestep } = inputs;
      const ids = graph.input('ids', [groups, empty.length], 'int32');
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
      return { loss: velocityLoss(prediction, inputs, graph.input('weights', sample.shape)) };
    },
    batch: (key) => priorBatch(new RandomStream(key), groups, sources, ablation),
  };
}

/** A material and its open mouths. */
type PriorSource = PriorMaterial & { readonly mouths: MouthFrames };

function priorBatch(
  random: RandomStream,
  groups: number,
  sources: readonly PriorSource[],
  ablation: PriorAblation,
): Record<string, Float32Array | Int32Array> {
  const views = sources[0]!.pictures.views;
  const drawn: Group[] = [];
  while (drawn.length < groups) {
    const source = random.pick(sources);
    const key = random.integer(2 ** 32);
    const captioned = !random.chance(CAPTION_DROPOUT);
    const frames = pickFrames(random, source, captioned).slice(0, groups - drawn.length);
    // The frames of a pair share noise, timestep, views and reference: they differ in the tongue and its words alone.
    for (const frame of frames)
      drawn.push(drawGroup(new RandomStream(randomKey(key)), source, views, { ...frame, captioned, ...ablation }));
  }
  const captions = drawn.map(({ caption }) => caption);
  const parts = drawn.map(({ values }) => values);
  const names = Object.keys(parts[0]!) as (keyof (typeof parts)[number])[];
  const stacked = Object.fromEntries(names.map((name) => [name, joined(parts.map((part) => part[name]))]));
  return { ...stacked, ids: promptIds(captions) };
}

/** A frame of a person, or two that differ in the tongue alone where the set has such. */
function pickFrames(random: RandomStream, { pictures, mouths }: PriorSource, captioned: boolean) {
  const { people, frames, variants = 1 } = pictures;
  const drawn =
    variants > 1 && captioned
      ? drawPair(random, people * frames, variants)
      : [drawFrame(random, people * frames, mouths, captioned)];
  return drawn.map((index) => ({ person: Math.floor(index / frames), frame: index % frames }));
}

/** What `drawGroup` returns. */
type Group = ReturnType<typeof drawGroup>;

/** One frame: V targets, the emphasis on each, their controls, and a reference from another frame of the person. */
function drawGroup(
  random: RandomStream,
  source: PriorSource,
  views: number,
  { person, frame, captioned, noText }: { person: number; frame: number; captioned: boolean } & PriorAblation,
) {
  const { pictures, latents, latentShape, prompts, empty } = source;
  const [channels, side] = latentShape;
  const { channelWeights = new Float32Array(channels).fill(1) } = source;
  const targets = pickViews(random, pictures.views, views).map((view) => viewIndex(pictures, person, frame, view));
  const reference = viewIndex(pictures, person, otherFrame(random, pictures, frame), random.integer(pictures.views));
  const pixels = 3 * pictures.size ** 2;
  const control = new Float32Array(views * pixels);
  targets.forEach((index, v) => {
    pictureTo(pictures.normals!, index, pictures.size, control, v * pixels);
  });
  const values = {
    ...noisedValues(latents, targets, random, views),
    weights: joined(
      targets.flatMap((index) => {
        const cells = emphasisOf(pictures, index, side, MINI_EMPHASIS);
        return Array.from(channelWeights, (weight) => cells.map((cell) => cell * weight));
      }),
    ),
    reference: sampledLatents(latents, [reference], random),
    control,
  };
  return { values, caption: captioned && !noText ? prompts[targets[0]!]! : empty };
}

/** A frame of another shot: one of the same shot would give away all but the tongue. */
function otherFrame(random: RandomStream, { frames, variants = 1 }: PictureSet, frame: number): number {
  const shot = Math.floor(frame / variants);
  const other = (shot + 1 + random.integer(frames / variants - 1)) % (frames / variants);
  return other * variants + random.integer(variants);
}

/** `wanted` different views of `count`; @throws nothing: the materials were checked when they were read. */
function pickViews(random: RandomStream, count: number, wanted: number): number[] {
  const left = Array.from({ length: count }, (_, view) => view);
  while (left.length > wanted) left.splice(random.integer(left.length), 1);
  return left;
}

function joined(parts: readonly Float32Array[]): Float32Array {
  const out = new Float32Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}
