/**
 * A prior on disk, in two forms: a folder with one sub-folder per part in diffusers' layout, and one compact file.
 *
 * The folder: model_index.json, unet/, reference_unet/, controlnet/, vae/ (config.json +
 * diffusion_pytorch_model.safetensors), text_encoder/ (config.json + model.safetensors), tokenizer/ (tokenizer.json, or
 * vocab.json and merges.txt), scheduler/scheduler_config.json. The compact file: one safetensors with the prefixes of the
 * paper's checkpoint (`PREFIXES`) and the whole config as JSON in its metadata.
 */
import { join } from 'node:path';
import { z } from 'zod';
import { JokerError } from '../core/errors.js';
import { withOutputFolder, writeFileAtomic } from '../core/files/atomic.js';
import { parseJsonStrict } from '../core/files/json.js';
import { readFileText } from '../core/files/read.js';
import {
  openSafetensors,
  type SafetensorsFile,
  type TensorToWrite,
  writeSafetensors,
} from '../core/files/safetensors.js';
import type { WeightSource } from '../graph/index.js';
import { parseConfig } from '../nets/index.js';
import { type PriorConfig, parsePriorConfig } from './config.js';
import { PREFIXES } from './networks.js';
import { type TokenizerJson, tokenizerFromPair } from './tokenizer.js';
import { type WeightFile, weightNames, weightsFrom } from './weights.js';

/** A prior that was opened: its config, and where its weights are. The product that `JokerPrior` runs. */
export type PriorModel = {
  readonly config: PriorConfig;
  readonly weights: WeightSource;
  /** names of all weights, with prefixes */
  readonly names: readonly string[];
  /** where it came from, for messages */
  readonly path: string;
};

/** A weight to be saved, under its full name (with prefix). */
export type NamedWeight = { readonly name: string; readonly shape: readonly number[]; readonly data: Float32Array };

/** A part of a prior: prefix of its names, its folder and its file of weights in diffusers' layout. */
export type PriorPart = { readonly prefix: string; readonly folder: string; readonly file: string };

const DIFFUSERS_FILE = 'diffusion_pytorch_model.safetensors';
/** The parts with weights, in diffusers' layout. */
export const PRIOR_PARTS: readonly PriorPart[] = [
  { prefix: PREFIXES.unet, folder: 'unet', file: DIFFUSERS_FILE },
  { prefix: PREFIXES.referenceUnet, folder: 'reference_unet', file: DIFFUSERS_FILE },
  { prefix: PREFIXES.controlnet, folder: 'controlnet', file: DIFFUSERS_FILE },
  { prefix: PREFIXES.vae, folder: 'vae', file: DIFFUSERS_FILE },
  { prefix: PREFIXES.textEncoder, folder: 'text_encoder', file: 'model.safetensors' },
];
const indexSchema = z.object({ image_size: z.number(), face_model: z.string().optional() });
/** Key of a compact file's metadata that holds the prior's whole config. */
export const PRIOR_CONFIG_KEY = 'joker_prior';
const INDEX_FILE = 'model_index.json';

/** Options of `openPrior`. */
export type OpenPriorOptions = {
  /** let the runtime read the weights in place; for large models. Default false. */
  readonly inPlace?: boolean;
};

/**
 * Opens a folder or a compact file; reads configs and headers only.
 * @throws JokerError missing-file, bad-file (configs), bad-weights (on use).
 */
export function openPrior(path: string, options: OpenPriorOptions = {}): PriorModel {
  return path.endsWith('.safetensors') ? openCompact(path, options) : openFolder(path, options);
}

function openCompact(path: string, options: OpenPriorOptions): PriorModel {
  return priorFromFile(openSafetensors(path), options);
}

/**
 * A prior from a compact file that is open already, e.g. from bytes in memory.
 * @throws JokerError bad-file when the file carries no prior's config.
 */
export function priorFromFile(file: SafetensorsFile, options: OpenPriorOptions = {}): PriorModel {
  const text = file.metadata[PRIOR_CONFIG_KEY];
  if (text === undefined)
    throw new JokerError(
      'bad-file',
      `${file.path}: has no '${PRIOR_CONFIG_KEY}' in its metadata`,
      'Name a prior made by joker train.',
    );
  const config = parsePriorConfig(parseJsonStrict(text, `${file.path} (metadata)`), file.path);
  return modelOf(config, [{ prefix: '', file }], file.path, options);
}

function modelOf(config: PriorConfig, files: WeightFile[], path: string, options: OpenPriorOptions): PriorModel {
  return { config, weights: weightsFrom(files, options), names: weightNames(files), path };
}

