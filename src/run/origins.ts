/**
 * Where weights come from, and what may be done with them: the list `origins.json` beside them, and the check that the files
 * are still those that the list means.
 *
 * assets/ has such a list, committed, and every imported folder. The terms are a summary for orientation; the licences
 * themselves are what counts (NOTICE, LICENSES/).
 */

import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { JokerError } from '../core/errors.js';
import { assetPath } from '../core/files/assets.js';
import { hashFile } from '../core/files/hash.js';
import { parseJsonStrict } from '../core/files/json.js';
import { readFileText } from '../core/files/read.js';

/** Name of the list in its folder. */
export const ORIGINS_FILE = 'origins.json';

const originSchema = z.object({
  /** below the folder, forward slashes, without .. */
  path: z.string().regex(/^(?!\/)(?!.*(?:^|\/)\.\.(?:\/|$))[^\\]+$/),
  bytes: z.number().int().min(0),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  /** what it is, in a few words */
  what: z.string(),
  /** who made it, from what */
  origin: z.string(),
  /** SPDX name, or words */
  licence: z.string(),
  /** may it be used commercially */
  commercial: z.enum(['yes', 'no', 'with conditions', 'unknown']),
  /** what has to be kept in mind, in a sentence or two */
  terms: z.string(),
});
/** One file and where it comes from. */
export type Origin = z.infer<typeof originSchema>;

const listSchema = z.object({ files: z.array(originSchema).max(10_000) });

/**
 * The list of a folder; null when it has none.
 * @throws JokerError bad-file.
 */
export function readOrigins(folder: string = assetPath()): Origin[] | null {
  const path = join(folder, ORIGINS_FILE);
  if (!existsSync(path)) return null;
  const parsed = listSchema.safeParse(parseJsonStrict(readFileText(path), path));
  if (parsed.success) return parsed.data.files;
  const issue = parsed.error.issues[0]!;
  throw new JokerError('bad-file', `${path}: ${issue.path.join('.')}: ${issue.message}`, 'Get the file again.');
}

/** One file compared with the list. */
export type VerifiedFile = {
  readonly path: string;
  readonly state: 'ok' | 'changed' | 'missing' | 'not listed';
  /** of the file as it is; null when it is missing */
  readonly sha256: string | null;
  /** from the list; null when it is not listed */
  readonly origin: Origin | null;
};

/**
 * Compares every listed file with its hash, and names files that are not listed (texts and the list itself apart).
 * @throws JokerError missing-file when the folder has no list.
 */
export function verifyOrigins(folder: string = assetPath()): VerifiedFile[] {
  const list = readOrigins(folder);
  if (!list)
    throw new JokerError(
      'missing-file',
      `${join(folder, ORIGINS_FILE)}: no such list`,
      'Name a folder that joker wrote.',
    );
  const known = new Set(list.map(({ path }) => path));
  const others = filesBelow(folder).filter((path) => !known.has(path) && /\.(safetensors|bin|png)$/.test(path));
  return [
    ...list.map((origin) => compare(folder, origin)),
    ...others.map((path): VerifiedFile => {
      return { path, state: 'not listed', sha256: hashFile(join(folder, path)).sha256, origin: null };
    }),
  ];
}

function compare(folder: string, origin: Origin): VerifiedFile {
  const place = join(folder, origin.path);
  if (!existsSync(place)) return { path: origin.path, state: 'missing', sha256: null, origin };
  const { sha256, bytes } = hashFile(place);
  const same = sha256 === origin.sha256 && bytes === origin.bytes;
  return { path: origin.path, state: same ? 'ok' : 'changed', sha256, origin };
}

function filesBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(join(folder, '/').length).replaceAll('\\', '/'))
    .sort();
}

/** Throws what the command line reports when a file is not what the list means. @throws JokerError bad-file. */
export function requireVerified(files: readonly VerifiedFile[]): void {
  const wrong = files.filter(({ state }) => state !== 'ok');
  if (wrong.length === 0) return;
  const names = wrong.slice(0, 3).map(({ path, state }) => `${path} (${state})`);
  const what = `${wrong.length} of ${files.length} files are not what ${ORIGINS_FILE} lists: ${names.join(', ')}`;
  throw new JokerError('bad-file', what, 'Install the package or import the model again.');
}

/** Refuses to write over a file. @throws JokerError not-writable. */
export function refuseExistingFile(path: string): void {
  if (existsSync(path))
    throw new JokerError('not-writable', `${path}: exists already`, 'Choose another name or delete it.');
}
