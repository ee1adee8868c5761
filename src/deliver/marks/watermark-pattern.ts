/**
 * Which sign each coefficient shall have: the keyed pattern of the presence mark, and the run id spread over another one.
 *
 * The key is public, as this program is: whoever reads the source can find the mark, and can remove or copy it
 * (docs/ETHICS.md). What it proves is that an unmarked picture does not carry it by accident.
 */

import { crc32 } from 'node:zlib';
import { foldInName, type RandomKey, RandomStream, randomKey } from '../../core/rng.js';
import { BLOCK, type Frequency } from './watermark-grid.js';

/** The key of all marks of this version. Any number would do; a new version of the mark takes a new one. */
export const WATERMARK_KEY: RandomKey = foldInName(randomKey(1), 'joker watermark 1');

/** A layer of the mark: a grid, the frequencies of its blocks, and a sign for each coefficient of each block. */
export type Layer = {
  /** side of the grid in grid pixels */
  readonly side: number;
  readonly frequencies: readonly Frequency[];
  /** ±1, (side/8)² · frequencies of them, as `blockCoefficients` orders them */
  readonly signs: Int8Array;
};

/**
 * Frequencies of the presence mark, with v + u from 2 to 4 of 7. Chosen by measurement at 64×64, the smallest pictures: the
 * lowest carry too much of the picture, the higher ones fall to JPEG at quality 50 and to halving.
 */
const PRESENCE_FREQUENCIES: readonly Frequency[] = frequencies((v, u) => v + u >= 2 && v + u <= 4);

/** Frequencies of the run id on its finer grid: above those of the presence mark (16 cycles a picture), up to 32 cycles. */
const ID_FREQUENCIES = frequencies((v, u) => Math.max(v, u) >= 3 && Math.max(v, u) <= 4 && v + u <= 6);

function frequencies(isIn: (v: number, u: number) => boolean): Frequency[] {
  return Array.from({ length: BLOCK * BLOCK }, (_, i): Frequency => [Math.floor(i / BLOCK), i % BLOCK]).filter(
    ([v, u]) => isIn(v, u),
  );
}

/**
 * The presence mark: random signs, opposite in blocks that stand side by side, so that what neighbouring blocks have in
 * common (smooth shading, long edges) cancels and unmarked pictures of one kind score around zero.
 */
export function presenceLayer(key: RandomKey = WATERMARK_KEY): Layer {
  const stream = new RandomStream(foldInName(key, 'presence'));
  const [side, count] = [64, PRESENCE_FREQUENCIES.length];
  const signs = new Int8Array((side / BLOCK) ** 2 * count);
  for (let pair = 0; pair < signs.length; pair += 2 * count)
    for (let i = 0; i < count; i++) {
      const sign = stream.chance(0.5) ? 1 : -1;
      signs[pair + i] = sign;
      signs[pair + count + i] = -sign;
    }
  return { side, frequencies: PRESENCE_FREQUENCIES, signs };
}

/** Bits of a run id and of its check. */
const [ID_BITS, CHECK_BITS] = [32, 16];

/** Layer of the run id with the spreading signs alone, and for each coefficient the number of its bit. */
export function idCarrier(key: RandomKey = WATERMARK_KEY): Layer & { readonly bits: Uint8Array } {
  const stream = new RandomStream(foldInName(key, 'run id'));
  const side = 128;
  const count = (side / BLOCK) ** 2 * ID_FREQUENCIES.length;
  const signs = Int8Array.from({ length: count }, () => (stream.chance(0.5) ? 1 : -1));
  const order = stream.permutation(count);
  const bits = Uint8Array.from(order, (place) => place % (ID_BITS + CHECK_BITS));
  return { side, frequencies: ID_FREQUENCIES, signs, bits };
}

/** The layer that carries a run id, 0 … 2³² − 1. */
export function idLayer(runId: number, key: RandomKey = WATERMARK_KEY): Layer {
  const carrier = idCarrier(key);
  const message = messageOf(runId);
  return { ...carrier, signs: carrier.signs.map((sign, i) => (message[carrier.bits[i]!] ? sign : -sign)) };
}

/** The 48 bits of an id: its own, lowest first, and 16 bits of their CRC-32. */
function messageOf(runId: number): Uint8Array {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(runId >>> 0);
  const check = (crc32(bytes) ^ 0x5a5a) & 0xffff; // so that neither all zeros nor all ones is a message
  return Uint8Array.from({ length: ID_BITS + CHECK_BITS }, (_, i) =>
    i < ID_BITS ? (runId >>> i) & 1 : (check >>> (i - ID_BITS)) & 1,
  );
}

/** The run id that 48 sums of evidence (positive: bit set) spell, or null when the check fails. */
export function idOfEvidence(evidence: Float64Array): number | null {
  let runId = 0;
  for (let i = 0; i < ID_BITS; i++) if (evidence[i]! > 0) runId = (runId | (1 << i)) >>> 0;
  const message = messageOf(runId);
  return message.every((bit, i) => bit === Number(evidence[i]! > 0)) ? runId : null;
}
