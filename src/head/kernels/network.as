/**
 * Small dense layers on blocks of samples. Source of wasm.ts, in AssemblyScript; see build-kernels.mjs.
 *
 * A block is [rows][BLOCK] floats: one row per feature or hidden unit, samples side by side, so that four lanes are four
 * samples and no lane ever crosses another until the sums of the weights' gradients. `count` samples of a block are in use, a
 * multiple of 8; rows of outputs come in groups of 4 (the matrices are padded with zeros).
 */

import { lanes, splat } from './math';

/** Samples per block: a block of 64 hidden units is 32 KB, the size of the smallest first-level caches in use. */
export const BLOCK: i32 = 128;

/** Bytes of a row of a block. */
export const ROW: usize = 512;

/** out[rows] = W [rows, inner] · x [inner], then max(0, ·) where `relu`. */
export function layer(out: usize, w: usize, x: usize, rows: i32, inner: i32, count: i32, relu: bool): void {
  const stride = (<usize>inner) << 2;
  const floor = relu ? splat(0.0) : splat(-Infinity);
  const end = (<usize>count) << 2;
  for (let j = 0; j < rows; j += 4, w += stride << 2, out += ROW << 2) {
    for (let s: usize = 0; s < end; s += 32) {
      let a0 = splat(0.0);
      let a1 = a0;
      let b0 = a0;
      let b1 = a0;
      let c0 = a0;
      let c1 = a0;
      let d0 = a0;
      let d1 = a0;
      let from = x + s;
      for (let k = w, last = w + stride; k < last; k += 4, from += ROW) {
        const x0 = v128.load(from);
        const x1 = v128.load(from, 16);
        let v = v128.load32_splat(k);
        a0 = f32x4.add(a0, f32x4.mul(v, x0));
        a1 = f32x4.add(a1, f32x4.mul(v, x1));
        v = v128.load32_splat(k + stride);
        b0 = f32x4.add(b0, f32x4.mul(v, x0));
        b1 = f32x4.add(b1, f32x4.mul(v, x1));
        v = v128.load32_splat(k + (stride << 1));
        c0 = f32x4.add(c0, f32x4.mul(v, x0));
        c1 = f32x4.add(c1, f32x4.mul(v, x1));
        v = v128.load32_splat(k + stride * 3);
        d0 = f32x4.add(d0, f32x4.mul(v, x0));
        d1 = f32x4.add(d1, f32x4.mul(v, x1));
      }
      const to = out + s;
      v128.store(to, f32x4.pmax(a0, floor));
      v128.store(to, f32x4.pmax(a1, floor), 16);
      v128.store(to, f32x4.pmax(b0, floor), ROW);
      v128.store(to, f32x4.pmax(b1, floor), ROW + 16);
      v128.store(to, f32x4.pmax(c0, floor), ROW * 2);
      v128.store(to, f32x4.pmax(c1, floor), ROW * 2 + 16);
      v128.store(to, f32x4.pmax(d0, floor), ROW * 3);
      v128.store(to, f32x4.pmax(d1, floor), ROW * 3 + 16);
    }
  }
}

/** One output row: out = w [inner] · x [inner]. */
export function layerRow(out: usize, w: usize, x: usize, inner: i32, count: i32): void {
  const last = w + ((<usize>inner) << 2);
  const end = (<usize>count) << 2;
  for (let s: usize = 0; s < end; s += 32) {
    let a = splat(0.0);
    let b = a;
    let from = x + s;
    for (let k = w; k < last; k += 4, from += ROW) {
      const v = v128.load32_splat(k);
      a = f32x4.add(a, f32x4.mul(v, v128.load(from)));
      b = f32x4.add(b, f32x4.mul(v, v128.load(from, 16)));
    }
    v128.store(out + s, a);
    v128.store(out + s, b, 16);
  }
}

