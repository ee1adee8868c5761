/**
 * Unfinished work of a head, kept beside its output folder, and what tells whether earlier work or an earlier delivery is of the
 * same request.
 *
 * Knows files and hashes only; what is computed in between is distill's.
 */
import { createHash } from 'node:crypto';
import { existsSync, rmSync, statSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { JokerError } from '../core/errors.js';
import { removePartialFolders, writeFileAtomic } from '../core/files/atomic.js';
import { readFileBytes, readFileText } from '../core/files/read.js';
import { type Json, readManifest } from '../deliver/index.js';
import { type DistillState, loadState, saveState } from '../distill/index.js';
import type { HeadJobOptions } from './head-session.js';
import { tuneSteps } from './personal-prior.js';
import { embeddedPrior } from './subject.js';

const STATE_FILE = 'state.safetensors';
const SETTINGS_FILE = 'settings.json';

/** Where unfinished work is kept: a hidden sibling of the output folder. */
export function workFolder(out: string): string {
  return join(dirname(resolve(out)), `.${basename(resolve(out))}.work`);
}

/** Above this a file is known by path, size and date: hashing gigabytes of weights would take longer than the draft. */
const HASHED_BYTES = 2 ** 28;

/** What the result depends on, by content: a name alone could be another picture. */
function inputHashes({ photo, drive, weights, lpips = [] }: HeadJobOptions): Record<string, string> {
  const named = { photo, drive, weights: weights ?? embeddedPrior() };
  const perceptual = lpips.map((path, i): [string, string] => [`lpips ${i}`, path]);
  const files = [...Object.entries(named), ...perceptual].filter(
    (entry): entry is [string, string] => entry[1] !== undefined,
  );
  const hash = (path: string) => {
    const stat = statSync(path);
    if (stat.isDirectory() || stat.size > HASHED_BYTES) return `${resolve(path)} ${stat.size} ${stat.mtimeMs}`;
    return createHash('sha256').update(readFileBytes(path)).digest('hex');
  };
  return Object.fromEntries(files.map(([name, path]) => [name, hash(path)]));
}

/**
 * What was asked for, as 64 hexadecimal digits: equal for requests that give the same head. A digest, because an own path has no
 * place in a manifest. Reads photo and weights. @throws what reading throws.
 */
export function requestDigest(options: HeadJobOptions): string {
  const { preset = 'draft', steps, seed = 0, device = 'cpu', expression, text } = options;
  const asked = {
    preset,
    steps,
    seed,
    device,
    expression,
    text,
    tune: tuneSteps(options),
    inputs: inputHashes(options),
  };
  return createHash('sha256').update(JSON.stringify(asked)).digest('hex');
}

/** Whether the output folder holds the delivered head of this very request. */
export function isDelivered(options: HeadJobOptions): boolean {
  if (!existsSync(options.out)) return false;
  const settings = readManifest(options.out)?.settings;
  if (typeof settings !== 'object' || settings === null || !('request' in settings)) return false;
  return settings.request === requestDigest(options);
}

/** Unfinished work that is open. */
export type OpenWork = {
  /** where an earlier start of the same was stopped */
  readonly resume: DistillState | undefined;
  readonly checkpoint: (state: DistillState) => Promise<void>;
  /** the head is delivered: nothing is kept */
  readonly close: () => void;
};

/**
 * Remembers what is being made, and finds an earlier start of the same when asked to resume.
 * @throws JokerError bad-argument when the earlier start had other options, not-writable, bad-file.
 */
export async function openWork(options: HeadJobOptions, settings: Record<string, Json>): Promise<OpenWork> {
  const work = workFolder(options.out);
  const [state, note] = [join(work, STATE_FILE), join(work, SETTINGS_FILE)];
  const text = JSON.stringify({ settings, inputs: inputHashes(options) });
  const open = {
    checkpoint: (at: DistillState) => saveState(state, at),
    close: () => rmSync(work, { recursive: true, force: true }),
  };
  // Resuming says that the earlier process is gone: a delivery that it was killed in is in nobody's use.
  if (options.resume) await removePartialFolders(options.out);
  // A job that was killed while it removed its work may have left one of the two: then it had delivered.
  if (options.resume && existsSync(state) && existsSync(note)) {
    if (readFileText(note) !== text)
      throw new JokerError(
        'bad-argument',
        `${work}: the stopped job had other options`,
        'Repeat its options, or start anew without --resume.',
      );
    return { ...open, resume: loadState(state) };
  }
  open.close();
  await writeFileAtomic(note, text);
  return { ...open, resume: undefined };
}
