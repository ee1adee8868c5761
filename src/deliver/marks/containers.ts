/**
 * Where a C2PA manifest store lies inside a PNG (chunk caBX) or a JPEG (APP11 segments), and how it gets there.
 *
 * Other formats have no place here: they get a sidecar file (sidecarName).
 */

import { crc32 } from 'node:zlib';
import { JokerError } from '../../core/errors.js';

/** Bytes from `start` on, `length` of them, that a hash leaves out: the store itself and what wraps it. */
export type ByteRange = { readonly start: number; readonly length: number };

/** A manifest store found in a file. */
export type FoundStore = { readonly store: Uint8Array; readonly range: ByteRange };

/** Kinds of files that can hold a store. */
export type Container = 'png' | 'jpeg';

/** Kind of a file by its first bytes, or null. */
export function containerOf(bytes: Uint8Array): Container | null {
  const head = Buffer.from(bytes.subarray(0, 8)).toString('hex');
  return head === '89504e470d0a1a0a' ? 'png' : head.startsWith('ffd8ff') ? 'jpeg' : null;
}

/** Name of the manifest beside a file: the whole name plus `.c2pa`, because head.glb and head.ply stand side by side. */
export function sidecarName(name: string): string {
  return `${name}.c2pa`;
}

function damaged(kind: string, what: string): JokerError {
  return new JokerError('bad-file', `${kind}: ${what}`, 'The file is damaged.');
}

/** Stores longer than this are refused: ours take 3 KB, a long history with thumbnails some MB. */
const MAX_STORE = 2 ** 24;

/**
 * The manifest store in a file, or null when there is none.
 * @throws JokerError bad-file when the file's structure is damaged or holds two stores.
 */
export function findStore(kind: Container, bytes: Uint8Array): FoundStore | null {
  return kind === 'png' ? findInPng(bytes) : findInJpeg(bytes);
}

/** What surrounds a store of `length` bytes in a file: position and size of the excluded range, before the file is made. */
export function rangeOf(kind: Container, bytes: Uint8Array, length: number): ByteRange {
  if (kind === 'png') return { start: AFTER_IHDR, length: length + 12 };
  return { start: placeInJpeg(bytes), length: segmentsOf(new Uint8Array(length)).length };
}

/** The file with the store put in; it must not hold one yet. */
export function embedStore(kind: Container, bytes: Uint8Array, store: Uint8Array): Uint8Array {
  const at = kind === 'png' ? AFTER_IHDR : placeInJpeg(bytes);
  const part = kind === 'png' ? pngChunk(store) : segmentsOf(store);
  return Buffer.concat([bytes.subarray(0, at), part, bytes.subarray(at)]);
}

/** PNG's signature (8) and header chunk (25) have a fixed length. */
const AFTER_IHDR = 33;

function pngChunk(store: Uint8Array): Uint8Array {
  const chunk = Buffer.alloc(store.length + 12);
  chunk.writeUInt32BE(store.length);
  chunk.write('caBX', 4, 'latin1');
  chunk.set(store, 8);
  chunk.writeUInt32BE(crc32(chunk.subarray(4, -4)), store.length + 8);
  return chunk;
}

function findInPng(bytes: Uint8Array): FoundStore | null {
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  let found: FoundStore | null = null;
  for (let at = 8; at < view.length; ) {
    if (view.length - at < 12) throw damaged('PNG', 'a chunk is cut off');
    const length = view.readUInt32BE(at);
    if (length > view.length - at - 12) throw damaged('PNG', 'a chunk is cut off');
    const kind = view.toString('latin1', at + 4, at + 8);
    if (kind === 'caBX') {
      if (found || length > MAX_STORE)
        throw damaged('PNG', found ? 'two manifest stores' : 'a manifest store too long');
      found = { store: bytes.subarray(at + 8, at + 8 + length), range: { start: at, length: length + 12 } };
    }
    if (kind === 'IEND') break;
    at += length + 12;
  }
  return found;
}

/** Bytes of a store that one segment takes: 65 535 minus length, identifier, instance, sequence and the repeated box header. */
const SEGMENT_BYTES = 65_535 - 2 - 8 - 8;

/** APP11 segments of JPEG XT (ISO/IEC 18477-3, annex B): each repeats the box header of the store. */
function segmentsOf(store: Uint8Array): Uint8Array {
  const boxHeader = store.subarray(0, 8);
  const parts: Uint8Array[] = [];
  for (let at = 8, sequence = 1; at < store.length; at += SEGMENT_BYTES, sequence++) {
    const content = store.subarray(at, at + SEGMENT_BYTES);
    const head = Buffer.alloc(12);
    head.writeUInt16BE(0xffeb);
    head.writeUInt16BE(2 + 8 + 8 + content.length, 2);
    head.write('JP', 4, 'latin1');
    head.writeUInt16BE(1, 6); // box instance
    head.writeUInt32BE(sequence, 8);
    parts.push(head, boxHeader, content);
  }
  return Buffer.concat(parts);
}

/** After the start marker and the JFIF segment, which readers want first. */
function placeInJpeg(bytes: Uint8Array): number {
  const isJfif = bytes[2] === 0xff && bytes[3] === 0xe0;
  return isJfif ? 4 + ((bytes[4]! << 8) | bytes[5]!) : 2;
}

function findInJpeg(bytes: Uint8Array): FoundStore | null {
  const parts: Uint8Array[] = [];
  let [start, end, total, instance] = [-1, -1, 0, -1];
  for (const { at, length, content } of app11Segments(bytes)) {
    const box = content.readUInt16BE(2);
    if (instance >= 0 && (box !== instance || at !== end))
      throw damaged('JPEG', 'two manifest stores or a divided one');
    if (content.readUInt32BE(4) !== parts.length + 1) throw damaged('JPEG', 'parts of the manifest store are missing');
    [instance, start, end] = [box, start < 0 ? at : start, at + length];
    parts.push(content.subarray(parts.length === 0 ? 8 : 16));
    total += content.length;
    if (total > MAX_STORE) throw damaged('JPEG', 'a manifest store too long');
  }
  return parts.length === 0 ? null : { store: Buffer.concat(parts), range: { start, length: end - start } };
}

/** Type of the superbox that the segments carry: at bytes 8 … 16 of each segment, length and `jumb`. */
function* app11Segments(bytes: Uint8Array): Generator<{ at: number; length: number; content: Buffer }> {
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  for (let at = 2; at + 4 <= view.length && view[at] === 0xff; ) {
    const marker = view[at + 1]!;
    if (marker === 0xda || marker === 0xd9) return; // the picture itself, or the end
    if (marker === 0xff) {
      at++; // a fill byte
      continue;
    }
    const length = view.readUInt16BE(at + 2);
    if (length < 2 || at + 2 + length > view.length) throw damaged('JPEG', 'a segment is cut off');
    const content = view.subarray(at + 4, at + 2 + length);
    const isStore = marker === 0xeb && content.length > 16 && content.toString('latin1', 0, 2) === 'JP';
    if (isStore && content.toString('latin1', 12, 16) === 'jumb') yield { at, length: length + 2, content };
    at += length + 2;
  }
}
