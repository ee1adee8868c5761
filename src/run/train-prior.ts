/**
 * Jobs of the diffusion stages: base (text to image) and prior (three networks), on cached latents of rendered people.
 *
 * The autoencoder's weights must be there; latents, captions and token ids are made from them and the shards at each start.
 */
import { existsSync } from 'node:fs';
import { basename, join } from 'node:path';
import { JokerError } from '../core/errors.js';
import { writeFileAtomic } from '../core/files/atomic.js';
import { parseJsonStrict } from '../core/files/json.js';
import { readFileText } from '../core/files/read.js';
import { openSafetensors } from '../core/files/safetensors.js';
import { foldIn, RandomStream, randomKey } from '../core/rng.js';
import { renderedPerson, renderedShot, variantsOf } from '../data/rendered.js';
import { openHeadModel } from '../data/sources/heads.js';
import { type RenderedSet, readRenderedSet } from '../data/sources/rendered-shards.js';
import { describe } from '../data/synthetic/describe.js';
import type { WeightSource } from '../graph/index.js';
import { vaeFactor } from '../nets/index.js';
import {
  JokerPrior,
  makeTokenizer,
  type PriorConfig,
  parsePriorConfig,
  priorParameters,
  savePriorFile,
  type TokenizerJson,
  tokenizerJson,
  trainBpe,
} from '../prior/index.js';
import { baseTask, type CaptionedLatents } from '../train/base.js';
import { type AblatedPart, miniNetworks, type PriorNetworks } from '../train/config.js';
import type { PictureSet } from '../train/pictures.js';
import { type PriorAblation, priorTask } from '../train/prior.js';
import {
  finish,
  loadPictures,
  loopOptions,
  olderModel,
  stageWeights,
  stageWeightsPath,
  type TrainRequest,
} from './train.js';
import { sampleGrid } from './training-grid.js';
import { cachedLatents, setChannelWeights } from './training-latents.js';

/** Vocabulary of the embedded tokenizer: 512 bytes and word ends, two marks, and merges for the words of the captions. */
const VOCABULARY = 768;

/** Request of a diffusion stage. */
export type DiffusionRequest = TrainRequest & {
  /** head model that the shards were rendered with: captions follow from seed and index */
  readonly headModel: string | undefined;
  /** what the prior goes without (supplement, Table 1); default: nothing */
  readonly without?: AblatedPart;
};

/** Material shared by both stages. */
type Material = CaptionedLatents & {
  readonly pictures: PictureSet;
  readonly networks: PriorNetworks;
  readonly tokenizer: TokenizerJson;
  readonly vae: ReadonlyMap<string, Float32Array>;
};

/** Trains the base and writes its weights. */
export async function trainBase(request: DiffusionRequest): Promise<{ step: number; path: string }> {
  const material = await prepareMaterial(request, request.data[0]!, false);
  const options = loopOptions(request);
  const task = baseTask(material.networks, options.batch, material);
  return finish(request, { ...task, older: olderModel(request) }, options, configMetadata(material));
}

/** How the embedded prior deviates from the paper's choice of trained parameters (docs/PAPER.md). */
const MINI_PRIOR: PriorAblation = { wholeDenoiser: true, textEncoder: true };

function ablationOf(without: AblatedPart | undefined): PriorAblation {
  switch (without) {
    case undefined:
      return MINI_PRIOR;
    case 'denoiser':
      return { frozenDenoiser: true, textEncoder: true };
    case 'text':
      return { ...MINI_PRIOR, noText: true };
    default:
      throw new JokerError('bad-argument', `unknown part ${without satisfies never}`, 'Leave out denoiser or text.');
  }
}

