/**
 * LPIPS as a job's options name it, for pictures of the job's size.
 *
 * The network is of nets/, its files are read in lpips-files.ts.
 */
import type { LpipsModel } from '../nets/index.js';
import { checkLpipsSide, openLpips } from './lpips-files.js';

/**
 * Opens the files, or null when none are named.
 * @param side of the square pictures. @param what they are, for the error.
 * @throws JokerError as `openLpips` and `checkLpipsSide` do.
 */
export function lpipsFor(paths: readonly string[] | undefined, side: number, what: string): LpipsModel | null {
  if (paths === undefined) return null;
  const model = openLpips(paths);
  checkLpipsSide(model, side, what);
  return model;
}
