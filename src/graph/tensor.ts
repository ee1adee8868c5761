/**
 * The data model of a graph: tensors, nodes, operations. Static shapes only.
 *
 * Not a runtime: a `Tensor` here is a name for a value that exists only while a program runs.
 */
import type { Graph } from './graph.js';

/** Element types that graphs use. */
export type DataType = 'float32' | 'float16' | 'int64' | 'int32' | 'uint8' | 'bool';

/** Extent per axis, outermost first. */
export type Shape = readonly number[];

/** How a tensor comes to have a value. */
export type TensorSource = 'input' | 'parameter' | 'constant' | 'node';

/** A symbolic value of a graph. */
export type Tensor = {
  readonly graph: Graph;
  /** unique in its graph, increasing in order of creation, so that ids are a topological order */
  readonly id: number;
  readonly shape: Shape;
  readonly dtype: DataType;
  readonly source: TensorSource;
  /** given name of inputs and parameters; empty otherwise */
  readonly name: string;
  /** the node that computes it, for `source === 'node'` */
  readonly node: Node | null;
  /** the values, for `source === 'constant'` */
  readonly values: ConstantValues | null;
};

/** Values of a constant, in the array type of its data type. */
export type ConstantValues = Float32Array | Uint16Array | BigInt64Array | Int32Array | Uint8Array;

/** An ONNX attribute: exactly one field. */
export type Attribute =
  | { readonly int: number }
  | { readonly float: number }
  | { readonly ints: readonly number[] }
  | { readonly string: string };

/**
 * A kind of node: its ONNX name and its gradient rule, in one place. The shape rule lives in the function that adds the node.
 */
export type Operation = {
  /** ONNX operator name */
  readonly type: string;
  /** operator set; '' is the standard one */
  readonly domain?: 'com.microsoft';
  /**
   * Gradients with respect to the inputs, in their order, given those of the outputs (null = does not reach the loss).
   * Absent for operations through which no gradient flows.
   */
  readonly gradient?: (node: Node, outputGradients: readonly (Tensor | null)[]) => (Tensor | null)[];
};

/** One operation applied to tensors. */
export type Node = {
  readonly operation: Operation;
  /** null stands for an omitted optional input */
  readonly inputs: readonly (Tensor | null)[];
  readonly outputs: readonly Tensor[];
  readonly attributes: Readonly<Record<string, Attribute>>;
};

/** Number of elements. */
export function sizeOf(shape: Shape): number {
  return shape.reduce((product, extent) => product * extent, 1);
}

/** True if the shapes are the same. */
export function sameShape(a: Shape, b: Shape): boolean {
  return a.length === b.length && a.every((extent, i) => extent === b[i]);
}

/** Shape of an elementwise result under numpy's broadcasting rule; throws if the shapes do not fit. */
export function broadcastShapes(a: Shape, b: Shape): Shape {
  const rank = Math.max(a.length, b.length);
  return Array.from({ length: rank }, (_, i) => {
    const x = a[i - rank + a.length] ?? 1;
    const y = b[i - rank + b.length] ?? 1;
    if (x !== y && x !== 1 && y !== 1) throw new Error(`internal: cannot broadcast [${a}] with [${b}]`);
    return Math.max(x, y);
  });
}

/** Axis in 0 … rank − 1 from one that may count from the end. */
export function normaliseAxis(axis: number, rank: number): number {
  const positive = axis < 0 ? axis + rank : axis;
  if (!(positive >= 0 && positive < rank)) throw new Error(`internal: axis ${axis} outside rank ${rank}`);
  return positive;
}
