/**
 * Where a compiled network's weights come from: safetensors files, under any of the spellings that `nets/keys.ts` knows.
 *
 * Reads nothing until a weight is asked for. Half precision is widened when read into memory, or by the graph when the
 * runtime reads the file in place.
 */
import { resolve } from 'node:path';
import { JokerError } from '../core/errors.js';
import { readTensor, type SafetensorsFile, tensorEntry } from '../core/files/safetensors.js';
import type { WeightData, WeightSource } from '../graph/index.js';
import { canonicalIndex } from '../nets/index.js';

/** One file and the prefix that its names lack, e.g. 'unet.' for a diffusers folder; '' for a file with all prefixes. */
export type WeightFile = { readonly prefix: string; readonly file: SafetensorsFile };

/** Options of `weightsFrom`. */
export type WeightOptions = {
  /** let the runtime map float32 and float16 weights from the file instead of reading them here. Default false. */
  readonly inPlace?: boolean;
};

/** A weight's place: which file, under which name. */
type Place = { readonly file: SafetensorsFile; readonly stored: string };

/**
 * A source over the files. @throws JokerError bad-weights, on use, when a weight is missing or has another shape.
 */
export function weightsFrom(files: readonly WeightFile[], options: WeightOptions = {}): WeightSource {
  const places = indexFiles(files);
  const names = files.map(({ file }) => file.path).join(', ');
  return (name, shape) => {
    const place = places.get(name);
    if (!place)
      throw new JokerError('bad-weights', `${names}: no weight '${name}'`, 'Use weights that fit the config.');
    checkShape(place, shape);
    return (options.inPlace && inPlace(place)) || { kind: 'memory', data: readTensor(place.file, place.stored) };
  };
}

/** Names of all weights in the files, in our spelling. */
export function weightNames(files: readonly WeightFile[]): string[] {
  return [...indexFiles(files).keys()];
}

function indexFiles(files: readonly WeightFile[]): Map<string, Place> {
  const places = new Map<string, Place>();
  for (const { prefix, file } of files)
    for (const [name, stored] of canonicalIndex([...file.entries.keys()].map((key) => prefix + key)))
      places.set(name, { file, stored: stored.slice(prefix.length) });
  return places;
}

function checkShape({ file, stored }: Place, shape: readonly number[]): void {
  const found = tensorEntry(file, stored).shape;
  // 1×1 convolutions and linear layers are one thing: trailing ones do not count.
  if (trimmed(found) === trimmed(shape)) return;
  const what = `${file.path}: weight '${stored}' is [${found}], the config asks for [${shape}]`;
  throw new JokerError('bad-weights', what, 'Use weights and config of the same model.');
}

function trimmed(shape: readonly number[]): string {
  let end = shape.length;
  while (end > 1 && shape[end - 1] === 1) end--;
  return shape.slice(0, end).join(',');
}

function inPlace({ file, stored }: Place): WeightData | null {
  const { dtype, offset, length } = tensorEntry(file, stored);
  if (file.bytes || (dtype !== 'F32' && dtype !== 'F16')) return null;
  return { kind: 'file', path: resolve(file.path), offset, length, dtype: dtype === 'F32' ? 'float32' : 'float16' };
}
