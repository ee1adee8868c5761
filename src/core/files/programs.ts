/**
 * Programs of the person's machine that we use when they are there (ffmpeg, ffprobe): found on PATH, never downloaded.
 */
import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import { delimiter, isAbsolute, join } from 'node:path';

/** Path of a program on PATH, or null. Relative entries of PATH are skipped: the current folder is not trusted. */
export async function findProgram(name: string, path = process.env.PATH ?? ''): Promise<string | null> {
  const file = process.platform === 'win32' ? `${name}.exe` : name;
  for (const folder of path.split(delimiter).filter(isAbsolute)) {
    const candidate = join(folder, file);
    const found = await access(candidate, constants.X_OK).then(
      () => true,
      () => false,
    );
    if (found) return candidate;
  }
  return null;
}
