/**
 * Reading whole files and finding out why one could not be read or written, in words for a person.
 *
 * Knows no formats.
 */

import { readFileSync, statSync } from 'node:fs';
import { JokerError } from '../errors.js';

/** Code of a Node file-system error such as ENOENT, or null. */
export function systemCode(error: unknown): string | null {
  if (typeof error !== 'object' || error === null || !('code' in error)) return null;
  return typeof error.code === 'string' ? error.code : null;
}

/** JokerError for a file that could not be read: missing-file when it is not there, bad-file otherwise. */
export function unreadable(path: string, error: unknown): JokerError {
  if (error instanceof JokerError) return error;
  const code = systemCode(error);
  const cause = { cause: error };
  if (code === 'ENOENT' || code === 'ENOTDIR')
    return new JokerError('missing-file', `${path}: no such file`, 'Check the path.', cause);
  if (code === 'EISDIR') return new JokerError('bad-file', `${path}: is a folder`, 'Name a file.', cause);
  if (code === 'EACCES' || code === 'EPERM')
    return new JokerError(
      'bad-file',
      `${path}: no permission to read`,
      'Change the permissions or copy the file.',
      cause,
    );
  return new JokerError(
    'bad-file',
    `${path}: cannot be read (${code ?? error})`,
    'Check the disk and the path.',
    cause,
  );
}

/** JokerError not-writable for a file or folder that could not be written. */
export function unwritable(path: string, error: unknown): JokerError {
  if (error instanceof JokerError) return error;
  const code = systemCode(error);
  const reasons: Record<string, string> = {
    EACCES: 'no permission to write',
    EPERM: 'no permission to write',
    EROFS: 'the disk is read-only',
    ENOSPC: 'the disk is full',
    ENOENT: 'no such folder',
    ENOTDIR: 'a part of the path is a file',
    EISDIR: 'is a folder',
  };
  const reason = (code && reasons[code]) ?? `cannot be written (${code ?? error})`;
  const remedy = code === 'ENOSPC' ? 'Free some space or choose another place.' : 'Choose another place with --out.';
  return new JokerError('not-writable', `${path}: ${reason}`, remedy, { cause: error });
}

/**
 * All bytes of a regular file.
 * @param options.maxBytes refuse longer files without reading them. Default 1 GiB.
 * @throws JokerError missing-file or bad-file.
 */
export function readFileBytes(path: string, options: { maxBytes?: number } = {}): Uint8Array {
  const { maxBytes = 2 ** 30 } = options;
  try {
    const stat = statSync(path);
    if (stat.isDirectory()) throw new JokerError('bad-file', `${path}: is a folder`, 'Name a file.');
    // A pipe or device could wait or go on for ever.
    if (!stat.isFile()) throw new JokerError('bad-file', `${path}: is not a regular file`, 'Name a regular file.');
    if (stat.size > maxBytes)
      throw new JokerError(
        'bad-file',
        `${path}: ${stat.size} bytes, at most ${maxBytes} are read`,
        'Name a smaller file.',
      );
    return readFileSync(path);
  } catch (error) {
    throw unreadable(path, error);
  }
}

/**
 * Text of a UTF-8 file, a leading byte-order mark removed.
 * @param options.maxBytes refuse longer files. Default 64 MiB.
 * @throws JokerError missing-file or bad-file.
 */
export function readFileText(path: string, options: { maxBytes?: number } = {}): string {
  const bytes = readFileBytes(path, { maxBytes: options.maxBytes ?? 2 ** 26 });
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new JokerError('bad-file', `${path}: not UTF-8 text`, 'Save the file as UTF-8.', { cause });
  }
}
