/**
 * Zip archives whose entries are stored as they are, such as PyTorch's: the list of entries, and where the bytes of each lie
 * in the file. Zip64 included, since checkpoints are larger than 4 GiB.
 *
 * Not an unpacker: a compressed or encrypted entry is refused. Reads the directory at the end of the file, and never the
 * entries. Format: PKWARE's APPNOTE 6.3, sections 4.3 and 4.5.
 */

import { JokerError } from '../errors.js';
import { quoted } from './pickle-values.js';
import { readFileRange, regularFileSize } from './ranges.js';

/** One stored entry. */
export type ZipEntry = {
  readonly name: string;
  /** position of its first byte in the file */
  readonly offset: number;
  /** bytes */
  readonly length: number;
  /** CRC-32 of its bytes, as the archive says; some writers leave it 0 */
  readonly crc: number;
};

/** The place of the directory. */
type Directory = { readonly offset: number; readonly length: number; readonly count: number };
/** A directory entry before its local header was read. */
type Listed = Omit<ZipEntry, 'offset'> & { readonly header: number };
type Located = Listed & ZipEntry;

/** Longest directory read: 100 000 entries of 160 bytes; a checkpoint of 2 000 tensors has 0.2 MB. */
const MAX_DIRECTORY = 16_000_000;
/** The end record and the longest comment after it. */
const END_BYTES = 22;
const MAX_TAIL = END_BYTES + 65_535;
const LOCATOR_BYTES = 20;
const SIGNATURE = { end: 0x06054b50, locator: 0x07064b50, end64: 0x06064b50, listed: 0x02014b50, local: 0x04034b50 };
/** In 32-bit fields: "see the zip64 fields". */
const SEE_64 = 0xffffffff;

function bad(path: string, what: string): JokerError {
  return new JokerError('bad-file', `${path}: ${what}`, 'Get the file again, or name another one.');
}

/**
 * Entries by name, in the order of the directory. Entries lie inside the file, before the directory, and do not overlap.
 * @throws JokerError missing-file; bad-file for anything but a whole archive of stored entries with different names.
 */
export function readZip(path: string): Map<string, ZipEntry> {
  const size = regularFileSize(path);
  const directory = findDirectory(path, size);
  const bytes = readFileRange(path, directory.offset, directory.length);
  const listed = parseDirectory(bytes, directory, path);
  const located = listed.map((entry) => locate(entry, directory.offset, path));
  checkApart(located, path);
  return byName(located, path);
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** 64-bit number without sign; beyond 2^53 it is larger than any file, and that is all that matters. */
function wide(view: DataView, at: number): number {
  return view.getUint32(at, true) + view.getUint32(at + 4, true) * 2 ** 32;
}

function findDirectory(path: string, size: number): Directory {
  const tail = Math.min(size, MAX_TAIL + LOCATOR_BYTES);
  const view = viewOf(readFileRange(path, size - tail, tail));
  const end = findEnd(view);
  if (end < 0) throw bad(path, 'not a zip archive');
  const directory = directory64(path, view, end, size) ?? {
    offset: view.getUint32(end + 16, true),
    length: view.getUint32(end + 12, true),
    count: view.getUint16(end + 10, true),
  };
  const place = size - tail + end;
  if (directory.length > MAX_DIRECTORY) throw bad(path, `a zip directory of ${directory.length} bytes`);
  if (directory.offset + directory.length > place)
    throw bad(path, 'a zip directory beyond its end: the file is damaged');
  return directory;
}

/** The last end record whose comment fits exactly, or −1. */
function findEnd(view: DataView): number {
  for (let at = view.byteLength - END_BYTES; at >= 0; at--)
    if (
      view.getUint32(at, true) === SIGNATURE.end &&
      at + END_BYTES + view.getUint16(at + 20, true) === view.byteLength
    )
      return at;
  return -1;
}

/** What the zip64 end record says, if there is one before the end record at `end`. */
function directory64(path: string, tail: DataView, end: number, size: number): Directory | null {
  const locator = end - LOCATOR_BYTES;
  if (locator < 0 || tail.getUint32(locator, true) !== SIGNATURE.locator) return null;
  const place = wide(tail, locator + 8);
  if (place + 56 > size) throw bad(path, 'a zip64 record beyond the end: the file is damaged');
  const view = viewOf(readFileRange(path, place, 56));
  if (view.getUint32(0, true) !== SIGNATURE.end64) throw bad(path, 'no zip64 record where there should be one');
  return { offset: wide(view, 48), length: wide(view, 40), count: wide(view, 32) };
}

function parseDirectory(bytes: Uint8Array, { count }: Directory, path: string): Listed[] {
  const view = viewOf(bytes);
  const listed: Listed[] = [];
  let at = 0;
  while (at < bytes.length) {
    if (at + 46 > bytes.length || view.getUint32(at, true) !== SIGNATURE.listed)
      throw bad(path, 'a damaged zip directory');
    const [name, extra, comment] = [28, 30, 32].map((field) => view.getUint16(at + field, true)) as [
      number,
      number,
      number,
    ];
    const next = at + 46 + name + extra + comment;
    if (next > bytes.length) throw bad(path, 'a damaged zip directory');
    listed.push(parseListed(bytes.subarray(at, next), name, extra, path));
    at = next;
  }
  if (listed.length !== count) throw bad(path, `a zip directory of ${listed.length} entries that promises ${count}`);
  return listed;
}

function parseListed(bytes: Uint8Array, nameLength: number, extraLength: number, path: string): Listed {
  const view = viewOf(bytes);
  const name = decodeName(bytes.subarray(46, 46 + nameLength), path);
  const [flags, method] = [view.getUint16(8, true), view.getUint16(10, true)];
  if (flags & 1) throw bad(path, `the entry ${quoted(name)} is encrypted`);
  if (method !== 0) throw bad(path, `the entry ${quoted(name)} is compressed; PyTorch stores its entries as they are`);
  const extra = bytes.subarray(46 + nameLength, 46 + nameLength + extraLength);
  const [length, packed, header] = sizes(view, extra, path);
  if (length !== packed) throw bad(path, `the entry ${quoted(name)} has two lengths`);
  return { name, length, header, crc: view.getUint32(16, true) };
}

function decodeName(bytes: Uint8Array, path: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw bad(path, 'an entry whose name is not UTF-8');
  }
}

