/**
 * Memory that threads share and that grows when the first of them knows how much is needed. Nothing of waiting or order.
 */

/** Growable shared buffers are newer than the version of the language that this project's types describe. */
type GrowableBuffer = SharedArrayBuffer & { grow(length: number): void };

/** No bytes yet, at most `mostBytes`, which are reserved and not used. */
export function makeGrowable(mostBytes: number): SharedArrayBuffer {
  const Growable = SharedArrayBuffer as unknown as new (
    length: number,
    options: { maxByteLength: number },
  ) => SharedArrayBuffer;
  return new Growable(0, { maxByteLength: mostBytes });
}

/** Makes the buffer at least `bytes` long. @throws RangeError beyond the most that it was made for. */
export function growTo(buffer: SharedArrayBuffer, bytes: number): void {
  if (buffer.byteLength < bytes) (buffer as GrowableBuffer).grow(bytes);
}
