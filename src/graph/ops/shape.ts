/**
 * Operations that move values without changing them, and their gradients.
 */
import { normaliseAxis, type Operation, type Shape, sameShape, sizeOf, type Tensor } from '../tensor.js';
import { mul } from './elementwise.js';
import { reduceTo } from './reduce.js';

const RESHAPE: Operation = { type: 'Reshape', gradient: ({ inputs: [x] }, [dy]) => [reshape(dy!, x!.shape), null] };

/** The same values, row by row, in another shape. One extent may be −1. */
export function reshape(x: Tensor, shape: Shape): Tensor {
  const known = shape.reduce((product, extent) => (extent === -1 ? product : product * extent), 1);
  const full = shape.map((extent) => (extent === -1 ? sizeOf(x.shape) / known : extent));
  if (sizeOf(full) !== sizeOf(x.shape)) throw new Error(`internal: cannot reshape [${x.shape}] to [${shape}]`);
  if (sameShape(full, x.shape)) return x;
  return x.graph.add(RESHAPE, [x, x.graph.integers(full)], [{ shape: full, dtype: x.dtype }])[0]!;
}

const TRANSPOSE: Operation = {
  type: 'Transpose',
  gradient: ({ attributes }, [dy]) => {
    const perm = (attributes['perm'] as { ints: readonly number[] }).ints;
    return [
      transpose(
        dy!,
        perm.map((_, i) => perm.indexOf(i)),
      ),
    ];
  },
};

/** Axes in a new order: output axis i is input axis perm[i]. */
export function transpose(x: Tensor, perm: readonly number[]): Tensor {
  if (perm.every((axis, i) => axis === i)) return x;
  const shape = perm.map((axis) => x.shape[axis]!);
  return x.graph.add(TRANSPOSE, [x], [{ shape, dtype: x.dtype }], { perm: { ints: perm } })[0]!;
}

const CONCAT: Operation = {
  type: 'Concat',
  gradient: ({ inputs, attributes }, [dy]) => {
    const axis = (attributes['axis'] as { int: number }).int;
    let start = 0;
    return inputs.map((x) => {
      const part = slice(dy!, axis, start, start + x!.shape[axis]!);
      start += x!.shape[axis]!;
      return part;
    });
  },
};

/** Joins tensors along an axis. */
export function concat(tensors: readonly Tensor[], axis: number): Tensor {
  const first = tensors[0]!;
  if (tensors.length === 1) return first;
  const along = normaliseAxis(axis, first.shape.length);
  const shape = first.shape.map((extent, i) =>
    i === along ? tensors.reduce((total, t) => total + t.shape[along]!, 0) : extent,
  );
  for (const t of tensors)
    if (t.shape.some((extent, i) => i !== along && extent !== shape[i]))
      throw new Error(`internal: cannot concat [${first.shape}] and [${t.shape}] along ${along}`);
  return first.graph.add(CONCAT, tensors, [{ shape, dtype: first.dtype }], { axis: { int: along } })[0]!;
}

const SLICE: Operation = {
  type: 'Slice',
  gradient: ({ inputs: [x, starts, , axes, steps] }, [dy]) => {
    if (steps) throw new Error('internal: strided slices have no gradient');
    const axis = Number((axes!.values as BigInt64Array)[0]);
    const start = Number((starts!.values as BigInt64Array)[0]);
    const amounts = new Array<number>(2 * x!.shape.length).fill(0);
    amounts[axis] = start;
    amounts[axis + x!.shape.length] = x!.shape[axis]! - start - dy!.shape[axis]!;
    return [pad(dy!, amounts), null, null, null, null];
  },
};

