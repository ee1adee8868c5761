/**
 * safetensors files: opened by their header only, tensors read one at a time, written whole or not at all.
 *
 * A file is data only: nothing in it is ever run. The format itself is in `safetensors-format.ts`.
 */

import { JokerError } from '../errors.js';
import { floatsToHalfs } from '../half.js';
import { writeFileAtomic } from './atomic.js';
import { readFileRange, regularFileSize } from './ranges.js';
import {
  DTYPE_BYTES,
  decodeFloats,
  headerLength,
  layOut,
  parseHeader,
  type SafetensorsHeader,
  type TensorEntry,
  type TensorToWrite,
  tensorBytes,
} from './safetensors-format.js';

export type { Dtype, TensorEntry, TensorToWrite } from './safetensors-format.js';

/** A file whose header was checked. Entries carry absolute positions, for use in place by the runtime. */
export type SafetensorsFile = SafetensorsHeader & {
  readonly path: string;
  /** the whole file, when it came from memory; null when tensors are read from disk on demand */
  readonly bytes: Uint8Array | null;
};

/**
 * A safetensors file in memory.
 * @param path name for errors.
 * @throws JokerError bad-file for anything but a whole, exact file.
 */
export function parseSafetensors(bytes: Uint8Array, path: string): SafetensorsFile {
  const length = headerLength(bytes.subarray(0, 8), bytes.length, path);
  return { ...parseHeader(bytes.subarray(8, 8 + length), bytes.length, path), path, bytes };
}

/**
 * Opens a file: reads and checks the header, not the tensors. Nothing stays open.
 * @throws JokerError missing-file or bad-file.
 */
export function openSafetensors(path: string): SafetensorsFile {
  const size = regularFileSize(path);
  const length = headerLength(readFileRange(path, 0, Math.min(8, size)), size, path);
  return { ...parseHeader(readFileRange(path, 8, length), size, path), path, bytes: null };
}

/**
 * Entry of a name.
 * @throws JokerError bad-weights when the file does not hold it.
 */
export function tensorEntry(file: SafetensorsFile, name: string): TensorEntry {
  const entry = file.entries.get(name);
  if (!entry)
    throw new JokerError(
      'bad-weights',
      `${file.path}: holds no tensor ${JSON.stringify(name)}`,
      'Name the right file.',
    );
  return entry;
}

/** Bytes of a tensor as stored. @throws JokerError bad-weights when it is not there, bad-file when it cannot be read. */
export function readTensorBytes(file: SafetensorsFile, name: string): Uint8Array {
  const { offset, length } = tensorEntry(file, name);
  if (file.bytes) return file.bytes.subarray(offset, offset + length);
  return readFileRange(file.path, offset, length);
}

/** Values of a tensor as float32, whatever its stored type (F64, I64 and large I32 lose digits). Always a fresh array. */
export function readTensor(file: SafetensorsFile, name: string): Float32Array {
  return decodeFloats(tensorEntry(file, name).dtype, readTensorBytes(file, name));
}

/**
 * Values of a whole-number tensor (I32, I64, U8, BOOL) as int32.
 * @throws JokerError bad-file when the type is another one or a value does not fit.
 */
export function readIntegers(file: SafetensorsFile, name: string): Int32Array {
  const { dtype } = tensorEntry(file, name);
  const bytes = readTensorBytes(file, name);
  if (dtype === 'U8' || dtype === 'BOOL') return Int32Array.from(bytes);
  const { buffer } = new Uint8Array(bytes); // a copy at an aligned address
  if (dtype === 'I32') return new Int32Array(buffer);
  if (dtype === 'I64') {
    const wide = new BigInt64Array(buffer);
    if (wide.every((x) => x >= -2147483648n && x < 2147483648n)) return Int32Array.from(wide, Number);
  }
  const what = `${file.path}: tensor ${JSON.stringify(name)} (${dtype}) does not hold 32-bit whole numbers`;
  throw new JokerError('bad-file', what, 'Name the right file.');
}

/**
 * Writes a file whole or not at all. Tensors keep their order within one element size; wider types come first.
 * @param metadata text by key, e.g. how the weights were made.
 * @throws JokerError not-writable.
 */
export async function writeSafetensors(
  path: string,
  tensors: readonly TensorToWrite[],
  metadata: Readonly<Record<string, string>> = {},
): Promise<void> {
  const { header, ordered } = layOut(tensors, metadata);
  await writeFileAtomic(path, pieces(header, ordered));
}

/** The bytes of a file in memory: what `writeSafetensors` would write. */
export function encodeSafetensors(
  tensors: readonly TensorToWrite[],
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array {
  const { header, ordered } = layOut(tensors, metadata);
  return Buffer.concat([...pieces(header, ordered)]);
}

function* pieces(header: Uint8Array, tensors: readonly TensorToWrite[]): Generator<Uint8Array> {
  yield header;
  for (const tensor of tensors) {
    if (tensor.data.length * DTYPE_BYTES[tensor.dtype] !== tensorBytes(tensor))
      throw new Error(`internal: tensor ${tensor.name} [${tensor.shape}] with ${tensor.data.length} values`);
    const data = tensor.dtype === 'F16' ? floatsToHalfs(tensor.data) : tensor.data;
    yield new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  }
}
