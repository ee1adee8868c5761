/** A grown layer: what it computes for old inputs, and what it refuses. */
import { describe, expect, test } from 'vitest';
import { grownFrom } from './warm-start.js';

const fresh = (length: number) => Float32Array.from({ length }, (_, i) => 100 + i);

/** y = W·x for W [O, I]. */
function apply(weight: Float32Array, x: readonly number[]): number[] {
  return Array.from({ length: weight.length / x.length }, (_, o) =>
    x.reduce((sum, value, i) => sum + weight[o * x.length + i]! * value, 0),
  );
}

describe('a layer grown from an older one', () => {
  const older = { shape: [2, 3], data: Float32Array.of(1, 2, 3, 4, 5, 6) };

  test('gives the old outputs whatever the new inputs are; new outputs are fresh', () => {
    const weight = grownFrom('unet.conv_in.weight', older, [4, 5], fresh(20));
    const wanted = apply(older.data, [7, -1, 2]);
    for (const extra of [
      [0, 0],
      [9, -9],
    ])
      expect(apply(weight, [7, -1, 2, ...extra]).slice(0, 2)).toEqual(wanted);
    expect([...weight.subarray(10)]).toEqual([...fresh(20).subarray(10)]);
  });

  test('keeps kernels whole, and is the old layer when nothing has grown', () => {
    const kernel = { shape: [1, 1, 2, 2], data: Float32Array.of(1, 2, 3, 4) };
    const grown = grownFrom('conv.weight', kernel, [1, 2, 2, 2], fresh(8));
    expect([...grown]).toEqual([1, 2, 3, 4, 0, 0, 0, 0]);
    expect(grownFrom('x.weight', older, [2, 3], fresh(6))).toEqual(older.data);
  });

  test("means and log variances of the autoencoder's posterior grow apart", () => {
    const bias = { shape: [4], data: Float32Array.of(1, 2, 3, 4) }; // means 1 2, log variances 3 4
    expect([...grownFrom('vae.quant_conv.bias', bias, [6], fresh(6))]).toEqual([1, 2, 102, 3, 4, 105]);
    const square = { shape: [2, 2], data: Float32Array.of(1, 2, 3, 4) };
    const grown = grownFrom('vae.quant_conv.weight', square, [4, 4], fresh(16));
    expect([...grown.subarray(0, 4), ...grown.subarray(8, 12)]).toEqual([1, 0, 2, 0, 3, 0, 4, 0]);
  });

  test('refuses shrunk layers, other kernels and other ranks by name', () => {
    for (const shape of [[1, 3], [2, 2], [6]])
      expect(() => grownFrom('a.weight', older, shape, fresh(6))).toThrow(/'a\.weight' has shape \[2, 3\]/);
    const kernel = { shape: [1, 1, 3, 3], data: new Float32Array(9) };
    expect(() => grownFrom('b.weight', kernel, [1, 1, 1, 1], fresh(1))).toThrow(/does not fit/);
  });
});
