/**
 * The bytes of a pickle, read from front to back: whole numbers, floats, texts and lines, never beyond the end.
 *
 * Knows no opcodes.
 */

import { badPickle } from './pickle-values.js';

/** A place in the bytes that moves on with every read. Every method throws JokerError bad-file when bytes are lacking. */
export class PickleBytes {
  private readonly view: DataView;
  private at = 0;

  /**
   * @param path for errors.
   * @param maxText bytes of the longest text.
   */
  constructor(
    private readonly bytes: Uint8Array,
    private readonly path: string,
    private readonly maxText: number,
  ) {
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /** Bytes read. */
  get done(): number {
    return this.at;
  }

  /** Bytes not read yet. */
  get left(): number {
    return this.bytes.length - this.at;
  }

  /** A whole number without sign; low byte first. Of 8 bytes only values up to 2^53 are exact. */
  unsigned(size: 1 | 2 | 4 | 8): number {
    const at = this.advance(size);
    if (size === 1) return this.view.getUint8(at);
    if (size === 2) return this.view.getUint16(at, true);
    const low = this.view.getUint32(at, true);
    return size === 4 ? low : low + this.view.getUint32(at + 4, true) * 2 ** 32;
  }

  /** A whole number with sign of 0 to 8 bytes. @throws JokerError bad-file beyond ±2^53 too. */
  long(size: number): number {
    if (size > 8) throw badPickle(this.path, `a whole number of ${size} bytes`);
    const at = this.advance(size);
    let value = 0n;
    for (let i = 0; i < size; i++) value |= BigInt(this.view.getUint8(at + i)) << BigInt(8 * i);
    const number = Number(BigInt.asIntN(8 * size, value));
    if (!Number.isSafeInteger(number)) throw badPickle(this.path, 'a whole number beyond 2^53');
    return number;
  }

  /** A float64, high byte first. */
  float(): number {
    return this.view.getFloat64(this.advance(8), false);
  }

  /** A UTF-8 text. */
  text(length: number): string {
    if (length > this.maxText)
      throw badPickle(this.path, `a text of ${length} bytes, at most ${this.maxText} are read`);
    const at = this.advance(length);
    try {
      return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(this.bytes.subarray(at, at + length));
    } catch {
      throw badPickle(this.path, 'a text that is not UTF-8');
    }
  }

  /** A UTF-8 text up to a line feed, which is skipped. */
  line(): string {
    const length = this.bytes.subarray(this.at, this.at + this.maxText + 1).indexOf(10);
    if (length < 0) throw badPickle(this.path, 'a name without an end');
    const text = this.text(length);
    this.at++;
    return text;
  }

  /** Start of the next `count` bytes, which are passed over. */
  private advance(count: number): number {
    if (count > this.left) throw badPickle(this.path, 'the pickle is cut off');
    this.at += count;
    return this.at - count;
  }
}
