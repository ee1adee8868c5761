/**
 * Layer and group normalisation, and their gradients.
 */
import { type Operation, sizeOf, type Tensor } from '../tensor.js';
import { add, mul, sub } from './elementwise.js';
import { mean, sum } from './reduce.js';
import { broadcastTo, reshape } from './shape.js';

// The runtime returns mean and inverse deviation as extra outputs; both are used by the gradient.
const LAYER_NORM: Operation = {
  type: 'LayerNormalization',
  gradient: ({ inputs: [x, scale], outputs: [, average, inverse] }, [dy]) => {
    const normal = mul(sub(x!, average!), inverse!);
    const lead = x!.shape.slice(0, -1).map((_, i) => i);
    const dNormal = mul(dy!, scale!);
    const centred = sub(dNormal, add(mean(dNormal, [-1], true), mul(normal, mean(mul(dNormal, normal), [-1], true))));
    return [mul(centred, inverse!), sum(mul(dy!, normal), lead), sum(dy!, lead)];
  },
};

// Without affine part (its scale is a constant 1): the output is itself the normal value that the gradient needs.
const NORMALISE: Operation = {
  type: 'LayerNormalization',
  gradient: ({ outputs: [y, , inverse] }, [dy]) => {
    const centred = sub(dy!, add(mean(dy!, [-1], true), mul(y!, mean(mul(dy!, y!), [-1], true))));
    return [mul(centred, inverse!), null, null];
  },
};

function normalisation(operation: Operation, x: Tensor, scale: Tensor, bias: Tensor | null, epsilon: number): Tensor {
  const statistics = [...x.shape.slice(0, -1), 1];
  return x.graph.add(
    operation,
    bias ? [x, scale, bias] : [x, scale],
    [
      { shape: x.shape, dtype: x.dtype },
      { shape: statistics, dtype: 'float32' },
      { shape: statistics, dtype: 'float32' },
    ],
    { axis: { int: -1 }, epsilon: { float: epsilon } },
  )[0]!;
}

/** Normalises the last axis to mean 0 and variance 1, then scales and shifts: [..., C] with scale[C], bias[C]. */
export function layerNorm(x: Tensor, scale: Tensor, bias: Tensor, epsilon: number): Tensor {
  return normalisation(LAYER_NORM, x, scale, bias, epsilon);
}

/** Normalises groups of channels of x[B, C, ...] over channels and pixels, then scales and shifts with scale[C], bias[C]. */
export function groupNorm(x: Tensor, groups: number, scale: Tensor, bias: Tensor, epsilon: number): Tensor {
  const [b, c] = x.shape as [number, number];
  if (c % groups) throw new Error(`internal: ${c} channels in ${groups} groups`);
  const width = sizeOf(x.shape) / (b * groups);
  const ones = broadcastTo(x.graph.scalar(1), [width]);
  const flat = normalisation(NORMALISE, reshape(x, [b * groups, width]), ones, null, epsilon);
  const channels = [c, ...new Array<number>(x.shape.length - 2).fill(1)];
  return add(mul(reshape(flat, x.shape), reshape(scale, channels)), reshape(bias, channels));
}