/** Elements start … end − 1 along an axis; negative positions count from the end. */
export function slice(x: Tensor, axis: number, start: number, end: number): Tensor {
  const along = normaliseAxis(axis, x.shape.length);
  const extent = x.shape[along]!;
  const from = start < 0 ? start + extent : start;
  const to = Math.min(extent, end < 0 ? end + extent : end);
  if (from === 0 && to === extent) return x;
  if (!(from >= 0 && from < to)) throw new Error(`internal: slice ${start}:${end} of extent ${extent}`);
  const shape = x.shape.map((e, i) => (i === along ? to - from : e));
  const { graph } = x;
  const position = [graph.integers([from]), graph.integers([to]), graph.integers([along])];
  return graph.add(SLICE, [x, ...position], [{ shape, dtype: x.dtype }])[0]!;
}

/** Slices several axes with steps; no gradient (used inside gradients of convolutions). */
export function slices(
  x: Tensor,
  ranges: readonly { axis: number; start: number; end: number; step: number }[],
): Tensor {
  const shape = x.shape.map((extent, i) => {
    const range = ranges.find((r) => r.axis === i);
    return range ? Math.ceil((range.end - range.start) / range.step) : extent;
  });
  const { graph } = x;
  // A reversed axis ends before its first element; ONNX clamps any sufficiently negative end to that.
  const ends = ranges.map((r) => (r.step < 0 && r.end < 0 ? -(2 ** 31) : r.end));
  return graph.add(
    SLICE,
    [
      x,
      graph.integers(ranges.map((r) => r.start)),
      graph.integers(ends),
      graph.integers(ranges.map((r) => r.axis)),
      graph.integers(ranges.map((r) => r.step)),
    ],
    [{ shape, dtype: x.dtype }],
  )[0]!;
}

const EXPAND: Operation = {
  type: 'Expand',
  gradient: ({ inputs: [x] }, [dy]) => [reduceTo(dy!, x!.shape), null],
};

/** Repeats x along axes of extent 1 to fill `shape`. */
export function broadcastTo(x: Tensor, shape: Shape): Tensor {
  if (sameShape(x.shape, shape)) return x;
  return x.graph.add(EXPAND, [x, x.graph.integers(shape)], [{ shape, dtype: x.dtype }])[0]!;
}

const PAD: Operation = {
  type: 'Pad',
  gradient: ({ inputs: [x, amounts] }, [dy]) => {
    const before = Array.from(amounts!.values as BigInt64Array, Number);
    let result = dy!;
    x!.shape.forEach((extent, axis) => {
      result = slice(result, axis, before[axis]!, before[axis]! + extent);
    });
    return [result, null, null];
  },
};

/** Pads with a constant; `amounts` = before each axis, then after each axis. */
export function pad(x: Tensor, amounts: readonly number[], value = 0): Tensor {
  if (amounts.every((amount) => amount === 0)) return x;
  const rank = x.shape.length;
  const shape = x.shape.map((extent, i) => extent + amounts[i]! + amounts[i + rank]!);
  const { graph } = x;
  return graph.add(PAD, [x, graph.integers(amounts), graph.scalar(value, x.dtype)], [{ shape, dtype: x.dtype }])[0]!;
}

const GATHER: Operation = {
  type: 'Gather',
  gradient: ({ inputs: [x, indices], attributes }, [dy]) => {
    if ((attributes['axis'] as { int: number }).int !== 0)
      throw new Error('internal: gather has a gradient on axis 0 only');
    return [scatterRows(dy!, indices!, x!.shape), null];
  },
};

/** Rows of x by index along an axis (indices int64 or int32, any shape). Gradient on axis 0 only; repeats add up. */
export function gather(x: Tensor, indices: Tensor, axis = 0): Tensor {
  const along = normaliseAxis(axis, x.shape.length);
  const shape = [...x.shape.slice(0, along), ...indices.shape, ...x.shape.slice(along + 1)];
  return x.graph.add(GATHER, [x, indices], [{ shape, dtype: x.dtype }], { axis: { int: along } })[0]!;
}

const SCATTER: Operation = { type: 'ScatterElements' };

