/**
 * The safetensors format on bytes: a strict reader of the header and the layout of a new file.
 *
 * No file system here, so that the browser can use it; `safetensors.ts` reads and writes files. Format: 8 bytes
 * little-endian header length N, N bytes of JSON, then the tensors' bytes (huggingface/safetensors, "Format"). Values are
 * little-endian, as is every machine that Node or a browser runs on in practice.
 */

import { JokerError } from '../errors.js';
import { bfloatsToFloats, halfsToFloats } from '../half.js';
import { parseJsonStrict } from './json.js';

/** Element types that are read. */
export type Dtype = 'F64' | 'F32' | 'F16' | 'BF16' | 'I64' | 'I32' | 'U8' | 'BOOL';

/** Bytes of one element of each type. */
export const DTYPE_BYTES: Readonly<Record<Dtype, number>> = {
  F64: 8,
  F32: 4,
  F16: 2,
  BF16: 2,
  I64: 8,
  I32: 4,
  U8: 1,
  BOOL: 1,
};

/** One tensor of a file. */
export type TensorEntry = {
  readonly name: string;
  readonly dtype: Dtype;
  readonly shape: readonly number[];
  /** position of the first byte in the file */
  readonly offset: number;
  /** bytes */
  readonly length: number;
};

/** What a header says. */
export type SafetensorsHeader = {
  readonly entries: ReadonlyMap<string, TensorEntry>;
  readonly metadata: Readonly<Record<string, string>>;
};

/** Longest header accepted, bytes: the reference implementation's bound is 100 MB; real ones stay below 1 MB. */
export const MAX_HEADER_BYTES = 25_000_000;

const REMEDY = 'Get the file again, or name another one.';

function bad(path: string, what: string): JokerError {
  return new JokerError('bad-file', `${path}: ${what}`, REMEDY);
}

/**
 * Header length in bytes from the first 8 bytes of a file.
 * @throws JokerError bad-file.
 */
export function headerLength(first8: Uint8Array, fileBytes: number, path: string): number {
  if (first8.length < 8) throw bad(path, `not a safetensors file: ${first8.length} bytes`);
  const view = new DataView(first8.buffer, first8.byteOffset, 8);
  const length = view.getUint32(0, true) + view.getUint32(4, true) * 4294967296;
  if (length < 2 || length > MAX_HEADER_BYTES) throw bad(path, `not a safetensors file: header of ${length} bytes`);
  if (8 + length > fileBytes) throw bad(path, `cut off: a header of ${length} bytes in a file of ${fileBytes}`);
  return length;
}

/**
 * Entries and metadata from the header's bytes.
 * @param fileBytes length of the whole file: the tensors must fill it exactly, without holes or overlaps.
 * @throws JokerError bad-file.
 */
export function parseHeader(header: Uint8Array, fileBytes: number, path: string): SafetensorsHeader {
  const text = decodeText(header, path);
  const value = parseJsonStrict(text, `${path} (header)`);
  if (!isRecord(value) || !text.startsWith('{')) throw bad(path, 'the header is not a JSON object');
  const data = 8 + header.length;
  const entries: TensorEntry[] = [];
  let metadata: Record<string, string> = {};
  for (const [name, item] of Object.entries(value))
    if (name === '__metadata__') metadata = parseMetadata(item, path);
    else entries.push(parseEntry(name, item, data, path));
  checkRanges(entries, data, fileBytes, path);
  return { entries: new Map(entries.map((entry) => [entry.name, entry])), metadata };
}