/** Trains the prior from the base's weights (or an older prior's) on all sets, drawing sample grids meanwhile, and writes its weights. */
export async function trainPrior(request: DiffusionRequest): Promise<{ step: number; path: string }> {
  const materials: Material[] = [];
  for (const folder of request.data) materials.push(await prepareMaterial(request, folder, true, materials[0]));
  const material = materials[0]!;
  const options = loopOptions(request);
  const { views } = material.pictures;
  const groups = Math.floor(options.batch / views);
  if (groups < 1)
    throw new JokerError(
      'bad-argument',
      `a step of ${options.batch} ${options.batch === 1 ? 'picture' : 'pictures'} a worker holds no frame of ${views} views`,
      'Ask for a larger --batch, or fewer --workers.',
    );
  const older = olderModel(request);
  const base = older ? new Map() : stageWeights(request.out, 'base');
  const task = priorTask(material.networks, groups, materials, base, ablationOf(request.without));
  const onSamples = async (step: number, weights: ReadonlyMap<string, Float32Array>) => {
    const prior = priorOf(material, new Map([...material.vae, ...weights]));
    const png = await sampleGrid(prior, material.pictures, { people: 6, seed: options.seed, threads: request.threads });
    await prior.dispose();
    await writeFileAtomic(join(options.folder, `samples-${String(step).padStart(6, '0')}.png`), png);
  };
  return finish(request, { ...task, older, onSamples }, options, configMetadata(material));
}

/**
 * Puts the trained stages together into one compact file: the prior's networks, and the autoencoder with the decoder's
 * further training where there is one.
 */
export async function exportPrior(
  out: string,
  path: string,
  notes: Readonly<Record<string, string>> = {},
): Promise<void> {
  const file = openSafetensors(stageWeightsPath(out, 'prior'));
  const config = parsePriorConfig(JSON.parse(file.metadata['joker_prior']!), file.path);
  const decoder = existsSync(stageWeightsPath(out, 'decoder')) ? 'decoder' : 'vae';
  const weights = new Map([...stageWeights(out, 'prior'), ...stageWeights(out, decoder)]);
  const named = priorParameters(config).map(({ name, shape }) => ({ name, shape, data: weights.get(name)! }));
  await savePriorFile(path, config, named, { metadata: { ...notes, prior_steps: file.metadata['step'] ?? '' } });
}

function priorOf(material: Material, weights: ReadonlyMap<string, Float32Array>): JokerPrior {
  const source: WeightSource = (name) => ({ kind: 'memory', data: weights.get(name)! });
  const model = { config: priorConfig(material), weights: source, names: [...weights.keys()], path: 'training' };
  return new JokerPrior(model, { threads: 1, batch: 6 });
}

/** The config travels with a stage's weights, so that they can be put together later without the training set. */
function configMetadata(material: Material): Record<string, string> {
  return { joker_prior: JSON.stringify(priorConfig(material)), people: String(material.pictures.people) };
}

/** Config of the prior being trained. */
export function priorConfig({
  networks,
  tokenizer,
  pictures,
}: Pick<Material, 'networks' | 'tokenizer' | 'pictures'>): PriorConfig {
  return {
    unet: networks.unet,
    controlnet: networks.controlnet,
    vae: networks.vae,
    text_encoder: networks.text,
    scheduler: {
      num_train_timesteps: 1000,
      beta_start: 0.00085,
      beta_end: 0.012,
      beta_schedule: 'scaled_linear',
      steps_offset: 1,
      set_alpha_to_one: false,
      prediction_type: 'v_prediction',
      clip_sample: true,
      clip_sample_range: CLEAN_RANGE,
    },
    tokenizer,
    image_size: pictures.size,
    ...(pictures.faceModel !== undefined && { face_model: pictures.faceModel }),
  };
}

/** Bound of |x0| in DDIM for the embedded models: latents have unit deviation, so four deviations lose nothing. */
const CLEAN_RANGE = 4;

/**
 * Pictures, latents, captions, token ids of a set. Further sets are scaled as the `first` one, whose networks they train.
 * @throws JokerError bad-argument when the sets do not fit together.
 */
