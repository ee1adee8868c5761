/**
 * 2-D convolution and its gradients.
 *
 * The gradients are chosen for speed on the CPU provider (docs/PITFALLS.md): the input gradient is a convolution with the
 * flipped, transposed kernel, and the weight gradient matrix products over batch and pixels; all are standard operators, so
 * they run on every device.
 */
import type { Node, Operation, Shape, Tensor } from '../tensor.js';
import { biasGradient, gemm, matmul } from './matmul.js';
import { sum } from './reduce.js';
import { concat, gather, pad, reshape, slices, transpose } from './shape.js';

/** Settings of a convolution. */
export type ConvOptions = {
  /** step in both directions; default 1 */
  readonly stride?: number;
  /** zero padding: one number for all sides, or [top, left, bottom, right]; default 0 */
  readonly padding?: number | readonly [number, number, number, number];
  /** channel groups; default 1. Weight gradients exist for 1 only. */
  readonly groups?: number;
};

type Geometry = { stride: number; pads: readonly number[]; groups: number };

function geometryOf(attributes: Node['attributes']): Geometry {
  return {
    stride: (attributes['strides'] as { ints: readonly number[] }).ints[0]!,
    pads: (attributes['pads'] as { ints: readonly number[] }).ints,
    groups: (attributes['group'] as { int: number }).int,
  };
}

const CONV: Operation = {
  type: 'Conv',
  gradient: ({ inputs: [x, weight, bias], attributes }, [dy]) => {
    const geometry = geometryOf(attributes);
    return [
      inputGradient(dy!, x!, weight!, geometry),
      geometry.groups === 1 ? weightGradient(dy!, x!, weight!, geometry) : null,
      bias ? biasGradient(dy!, 1) : null,
    ];
  },
};
const CONV_TRANSPOSE: Operation = { type: 'ConvTranspose' };

/** x[B,C,H,W] ⋆ weight[O,C/groups,kh,kw] (+ bias[O]) → [B,O,H',W'] (cross-correlation, as in every framework). */
export function conv2d(x: Tensor, weight: Tensor, bias?: Tensor | null, options: ConvOptions = {}): Tensor {
  const { stride = 1, padding = 0, groups = 1 } = options;
  const pads = typeof padding === 'number' ? [padding, padding, padding, padding] : [...padding];
  const [b, c, h, w] = x.shape as [number, number, number, number];
  const [o, cw, kh, kw] = weight.shape as [number, number, number, number];
  if (c !== cw * groups) throw new Error(`internal: conv of [${x.shape}] with [${weight.shape}], groups ${groups}`);
  const height = Math.floor((h + pads[0]! + pads[2]! - kh) / stride) + 1;
  const width = Math.floor((w + pads[1]! + pads[3]! - kw) / stride) + 1;
  return x.graph.add(CONV, bias ? [x, weight, bias] : [x, weight], [{ shape: [b, o, height, width], dtype: x.dtype }], {
    kernel_shape: { ints: [kh, kw] },
    strides: { ints: [stride, stride] },
    pads: { ints: pads },
    dilations: { ints: [1, 1] },
    group: { int: groups },
  })[0]!;
}

function inputGradient(dy: Tensor, x: Tensor, weight: Tensor, { stride, pads, groups }: Geometry): Tensor {
  const [, , kh, kw] = weight.shape as [number, number, number, number];
  const [top, left, bottom, right] = pads as [number, number, number, number];
  if (stride === 1 && groups === 1) {
    const back = [kh - 1 - top, kw - 1 - left, kh - 1 - bottom, kw - 1 - right] as const;
    return conv2d(dy, flipped(weight), null, { padding: back });
  }
  // Rows at the end that no window reached get no gradient: ConvTranspose is told to make them with output_padding.
  const rest = (axis: number, before: number, after: number, k: number) =>
    x.shape[axis]! - ((dy.shape[axis]! - 1) * stride + k - before - after);
  return x.graph.add(CONV_TRANSPOSE, [dy, weight], [{ shape: x.shape, dtype: x.dtype }], {
    kernel_shape: { ints: [kh, kw] },
    strides: { ints: [stride, stride] },
    pads: { ints: [...pads] },
    output_padding: { ints: [rest(2, top, bottom, kh), rest(3, left, right, kw)] },
    dilations: { ints: [1, 1] },
    group: { int: groups },
  })[0]!;
}

/**
 * The kernel turned by 180° with its channel axes swapped, [C,O,kh,kw]. Turning is a product with the k²×k² matrix that
 * reverses the order of taps: exact for finite weights, and 1.2–1.8 times faster than a Slice with negative steps, which
 * walks element by element (bench/train-step.ts).
 */
