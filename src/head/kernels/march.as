/**
 * Marching of march.ts, number for number the same, for rays that lie in memory. Source of wasm.ts, in AssemblyScript.
 *
 * Float64 like its twin, so that both give the same bits. Samples are packed: a ray's unused slots take no room.
 */

import { Rays, Grid } from './layout';

// xoshiro128** of core/rng.ts; its state is this thread's, and set for each chunk of rays
let a: u32 = 0;
let b: u32 = 0;
let c: u32 = 0;
let d: u32 = 0;

/** Starts the jitter of a chunk from four words. */
export function seed(words: usize): void {
  a = load<u32>(words);
  b = load<u32>(words, 4);
  c = load<u32>(words, 8);
  d = load<u32>(words, 12);
}

function uniform(): f64 {
  const result = rotl<u32>(b * 5, 7) * 9;
  const t = b << 9;
  c ^= a;
  d ^= b;
  b ^= c;
  a ^= d;
  c ^= t;
  d = rotl<u32>(d, 11);
  return <f64>result / 4294967296.0;
}

// Occupied stretches of one ray: [start, end] distances as pairs of f64 in this thread's scratch
let stretches: i32 = 0;
let total: f64 = 0;

function addStretch(out: usize, start: f64, end: f64): void {
  const last = out + ((<usize>stretches) << 4);
  if (stretches > 0 && load<f64>(last - 8) == start) store<f64>(last - 8, end);
  else {
    store<f64>(last, start);
    store<f64>(last, end, 8);
    stretches++;
  }
  total += end - start;
}

/** Walks the grid (Amanatides and Woo 1987) and collects the occupied stretches. */
function traverse(ray: usize, out: usize): void {
  stretches = 0;
  total = 0;
  const h = Grid.halfSide;
  const ox = <f64>load<f32>(Rays.origins + ray);
  const oy = <f64>load<f32>(Rays.origins + ray, 4);
  const oz = <f64>load<f32>(Rays.origins + ray, 8);
  const dx = <f64>load<f32>(Rays.directions + ray);
  const dy = <f64>load<f32>(Rays.directions + ray, 4);
  const dz = <f64>load<f32>(Rays.directions + ray, 8);
  let near: f64 = 0;
  let far: f64 = Infinity;
  for (let axis = 0; axis < 3; axis++) {
    const o = axis == 0 ? ox : axis == 1 ? oy : oz;
    const v = axis == 0 ? dx : axis == 1 ? dy : dz;
    if (v == 0) {
      if (o < -h || o > h) far = -Infinity; // parallel and outside
      continue;
    }
    const p = (-h - o) / v;
    const q = (h - o) / v;
    near = max(near, min(p, q));
    far = min(far, max(p, q));
  }
  if (!(near < far)) return;
  const r = Grid.resolution;
  let t = near;
  let cx = enter(ox, dx, t, h, r);
  let cy = enter(oy, dy, t, h, r);
  let cz = enter(oz, dz, t, h, r);
  const size = (2.0 * h) / <f64>r;
  const px = dx == 0 ? Infinity : abs(size / dx);
  const py = dy == 0 ? Infinity : abs(size / dy);
  const pz = dz == 0 ? Infinity : abs(size / dz);
  let nx = leave(ox, dx, cx, size, h);
  let ny = leave(oy, dy, cy, size, h);
  let nz = leave(oz, dz, cz, size, h);
  let thickness: f64 = 0;
  while (t < far && thickness < Grid.stop) {
    const axis = nx < ny ? (nx < nz ? 0 : 2) : ny < nz ? 1 : 2;
    const to = min(axis == 0 ? nx : axis == 1 ? ny : nz, far);
    const at = <usize>(cx + r * (cy + r * cz));
    if (load<u8>(Grid.occupied + at) && to > t) {
      addStretch(out, t, to);
      thickness += <f64>load<f32>(Grid.values + (at << 2)) * Grid.perLength * (to - t);
    }
    t = to;
    if (axis == 0) {
      cx += dx > 0 ? 1 : -1;
      if (<u32>cx >= <u32>r) return;
      nx += px;
    } else if (axis == 1) {
      cy += dy > 0 ? 1 : -1;
      if (<u32>cy >= <u32>r) return;
      ny += py;
    } else {
      cz += dz > 0 ? 1 : -1;
      if (<u32>cz >= <u32>r) return;
      nz += pz;
    }
  }
}

@inline function enter(o: f64, v: f64, t: f64, h: f64, r: i32): i32 {
  const position = (o + v * t + h) / ((2.0 * h) / <f64>r);
  return max(0, min(r - 1, <i32>floor(position)));
}

@inline function leave(o: f64, v: f64, index: i32, size: f64, h: f64): f64 {
  return v == 0 ? Infinity : (<f64>(index + (v > 0 ? 1 : 0)) * size - h - o) / v;
}

/**
 * Samples of one ray, `at` bytes into the sample rows x, y, z, distance, length, bias, which lie `row` bytes apart.
 * Returns how many.
 */
export function marchRay(index: i32, scratch: usize, rows: usize, row: usize): i32 {
  const ray = <usize>index * 12;
  traverse(ray, scratch);
  const used = <i32>min(<f64>Grid.slots, ceil(total / Grid.step));
  if (used <= 0) return 0;
  const length = total / <f64>used;
  let s: usize = scratch;
  const last = scratch + ((<usize>(stretches - 1)) << 4);
  let before: f64 = 0; // occupied length before the stretch at s
  const unit = 0.5 / Grid.halfSide;
  for (let k = 0; k < used; k++, rows += 4) {
    const u = (<f64>k + (Grid.jitter ? uniform() : 0.5)) * length;
    while (s < last && u > before + load<f64>(s, 8) - load<f64>(s)) {
      before += load<f64>(s, 8) - load<f64>(s);
      s += 16;
    }
    const t = min(load<f64>(s) + u - before, load<f64>(s, 8));
    const x = <f64>load<f32>(Rays.origins + ray) + <f64>load<f32>(Rays.directions + ray) * t;
    const y = <f64>load<f32>(Rays.origins + ray, 4) + <f64>load<f32>(Rays.directions + ray, 4) * t;
    const z = <f64>load<f32>(Rays.origins + ray, 8) + <f64>load<f32>(Rays.directions + ray, 8) * t;
    store<f32>(rows, <f32>(x * unit + 0.5));
    store<f32>(rows + row, <f32>(y * unit + 0.5));
    store<f32>(rows + row * 2, <f32>(z * unit + 0.5));
    store<f32>(rows + row * 3, <f32>t);
    store<f32>(rows + row * 4, <f32>length);
    store<f32>(rows + row * 5, <f32>(Grid.biasHeight * (1.0 - sqrt(x * x + y * y + z * z) / Grid.biasRadius)));
  }
  return used;
}
