/**
 * Sums, means, cumulative sums and softmax, and their gradients.
 */
import { normaliseAxis, type Operation, type Shape, sameShape, type Tensor } from '../tensor.js';
import { mul, sub } from './elementwise.js';
import { broadcastTo, reshape } from './shape.js';

const SUM: Operation = {
  type: 'ReduceSum',
  gradient: ({ inputs: [x, axes] }, [dy]) => [spread(dy!, x!.shape, axes!), null],
};
const MEAN: Operation = {
  type: 'ReduceMean',
  gradient: ({ inputs: [x, axes], outputs: [y] }, [dy]) => {
    const count =
      x!.shape.reduce((n, e) => n * e, 1) /
      Math.max(
        1,
        y!.shape.reduce((n, e) => n * e, 1),
      );
    return [spread(mul(dy!, 1 / count), x!.shape, axes!), null];
  },
};

function spread(dy: Tensor, shape: Shape, axes: Tensor): Tensor {
  const reduced = new Set(Array.from(axes.values as BigInt64Array, Number));
  const kept = shape.map((extent, i) => (reduced.has(i) ? 1 : extent));
  return broadcastTo(reshape(dy, kept), shape);
}

function reduce(operation: Operation, x: Tensor, axes: readonly number[] | undefined, keepDims: boolean): Tensor {
  const list = (axes ?? x.shape.map((_, i) => i)).map((axis) => normaliseAxis(axis, x.shape.length));
  if (list.length === 0) return x;
  const shape = x.shape.flatMap((extent, i) => (list.includes(i) ? (keepDims ? [1] : []) : [extent]));
  return x.graph.add(operation, [x, x.graph.integers(list)], [{ shape, dtype: x.dtype }], {
    keepdims: { int: keepDims ? 1 : 0 },
  })[0]!;
}

/** Sum over axes (default: all). */
export const sum = (x: Tensor, axes?: readonly number[], keepDims = false): Tensor => reduce(SUM, x, axes, keepDims);
/** Mean over axes (default: all). */
export const mean = (x: Tensor, axes?: readonly number[], keepDims = false): Tensor => reduce(MEAN, x, axes, keepDims);

/** Undoes broadcasting: sums x over the axes along which `shape` was stretched. */
export function reduceTo(x: Tensor, shape: Shape): Tensor {
  if (sameShape(x.shape, shape)) return x;
  const lead = x.shape.length - shape.length;
  const axes = x.shape.flatMap((extent, i) => (i < lead || (shape[i - lead] === 1 && extent !== 1) ? [i] : []));
  return reshape(sum(x, axes, false), shape);
}

const SOFTMAX: Operation = {
  type: 'Softmax',
  gradient: ({ outputs: [y] }, [dy]) => {
    const product = mul(dy!, y!);
    return [sub(product, mul(y!, sum(product, [-1], true)))];
  },
};

/** Softmax over the last axis. */
export function softmax(x: Tensor): Tensor {
  return x.graph.add(SOFTMAX, [x], [{ shape: x.shape, dtype: x.dtype }], { axis: { int: -1 } })[0]!;
}

const CUMSUM: Operation = {
  type: 'CumSum',
  // The transpose of a running sum is the running sum from the other end.
  gradient: ({ inputs: [, axis], attributes }, [dy]) => [
    cumsum(dy!, Number((axis!.values as BigInt64Array)[0]), {
      exclusive: (attributes['exclusive'] as { int: number }).int === 1,
      reverse: (attributes['reverse'] as { int: number }).int === 0,
    }),
    null,
  ],
};

/** Running sum along an axis; `exclusive` leaves out the element itself, `reverse` runs from the end. */
export function cumsum(x: Tensor, axis: number, options: { exclusive?: boolean; reverse?: boolean } = {}): Tensor {
  const along = x.graph.scalar(normaliseAxis(axis, x.shape.length), 'int64');
  return x.graph.add(CUMSUM, [x, along], [{ shape: x.shape, dtype: x.dtype }], {
    exclusive: { int: options.exclusive ? 1 : 0 },
    reverse: { int: options.reverse ? 1 : 0 },
  })[0]!;
}
