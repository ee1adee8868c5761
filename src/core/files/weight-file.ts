/**
 * A file of weights of either kind, safetensors or torch.save's: its tensors as streams by their stored names.
 *
 * Which networks the names belong to is not known here.
 */

import { crc32 } from 'node:zlib';
import { JokerError } from '../errors.js';
import { quoted } from './pickle-values.js';
import { fileChunks, readFileRange, regularFileSize } from './ranges.js';
import { openSafetensors } from './safetensors.js';
import { streamOf, streamOfTorch, type TensorStream } from './tensor-stream.js';
import { openTorchFile } from './torch-file.js';
import type { ZipEntry } from './zip.js';

/** An opened file: nothing but its directory was read. */
export type StoredWeights = {
  readonly path: string;
  readonly form: 'safetensors' | 'torch';
  readonly tensors: ReadonlyMap<string, TensorStream>;
  /** stretches whose sums the file itself states; none for safetensors */
  readonly stretches: readonly ZipEntry[];
};

/**
 * Opens a file by its first bytes, whatever it is called.
 * @throws JokerError missing-file, bad-file.
 */
export function openStoredWeights(path: string): StoredWeights {
  return isTorch(readFileRange(path, 0, Math.min(9, regularFileSize(path)))) ? openTorch(path) : openSafe(path);
}

/**
 * A safetensors file begins with the length of its header, which may look like anything, four zeros, and a brace; a torch file
 * with a zip's 'PK' or, before PyTorch 1.6, with a pickle's first opcode.
 */
function isTorch(first: Uint8Array): boolean {
  const brace = first[8] === 0x7b && first.subarray(4, 8).every((byte) => byte === 0);
  return !brace && ((first[0] === 0x50 && first[1] === 0x4b) || first[0] === 0x80);
}

function openTorch(path: string): StoredWeights {
  const { tensors } = openTorchFile(path);
  return {
    path,
    form: 'torch',
    tensors: new Map([...tensors].map(([name, tensor]) => [name, streamOfTorch(path, tensor)])),
    stretches: [...new Set([...tensors.values()].map(({ storage }) => storage))],
  };
}

function openSafe(path: string): StoredWeights {
  const file = openSafetensors(path);
  const tensors = new Map([...file.entries.keys()].map((name) => [name, streamOf(file, name)]));
  return { path, form: 'safetensors', tensors, stretches: [] };
}

/**
 * Compares the numbers with the sums that the file states. A sum of 0 is taken as not given: PyTorch can be told to leave
 * sums out.
 * @param onPiece told after every piece how many bytes it had; may throw to stop.
 * @throws JokerError bad-file naming the first damaged stretch.
 */
export function checkSums({ path, stretches }: StoredWeights, onPiece?: (bytes: number) => void): void {
  for (const { name, offset, length, crc } of stretches) {
    if (crc === 0) continue;
    let sum = 0;
    for (const piece of fileChunks(path, offset, length)) {
      sum = crc32(piece, sum);
      onPiece?.(piece.length);
    }
    if (sum !== crc) throw new JokerError('bad-file', `${path}: ${quoted(name)} is damaged`, 'Get the file again.');
  }
}
