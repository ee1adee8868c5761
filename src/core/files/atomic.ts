/**
 * Files and folders that are either there whole or not there: written under another name, then renamed.
 *
 * Not a lock: two programs that write the same name each leave a whole file, and the last one wins.
 */

import { type FileHandle, mkdir, open, readdir, rename, rm } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { JokerError } from '../errors.js';
import { systemCode, unwritable } from './read.js';

/**
 * Writes a file so that a reader, or a crash at any moment, finds the old content or the new one: a hidden file in the
 * same folder, flushed to disk, renamed, and the folder flushed. Missing parent folders are made.
 * @param data text (UTF-8), bytes, or pieces of bytes written one after another.
 * @throws JokerError not-writable.
 */
export async function writeFileAtomic(path: string, data: string | Uint8Array | Iterable<Uint8Array>): Promise<void> {
  const folder = dirname(resolve(path));
  const temporary = join(folder, `.${basename(path)}.partial-${process.pid}`);
  try {
    await mkdir(folder, { recursive: true });
    await writeFlushed(temporary, data);
    await rename(temporary, path);
    await flushFolder(folder);
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => {});
    if (isSystemError(error)) throw unwritable(path, error);
    throw error;
  }
}

/** True for ENOSPC and the like; false for Node's ERR_… codes, which are bugs of ours. */
function isSystemError(error: unknown): boolean {
  return /^E[A-Z0-9]+$/.test(systemCode(error) ?? '');
}

async function writeFlushed(path: string, data: string | Uint8Array | Iterable<Uint8Array>): Promise<void> {
  const file = await open(path, 'w');
  try {
    if (typeof data === 'string') await file.writeFile(data, 'utf8');
    else if (data instanceof Uint8Array) await file.writeFile(data);
    else for (const piece of data) await writeAll(file, piece);
    await file.sync();
  } finally {
    await file.close();
  }
}

async function writeAll(file: FileHandle, bytes: Uint8Array): Promise<void> {
  for (let done = 0; done < bytes.length; ) done += (await file.write(bytes, done)).bytesWritten;
}

/** A rename is safe on disk only once its folder is; Windows cannot open folders and needs no such call. */
async function flushFolder(folder: string): Promise<void> {
  if (process.platform === 'win32') return;
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** The hidden sibling in which this process builds the output folder `path`: what to remove after an interruption. */
export function partialFolderOf(path: string): string {
  const target = resolve(path);
  return join(dirname(target), `.${basename(target)}.partial-${process.pid}`);
}

/**
 * Removes what processes that were killed left of the output folder `path`, this process's own number included, which a container
 * gives to every process it starts. Only for callers who know that nobody writes there now.
 */
export async function removePartialFolders(path: string): Promise<void> {
  const partial = partialFolderOf(path);
  const beginning = basename(partial).slice(0, -String(process.pid).length);
  const names = await readdir(dirname(partial)).catch(() => []); // no folder: nothing was left
  const left = names.filter((name) => name.startsWith(beginning) && /^\d+$/.test(name.slice(beginning.length)));
  for (const name of left) await rm(join(dirname(partial), name), { recursive: true, force: true });
}

/** When an output folder that already holds something may be replaced. */
export type OutputFolderOptions = {
  /** decides from the names found in the existing folder; default: never, so that nobody loses files */
  readonly mayReplace?: (names: readonly string[]) => boolean;
};

/**
 * Runs `fill` on a new hidden folder beside `path` and renames it to `path` at the end. When `fill` fails, the hidden
 * folder is removed and an existing `path` is untouched. An existing empty folder is replaced.
 * @returns what `fill` returns.
 * @throws JokerError not-writable, before `fill` runs when that can be known.
 */
export async function withOutputFolder<T>(
  path: string,
  fill: (folder: string) => Promise<T> | T,
  options: OutputFolderOptions = {},
): Promise<T> {
  const target = resolve(path);
  const partial = partialFolderOf(path);
  await checkOutputFolder(path, options);
  await makePartial(path, partial);
  try {
    const result = await fill(partial);
    await moveInto(partial, target).catch((error) => {
      throw unwritable(path, error);
    });
    return result;
  } catch (error) {
    await rm(partial, { recursive: true, force: true }).catch(() => {});
    throw error;
  }
}

async function makePartial(path: string, partial: string): Promise<void> {
  try {
    await mkdir(dirname(partial), { recursive: true });
    await mkdir(partial);
  } catch (error) {
    if (systemCode(error) === 'EEXIST')
      throw new JokerError('not-writable', `${path}: is being written already`, 'Wait, or choose another folder.', {
        cause: error,
      });
    throw unwritable(path, error);
  }
}

/**
 * Refuses an output folder that could not be put in place at the end: call it before long work. Nothing is made.
 * @throws JokerError not-writable when it is a file, cannot be listed, or holds files that may not be replaced.
 */
export async function checkOutputFolder(path: string, options: OutputFolderOptions = {}): Promise<void> {
  const names = await listOrNull(path);
  if (names === null || names.length === 0 || options.mayReplace?.(names)) return;
  throw new JokerError(
    'not-writable',
    `${path}: the folder already holds ${names.length === 1 ? 'a file' : `${names.length} files`}`,
    'Choose another folder or empty this one.',
  );
}

async function listOrNull(path: string): Promise<string[] | null> {
  try {
    return await readdir(path);
  } catch (error) {
    const code = systemCode(error);
    if (code === 'ENOENT') return null;
    if (code === 'ENOTDIR')
      throw new JokerError('not-writable', `${path}: is a file or lies below one`, 'Choose a folder.');
    throw unwritable(path, error);
  }
}

/** Renames, with an existing target kept aside until the new one is in place. */
async function moveInto(partial: string, target: string): Promise<void> {
  const aside = `${partial}-old`;
  const existed = await rename(target, aside).then(
    () => true,
    (error) => {
      if (systemCode(error) === 'ENOENT') return false;
      throw error;
    },
  );
  try {
    await rename(partial, target);
  } catch (error) {
    if (existed) await rename(aside, target);
    throw error;
  }
  if (existed) await rm(aside, { recursive: true, force: true });
  await flushFolder(dirname(target));
}
