/**
 * Exponential, logarithm and sums of four floats at once. Source of wasm.ts, in AssemblyScript; see build-kernels.mjs.
 *
 * Polynomials of the Cephes library (Moshier, public domain numbers): relative error below 2e-7 over the whole range.
 */

@inline export function splat(x: f32): v128 {
  return f32x4.splat(x);
}

/** e^x; x is held inside ±87, where float32 neither overflows nor becomes denormal. */
export function exp4(value: v128): v128 {
  const x = f32x4.pmin(f32x4.pmax(value, splat(-87.0)), splat(87.0));
  const n = f32x4.nearest(f32x4.mul(x, splat(1.44269504088896341)));
  // x − n·ln 2 in two parts: the first is exact in float32
  const r = f32x4.sub(f32x4.sub(x, f32x4.mul(n, splat(0.693359375))), f32x4.mul(n, splat(-2.12194440e-4)));
  let p = f32x4.add(f32x4.mul(splat(1.9875691500e-4), r), splat(1.3981999507e-3));
  p = f32x4.add(f32x4.mul(p, r), splat(8.3334519073e-3));
  p = f32x4.add(f32x4.mul(p, r), splat(4.1665795894e-2));
  p = f32x4.add(f32x4.mul(p, r), splat(1.6666665459e-1));
  p = f32x4.add(f32x4.mul(p, r), splat(5.0000001201e-1));
  const y = f32x4.add(f32x4.add(f32x4.mul(p, f32x4.mul(r, r)), r), splat(1.0));
  const power = i32x4.shl(i32x4.add(i32x4.trunc_sat_f32x4_s(n), i32x4.splat(127)), 23);
  return f32x4.mul(y, power);
}

/** log(1 + u) for u in [0, 1]. */
@inline function log1p4(u: v128): v128 {
  const w = f32x4.add(u, splat(1.0)); // 1 … 2
  const high = f32x4.gt(w, splat(1.41421356));
  const m = v128.bitselect(f32x4.mul(w, splat(0.5)), w, high);
  const x = f32x4.sub(m, splat(1.0));
  const z = f32x4.mul(x, x);
  let p = f32x4.add(f32x4.mul(splat(7.0376836292e-2), x), splat(-1.1514610310e-1));
  p = f32x4.add(f32x4.mul(p, x), splat(1.1676998740e-1));
  p = f32x4.add(f32x4.mul(p, x), splat(-1.2420140846e-1));
  p = f32x4.add(f32x4.mul(p, x), splat(1.4249322787e-1));
  p = f32x4.add(f32x4.mul(p, x), splat(-1.6668057665e-1));
  p = f32x4.add(f32x4.mul(p, x), splat(2.0000714765e-1));
  p = f32x4.add(f32x4.mul(p, x), splat(-2.4999993993e-1));
  p = f32x4.add(f32x4.mul(p, x), splat(3.3333331174e-1));
  const log = f32x4.add(
    f32x4.add(f32x4.sub(f32x4.mul(f32x4.mul(p, x), z), f32x4.mul(z, splat(0.5))), x),
    v128.and(high, splat(0.693147180559945)),
  );
  // 1 + u loses the low bits of u: Kahan's quotient puts them back, and for u below 6e-8 the answer is u itself.
  const rest = f32x4.sub(w, splat(1.0));
  const none = f32x4.eq(rest, splat(0.0));
  return v128.bitselect(u, f32x4.mul(log, f32x4.div(u, v128.bitselect(splat(1.0), rest, none))), none);
}

/** log(1 + e^x) = max(x, 0) + log(1 + e^−|x|): no overflow. */
export function softplus4(x: v128): v128 {
  return f32x4.add(f32x4.pmax(x, splat(0.0)), log1p4(exp4(f32x4.neg(f32x4.abs(x)))));
}

/** 1 / (1 + e^−x). */
export function sigmoid4(x: v128): v128 {
  return f32x4.div(splat(1.0), f32x4.add(splat(1.0), exp4(f32x4.neg(x))));
}

/** Sum of the four lanes, always in the same order. */
@inline export function lanes(x: v128): f32 {
  return (
    f32x4.extract_lane(x, 0) + f32x4.extract_lane(x, 1) + (f32x4.extract_lane(x, 2) + f32x4.extract_lane(x, 3))
  );
}
