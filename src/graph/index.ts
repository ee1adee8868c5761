/**
 * Differentiable ONNX: build a graph, differentiate it, run it. What other folders may use of graph/.
 */
export { type CompileOptions, compile } from './compile.js';
export { gradients } from './gradient.js';
export { Graph } from './graph.js';
export { type ConvOptions, conv2d } from './ops/conv.js';
export {
  abs,
  add,
  cast,
  clip,
  cos,
  div,
  erf,
  exp,
  gelu,
  greater,
  less,
  log,
  maximum,
  minimum,
  mul,
  neg,
  type Operand,
  pow,
  quickGelu,
  reciprocal,
  relu,
  sigmoid,
  silu,
  sin,
  softplus,
  sqrt,
  square,
  stopGradient,
  sub,
  tanh,
  where,
} from './ops/elementwise.js';
export { gemm, linear, matmul } from './ops/matmul.js';
export { groupNorm, layerNorm } from './ops/norm.js';
export { maxPool3x } from './ops/pool.js';
export { cumsum, mean, softmax, sum } from './ops/reduce.js';
export {
  averagePool2x,
  broadcastTo,
  concat,
  gather,
  maxPool2x,
  pad,
  reshape,
  slice,
  transpose,
  upsampleNearest2x,
} from './ops/shape.js';
export { type AdamWOptions, adamW, globalNorm, momentName, type StateUpdate } from './optimiser.js';
export { Program, type Values } from './program.js';
export { type Device, runtimeKind } from './runtime.js';
export { type DataType, type Shape, sameShape, sizeOf, type Tensor } from './tensor.js';
export type { ModelPlacer, WeightData, WeightSource } from './weights.js';