/**
 * Adds rows into zeros of `shape`. ScatterElements and not ScatterND: the latter loses updates on the CPU when indices
 * repeat and more than one thread runs.
 */
function scatterRows(rows: Tensor, indices: Tensor, shape: Shape): Tensor {
  const { graph } = rows;
  const width = sizeOf(shape.slice(1));
  const count = sizeOf(indices.shape);
  const zeros = broadcastTo(graph.scalar(0), [shape[0]!, width]);
  const repeated = broadcastTo(reshape(indices, [count, 1]), [count, width]);
  const flat = graph.add(
    SCATTER,
    [zeros, repeated, reshape(rows, [count, width])],
    [{ shape: [shape[0]!, width], dtype: rows.dtype }],
    { axis: { int: 0 }, reduction: { string: 'add' } },
  )[0]!;
  return reshape(flat, shape);
}

const UPSAMPLE: Operation = {
  type: 'Resize',
  // Each input pixel was copied to 2×2 output pixels: its gradient is their sum, four times their mean.
  gradient: (_, [dy]) => [mul(averagePool2x(dy!), 4), null, null],
};

/** [B,C,H,W] → [B,C,2H,2W], every pixel repeated. */
export function upsampleNearest2x(x: Tensor): Tensor {
  const [b, c, h, w] = x.shape as [number, number, number, number];
  const scales = x.graph.constant([1, 1, 2, 2], [4]);
  return x.graph.add(UPSAMPLE, [x, null, scales], [{ shape: [b, c, 2 * h, 2 * w], dtype: x.dtype }], {
    mode: { string: 'nearest' },
    coordinate_transformation_mode: { string: 'asymmetric' },
    nearest_mode: { string: 'floor' },
  })[0]!;
}

const AVERAGE_POOL: Operation = {
  type: 'AveragePool',
  gradient: (_, [dy]) => [mul(upsampleNearest2x(dy!), 0.25)],
};

/** [B,C,H,W] → [B,C,H/2,W/2], means of 2×2 blocks; H and W even. */
export function averagePool2x(x: Tensor): Tensor {
  return pool(AVERAGE_POOL, x);
}

const MAX_POOL: Operation = {
  type: 'MaxPool',
  // Positions that hold their block's maximum share its gradient; exact ties share it equally with the copies counted.
  gradient: ({ inputs: [x], outputs: [y] }, [dy]) => [routeToMaximum(x!, y!, dy!)],
};

/** [B,C,H,W] → [B,C,H/2,W/2], maxima of 2×2 blocks; H and W even. */
export function maxPool2x(x: Tensor): Tensor {
  return pool(MAX_POOL, x);
}

const EQUAL: Operation = { type: 'Equal' };

function routeToMaximum(x: Tensor, y: Tensor, dy: Tensor): Tensor {
  const { graph } = x;
  const isMaximum = graph.add(EQUAL, [x, upsampleNearest2x(y)], [{ shape: x.shape, dtype: 'bool' }])[0]!;
  const mask = graph.add({ type: 'Cast' }, [isMaximum], [{ shape: x.shape, dtype: 'float32' }], { to: { int: 1 } })[0]!;
  const share = graph.add(
    { type: 'Div' },
    [dy, mul(averagePool2x(mask), 4)],
    [{ shape: y.shape, dtype: 'float32' }],
  )[0]!;
  return mul(upsampleNearest2x(share), mask);
}

function pool(operation: Operation, x: Tensor): Tensor {
  const [b, c, h, w] = x.shape as [number, number, number, number];
  if (h % 2 || w % 2) throw new Error(`internal: 2×2 pooling of odd size [${x.shape}]`);
  return x.graph.add(operation, [x], [{ shape: [b, c, h / 2, w / 2], dtype: x.dtype }], {
    kernel_shape: { ints: [2, 2] },
    strides: { ints: [2, 2] },
  })[0]!;
}
