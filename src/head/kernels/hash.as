/**
 * The hash grid of hash.ts on blocks of samples, and AdamW on one level. Source of wasm.ts, in AssemblyScript.
 *
 * A pair of corners along x is one vector: the two features of the left corner, the two of the right one. Levels are
 * described by 8 words each: scale (f32), resolution, first entry's byte, entries, hashed.
 */

import { ROW, BLOCK } from './network';
import { splat } from './math';

const PRIME_Y: i32 = 2654435761;
const PRIME_Z: i32 = 805459861;

@inline function clamp01(x: f32): f32 {
  return x < 0.0 ? <f32>0.0 : x > 1.0 ? <f32>1.0 : x;
}

/** Byte in the level of the left and right corner of pair p (y in bit 0, z in bit 1), low and high word. */
@inline function pairBytes(
  hashed: bool,
  size: i32,
  down: i32,
  deep: i32,
  ix: i32,
  iy: i32,
  iz: i32,
  dy: i32,
  dz: i32,
): u64 {
  let left: i32;
  let right: i32;
  if (hashed) {
    const hash = ((iy + dy) * PRIME_Y) ^ ((iz + dz) * PRIME_Z);
    left = (ix ^ hash) & (size - 1);
    right = ((ix + 1) ^ hash) & (size - 1);
  } else {
    // The far corners of the last cells lie outside the grid and wrap within the level.
    const low = ix + (iy + dy) * down + (iz + dz) * deep;
    left = low < size ? low : low - size;
    right = low + 1 < size ? low + 1 : low + 1 - size;
  }
  return (<u64>(<u32>left) << 3) | (<u64>(<u32>right) << 35);
}

@inline function readPair(table: usize, at: u64): v128 {
  return v128.load64_lane(table + <usize>(at >> 32), v128.load64_zero(table + <usize>(at & 0xffffffff)), 1);
}

@inline function addPair(table: usize, at: u64, x: v128): void {
  const left = table + <usize>(at & 0xffffffff);
  const right = table + <usize>(at >> 32);
  // One after the other: both may be the same entry.
  v128.store64_lane(left, f32x4.add(v128.load64_zero(left), x), 0);
  const high = v128.shuffle<i64>(x, x, 1, 1);
  v128.store64_lane(right, f32x4.add(v128.load64_zero(right), high), 0);
}

/** Features [2] of a level of `count` points (x, y, z apart) into two rows of a block. */
export function encodeLevel(level: usize, table: usize, x: usize, y: usize, z: usize, count: i32, out: usize): void {
  if (load<i32>(level, 16)) encodeWith(true, level, table, x, y, z, count, out);
  else encodeWith(false, level, table, x, y, z, count, out);
}

@inline function encodeWith(
  hashed: bool,
  level: usize,
  table: usize,
  x: usize,
  y: usize,
  z: usize,
  count: i32,
  out: usize,
): void {
  const scale = load<f32>(level);
  const down = load<i32>(level, 4);
  const deep = down * down;
  const size = load<i32>(level, 12);
  const base = table + <usize>load<u32>(level, 8);
  const end = (<usize>count) << 2;
  for (let s: usize = 0; s < end; s += 4) {
    const px = clamp01(f32.load(x + s)) * scale + 0.5;
    const py = clamp01(f32.load(y + s)) * scale + 0.5;
    const pz = clamp01(f32.load(z + s)) * scale + 0.5;
    const ix = <i32>px;
    const iy = <i32>py;
    const iz = <i32>pz;
    const fx = px - <f32>ix;
    const fy = py - <f32>iy;
    const fz = pz - <f32>iz;
    const gx: f32 = 1.0 - fx;
    const gy: f32 = 1.0 - fy;
    const gz: f32 = 1.0 - fz;
    const along = v128.shuffle<f32>(splat(gx), splat(fx), 0, 0, 4, 4);
    const p0 = readPair(base, pairBytes(hashed, size, down, deep, ix, iy, iz, 0, 0));
    const p1 = readPair(base, pairBytes(hashed, size, down, deep, ix, iy, iz, 1, 0));
    const p2 = readPair(base, pairBytes(hashed, size, down, deep, ix, iy, iz, 0, 1));
    const p3 = readPair(base, pairBytes(hashed, size, down, deep, ix, iy, iz, 1, 1));
    const near = f32x4.add(f32x4.mul(splat(gy), p0), f32x4.mul(splat(fy), p1));
    const far = f32x4.add(f32x4.mul(splat(gy), p2), f32x4.mul(splat(fy), p3));
    const sum = f32x4.mul(along, f32x4.add(f32x4.mul(splat(gz), near), f32x4.mul(splat(fz), far)));
    const both = f32x4.add(sum, v128.shuffle<i64>(sum, sum, 1, 1));
    v128.store32_lane(out + s, both, 0);
    v128.store32_lane(out + s, both, 1, ROW);
  }
}

