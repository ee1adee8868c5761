/**
 * The weights that ship with the package, as their files describe themselves.
 *
 * Reads headers only; loads and runs nothing.
 */

import { readdirSync, statSync } from 'node:fs';
import { join, relative } from 'node:path';
import { assetPath } from '../core/files/assets.js';
import { openSafetensors } from '../core/files/safetensors.js';

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
};

/**
 * All safetensors files below a folder, sorted by name.
 * @param folder default: the package's assets/.
 * @throws JokerError bad-file when one of them is damaged.
 */
export function listModels(folder: string = assetPath()): ModelListing[] {
  return readdirSync(folder, { recursive: true })
    .map((name) => join(folder, String(name)))
    .filter((path) => path.endsWith('.safetensors'))
    .sort()
    .map((path) => describe(folder, path));
}

function describe(folder: string, path: string): ModelListing {
  const { entries, metadata } = openSafetensors(path);
  const values = [...entries.values()].reduce((sum, { shape }) => sum + shape.reduce((a, b) => a * b, 1), 0);
  const name = relative(folder, path)
    .replaceAll('\\', '/')
    .replace(/\.safetensors$/, '');
  return { name, path, bytes: statSync(path).size, tensors: entries.size, values, metadata: readable(metadata) };
}

function readable(metadata: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(metadata).filter(([, text]) => text.length <= 300));
}
