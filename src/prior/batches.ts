/**
 * Cutting many views into batches of one fixed size, since compiled programs have fixed shapes.
 *
 * Plain arrays in, plain arrays out; knows no networks.
 */
import { type Image, toNetwork } from '../core/image.js';
import { foldIn, type RandomKey, RandomStream } from '../core/rng.js';

/** Rows of equal length in one array. */
export type Rows = { readonly data: Float32Array; readonly size: number; readonly count: number };

/** An array as `count` rows. */
export function rowsOf(data: Float32Array, count: number): Rows {
  return { data, size: data.length / count, count };
}

/** Square RGB pictures as rows of 3·side² values in [−1, 1]; `what` names them in the error. */
export function pictureRows(images: readonly Image[], side: number, what: string): Rows {
  const size = 3 * side * side;
  const data = new Float32Array(images.length * size);
  images.forEach((image, i) => {
    if (image.width !== side || image.height !== side || image.channels !== 3)
      throw new Error(`internal: ${what} are ${side}×${side}×3, not ${image.width}×${image.height}×${image.channels}`);
    toNetwork(image, data, i * size);
  });
  return { data, size, count: images.length };
}

/**
 * Runs `use` on consecutive batches of `batch` rows of each input and joins the results. The last batch is filled up with
 * zeros; the results of the filling are dropped.
 * @param use gets arrays of `batch` rows each and returns `batch` rows.
 */
export async function inBatches<K extends string>(
  inputs: Readonly<Record<K, Rows>>,
  batch: number,
  use: (part: Record<K, Float32Array>) => Promise<Float32Array>,
): Promise<Float32Array> {
  const names = Object.keys(inputs) as K[];
  const { count } = inputs[names[0]!];
  const parts: Float32Array[] = [];
  for (let start = 0; start < count; start += batch) {
    const here = Math.min(batch, count - start);
    const feeds = Object.fromEntries(names.map((name) => [name, padded(inputs[name], start, here, batch)]));
    const result = await use(feeds as Record<K, Float32Array>);
    parts.push(result.subarray(0, (result.length / batch) * here));
  }
  return joined(parts);
}

function padded({ data, size }: Rows, start: number, count: number, batch: number): Float32Array {
  const part = data.subarray(start * size, (start + count) * size);
  if (count === batch) return part;
  const out = new Float32Array(batch * size);
  out.set(part);
  return out;
}

function joined(parts: readonly Float32Array[]): Float32Array {
  if (parts.length === 1) return parts[0]!;
  const out = new Float32Array(parts.reduce((total, part) => total + part.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

/** One key per row from a key for all: row i gets foldIn(key, i), whatever the other rows are. */
export function rowKeys(key: RandomKey, count: number): RandomKey[] {
  return Array.from({ length: count }, (_, i) => foldIn(key, i));
}

/** Standard normals, one row of `size` per key. */
export function normalRows(keys: readonly RandomKey[], size: number): Float32Array {
  const out = new Float32Array(keys.length * size);
  keys.forEach((key, i) => {
    out.set(new RandomStream(key).normals(size), i * size);
  });
  return out;
}
