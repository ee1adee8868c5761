/**
 * Parts of large files: opened, read where asked, closed again. Nothing stays open between calls.
 *
 * Knows no formats.
 */

import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { JokerError } from '../errors.js';
import { unreadable } from './read.js';

/**
 * Bytes handed over at once by `fileChunks`: large enough for full disk speed, small beside any network, and a multiple of
 * every element's size.
 */
export const CHUNK_BYTES = 8 * 2 ** 20;

/**
 * What `use` returns for the open file; its system errors become JokerErrors.
 * @throws JokerError missing-file, bad-file, and whatever `use` throws.
 */
export function withFile<T>(path: string, use: (file: number) => T): T {
  const file = openForReading(path);
  try {
    return use(file);
  } catch (error) {
    throw inWords(path, error);
  } finally {
    closeSync(file);
  }
}

function openForReading(path: string): number {
  try {
    return openSync(path, 'r');
  } catch (error) {
    throw unreadable(path, error);
  }
}

/** Our own errors and bugs as they are, the system's in words. */
function inWords(path: string, error: unknown): Error {
  if (error instanceof Error && error.message.startsWith('internal')) return error;
  return unreadable(path, error);
}

/** Exactly `length` bytes of an open file. @throws JokerError bad-file when it ends before. */
export function readRange(file: number, position: number, length: number, path: string): Uint8Array {
  const out = new Uint8Array(length);
  for (let done = 0; done < length; ) {
    const count = readSync(file, out, done, length - done, position + done);
    if (count === 0) throw new JokerError('bad-file', `${path}: ended while being read`, 'Get the file again.');
    done += count;
  }
  return out;
}

/** Exactly `length` bytes of a file. @throws JokerError missing-file, bad-file. */
export function readFileRange(path: string, position: number, length: number): Uint8Array {
  return withFile(path, (file) => readRange(file, position, length, path));
}

/**
 * Bytes in a regular file.
 * @throws JokerError missing-file; bad-file for folders, pipes and devices, which could wait or go on for ever.
 */
export function regularFileSize(path: string): number {
  return withFile(path, (file) => {
    const stat = fstatSync(file);
    if (!stat.isFile()) throw new JokerError('bad-file', `${path}: is not a regular file`, 'Name a regular file.');
    return stat.size;
  });
}

/** The bytes of a range in order, at most `chunk` at a time (default `CHUNK_BYTES`); each piece is a fresh array. */
export function* fileChunks(
  path: string,
  position: number,
  length: number,
  chunk: number = CHUNK_BYTES,
): Generator<Uint8Array> {
  for (let done = 0; done < length; done += chunk)
    yield readFileRange(path, position + done, Math.min(chunk, length - done));
}