function decodeText(bytes: Uint8Array, path: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw bad(path, 'the header is not UTF-8 text');
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function parseMetadata(value: unknown, path: string): Record<string, string> {
  if (!isRecord(value)) throw bad(path, '__metadata__ is not an object');
  for (const [key, item] of Object.entries(value))
    if (typeof item !== 'string') throw bad(path, `__metadata__ ${JSON.stringify(key)} is not text`);
  return value as Record<string, string>;
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}

function parseEntry(name: string, value: unknown, data: number, path: string): TensorEntry {
  const where = `tensor ${JSON.stringify(name)}`;
  if (!isRecord(value)) throw bad(path, `${where} is not an object`);
  const { dtype, shape, data_offsets: range } = value;
  if (typeof dtype !== 'string' || !Object.hasOwn(DTYPE_BYTES, dtype))
    throw bad(path, `${where} has the unknown type ${JSON.stringify(dtype)}`);
  if (!Array.isArray(shape) || !shape.every(isCount)) throw bad(path, `${where} has a shape that is not whole numbers`);
  if (!Array.isArray(range) || range.length !== 2 || !range.every(isCount) || range[0] > range[1])
    throw bad(path, `${where} has unusable data_offsets`);
  const length = range[1] - range[0];
  const expected = shape.reduce((product: number, size: number) => product * size, DTYPE_BYTES[dtype as Dtype]);
  if (expected !== length)
    throw bad(path, `${where}: ${dtype} [${shape}] needs ${expected} bytes, its range has ${length}`);
  return { name, dtype: dtype as Dtype, shape, offset: data + range[0], length };
}

function checkRanges(entries: readonly TensorEntry[], data: number, fileBytes: number, path: string): void {
  const ordered = [...entries].sort((a, b) => a.offset - b.offset || a.length - b.length);
  let end = data;
  for (const entry of ordered) {
    if (entry.offset !== end)
      throw bad(path, `tensor ${JSON.stringify(entry.name)} begins at byte ${entry.offset} instead of ${end}`);
    end += entry.length;
  }
  if (end > fileBytes) throw bad(path, `cut off: the tensors end at byte ${end}, the file has ${fileBytes}`);
  if (end < fileBytes) throw bad(path, `${fileBytes - end} bytes after the last tensor`);
}

/** Copy of bytes at an aligned address, so that any typed array can look at it. */
function aligned(bytes: Uint8Array): ArrayBuffer {
  return new Uint8Array(bytes).buffer; // not slice(): a Buffer's slice is a view
}

/** Values of a tensor's bytes as float32. F64 and I64, I32 beyond 2^24 lose digits; BOOL becomes 0 and 1. */
export function decodeFloats(dtype: Dtype, bytes: Uint8Array): Float32Array {
  switch (dtype) {
    case 'F32':
      return new Float32Array(aligned(bytes));
    case 'F16':
      return halfsToFloats(new Uint16Array(aligned(bytes)));
    case 'BF16':
      return bfloatsToFloats(new Uint16Array(aligned(bytes)));
    case 'F64':
      return Float32Array.from(new Float64Array(aligned(bytes)));
    case 'I64':
      return Float32Array.from(new BigInt64Array(aligned(bytes)), Number);
    case 'I32':
      return Float32Array.from(new Int32Array(aligned(bytes)));
    case 'U8':
      return Float32Array.from(bytes);
    case 'BOOL':
      return Float32Array.from(bytes, (b) => (b ? 1 : 0));
  }
}

/** A tensor to be written; `data` holds the product of `shape` values. F16 takes floats and rounds them to nearest even. */
export type TensorToWrite =
  | {
      readonly name: string;
      readonly dtype: 'F32' | 'F16';
      readonly shape: readonly number[];
      readonly data: Float32Array;
    }
  | { readonly name: string; readonly dtype: 'I32'; readonly shape: readonly number[]; readonly data: Int32Array }
  | { readonly name: string; readonly dtype: 'U8'; readonly shape: readonly number[]; readonly data: Uint8Array };

/** What a header says about a tensor of a new file. */
export type TensorLayout = { readonly name: string; readonly dtype: Dtype; readonly shape: readonly number[] };

/** Header bytes of a new file and the order in which the tensors' bytes follow. */
export function layOut<Tensor extends TensorLayout>(
  tensors: readonly Tensor[],
  metadata: Readonly<Record<string, string>> = {},
): { header: Uint8Array; ordered: readonly Tensor[] } {
  // Wide types first, so that every tensor starts at a multiple of its own element size.
  const ordered = [...tensors].sort((a, b) => DTYPE_BYTES[b.dtype] - DTYPE_BYTES[a.dtype]);
  const items: [string, unknown][] = Object.keys(metadata).length > 0 ? [['__metadata__', metadata]] : [];
  let offset = 0;
  for (const tensor of ordered) {
    const length = tensorBytes(tensor);
    items.push([tensor.name, { dtype: tensor.dtype, shape: tensor.shape, data_offsets: [offset, offset + length] }]);
    offset += length;
  }
  const names = new Set(items.map(([name]) => name));
  if (names.size !== items.length) throw new Error('internal: two tensors of one name in a safetensors file');
  return { header: encodeHeader(JSON.stringify(Object.fromEntries(items))), ordered };
}

/** Bytes of a tensor in a file. */
export function tensorBytes({ dtype, shape }: Pick<TensorLayout, 'dtype' | 'shape'>): number {
  return shape.reduce((product, size) => product * size, DTYPE_BYTES[dtype]);
}

function encodeHeader(json: string): Uint8Array {
  const text = new TextEncoder().encode(json);
  const padded = Math.ceil(text.length / 8) * 8; // spaces, so that the data begins at a multiple of 8
  const out = new Uint8Array(8 + padded).fill(0x20);
  new DataView(out.buffer).setUint32(0, padded, true);
  new DataView(out.buffer).setUint32(4, 0, true);
  out.set(text, 8);
  return out;
}
