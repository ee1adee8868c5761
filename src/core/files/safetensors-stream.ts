/**
 * Writing safetensors files larger than memory: tensors come as streams and leave piece by piece, hashed on the way.
 *
 * The format is `safetensors-format.ts`'s; whole or not at all, as all our files.
 */

import { createHash } from 'node:crypto';
import { writeFileAtomic } from './atomic.js';
import { layOut, tensorBytes } from './safetensors-format.js';
import type { FloatStream } from './tensor-stream.js';

/** A tensor to be written. */
export type NamedStream = FloatStream & { readonly name: string };

/** A file that was written. */
export type WrittenFile = {
  readonly path: string;
  readonly bytes: number;
  /** of the whole file, hexadecimal */
  readonly sha256: string;
};

/** Options of `streamSafetensors`. */
export type StreamOptions = {
  /** text by key */
  readonly metadata?: Readonly<Record<string, string>>;
  /** told after every piece how many bytes it had; may throw to stop, and then nothing stays behind */
  readonly onPiece?: (bytes: number) => void;
};

/**
 * Writes a file whole or not at all, in the memory of a few pieces.
 * @throws JokerError not-writable, and whatever reading the streams throws.
 */
export async function streamSafetensors(
  path: string,
  tensors: readonly NamedStream[],
  options: StreamOptions = {},
): Promise<WrittenFile> {
  const hash = createHash('sha256');
  let bytes = 0;
  const counted = function* (): Generator<Uint8Array> {
    for (const piece of pieces(tensors, options.metadata)) {
      hash.update(piece);
      bytes += piece.length;
      yield piece;
      options.onPiece?.(piece.length);
    }
  };
  await writeFileAtomic(path, counted());
  return { path, bytes, sha256: hash.digest('hex') };
}

function* pieces(tensors: readonly NamedStream[], metadata?: Readonly<Record<string, string>>): Generator<Uint8Array> {
  const { header, ordered } = layOut(tensors, metadata);
  yield header;
  for (const tensor of ordered) {
    let written = 0;
    for (const piece of tensor.pieces()) {
      written += piece.length;
      yield piece;
    }
    if (written !== tensorBytes(tensor))
      throw new Error(`internal: tensor ${tensor.name} [${tensor.shape}] came with ${written} bytes`);
  }
}
