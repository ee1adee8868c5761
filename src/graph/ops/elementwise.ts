/**
 * Elementwise operations with numpy broadcasting, and their gradients.
 *
 * Each operation stands in one place: its ONNX name, its shape rule (the function), its gradient.
 */
import { broadcastShapes, type DataType, type Operation, sameShape, type Tensor } from '../tensor.js';
import { reduceTo } from './reduce.js';

/** A tensor, or a number that becomes a scalar constant. */
export type Operand = Tensor | number;

function pair(a: Operand, b: Operand): [Tensor, Tensor] {
  if (typeof a === 'number') {
    if (typeof b === 'number') throw new Error('internal: at least one operand must be a tensor');
    return [b.graph.scalar(a, b.dtype), b];
  }
  return [a, typeof b === 'number' ? a.graph.scalar(b, a.dtype) : b];
}

function binary(operation: Operation, a: Operand, b: Operand, dtype?: DataType): Tensor {
  const [x, y] = pair(a, b);
  if (x.dtype !== y.dtype) throw new Error(`internal: ${operation.type} of ${x.dtype} and ${y.dtype}`);
  return x.graph.add(operation, [x, y], [{ shape: broadcastShapes(x.shape, y.shape), dtype: dtype ?? x.dtype }])[0]!;
}

function unary(operation: Operation, x: Tensor): Tensor {
  return x.graph.add(operation, [x], [{ shape: x.shape, dtype: x.dtype }])[0]!;
}

/** Gradient helper: `make` is called only for operands that are not constants. */
function toOperand(operand: Tensor | null, make: () => Tensor): Tensor | null {
  return !operand || operand.source === 'constant' ? null : reduceTo(make(), operand.shape);
}

const ADD: Operation = {
  type: 'Add',
  gradient: ({ inputs: [a, b] }, [dy]) => [toOperand(a!, () => dy!), toOperand(b!, () => dy!)],
};
const SUB: Operation = {
  type: 'Sub',
  gradient: ({ inputs: [a, b] }, [dy]) => [toOperand(a!, () => dy!), toOperand(b!, () => neg(dy!))],
};
const MUL: Operation = {
  type: 'Mul',
  gradient: ({ inputs: [a, b] }, [dy]) => [toOperand(a!, () => mul(dy!, b!)), toOperand(b!, () => mul(dy!, a!))],
};
const DIV: Operation = {
  type: 'Div',
  gradient: ({ inputs: [a, b], outputs: [y] }, [dy]) => [
    toOperand(a!, () => div(dy!, b!)),
    toOperand(b!, () => neg(div(mul(dy!, y!), b!))),
  ],
};
const extremum = (type: 'Max' | 'Min', wins: (a: Tensor, b: Tensor) => Tensor): Operation => ({
  type,
  // At a tie the first operand takes the whole gradient, so that the sum stays right.
  gradient: ({ inputs: [a, b] }, [dy]) => [
    toOperand(a!, () => where(wins(b!, a!), 0, dy!)),
    toOperand(b!, () => where(wins(b!, a!), dy!, 0)),
  ],
});
const MAX: Operation = extremum('Max', (a, b) => greater(a, b));
const MIN: Operation = extremum('Min', (a, b) => less(a, b));
const GREATER: Operation = { type: 'Greater' };
const LESS: Operation = { type: 'Less' };

/** a + b. */
export const add = (a: Operand, b: Operand): Tensor => binary(ADD, a, b);
/** a − b. */
export const sub = (a: Operand, b: Operand): Tensor => binary(SUB, a, b);
/** a · b, elementwise. */
export const mul = (a: Operand, b: Operand): Tensor => binary(MUL, a, b);
/** a / b, elementwise. */
export const div = (a: Operand, b: Operand): Tensor => binary(DIV, a, b);
/** Elementwise maximum. */
export const maximum = (a: Operand, b: Operand): Tensor => binary(MAX, a, b);
/** Elementwise minimum. */
export const minimum = (a: Operand, b: Operand): Tensor => binary(MIN, a, b);
/** a > b, as bool. */
export const greater = (a: Operand, b: Operand): Tensor => binary(GREATER, a, b, 'bool');
/** a < b, as bool. */
export const less = (a: Operand, b: Operand): Tensor => binary(LESS, a, b, 'bool');

