/**
 * Value noise in one and three dimensions: smooth random functions of position, the same for the same seed everywhere.
 *
 * Not Perlin's gradient noise: values on a whole-number grid, blended by 3t² − 2t³; cheap and good enough for skin and hair.
 */

/** Integer hash of three coordinates and a seed to [0, 1) (finaliser of MurmurHash3, public domain). */
export function hash3(x: number, y: number, z: number, seed: number): number {
  let h = Math.imul(x, 0x8da6b343) ^ Math.imul(y, 0xd8163841) ^ Math.imul(z, 0xcb1ab31f) ^ seed;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return ((h ^ (h >>> 16)) >>> 0) / 4294967296;
}

/** Smooth noise in [0, 1) at a point; features are about one unit large. */
export function noise3(x: number, y: number, z: number, seed: number): number {
  const xi = Math.floor(x);
  const yi = Math.floor(y);
  const zi = Math.floor(z);
  const u = smooth(x - xi);
  const v = smooth(y - yi);
  const w = smooth(z - zi);
  const a0 = lerp(hash3(xi, yi, zi, seed), hash3(xi + 1, yi, zi, seed), u);
  const a1 = lerp(hash3(xi, yi + 1, zi, seed), hash3(xi + 1, yi + 1, zi, seed), u);
  const b0 = lerp(hash3(xi, yi, zi + 1, seed), hash3(xi + 1, yi, zi + 1, seed), u);
  const b1 = lerp(hash3(xi, yi + 1, zi + 1, seed), hash3(xi + 1, yi + 1, zi + 1, seed), u);
  return lerp(lerp(a0, a1, v), lerp(b0, b1, v), w);
}

/** Smooth noise in [0, 1) on a line. */
export function noise1(x: number, seed: number): number {
  const xi = Math.floor(x);
  return lerp(hash3(xi, 0, 0, seed), hash3(xi + 1, 0, 0, seed), smooth(x - xi));
}

/** Two octaves of `noise3`, in [0, 1). */
export function cloud3(x: number, y: number, z: number, seed: number): number {
  return (2 * noise3(x, y, z, seed) + noise3(2 * x + 5.2, 2 * y + 1.3, 2 * z + 7.7, seed + 1)) / 3;
}

/** 0 below `from`, 1 above `to`, smooth between (from < to). */
export function smoothstep(from: number, to: number, x: number): number {
  return smooth(Math.max(0, Math.min(1, (x - from) / (to - from))));
}

function smooth(t: number): number {
  return t * t * (3 - 2 * t);
}

function lerp(a: number, b: number, t: number): number {
  return a + (b - a) * t;
}