function readJson(path: string): unknown {
  return parseJsonStrict(readFileText(path), path);
}

function openFolder(root: string, options: OpenPriorOptions): PriorModel {
  const index = parseConfig(indexSchema, readJson(join(root, INDEX_FILE)), join(root, INDEX_FILE));
  const part = (folder: string): unknown => readJson(join(root, folder, 'config.json'));
  const config = parsePriorConfig(
    {
      unet: part('unet'),
      controlnet: part('controlnet'),
      vae: part('vae'),
      text_encoder: part('text_encoder'),
      scheduler: readJson(join(root, 'scheduler', 'scheduler_config.json')),
      tokenizer: readTokenizer(join(root, 'tokenizer')),
      image_size: index.image_size,
      ...(index.face_model !== undefined && { face_model: index.face_model }),
    },
    root,
  );
  const files = PRIOR_PARTS.map(({ prefix, folder, file }) => ({
    prefix,
    file: openSafetensors(join(root, folder, file)),
  }));
  return modelOf(config, files, root, options);
}

/** The tokenizer of a folder: tokenizer.json, or vocab.json and merges.txt. @throws JokerError missing-file, bad-file. */
export function readTokenizer(folder: string): TokenizerJson {
  try {
    return readJson(join(folder, 'tokenizer.json')) as TokenizerJson;
  } catch (error) {
    if (!(error instanceof JokerError && error.code === 'missing-file')) throw error;
    return tokenizerFromPair(readJson(join(folder, 'vocab.json')), readFileText(join(folder, 'merges.txt')), folder);
  }
}

/** Options of the two savers. */
export type SavePriorOptions = {
  /** store float16 instead of float32. Default true for the compact file, false for the folder. */
  readonly half?: boolean;
  /** free text for the file's metadata, e.g. how the weights were made */
  readonly metadata?: Readonly<Record<string, string>>;
};

/** Writes the compact file, whole or not at all. @throws JokerError not-writable. */
export async function savePriorFile(
  path: string,
  config: PriorConfig,
  weights: readonly NamedWeight[],
  options: SavePriorOptions = {},
): Promise<void> {
  const { half = true, metadata = {} } = options;
  const tensors = weights.map((weight) => toWrite(weight, weight.name, half));
  await writeSafetensors(path, tensors, { ...metadata, [PRIOR_CONFIG_KEY]: JSON.stringify(config) });
}

function toWrite({ shape, data }: NamedWeight, name: string, half: boolean): TensorToWrite {
  return { name, dtype: half ? 'F16' : 'F32', shape, data };
}

/** Writes the folder, whole or not at all. @throws JokerError not-writable. */
export async function savePriorFolder(
  path: string,
  config: PriorConfig,
  weights: readonly NamedWeight[],
  options: SavePriorOptions = {},
): Promise<void> {
  const { half = false, metadata = {} } = options;
  await withOutputFolder(path, async (root) => {
    for (const { prefix, folder, file } of PRIOR_PARTS) {
      const own = weights.filter((weight) => weight.name.startsWith(prefix));
      const tensors = own.map((weight) => toWrite(weight, weight.name.slice(prefix.length), half));
      await writeSafetensors(join(root, folder, file), tensors, { ...metadata, format: 'pt' });
    }
    for (const [name, value] of Object.entries(configFiles(config)))
      await writeFileAtomic(join(root, name), `${JSON.stringify(value, null, 2)}\n`);
  });
}

/** Content of a folder's JSON files by path: configs of all parts, scheduler, tokenizer. */
export function configFiles(config: PriorConfig): Record<string, unknown> {
  const named = (className: string, value: object): object => ({ _class_name: className, ...value });
  return {
    [INDEX_FILE]: {
      _class_name: 'JokerPrior',
      image_size: config.image_size,
      ...(config.face_model !== undefined && { face_model: config.face_model }),
    },
    'unet/config.json': named('UNet2DConditionModel', config.unet),
    'reference_unet/config.json': named('UNet2DConditionModel', config.unet),
    'controlnet/config.json': named('ControlNetModel', config.controlnet),
    'vae/config.json': named('AutoencoderKL', config.vae),
    'text_encoder/config.json': { architectures: ['CLIPTextModel'], ...config.text_encoder },
    'scheduler/scheduler_config.json': named('PNDMScheduler', { skip_prk_steps: true, ...config.scheduler }),
    'tokenizer/tokenizer.json': config.tokenizer,
  };
}
