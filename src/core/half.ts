/**
 * Half-precision numbers as bits: IEEE 754 binary16 and bfloat16, to and from float32.
 *
 * Not an arithmetic type: networks compute in float32 or inside the runtime; this is for files only.
 */

const bits = new Uint32Array(1);
const value = new Float32Array(bits.buffer);

/** binary16 bits (0 … 65535) of a number, rounded to nearest, ties to even; beyond 65504 becomes ±infinity. */
export function floatToHalf(x: number): number {
  value[0] = x;
  const word = bits[0]!;
  const sign = (word >>> 16) & 0x8000;
  const exponent = (word >>> 23) & 0xff;
  const mantissa = word & 0x7fffff;
  if (exponent === 0xff) return sign | 0x7c00 | (mantissa ? 0x200 : 0);
  const e = exponent - 112; // 127 − 15: the difference of the two biases
  if (e >= 31) return sign | 0x7c00;
  if (e > 0) return sign | roundShift((e << 23) | mantissa, 13); // a carry moves into the exponent, as it should
  if (e < -10) return sign; // below half of the smallest subnormal 2^-24
  return sign | roundShift(mantissa | 0x800000, 14 - e);
}

function roundShift(x: number, shift: number): number {
  const kept = x >>> shift;
  const rest = x & ((1 << shift) - 1);
  const half = 1 << (shift - 1);
  return rest > half || (rest === half && (kept & 1) === 1) ? kept + 1 : kept;
}

/** Number of binary16 bits; exact, NaN and infinities included. */
export function halfToFloat(half: number): number {
  const exponent = (half >>> 10) & 31;
  const mantissa = half & 0x3ff;
  const sign = half & 0x8000 ? -1 : 1;
  if (exponent === 31) return mantissa ? Number.NaN : sign * Number.POSITIVE_INFINITY;
  if (exponent === 0) return sign * mantissa * 2 ** -24;
  return sign * (mantissa + 1024) * 2 ** (exponent - 25);
}

/** binary16 bits of each number, rounded to nearest even. */
export function floatsToHalfs(values: Float32Array): Uint16Array {
  const out = new Uint16Array(values.length);
  for (let i = 0; i < values.length; i++) out[i] = floatToHalf(values[i]!);
  return out;
}

/** float32 value of each binary16 word. Bit arithmetic, since checkpoints hold many millions of them. */
export function halfsToFloats(halfs: Uint16Array): Float32Array {
  const out = new Float32Array(halfs.length);
  const words = new Uint32Array(out.buffer);
  for (let i = 0; i < halfs.length; i++) {
    const h = halfs[i]!;
    const exponent = h & 0x7c00;
    if (exponent === 0 || exponent === 0x7c00) out[i] = halfToFloat(h);
    else words[i] = ((h & 0x8000) << 16) | ((h & 0x7fff) * 8192 + 0x38000000); // mantissa up by 13 bits, bias + 112
  }
  return out;
}

/** float32 value of each bfloat16 word: the upper half of a float32. */
export function bfloatsToFloats(words: Uint16Array): Float32Array {
  const out = new Uint32Array(words.length);
  for (let i = 0; i < words.length; i++) out[i] = words[i]! << 16;
  return new Float32Array(out.buffer);
}
