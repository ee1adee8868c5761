/**
 * CBOR (RFC 8949) as far as C2PA manifests need it: encoding with definite lengths, decoding with bounds on depth and size.
 *
 * No indefinite lengths and no big numbers: manifests as signed by the official libraries hold neither. Written for this
 * project; a library would bring a native addon that is compiled during installation.
 */

import { JokerError } from '../../core/errors.js';

/** A value that can be encoded. Keys of plain objects are text; a `Map` may have whole numbers as keys, as COSE headers do. */
export type CborInput =
  | number
  | string
  | boolean
  | null
  | Uint8Array
  | readonly CborInput[]
  | ReadonlyMap<number | string, CborInput>
  | CborTag<CborInput>
  | { readonly [key: string]: CborInput };

/** A decoded value; maps keep their order, and keys that are neither text nor numbers are refused. */
export type CborValue =
  | number
  | string
  | boolean
  | null
  | undefined
  | Uint8Array
  | CborValue[]
  | Map<number | string, CborValue>
  | CborTag<CborValue>;

/** A tagged value, e.g. tag 18 around a COSE signature. */
export class CborTag<T> {
  /** @param tag whole number ≥ 0. */
  constructor(
    readonly tag: number,
    readonly value: T,
  ) {}
}

/** Nesting deeper than this is refused: manifests stay below ten. */
const MAX_DEPTH = 32;

/** Bytes of a value, definite lengths, keys in the order given. */
export function encodeCbor(value: CborInput): Uint8Array {
  const parts: Uint8Array[] = [];
  write(value, parts);
  return Buffer.concat(parts);
}

function write(value: CborInput, parts: Uint8Array[]): void {
  if (typeof value === 'number') parts.push(numberBytes(value));
  else if (typeof value === 'string') {
    const text = Buffer.from(value, 'utf8');
    parts.push(head(3, text.length), text);
  } else if (typeof value === 'boolean') parts.push(Uint8Array.of(value ? 0xf5 : 0xf4));
  else if (value === null) parts.push(Uint8Array.of(0xf6));
  else if (value instanceof Uint8Array) parts.push(head(2, value.length), value);
  else if (value instanceof CborTag) {
    parts.push(head(6, value.tag));
    write(value.value, parts);
  } else if (Array.isArray(value)) {
    parts.push(head(4, value.length));
    for (const item of value) write(item as CborInput, parts);
  } else writeMap(value instanceof Map ? [...value.entries()] : Object.entries(value), parts);
}

function writeMap(entries: readonly (readonly [number | string, CborInput])[], parts: Uint8Array[]): void {
  parts.push(head(5, entries.length));
  for (const [key, item] of entries) {
    write(key, parts);
    write(item, parts);
  }
}

function numberBytes(value: number): Uint8Array {
  if (Number.isSafeInteger(value)) return value >= 0 ? head(0, value) : head(1, -1 - value);
  const bytes = Buffer.alloc(9, 0xfb);
  bytes.writeDoubleBE(value, 1);
  return bytes;
}

/** Major type 0 … 7 with its argument in the shortest form. */
function head(major: number, argument: number): Uint8Array {
  const first = major << 5;
  if (argument < 24) return Uint8Array.of(first | argument);
  const size = argument < 2 ** 8 ? 1 : argument < 2 ** 16 ? 2 : argument < 2 ** 32 ? 4 : 8;
  const bytes = Buffer.alloc(1 + size);
  bytes[0] = first | { 1: 24, 2: 25, 4: 26, 8: 27 }[size]!;
  if (size === 8) bytes.writeBigUInt64BE(BigInt(argument), 1);
  else bytes.writeUIntBE(argument, 1, size);
  return bytes;
}

/**
 * The one value that the bytes hold.
 * @throws JokerError bad-file for anything malformed, cut off, nested deeper than 32, or followed by more bytes.
 */
export function decodeCbor(bytes: Uint8Array): CborValue {
  const reader: Reader = { bytes: Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length), at: 0 };
  const value = read(reader, 0);
  if (reader.at !== bytes.length) throw malformed('more bytes than one value');
  return value;
}

type Reader = { readonly bytes: Buffer; at: number };

function malformed(what: string): JokerError {
  return new JokerError('bad-file', `CBOR: ${what}`, 'The manifest is damaged.');
}

function take(reader: Reader, count: number): Buffer {
  if (count > reader.bytes.length - reader.at) throw malformed('cut off');
  reader.at += count;
  return reader.bytes.subarray(reader.at - count, reader.at);
}

function read(reader: Reader, depth: number): CborValue {
  if (depth > MAX_DEPTH) throw malformed(`nested deeper than ${MAX_DEPTH}`);
  const first = take(reader, 1)[0]!;
  const major = first >> 5;
  if (major === 7) return simple(reader, first & 31);
  const argument = readArgument(reader, first & 31);
  if (major === 0) return argument;
  if (major === 1) return -1 - argument;
  if (major === 2) return Uint8Array.from(take(reader, argument));
  if (major === 3) return text(take(reader, argument));
  if (major === 6) return new CborTag(argument, read(reader, depth + 1));
  // Every item takes at least one byte, so a count beyond the bytes left is a lie that must not be allocated for.
  if (argument > reader.bytes.length - reader.at) throw malformed('cut off');
  return major === 4 ? readArray(reader, argument, depth) : readMap(reader, argument, depth);
}

function readArray(reader: Reader, count: number, depth: number): CborValue[] {
  const items: CborValue[] = [];
  for (let i = 0; i < count; i++) items.push(read(reader, depth + 1));
  return items;
}

function readMap(reader: Reader, count: number, depth: number): Map<number | string, CborValue> {
  const map = new Map<number | string, CborValue>();
  for (let i = 0; i < count; i++) {
    const key = read(reader, depth + 1);
    if (typeof key !== 'string' && typeof key !== 'number') throw malformed('a key that is neither text nor number');
    if (map.has(key)) throw malformed('a key twice');
    map.set(key, read(reader, depth + 1));
  }
  return map;
}

function readArgument(reader: Reader, low: number): number {
  if (low < 24) return low;
  const size = { 24: 1, 25: 2, 26: 4, 27: 8 }[low];
  if (size === undefined) throw malformed('an indefinite length or reserved form');
  const bytes = take(reader, size);
  const value = size === 8 ? Number(bytes.readBigUInt64BE()) : bytes.readUIntBE(0, size);
  if (!Number.isSafeInteger(value)) throw malformed('a number above 2^53');
  return value;
}

function simple(reader: Reader, low: number): CborValue {
  if (low === 20 || low === 21) return low === 21;
  if (low === 22) return null;
  if (low === 23) return undefined;
  if (low === 26) return take(reader, 4).readFloatBE();
  if (low === 27) return take(reader, 8).readDoubleBE();
  throw malformed(`simple value ${low}`);
}

function text(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw malformed('text that is not UTF-8');
  }
}