/** Length, stored length and place of the local header: 32-bit fields, or those of the zip64 extra in this order. */
function sizes(view: DataView, extra: Uint8Array, path: string): [number, number, number] {
  const fields = [24, 20, 42].map((field) => view.getUint32(field, true));
  const wider = fields.includes(SEE_64) ? extra64(extra) : null;
  let at = 0;
  return fields.map((field) => {
    if (field !== SEE_64) return field;
    if (!wider || at + 8 > wider.byteLength) throw bad(path, 'a zip64 entry without its sizes');
    at += 8;
    return wide(wider, at - 8);
  }) as [number, number, number];
}

/** The zip64 field (number 1) among the extra fields. */
function extra64(extra: Uint8Array): DataView | null {
  const view = viewOf(extra);
  for (let at = 0; at + 4 <= extra.length; at += 4 + view.getUint16(at + 2, true))
    if (view.getUint16(at, true) === 1) return viewOf(extra.subarray(at + 4, at + 4 + view.getUint16(at + 2, true)));
  return null;
}

/** The local header says how long name and extra before the bytes are: torch pads them to align the bytes. */
function locate(listed: Listed, end: number, path: string): Located {
  const { name, length, header } = listed;
  const damaged = () => bad(path, `the entry ${quoted(name)} is not where the directory says: the file is damaged`);
  if (header + 30 > end) throw damaged();
  const view = viewOf(readFileRange(path, header, 30));
  if (view.getUint32(0, true) !== SIGNATURE.local) throw damaged();
  const offset = header + 30 + view.getUint16(26, true) + view.getUint16(28, true);
  if (offset + length > end) throw damaged();
  return { ...listed, offset };
}

/** Overlapping entries would let a small file pretend to be a large one. */
function checkApart(entries: readonly Located[], path: string): void {
  let end = 0;
  for (const { name, header, offset, length } of [...entries].sort((a, b) => a.header - b.header)) {
    if (header < end) throw bad(path, `the entry ${quoted(name)} overlaps another one`);
    end = offset + length;
  }
}

function byName(entries: readonly Located[], path: string): Map<string, ZipEntry> {
  const map = new Map<string, ZipEntry>();
  for (const { name, offset, length, crc } of entries) {
    if (map.has(name)) throw bad(path, `two entries of the name ${quoted(name)}`);
    map.set(name, { name, offset, length, crc });
  }
  return map;
}
