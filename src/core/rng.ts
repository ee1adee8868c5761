/**
 * Seeded random numbers, identical in Node and in the browser. No global generator: a key is passed down, and a stream is
 * made from it where numbers are needed one after another.
 *
 * The generator is xoshiro128** (Blackman and Vigna 2018, public domain reference), seeded through splitmix32-style
 * mixing. Not cryptographic.
 */

/** An immutable random key: 64 bits as two unsigned 32-bit integers. */
export type RandomKey = readonly [high: number, low: number];

function mix(value: number): number {
  // Finaliser of MurmurHash3 (public domain): every input bit reaches every output bit.
  let h = value >>> 0;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

/** Key of a whole-number seed (0 … 2^53 − 1). */
export function randomKey(seed: number): RandomKey {
  return foldIn([0x9e3779b9, 0x243f6a88], seed);
}

/** A new key from `key` and a whole number, e.g. a step or an index: the way to give each item numbers of its own. */
export function foldIn(key: RandomKey, value: number): RandomKey {
  const low = value >>> 0;
  const high = Math.floor(value / 4294967296) >>> 0;
  const a = mix(key[0] ^ mix(low + 0x9e3779b9) ^ Math.imul(high + 1, 0x27d4eb2f));
  const b = mix(key[1] + mix(a ^ low) + high);
  return [a, b];
}

/** A key from a key and a name, so that two uses of one key never share numbers by accident. */
export function foldInName(key: RandomKey, name: string): RandomKey {
  let hash = 0x811c9dc5; // FNV-1a offset basis
  for (let i = 0; i < name.length; i++) hash = Math.imul(hash ^ name.charCodeAt(i), 0x01000193) >>> 0;
  return foldIn(key, hash);
}

/** Position of a stream: small, JSON-safe, restores the stream exactly. */
export type RandomState = { readonly words: readonly [number, number, number, number]; readonly spare: number | null };

/** A stream of random numbers drawn from one key. Owns its position; not shared between users. */
export class RandomStream {
  private a: number;
  private b: number;
  private c: number;
  private d: number;
  private spare: number | null = null;

  constructor(key: RandomKey) {
    this.a = mix(key[0] + 1);
    this.b = mix(key[1] + 0x6a09e667);
    this.c = mix(key[0] ^ 0x3c6ef372);
    this.d = mix(key[1] ^ 0xa54ff53a) | 1; // the all-zero state is the one that never leaves itself
  }

  /** The position, to be stored in a checkpoint. */
  state(): RandomState {
    return { words: [this.a, this.b, this.c, this.d], spare: this.spare };
  }

  /** A stream at a stored position. */
  static fromState(state: RandomState): RandomStream {
    const stream = new RandomStream([0, 0]);
    [stream.a, stream.b, stream.c, stream.d] = state.words;
    stream.spare = state.spare;
    return stream;
  }

  /** Uniform unsigned 32-bit integer. */
  uint32(): number {
    const x = Math.imul(this.b, 5);
    const result = Math.imul((x << 7) | (x >>> 25), 9) >>> 0;
    const t = this.b << 9;
    this.c ^= this.a;
    this.d ^= this.b;
    this.b ^= this.c;
    this.a ^= this.d;
    this.c ^= t;
    this.d = (this.d << 11) | (this.d >>> 21);
    return result;
  }

  /** Uniform in [low, high), 32 bits of resolution. */
  uniform(low = 0, high = 1): number {
    return low + (high - low) * (this.uint32() / 4294967296);
  }

  /** Uniform whole number in [0, count). */
  integer(count: number): number {
    return Math.floor(this.uniform() * count);
  }

  /** Standard normal (Box–Muller; the second value of each pair is kept). */
  normal(): number {
    if (this.spare !== null) {
      const value = this.spare;
      this.spare = null;
      return value;
    }
    const radius = Math.sqrt(-2 * Math.log((this.uint32() + 0.5) / 4294967296)); // +0.5 keeps log away from 0
    const angle = 2 * Math.PI * this.uniform();
    this.spare = radius * Math.sin(angle);
    return radius * Math.cos(angle);
  }

  /** True with probability p. */
  chance(p: number): boolean {
    return this.uniform() < p;
  }

  /** One of the items, uniformly. */
  pick<T>(items: readonly T[]): T {
    return items[this.integer(items.length)] as T;
  }

  /** A random order of 0 … count − 1 (Fisher–Yates). */
  permutation(count: number): Int32Array {
    const order = Int32Array.from({ length: count }, (_, i) => i);
    for (let i = count - 1; i > 0; i--) {
      const j = this.integer(i + 1);
      const keep = order[i]!;
      order[i] = order[j]!;
      order[j] = keep;
    }
    return order;
  }

  /** Fills a new array with standard normals. */
  normals(count: number): Float32Array {
    const out = new Float32Array(count);
    for (let i = 0; i < count; i++) out[i] = this.normal();
    return out;
  }
}
