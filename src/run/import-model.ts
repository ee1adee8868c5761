/**
 * The job behind `joker models import`: weights that somebody else made become a prior in our form, a folder in diffusers
 * layout or one compact file. Strict about names and shapes, and streaming, so that a checkpoint of 9 GB needs little memory.
 *
 * Nothing is downloaded, and nothing of a file is run. What may be done with the weights is their licence's affair: the import
 * only writes down where they came from.
 */

import { basename, join } from 'node:path';
import { checkOutputFolder, withOutputFolder, writeFileAtomic } from '../core/files/atomic.js';
import { hashFile } from '../core/files/hash.js';
import { regularFileSize } from '../core/files/ranges.js';
import { type NamedStream, streamSafetensors, type WrittenFile } from '../core/files/safetensors-stream.js';
import { asFloats, streamBytes, streamOfValues, type TensorStream } from '../core/files/tensor-stream.js';
import { checkSums, type StoredWeights } from '../core/files/weight-file.js';
import { matchWeights, ofPart, ourNames, startedPart } from '../prior/import-plan.js';
import { PREFIXES, type PriorConfig, priorParameters } from '../prior/index.js';
import { configFiles, PRIOR_CONFIG_KEY, PRIOR_PARTS } from '../prior/prior-files.js';
import { configOf, openSource, openVae, type Source, type SourceFile, type SourceKind } from './import-sources.js';
import { type JobContext, stopIfAsked } from './job.js';
import { ORIGINS_FILE, type Origin, refuseExistingFile } from './origins.js';

/** What to import. */
export type ImportOptions = {
  /** the paper's .bin, a diffusers folder, or a single-file checkpoint with original names */
  readonly source: string;
  /** folder, or file ending in .safetensors; neither may hold anything yet */
  readonly out: string;
  /** autoencoder to take instead of the source's: a file or folder, e.g. sd-vae-ft-mse */
  readonly vae?: string;
  /** folder with config.json files and tokenizer/, for sources that are files; default: Stable Diffusion 1.5's configs */
  readonly configs?: string;
  /** store float16. Default: float16 stays float16, everything else becomes float32 */
  readonly half?: boolean;
};

/** What was imported. */
export type ImportResult = {
  readonly out: string;
  readonly kind: SourceKind;
  /** numbers in all weights */
  readonly values: number;
  readonly sources: readonly WrittenFile[];
  readonly files: readonly WrittenFile[];
  /** parts that the source lacks and that start as the paper starts them: 'ref_unet', 'controlnet' */
  readonly started: readonly string[];
};

/** Weights of one part, ready to be written. */
type Part = { readonly prefix: string; readonly streams: ReadonlyMap<string, TensorStream> };
type Plan = { readonly config: PriorConfig; readonly parts: readonly Part[]; readonly started: readonly string[] };

/**
 * Imports. @throws JokerError missing-file, bad-file, bad-weights (names and shapes), not-writable, interrupted; nothing is
 * written then.
 */
export async function importModel(options: ImportOptions, context: JobContext): Promise<ImportResult> {
  const compact = options.out.endsWith('.safetensors');
  if (compact) refuseExistingFile(options.out);
  else await checkOutputFolder(options.out);
  context.report({ kind: 'stage', stage: 'read', text: `Reading ${options.source}` });
  const source = openSource(options.source, options.vae === undefined);
  const vae = options.vae === undefined ? null : openVae(options.vae);
  const plan = planImport(source, vae, options);
  warn(source, plan, vae, context);
  const sources = checkSources([...source.files, ...(vae ? [vae] : [])], context);
  const write = compact ? writeCompact : writeFolder;
  const files = await write(options, plan, provenance(sources), context);
  const values = plan.parts.flatMap(({ streams }) => [...streams.values()]).reduce((sum, s) => sum + valuesOf(s), 0);
  return { out: options.out, kind: source.kind, values, sources, files, started: plan.started };
}

function valuesOf({ shape }: TensorStream): number {
  return shape.reduce((a, b) => a * b, 1);
}

/** Everything that can be refused is refused here, before a number is read. */
function planImport(source: Source, vae: SourceFile | null, options: ImportOptions): Plan {
  const config = configOf(source, options.configs);
  const wanted = priorParameters(config);
  const files = vae ? [...source.files, vae] : source.files;
  const found = new Map<string, TensorStream>();
  for (const file of files) {
    const parts = file.parts.filter((part) => file === vae || !vae || part !== PREFIXES.vae);
    for (const [name, stream] of matched(file, parts, wanted, config)) found.set(name, stream);
  }
  const present = new Set(files.flatMap(({ parts }) => parts));
  const missing = Object.values(PREFIXES).filter((prefix) => !present.has(prefix));
  for (const prefix of missing)
    for (const [name, stream] of startedPart(ofPart(wanted, prefix), found, streamOfValues)) found.set(name, stream);
  const parts = Object.values(PREFIXES).map((prefix) => ({
    prefix,
    streams: new Map(
      ofPart(wanted, prefix).map(({ name }) => [name, asFloats(found.get(name)!, !!options.half, name)]),
    ),
  }));
  return { config, parts, started: missing.map((prefix) => prefix.slice(0, -1)) };
}

