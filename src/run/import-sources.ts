/**
 * What an import reads from: the files behind a source, how their names are spelt, and the configs and tokenizer that go with
 * them. Three kinds of source: the paper's released file, a folder in diffusers layout, an original Stable Diffusion file.
 *
 * Opens directories of files only; numbers are read when the import writes.
 */

import { existsSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { JokerError } from '../core/errors.js';
import { parseJsonStrict } from '../core/files/json.js';
import { readFileText } from '../core/files/read.js';
import { openStoredWeights, type StoredWeights } from '../core/files/weight-file.js';
import { isLdmCheckpoint, unetConfigSchema, vaeConfigSchema, vaeFactor } from '../nets/index.js';
import { PREFIXES, type PriorConfig, parsePriorConfig, type Spelling } from '../prior/index.js';
import { PRIOR_PARTS, readTokenizer } from '../prior/prior-files.js';
import { SD15_PARTS } from '../prior/sd15.js';

/** What a source is. */
export type SourceKind = 'paper' | 'diffusers' | 'single-file';

/** A file and the networks in it. */
export type SourceFile = {
  readonly weights: StoredWeights;
  readonly spelling: Spelling;
  /** what our names have and the file's lack; '' for a file of several networks */
  readonly prefix: string;
  /** prefixes of the networks in it */
  readonly parts: readonly string[];
};

/** An opened source. */
export type Source = { readonly kind: SourceKind; readonly path: string; readonly files: readonly SourceFile[] };

const SD_PARTS: readonly string[] = [PREFIXES.unet, PREFIXES.vae, PREFIXES.textEncoder];
/** Names of a part's weights in a diffusers folder, best first. */
const STEMS = ['diffusion_pytorch_model', 'model', 'pytorch_model'];
const ENDINGS = ['.safetensors', '.fp16.safetensors', '.bin', '.fp16.bin'];

/**
 * Opens a source by what it is: a folder is diffusers', a file is told by its names.
 * @param ownVae false passes over a folder's autoencoder, which may be absent then.
 * @throws JokerError missing-file, bad-file; bad-weights for a file of something else.
 */
export function openSource(path: string, ownVae: boolean): Source {
  if (isFolder(path)) return { kind: 'diffusers', path, files: openParts(path, ownVae) };
  const weights = openStoredWeights(path);
  const names = [...weights.tensors.keys()];
  if (isLdmCheckpoint(names))
    return { kind: 'single-file', path, files: [{ weights, spelling: 'ldm', prefix: '', parts: SD_PARTS }] };
  if (names.some((name) => name.startsWith(PREFIXES.referenceUnet)))
    return {
      kind: 'paper',
      path,
      files: [{ weights, spelling: 'diffusers', prefix: '', parts: Object.values(PREFIXES) }],
    };
  throw new JokerError(
    'bad-weights',
    `${path}: ${names.length} weights, neither of the paper's checkpoint nor of a Stable Diffusion 1.5 checkpoint`,
    'Name the whole checkpoint, or a folder in diffusers layout.',
  );
}

function isFolder(path: string): boolean {
  return existsSync(path) && statSync(path).isDirectory();
}

/** The parts of a folder; a Stable Diffusion folder has no reference UNet and no ControlNet. */
function openParts(root: string, ownVae: boolean): SourceFile[] {
  const present = PRIOR_PARTS.filter(({ prefix, folder }) => SD_PARTS.includes(prefix) || isFolder(join(root, folder)));
  const taken = present.filter(({ prefix }) => ownVae || prefix !== PREFIXES.vae);
  return taken.map(({ prefix, folder }) => openPart(join(root, folder), prefix));
}

function openPart(folder: string, prefix: string): SourceFile {
  const paths = STEMS.flatMap((stem) => ENDINGS.map((ending) => join(folder, stem + ending)));
  const path = paths.find((candidate) => existsSync(candidate));
  if (path) return { weights: openStoredWeights(path), spelling: 'diffusers', prefix, parts: [prefix] };
  throw new JokerError(
    'missing-file',
    `${folder}: no weights (${STEMS[0]}.safetensors or the like; sharded ones are not read)`,
    'Name a folder in diffusers layout.',
  );
}

/** Names that only autoencoders of original checkpoints have. */
const LDM_VAE = /^(first_stage_model\.)?encoder\.down\.0\./;
/** What files of one autoencoder may put before its names. */
const VAE_PREFIX = /^(first_stage_model|vae)\./;

/**
 * An autoencoder by itself: a diffusers folder, or a file with names of either spelling.
 * @throws JokerError missing-file, bad-file.
 */
export function openVae(path: string): SourceFile {
  if (isFolder(path)) return openPart(existsSync(join(path, 'vae')) ? join(path, 'vae') : path, PREFIXES.vae);
  const weights = openStoredWeights(path);
  const ldm = [...weights.tensors.keys()].some((name) => LDM_VAE.test(name));
  const tensors = new Map([...weights.tensors].map(([name, tensor]) => [name.replace(VAE_PREFIX, ''), tensor]));
  const prefix = ldm ? 'first_stage_model.' : PREFIXES.vae;
  return { weights: { ...weights, tensors }, spelling: ldm ? 'ldm' : 'diffusers', prefix, parts: [PREFIXES.vae] };
}

/**
 * The config of the prior that a source becomes. A folder brings its own; for a file the configs are those in `configs`, else
 * Stable Diffusion 1.5's. The tokenizer stands in the folder, in `configs`, or in tokenizer/ beside the file.
 * @throws JokerError missing-file, bad-file.
 */
export function configOf(source: Source, configs: string | undefined): PriorConfig {
  const folder = source.kind === 'diffusers' ? source.path : configs;
  const part = (name: string, otherwise: object): object => {
    const path = folder && join(folder, name, 'config.json');
    return path && existsSync(path) ? readObject(path) : otherwise;
  };
  const unet = part('unet', SD15_PARTS.unet);
  const vae = part('vae', SD15_PARTS.vae);
  return parsePriorConfig(
    {
      unet,
      controlnet: part('controlnet', unet), // its own fields have Stable Diffusion's values as defaults
      vae,
      text_encoder: part('text_encoder', SD15_PARTS.text_encoder),
      scheduler: folder ? schedulerOf(folder) : {},
      tokenizer: tokenizerOf(configs ?? (source.kind === 'diffusers' ? source.path : dirname(source.path))),
      image_size: imageSize(folder, unet, vae),
    },
    source.path,
  );
}

function readObject(path: string): object {
  const value = parseJsonStrict(readFileText(path), path);
  if (typeof value === 'object' && value !== null) return value;
  throw new JokerError('bad-file', `${path}: not an object`, 'Get the file again.');
}

function schedulerOf(folder: string): object {
  const path = join(folder, 'scheduler', 'scheduler_config.json');
  return existsSync(path) ? readObject(path) : {};
}

function tokenizerOf(folder: string): PriorConfig['tokenizer'] {
  const path = join(folder, 'tokenizer');
  if (isFolder(path)) return readTokenizer(path);
  throw new JokerError(
    'missing-file',
    `${path}: no tokenizer, and weights do not contain one`,
    'Name a folder with --configs that has tokenizer/ (tokenizer.json, or vocab.json and merges.txt of Stable Diffusion 1.5).',
  );
}

/** Our own folders say it; else the side of the latents that the UNet was trained at, as a picture. */
function imageSize(folder: string | undefined, unet: object, vae: object): number {
  const index = folder && join(folder, 'model_index.json');
  const stated = index && existsSync(index) ? readObject(index) : {};
  if ('image_size' in stated && typeof stated.image_size === 'number') return stated.image_size;
  const [net, codec] = [unetConfigSchema.safeParse(unet), vaeConfigSchema.safeParse(vae)];
  return net.success && codec.success ? (net.data.sample_size ?? 64) * vaeFactor(codec.data) : 512;
}
