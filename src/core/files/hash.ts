/**
 * Hashes of files of any size, for telling whether a file is the one that somebody means.
 *
 * SHA-256 only; sums inside archives are `weight-file.ts`'s affair.
 */

import { createHash } from 'node:crypto';
import { fileChunks, regularFileSize } from './ranges.js';

/**
 * SHA-256 of a file, hexadecimal.
 * @param onPiece told after every piece how many bytes it had; may throw to stop.
 * @throws JokerError missing-file, bad-file.
 */
export function hashFile(path: string, onPiece?: (bytes: number) => void): { bytes: number; sha256: string } {
  const hash = createHash('sha256');
  const bytes = regularFileSize(path);
  for (const piece of fileChunks(path, 0, bytes)) {
    hash.update(piece);
    onPiece?.(piece.length);
  }
  return { bytes, sha256: hash.digest('hex') };
}