/** The file's weights of these parts; an autoencoder that is replaced is passed over, whatever it holds. */
function matched(
  { weights, spelling, prefix }: SourceFile,
  parts: readonly string[],
  wanted: ReturnType<typeof priorParameters>,
  config: PriorConfig,
): Map<string, TensorStream> {
  const all = ourNames(weights.tensors, { prefix, spelling, wanted, config });
  const replaced = !parts.includes(PREFIXES.vae);
  const passedOver = (name: string) => replaced && /^(vae|first_stage_model)\./.test(name);
  const offered = new Map([...all].filter(([name]) => !passedOver(name)));
  return matchWeights(
    parts.flatMap((part) => ofPart(wanted, part)),
    offered,
    weights.path,
  );
}

function warn({ kind }: Source, { started }: Plan, vae: SourceFile | null, { report }: JobContext): void {
  if (kind === 'paper' && !vae)
    report({
      kind: 'note',
      level: 'warning',
      text: "The checkpoint's own autoencoder is taken; the paper's authors replace it by sd-vae-ft-mse (--vae <file>).",
    });
  if (started.length > 0)
    report({
      kind: 'note',
      level: 'info',
      text: `The source has no ${started.join(' and no ')}: they start as in the paper, and before training pictures do not follow the face.`,
    });
}

/** Hashes of the sources, and the sums inside them. */
function checkSources(files: readonly SourceFile[], context: JobContext): WrittenFile[] {
  const distinct = [...new Map(files.map(({ weights }) => [weights.path, weights])).values()];
  const total = distinct.reduce((sum, weights) => sum + bytesToCheck(weights), 0);
  const onPiece = counter('check', 'Checking the source', total, context);
  return distinct.map((weights) => {
    checkSums(weights, onPiece);
    return { path: weights.path, ...hashFile(weights.path, onPiece) };
  });
}

function bytesToCheck({ path, stretches }: StoredWeights): number {
  return regularFileSize(path) + stretches.reduce((sum, { length }) => sum + length, 0);
}

/** Begins a stage that counts bytes; what is returned reports them, and stops when asked. */
function counter(stage: string, text: string, total: number, { report, signal }: JobContext): (bytes: number) => void {
  let done = 0;
  report({ kind: 'stage', stage, text, total });
  return (bytes) => {
    done = Math.min(total, done + bytes); // headers come on top
    report({ kind: 'progress', done, total });
    stopIfAsked(signal);
  };
}

/** What every written file says about itself. */
function provenance(sources: readonly WrittenFile[]): Record<string, string> {
  return {
    made_by: 'joker models import',
    source: sources.map(({ path, sha256 }) => `${basename(path)} (sha256 ${sha256})`).join(', '),
    licence: "that of the source's weights",
  };
}

/** Streams of a part under the names that its file has. */
function named(parts: readonly Part[], rename: (name: string) => string): NamedStream[] {
  return parts.flatMap(({ streams }) =>
    [...streams].map(([name, stream]) => ({ ...asFloats(stream, false, name), name: rename(name) })),
  );
}

/** Counts what is written. */
function writing({ parts }: Plan, context: JobContext): (bytes: number) => void {
  const total = parts.flatMap(({ streams }) => [...streams.values()]).reduce((sum, s) => sum + streamBytes(s), 0);
  return counter('write', 'Writing', total, context);
}

type Writer = (
  options: ImportOptions,
  plan: Plan,
  metadata: Record<string, string>,
  context: JobContext,
) => Promise<WrittenFile[]>;

const writeCompact: Writer = async ({ out }, plan, metadata, context) => {
  const { config, parts } = plan;
  const options = {
    metadata: { ...metadata, [PRIOR_CONFIG_KEY]: JSON.stringify(config) },
    onPiece: writing(plan, context),
  };
  return [
    await streamSafetensors(
      out,
      named(parts, (name) => name),
      options,
    ),
  ];
};

const writeFolder: Writer = async ({ out }, plan, metadata, context) => {
  const { config, parts } = plan;
  const onPiece = writing(plan, context);
  return withOutputFolder(out, async (root) => {
    const files: (WrittenFile & { readonly place: string })[] = [];
    for (const { prefix, folder, file } of PRIOR_PARTS) {
      const place = `${folder}/${file}`;
      // transformers, which diffusers uses for the text encoder, has one level more
      const level = prefix === PREFIXES.textEncoder ? 'text_model.' : '';
      const own = named(
        parts.filter((part) => part.prefix === prefix),
        (name) => level + name.slice(prefix.length),
      );
      const written = await streamSafetensors(join(root, place), own, {
        metadata: { ...metadata, format: 'pt' },
        onPiece,
      });
      files.push({ ...written, path: join(out, place), place });
    }
    for (const [name, value] of Object.entries(configFiles(config))) await writeJson(join(root, name), value);
    await writeJson(join(root, ORIGINS_FILE), { files: files.map((file) => originOf(file, metadata)) });
    return files.map(({ path, bytes, sha256 }) => ({ path, bytes, sha256 }));
  });
};

function writeJson(path: string, value: unknown): Promise<void> {
  return writeFileAtomic(path, `${JSON.stringify(value, null, 2)}\n`);
}

function originOf({ place, bytes, sha256 }: WrittenFile & { place: string }, metadata: Record<string, string>): Origin {
  return {
    path: place,
    bytes,
    sha256,
    what: 'imported weights',
    origin: metadata['source']!,
    licence: 'not known to this program',
    commercial: 'unknown',
    terms:
      "The licence of the source's weights holds. Models made from Stable Diffusion 1.5 usually stand under CreativeML Open " +
      'RAIL-M, whose limits of use travel with every copy.',
  };
}
