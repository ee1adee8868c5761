/**
 * The job behind `joker export`: a head that is there already, in other forms. No prior takes part.
 *
 * What is signed says so: the head's file is the only thing that went in. What its own manifest says of it is carried on.
 */
import { existsSync, statSync } from 'node:fs';
import { basename, join, resolve, sep } from 'node:path';
import { JokerError } from '../core/errors.js';
import { checkOutputFolder } from '../core/files/atomic.js';
import { type Json, type Manifest, readManifest } from '../deliver/index.js';
import type { Device } from '../graph/index.js';
import { loadHead } from '../head/index.js';
import { HEAD_PRESETS } from './head-config.js';
import { checkDelivery, type DeliveryOptions, deliverHead, HEAD_FILE, mayReplaceDelivery } from './head-delivery.js';
import { type JobContext, stopIfAsked } from './job.js';
import { generatorOf, type MarkOptions, makeMarker } from './marking.js';

/** What to write of which head. */
export type ExportJobOptions = DeliveryOptions &
  MarkOptions & {
    /** folder that `joker head` made, or a head's safetensors file */
    readonly head: string;
    /** folder for the results; an earlier delivery there is replaced */
    readonly out: string;
    /** side of the pictures in pixels; default: as the head was delivered, 256 for a file alone */
    readonly size?: number;
    readonly device?: Device;
    readonly threads?: number;
  };

/** What was written. */
export type ExportJobResult = { readonly out: string; readonly caption: string; readonly files: Manifest['files'] };

/** Side of the pictures where nobody says: a face fills it, and a sweep takes a minute. */
const DEFAULT_SIZE = 256;

/** Writes the forms. @throws JokerError for every problem that the person can solve. */
export async function exportHead(options: ExportJobOptions, context: JobContext): Promise<ExportJobResult> {
  const { report, signal } = context;
  const isFolder = existsSync(options.head) && statSync(options.head).isDirectory();
  const file = isFolder ? join(options.head, HEAD_FILE) : options.head;
  refuseOwnFolder(file, options.out);
  await checkOutputFolder(options.out, { mayReplace: mayReplaceDelivery(options.out) });
  report({ kind: 'stage', stage: 'head', text: `Reading ${file}` });
  const head = loadHead(file);
  const known = (isFolder && knownOf(readManifest(options.head)?.settings ?? null)) || NOTHING_KNOWN;
  const size = options.size ?? known.size ?? DEFAULT_SIZE;
  checkDelivery(options, size);
  const { what, sweep, frames, azimuth, elevation, views, resolution, splats } = options;
  const settings = { exported: { what, sweep, frames, azimuth, elevation, views, resolution, splats, size } };
  const inputs = [{ path: file, title: 'volumetric head' }];
  const marker = await makeMarker(options, { inputs, weights: null, settings }, report);
  stopIfAsked(signal);
  const made = {
    ...{ head, size, marker, march: known.preset && HEAD_PRESETS[known.preset], caption: known.caption },
    ...{ generator: generatorOf(options), device: options.device, threads: options.threads },
    settings: { from: basename(file), head: known.settings },
  };
  const manifest = await deliverHead(made, options.out, options, context);
  return { out: resolve(options.out), caption: known.caption ?? '', files: manifest.files };
}

/** An earlier delivery is replaced whole: the head that is being read must not be in it. */
function refuseOwnFolder(file: string, out: string): void {
  if (!`${resolve(file)}${sep}`.startsWith(`${resolve(out)}${sep}`)) return;
  throw new JokerError('bad-argument', `${out}: is the folder of the head itself`, 'Choose another folder with --out.');
}

/** What a head's own manifest says that matters for its pictures. */
type Known = {
  readonly settings: Json;
  readonly size?: number;
  readonly preset?: keyof typeof HEAD_PRESETS;
  readonly caption?: string;
};

const NOTHING_KNOWN: Known = { settings: null };

/** Only what is of the right kind; a manifest may be anybody's. */
function knownOf(settings: Json): Known {
  if (typeof settings !== 'object' || settings === null) return { settings };
  const { size, preset, text } = settings as Readonly<Record<string, Json>>;
  return {
    settings,
    ...(typeof size === 'number' && Number.isInteger(size) && size >= 16 && size <= MAX_SIZE && { size }),
    ...(typeof preset === 'string' && isPreset(preset) && { preset }),
    ...(typeof text === 'string' && { caption: text }),
  };
}

/** Largest side of pictures. */
const MAX_SIZE = 2048;

function isPreset(name: string): name is keyof typeof HEAD_PRESETS {
  return Object.hasOwn(HEAD_PRESETS, name);
}
