/**
 * The weights that ship with the package, or lie in another folder, as their files and the list of origins describe them.
 *
 * Reads headers only; loads and runs nothing. Hashes are compared by `origins.ts`.
 */

import { readdirSync, statSync } from 'node:fs';
import { join, relative } from 'node:path';
import { assetPath } from '../core/files/assets.js';
import { unreadable } from '../core/files/read.js';
import { openSafetensors } from '../core/files/safetensors.js';
import { type Origin, readOrigins } from './origins.js';

/** One weight file. */
export type ModelListing = {
  /** path below the folder, forward slashes, without `.safetensors` */
  readonly name: string;
  readonly path: string;
  /** bytes on disk */
  readonly bytes: number;
  readonly tensors: number;
  /** numbers stored in all tensors */
  readonly values: number;
  /** what the file says about itself: how made, licence; machine-read entries longer than 300 characters left out */
  readonly metadata: Readonly<Record<string, string>>;
  /** from the folder's list of origins; null when it is not listed */
  readonly origin: Origin | null;
};

/**
 * All safetensors files below a folder, sorted by name.
 * @param folder default: the package's assets/.
 * @throws JokerError missing-file; bad-file when one of them is damaged.
 */
export function listModels(folder: string = assetPath()): ModelListing[] {
  const origins = new Map((readOrigins(folder) ?? []).map((origin) => [origin.path, origin]));
  return namesBelow(folder)
    .map((name) => join(folder, name))
    .filter((path) => path.endsWith('.safetensors'))
    .sort()
    .map((path) => describe(folder, path, origins));
}

function namesBelow(folder: string): string[] {
  try {
    return readdirSync(folder, { recursive: true }).map(String);
  } catch (error) {
    throw unreadable(folder, error);
  }
}

function describe(folder: string, path: string, origins: ReadonlyMap<string, Origin>): ModelListing {
  const { entries, metadata } = openSafetensors(path);
  const values = [...entries.values()].reduce((sum, { shape }) => sum + shape.reduce((a, b) => a * b, 1), 0);
  const place = relative(folder, path).replaceAll('\\', '/');
  return {
    name: place.replace(/\.safetensors$/, ''),
    path,
    bytes: statSync(path).size,
    tensors: entries.size,
    values,
    metadata: readable(metadata),
    origin: origins.get(place) ?? null,
  };
}

function readable(metadata: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(metadata).filter(([, text]) => text.length <= 300));
}