function flipped(weight: Tensor): Tensor {
  const [o, c, kh, kw] = weight.shape as [number, number, number, number];
  const swapped = transpose(weight, [1, 0, 2, 3]);
  const taps = kh * kw;
  if (taps === 1) return swapped;
  const turn = Array.from({ length: taps * taps }, (_, i) => ((i % taps) + Math.floor(i / taps) === taps - 1 ? 1 : 0));
  const reversal = weight.graph.constant(turn, [taps, taps]);
  return reshape(gemm(reshape(swapped, [c * o, taps]), reversal, null), [c, o, kh, kw]);
}

/**
 * From this many pixels (batch included) per input channel on, a product per tap is faster than one product with all taps'
 * windows copied into one matrix. Measured at 4–16 images of 4²–64² and 16–128 channels: 11–41 % faster at ≥ 16, equal at
 * 7–16, slower at 3.
 */
const PIXELS_PER_CHANNEL = 16;

/**
 * dW = dY · windowsᵀ, with pixels and batch as one long inner axis. The batch stands innermost so that a window's rows are
 * long runs: copying them is what this costs beside the products.
 */
function weightGradient(dy: Tensor, x: Tensor, weight: Tensor, geometry: Geometry): Tensor {
  if (dy.graph.wide) return wideWeightGradient(dy, x, weight, geometry);
  const { stride, pads } = geometry;
  const [o, c, kh, kw] = weight.shape as [number, number, number, number];
  const [b, , height, width] = dy.shape as [number, number, number, number];
  const pixels = b * height * width;
  const rows = reshape(transpose(dy, [1, 2, 3, 0]), [o, pixels]);
  const inner = pad(transpose(x, [1, 2, 3, 0]), [0, pads[0]!, pads[1]!, 0, 0, pads[2]!, pads[3]!, 0]);
  const windows: Tensor[] = [];
  for (let ky = 0; ky < kh; ky++)
    for (let kx = 0; kx < kw; kx++) windows.push(windowAt(inner, ky, kx, stride, height, width));
  if (pixels >= PIXELS_PER_CHANNEL * c) return productPerTap(rows, windows, weight.shape);
  const columns = reshape(
    concat(
      windows.map((window) => reshape(window, [c, 1, pixels])),
      1,
    ),
    [c * kh * kw, pixels],
  );
  return reshape(gemm(rows, columns, null, { transposeB: true }), weight.shape);
}

/** rows [O, pixels] times each window [C, pixels]ᵀ, put together as [O, C, kh, kw]. */
function productPerTap(rows: Tensor, windows: readonly Tensor[], shape: Shape): Tensor {
  const [o, c] = shape as [number, number];
  const products = windows.map((window) =>
    reshape(gemm(rows, reshape(window, [c, rows.shape[1]!]), null, { transposeB: true }), [o, c, 1]),
  );
  return reshape(concat(products, 2), shape);
}

/**
 * The same for a wide graph: one product for each picture of the batch, with all taps at once, and their sum. One Gather makes
 * the windows' matrix, where a Slice for each tap would be nine kernels to start.
 */
function wideWeightGradient(dy: Tensor, x: Tensor, weight: Tensor, { stride, pads }: Geometry): Tensor {
  const [o, c, kh, kw] = weight.shape as [number, number, number, number];
  const [b, , height, width] = dy.shape as [number, number, number, number];
  const inner = pad(x, [0, 0, pads[0]!, pads[1]!, 0, 0, pads[2]!, pads[3]!]);
  const [rows, columns] = inner.shape.slice(2) as [number, number];
  const pixels = reshape(inner, [b * c, rows * columns]);
  const places = windowPlaces([kh, kw], [height, width], stride, columns);
  const taps = x.graph.constant(places, [places.length], 'int32'); // int32, because WebGPU lacks operations on int64
  const windows = kh * kw * stride === 1 ? pixels : gather(pixels, taps, 1);
  const products = matmul(
    reshape(windows, [b, c * kh * kw, height * width]),
    transpose(reshape(dy, [b, o, height * width]), [0, 2, 1]),
  );
  return reshape(transpose(sum(products, [0]), [1, 0]), weight.shape);
}

/** Where in a picture's pixels, rows of `columns`, each tap of a kernel finds each pixel of the result: taps by pixels. */
function windowPlaces(
  [kh, kw]: readonly [number, number],
  [height, width]: readonly [number, number],
  stride: number,
  columns: number,
): number[] {
  const places: number[] = [];
  for (let ky = 0; ky < kh; ky++)
    for (let kx = 0; kx < kw; kx++)
      for (let y = 0; y < height; y++)
        for (let x = 0; x < width; x++) places.push((y * stride + ky) * columns + x * stride + kx);
  return places;
}

/** Pixels of x[C, H, W, B] that one tap of a kernel sees. */
function windowAt(x: Tensor, ky: number, kx: number, stride: number, height: number, width: number): Tensor {
  const [, h, w] = x.shape as [number, number, number, number];
  if (h === height && w === width && stride === 1) return x;
  return slices(x, [
    { axis: 1, start: ky, end: ky + (height - 1) * stride + 1, step: stride },
    { axis: 2, start: kx, end: kx + (width - 1) * stride + 1, step: stride },
  ]);
}