/** gradient [rows, inner] += d [rows] · xᵀ [inner], summed over samples; rows a multiple of 4, inner of 2. */
export function weightGradient(gradient: usize, d: usize, x: usize, rows: i32, inner: i32, count: i32): void {
  const stride = (<usize>inner) << 2;
  const end = (<usize>count) << 2;
  for (let j = 0; j < rows; j += 4, d += ROW << 2, gradient += stride << 2) {
    let column = x;
    for (let f: usize = 0; f < stride; f += 8, column += ROW << 1) {
      let a0 = splat(0.0);
      let a1 = a0;
      let b0 = a0;
      let b1 = a0;
      let c0 = a0;
      let c1 = a0;
      let d0 = a0;
      let d1 = a0;
      for (let s: usize = 0; s < end; s += 16) {
        const x0 = v128.load(column + s);
        const x1 = v128.load(column + s, ROW);
        let v = v128.load(d + s);
        a0 = f32x4.add(a0, f32x4.mul(v, x0));
        a1 = f32x4.add(a1, f32x4.mul(v, x1));
        v = v128.load(d + s, ROW);
        b0 = f32x4.add(b0, f32x4.mul(v, x0));
        b1 = f32x4.add(b1, f32x4.mul(v, x1));
        v = v128.load(d + s, ROW * 2);
        c0 = f32x4.add(c0, f32x4.mul(v, x0));
        c1 = f32x4.add(c1, f32x4.mul(v, x1));
        v = v128.load(d + s, ROW * 3);
        d0 = f32x4.add(d0, f32x4.mul(v, x0));
        d1 = f32x4.add(d1, f32x4.mul(v, x1));
      }
      const to = gradient + f;
      addPair(to, a0, a1);
      addPair(to + stride, b0, b1);
      addPair(to + (stride << 1), c0, c1);
      addPair(to + stride * 3, d0, d1);
    }
  }
}

@inline function addPair(to: usize, a: v128, b: v128): void {
  f32.store(to, f32.load(to) + lanes(a));
  f32.store(to, f32.load(to, 4) + lanes(b), 4);
}

/**
 * Back through the second layer of one network: d [rows] = (h > 0) · Σ over outputs of w[o]·dOut[o], and the gradient of w.
 * `outputs` is 1 or 3; dOut [outputs] is a block of its own, w and gradient are [outputs, rows].
 */
export function secondLayerBack(
  d: usize,
  gradient: usize,
  h: usize,
  dOut: usize,
  w: usize,
  rows: i32,
  outputs: i32,
  count: i32,
): void {
  const stride = (<usize>rows) << 2;
  const end = (<usize>count) << 2;
  for (let k: usize = 0; k < stride; k += 4, h += ROW, d += ROW) {
    const w0 = v128.load32_splat(w + k);
    if (outputs == 1) {
      let g = splat(0.0);
      for (let s: usize = 0; s < end; s += 16) {
        const y = v128.load(h + s);
        const e = v128.load(dOut + s);
        g = f32x4.add(g, f32x4.mul(y, e));
        v128.store(d + s, v128.and(f32x4.mul(w0, e), f32x4.gt(y, splat(0.0))));
      }
      f32.store(gradient + k, f32.load(gradient + k) + lanes(g));
    } else {
      const w1 = v128.load32_splat(w + k + stride);
      const w2 = v128.load32_splat(w + k + stride * 2);
      let g0 = splat(0.0);
      let g1 = g0;
      let g2 = g0;
      for (let s: usize = 0; s < end; s += 16) {
        const y = v128.load(h + s);
        const e0 = v128.load(dOut + s);
        const e1 = v128.load(dOut + s, ROW);
        const e2 = v128.load(dOut + s, ROW * 2);
        g0 = f32x4.add(g0, f32x4.mul(y, e0));
        g1 = f32x4.add(g1, f32x4.mul(y, e1));
        g2 = f32x4.add(g2, f32x4.mul(y, e2));
        const sum = f32x4.add(f32x4.add(f32x4.mul(w0, e0), f32x4.mul(w1, e1)), f32x4.mul(w2, e2));
        v128.store(d + s, v128.and(sum, f32x4.gt(y, splat(0.0))));
      }
      const to = gradient + k;
      f32.store(to, f32.load(to) + lanes(g0));
      f32.store(to + stride, f32.load(to + stride) + lanes(g1));
      f32.store(to + stride * 2, f32.load(to + stride * 2) + lanes(g2));
    }
  }
}