export async function prepareMaterial(
  request: DiffusionRequest,
  folder: string,
  controls: boolean,
  first?: Material,
): Promise<Material> {
  const pictures = await loadPictures(folder, controls);
  if (first) checkFits(folder, pictures, first.pictures);
  const captions =
    pictures.captions.length > 0
      ? pictures.captions
      : captionsOf(readRenderedSet(folder, { controls }), request.headModel);
  const tokenizer = await settledTokenizer(request.out, captions);
  const vae = stageWeights(request.out, 'vae');
  const plain = miniNetworks(VOCABULARY);
  // Each set keeps its latents in a file of its own: the first in the name that the base has used.
  const name = first ? `latents-${basename(folder)}.safetensors` : 'latents.safetensors';
  const wantedScale = first?.networks.vae.scaling_factor ?? olderScale(request);
  const { latents, scale } = await cachedLatents(request, plain.vae, vae, { pictures, name, wantedScale });
  const networks = { ...plain, vae: { ...plain.vae, scaling_factor: scale } };
  const encoder = makeTokenizer(tokenizer, networks.text.max_position_embeddings);
  const ids = (text: string) => Int32Array.from(encoder.encode(text), Number);
  const perFrame = captions.map(ids);
  const prompts = perFrame.flatMap((prompt) => new Array<Int32Array>(pictures.views).fill(prompt));
  const side = pictures.size / vaeFactor(networks.vae);
  const latentShape = [networks.vae.latent_channels, side, side] as const;
  const channelWeights =
    first?.channelWeights ?? (controls && (await setChannelWeights(networks.vae, vae, latents, latentShape, request)));
  return {
    pictures: { ...pictures, captions },
    latents,
    latentShape,
    prompts,
    empty: ids(''),
    ...(channelWeights && { channelWeights }),
    networks,
    tokenizer,
    vae,
  };
}

/** Scale of the latents that an older prior was trained on: it must not change under its weights. */
function olderScale({ from }: DiffusionRequest): number | undefined {
  const config = from === undefined ? undefined : openSafetensors(from).metadata['joker_prior'];
  return config === undefined ? undefined : parsePriorConfig(JSON.parse(config), from!).vae.scaling_factor;
}

function checkFits(folder: string, { size, views, faceModel }: PictureSet, first: PictureSet): void {
  if (faceModel !== first.faceModel)
    throw new JokerError(
      'bad-argument',
      `${folder}: controls of face model ${faceModel ?? '(not said)'}; those of the first set are of ${first.faceModel ?? '(not said)'}`,
      'Make the controls of all sets with one face model.',
    );
  if (size !== first.size || views < first.views)
    throw new JokerError(
      'bad-argument',
      `${folder}: pictures of ${size} pixels and ${views} views a frame; the first set has ${first.size} and ${first.views}`,
      'Render both at the same size, the further ones with at least as many views.',
    );
}

/**
 * The tokenizer of a work folder: trained by the first stage that needs one and kept, because ids mean something only to the
 * text encoder that was trained with them, and captions of a larger set would give other merges.
 */
async function settledTokenizer(out: string, captions: readonly string[]): Promise<TokenizerJson> {
  const path = join(out, 'tokenizer.json');
  if (existsSync(path)) return parseJsonStrict(readFileText(path), path) as TokenizerJson;
  const tokenizer = tokenizerJson(trainBpe(captions, VOCABULARY));
  await writeFileAtomic(path, `${JSON.stringify(tokenizer)}\n`);
  return tokenizer;
}

function captionsOf(set: RenderedSet, headModel: string | undefined): string[] {
  const model = openHeadModel(headModel);
  const { options, people } = set;
  return people.flatMap((index) => {
    const person = renderedPerson(model, options.seed, index, options.variety);
    return Array.from({ length: options.frames }, (_, frame) => {
      // Variants of a shot share their words but for the tongue's.
      const words = Math.floor(frame / variantsOf(options));
      const random = new RandomStream(foldIn(foldIn(randomKey(options.seed + 1), index), words));
      const shot = renderedShot(options, index, frame, 0, 0);
      // The caption serves all views of the frame, so it says nothing of where the head is turned.
      return describe(person, { ...shot, pose: { yaw: 0, pitch: 0, roll: 0 } }, random);
    });
  });
}
