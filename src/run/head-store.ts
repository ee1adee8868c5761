/**
 * A folder of distilled heads, so that an evaluation of hours survives an interruption and its tables share what they have in
 * common. A head is found by what it depends on: person, config and the weights' content.
 *
 * Measures are not kept: they are made anew from the head, to the same values.
 */
import { createHash } from 'node:crypto';
import { existsSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { writeFileAtomic } from '../core/files/atomic.js';
import { hashFile } from '../core/files/hash.js';
import { readFileText } from '../core/files/read.js';
import { type Head, loadHead, saveHead } from '../head/index.js';

/** How long a head took, seconds. */
export type HeadTime = {
  /** wall time of its distillation */
  readonly seconds: number;
  /** processor time of the whole process meanwhile, which other load changes less */
  readonly processorSeconds: number;
};

/** A head and how long it took when it was made. */
export type TimedHead = { readonly head: Head; readonly time: HeadTime };

/** What a weight file or folder is: a file's content; a folder's place and date, since hashing gigabytes takes minutes. */
export function weightsIdentity(path: string): string {
  const stat = statSync(path);
  return stat.isDirectory() ? `${resolve(path)} ${stat.mtimeMs}` : hashFile(path).sha256;
}

/**
 * The kept head of `subject`, or a new one, which is kept.
 * @param folder where heads are kept; undefined keeps nothing. @param subject plain data that the head depends on.
 * @throws JokerError bad-file, bad-weights for a damaged file; what `make` throws.
 */
export async function keptHead(
  folder: string | undefined,
  subject: unknown,
  make: () => Promise<TimedHead>,
): Promise<TimedHead> {
  if (folder === undefined) return make();
  const name = createHash('sha256').update(JSON.stringify(subject)).digest('hex').slice(0, 24); // 96 bits: no two alike
  const [file, note] = [join(folder, `${name}.safetensors`), join(folder, `${name}.json`)];
  // The note is written last: where it is, the head is whole.
  if (existsSync(note))
    return { head: loadHead(file), time: (JSON.parse(readFileText(note)) as { time: HeadTime }).time };
  const made = await make();
  await saveHead(file, made.head);
  await writeFileAtomic(note, JSON.stringify({ time: made.time, subject }));
  return made;
}