const WHERE: Operation = {
  type: 'Where',
  gradient: ({ inputs: [condition, a, b] }, [dy]) => [
    null,
    toOperand(a!, () => where(condition!, dy!, 0)),
    toOperand(b!, () => where(condition!, 0, dy!)),
  ],
};

/** a where the bool `condition` holds, else b. */
export function where(condition: Tensor, a: Operand, b: Operand): Tensor {
  const [x, y] = typeof a === 'number' && typeof b === 'number' ? pair(condition.graph.scalar(a), b) : pair(a, b);
  const shape = broadcastShapes(condition.shape, broadcastShapes(x.shape, y.shape));
  return condition.graph.add(WHERE, [condition, x, y], [{ shape, dtype: x.dtype }])[0]!;
}

const NEG: Operation = { type: 'Neg', gradient: (_, [dy]) => [neg(dy!)] };
const EXP: Operation = { type: 'Exp', gradient: ({ outputs: [y] }, [dy]) => [mul(dy!, y!)] };
const LOG: Operation = { type: 'Log', gradient: ({ inputs: [x] }, [dy]) => [div(dy!, x!)] };
const SQRT: Operation = { type: 'Sqrt', gradient: ({ outputs: [y] }, [dy]) => [mul(div(dy!, y!), 0.5)] };
const SIN: Operation = { type: 'Sin', gradient: ({ inputs: [x] }, [dy]) => [mul(dy!, cos(x!))] };
const COS: Operation = { type: 'Cos', gradient: ({ inputs: [x] }, [dy]) => [neg(mul(dy!, sin(x!)))] };
const TANH: Operation = { type: 'Tanh', gradient: ({ outputs: [y] }, [dy]) => [mul(dy!, sub(1, mul(y!, y!)))] };
const SIGMOID: Operation = {
  type: 'Sigmoid',
  gradient: ({ outputs: [y] }, [dy]) => [mul(dy!, mul(y!, sub(1, y!)))],
};
// The derivative at 0 is taken as 0, as everywhere.
const RELU: Operation = { type: 'Relu', gradient: ({ inputs: [x] }, [dy]) => [where(greater(x!, 0), dy!, 0)] };
const SOFTPLUS: Operation = { type: 'Softplus', gradient: ({ inputs: [x] }, [dy]) => [mul(dy!, sigmoid(x!))] };
// Not Sign: the WebGPU provider lacks it.
const ABS: Operation = {
  type: 'Abs',
  gradient: ({ inputs: [x] }, [dy]) => [where(greater(x!, 0), dy!, where(less(x!, 0), neg(dy!), 0))],
};
const RECIPROCAL: Operation = {
  type: 'Reciprocal',
  gradient: ({ outputs: [y] }, [dy]) => [neg(mul(dy!, mul(y!, y!)))],
};
const ERF: Operation = {
  type: 'Erf',
  // d erf(x)/dx = 2/√π · exp(−x²)
  gradient: ({ inputs: [x] }, [dy]) => [mul(dy!, mul(exp(neg(mul(x!, x!))), 2 / Math.sqrt(Math.PI)))],
};
const GELU: Operation = {
  type: 'Gelu',
  domain: 'com.microsoft',
  // d/dx x·Φ(x) = Φ(x) + x·φ(x) with the normal distribution Φ and density φ
  gradient: ({ inputs: [x] }, [dy]) => {
    const distribution = add(mul(erf(mul(x!, Math.SQRT1_2)), 0.5), 0.5);
    const density = mul(exp(mul(mul(x!, x!), -0.5)), 1 / Math.sqrt(2 * Math.PI));
    return [mul(dy!, add(distribution, mul(x!, density)))];
  },
};
const QUICK_GELU: Operation = {
  type: 'QuickGelu',
  domain: 'com.microsoft',
  // y = x·σ(αx); dy/dx = σ + αy·(1 − σ)
  gradient: ({ inputs: [x], outputs: [y], attributes }, [dy]) => {
    const alpha = (attributes['alpha'] as { float: number }).float;
    const gate = sigmoid(alpha === 1 ? x! : mul(x!, alpha));
    const slope = mul(y!, sub(1, gate));
    return [mul(dy!, add(gate, alpha === 1 ? slope : mul(slope, alpha)))];
  },
};

