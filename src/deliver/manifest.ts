/**
 * The list of what a delivered folder holds: names, sizes, SHA-256, how it was made. Written last, so that a folder with a
 * manifest is a finished one.
 */

import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { z } from 'zod';
import { JokerError } from '../core/errors.js';
import { parseJsonStrict } from '../core/files/json.js';
import { readFileText } from '../core/files/read.js';
import type { MarksRecord } from './marks/marker.js';
import { type Maker, syntheticExtras } from './marks.js';

/** A value that JSON can hold. */
export type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json };

/** One file of the folder. */
export type ManifestFile = {
  /** path inside the folder with `/` */
  readonly path: string;
  /** what it is, for people */
  readonly what: string;
  readonly bytes: number;
  /** lower-case hexadecimal */
  readonly sha256: string;
};

/** manifest.json as data. */
export type Manifest = {
  readonly format: 'joker-head-manifest';
  readonly version: 1;
  readonly synthetic: true;
  readonly statement: string;
  readonly digitalSourceType: string;
  readonly generator: string;
  /** signature and watermark of the files; null when they were left out on request */
  readonly marks: MarksRecord | null;
  /** how the head was made: whatever the caller recorded */
  readonly settings: Json;
  /** sorted by path; manifest.json itself is not listed */
  readonly files: readonly ManifestFile[];
};

/** Name of the manifest in the folder. */
export const MANIFEST_NAME = 'manifest.json';

/** The entry of one file. */
export function manifestFile(path: string, what: string, bytes: Uint8Array): ManifestFile {
  return { path, what, bytes: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex') };
}

/** The manifest of a set of files. */
export function makeManifest(
  files: readonly ManifestFile[],
  settings: Json,
  maker: Maker,
  marks: MarksRecord | null = null,
): Manifest {
  const { statement, digitalSourceType } = syntheticExtras(maker) as { statement: string; digitalSourceType: string };
  return {
    ...{ format: 'joker-head-manifest', version: 1, synthetic: true },
    ...{ statement, digitalSourceType, generator: maker.generator, marks, settings },
    files: [...files].sort((a, b) => (a.path < b.path ? -1 : 1)),
  };
}

/** Longest manifest read, bytes: ours take about 10 kB. */
const MAX_BYTES = 2 ** 22;

const foundManifest = z.object({
  format: z.literal('joker-head-manifest'),
  settings: z.json().default(null),
  files: z.array(z.object({ path: z.string() })).max(100_000),
});

/** What is read back of a manifest. Whoever wrote it: names and settings are claims, not facts. */
export type FoundManifest = z.infer<typeof foundManifest>;

/** The manifest in a folder, or null when there is none or it is not one of ours. */
export function readManifest(folder: string): FoundManifest | null {
  try {
    const path = join(folder, MANIFEST_NAME);
    const found = foundManifest.safeParse(parseJsonStrict(readFileText(path, { maxBytes: MAX_BYTES }), path));
    return found.success ? found.data : null;
  } catch (error) {
    if (error instanceof JokerError) return null;
    throw error;
  }
}

/**
 * True if a folder is an earlier delivery and nothing else: it has this program's manifest, and every name in it is of a file
 * or folder that the manifest lists. Anything else belongs to somebody.
 */
export function isDelivery(folder: string, names: readonly string[]): boolean {
  const manifest = readManifest(folder);
  if (!manifest) return false;
  const listed = new Set([MANIFEST_NAME, ...manifest.files.map(({ path }) => path.split('/')[0]!)]);
  return names.every((name) => listed.has(name));
}