/** Adds the gradient of a level: the transpose of `encodeLevel`; `gradient` is the two rows. */
export function scatterLevel(
  level: usize,
  table: usize,
  x: usize,
  y: usize,
  z: usize,
  count: i32,
  gradient: usize,
): void {
  if (load<i32>(level, 16)) scatterWith(true, level, table, x, y, z, count, gradient);
  else scatterWith(false, level, table, x, y, z, count, gradient);
}

@inline function scatterWith(
  hashed: bool,
  level: usize,
  table: usize,
  x: usize,
  y: usize,
  z: usize,
  count: i32,
  gradient: usize,
): void {
  const scale = load<f32>(level);
  const down = load<i32>(level, 4);
  const deep = down * down;
  const size = load<i32>(level, 12);
  const base = table + <usize>load<u32>(level, 8);
  const end = (<usize>count) << 2;
  for (let s: usize = 0; s < end; s += 4) {
    const a = f32.load(gradient + s);
    const b = f32.load(gradient + s, ROW);
    if (a == 0.0 && b == 0.0) continue;
    const px = clamp01(f32.load(x + s)) * scale + 0.5;
    const py = clamp01(f32.load(y + s)) * scale + 0.5;
    const pz = clamp01(f32.load(z + s)) * scale + 0.5;
    const ix = <i32>px;
    const iy = <i32>py;
    const iz = <i32>pz;
    const fx = px - <f32>ix;
    const fy = py - <f32>iy;
    const fz = pz - <f32>iz;
    const gx: f32 = 1.0 - fx;
    const gy: f32 = 1.0 - fy;
    const gz: f32 = 1.0 - fz;
    const both = v128.shuffle<f32>(splat(a), splat(b), 0, 4, 0, 4);
    const value = f32x4.mul(both, v128.shuffle<f32>(splat(gx), splat(fx), 0, 0, 4, 4));
    const near = f32x4.mul(value, splat(gz));
    const far = f32x4.mul(value, splat(fz));
    addPair(base, pairBytes(hashed, size, down, deep, ix, iy, iz, 0, 0), f32x4.mul(near, splat(gy)));
    addPair(base, pairBytes(hashed, size, down, deep, ix, iy, iz, 1, 0), f32x4.mul(near, splat(fy)));
    addPair(base, pairBytes(hashed, size, down, deep, ix, iy, iz, 0, 1), f32x4.mul(far, splat(gy)));
    addPair(base, pairBytes(hashed, size, down, deep, ix, iy, iz, 1, 1), f32x4.mul(far, splat(fy)));
  }
}

/** Numbers of AdamW, as in distill/adamw.ts: 7 floats from `settings` on. */
export function adamW(values: usize, gradient: usize, first: usize, second: usize, bytes: usize, settings: usize): void {
  const beta1 = v128.load32_splat(settings);
  const rest1 = f32x4.sub(splat(1.0), beta1);
  const beta2 = v128.load32_splat(settings, 4);
  const rest2 = v128.load32_splat(settings, 8); // 1 − beta2: in float32 the difference would lose four digits
  const size = v128.load32_splat(settings, 12);
  const correction = v128.load32_splat(settings, 16);
  const keep = v128.load32_splat(settings, 20);
  const epsilon = v128.load32_splat(settings, 24);
  for (let i: usize = 0; i < bytes; i += 16) {
    const g = v128.load(gradient + i);
    const m = f32x4.add(f32x4.mul(beta1, v128.load(first + i)), f32x4.mul(rest1, g));
    const v = f32x4.add(f32x4.mul(beta2, v128.load(second + i)), f32x4.mul(f32x4.mul(rest2, g), g));
    v128.store(first + i, m);
    v128.store(second + i, v);
    const step = f32x4.div(f32x4.mul(size, m), f32x4.add(f32x4.sqrt(f32x4.mul(v, correction)), epsilon));
    v128.store(values + i, f32x4.sub(f32x4.mul(v128.load(values + i), keep), step));
  }
}