/** −x. */
export const neg = (x: Tensor): Tensor => unary(NEG, x);
/** e^x. */
export const exp = (x: Tensor): Tensor => unary(EXP, x);
/** Natural logarithm. */
export const log = (x: Tensor): Tensor => unary(LOG, x);
/** Square root; its gradient is infinite at 0, so add an epsilon first where 0 can happen. */
export const sqrt = (x: Tensor): Tensor => unary(SQRT, x);
/** Sine, radians. */
export const sin = (x: Tensor): Tensor => unary(SIN, x);
/** Cosine, radians. */
export const cos = (x: Tensor): Tensor => unary(COS, x);
/** |x|, with gradient 0 at 0. */
export const abs = (x: Tensor): Tensor => unary(ABS, x);
/** Hyperbolic tangent. */
export const tanh = (x: Tensor): Tensor => unary(TANH, x);
/** 1 / (1 + e^−x). */
export const sigmoid = (x: Tensor): Tensor => unary(SIGMOID, x);
/** max(x, 0). */
export const relu = (x: Tensor): Tensor => unary(RELU, x);
/** log(1 + e^x), overflow-safe in the runtime. */
export const softplus = (x: Tensor): Tensor => unary(SOFTPLUS, x);
/** 1 / x. */
export const reciprocal = (x: Tensor): Tensor => unary(RECIPROCAL, x);
/** Gauss error function. */
export const erf = (x: Tensor): Tensor => unary(ERF, x);
/** x·Φ(x), the exact (erf) form. */
export const gelu = (x: Tensor): Tensor => unary(GELU, x);
/** x². */
export const square = (x: Tensor): Tensor => mul(x, x);
/** x·σ(x), fused in the runtime. */
export const silu = (x: Tensor): Tensor => gated(x, 1);
/** x·σ(1.702·x), CLIP's approximation of GELU. */
export const quickGelu = (x: Tensor): Tensor => gated(x, 1.702);

function gated(x: Tensor, alpha: number): Tensor {
  return x.graph.add(QUICK_GELU, [x], [{ shape: x.shape, dtype: x.dtype }], { alpha: { float: alpha } })[0]!;
}

/** Limits x to [low, high]; the gradient is 0 where it is limited. */
export const clip = (x: Tensor, low: number, high: number): Tensor => maximum(minimum(x, high), low);

const POW: Operation = {
  type: 'Pow',
  gradient: ({ inputs: [x, p] }, [dy]) => {
    const power = p!.values![0] as number;
    return [mul(dy!, mul(pow(x!, power - 1), power)), null];
  },
};

/** x to a constant power. */
export function pow(x: Tensor, power: number): Tensor {
  return x.graph.add(POW, [x, x.graph.scalar(power)], [{ shape: x.shape, dtype: x.dtype }])[0]!;
}

const TO: Readonly<Record<DataType, number>> = { float32: 1, uint8: 2, int32: 6, int64: 7, bool: 9, float16: 10 };
const CAST: Operation = {
  type: 'Cast',
  gradient: ({ inputs: [x] }, [dy]) => [x!.dtype === 'float32' || x!.dtype === 'float16' ? cast(dy!, x!.dtype) : null],
};

/** The same values in another element type. */
export function cast(x: Tensor, dtype: DataType): Tensor {
  return x.dtype === dtype ? x : x.graph.add(CAST, [x], [{ shape: x.shape, dtype }], { to: { int: TO[dtype] } })[0]!;
}

const STOP: Operation = { type: 'Identity' };

/** x, through which no gradient flows. */
export const stopGradient = (x: Tensor): Tensor => unary(STOP, x);

/** Adds gradients that meet at one tensor. */
export function accumulate(a: Tensor | null, b: Tensor): Tensor {
  if (a && !sameShape(a.shape, b.shape)) throw new Error(`internal: gradients of shapes [${a.shape}] and [${b.shape}]`);
  return a ? add(a, b) : b;
}
