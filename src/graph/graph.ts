/**
 * A graph under construction: inputs, parameters, constants, and the nodes that ops add.
 *
 * Append-only, so tensor ids are a topological order. Knows nothing of faces, devices or files.
 */
import {
  type Attribute,
  type ConstantValues,
  type DataType,
  type Node,
  type Operation,
  type Shape,
  sameShape,
  sizeOf,
  type Tensor,
} from './tensor.js';

/** How a graph's operations are written. */
export type GraphOptions = {
  /**
   * For devices with thousands of cores (WebGPU): gradients of weights, whose products are small but run over all pixels of
   * a batch, are written as many short products and a sum, and AdamW updates parameters by the million. Same values but for rounding; slower on a CPU. Default false.
   */
  readonly wide?: boolean;
};

/** Owns the tensors of one computation. */
export class Graph {
  /** see `GraphOptions` */
  readonly wide: boolean;

  /** every tensor, by id */
  readonly tensors: Tensor[] = [];
  private readonly parametersByName = new Map<string, Tensor>();
  private readonly inputsByName = new Map<string, Tensor>();
  private readonly scalars = new Map<string, Tensor>();

  constructor({ wide = false }: GraphOptions = {}) {
    this.wide = wide;
  }

  /** A value fed at every run. Names are unique among inputs and parameters. */
  input(name: string, shape: Shape, dtype: DataType = 'float32'): Tensor {
    if (this.inputsByName.has(name) || this.parametersByName.has(name))
      throw new Error(`internal: the graph already has an input or parameter '${name}'`);
    const tensor = this.append({ shape, dtype, source: 'input', name });
    this.inputsByName.set(name, tensor);
    return tensor;
  }

  /** A weight; `name` is its key in the checkpoint. Asking twice for one name gives the same tensor. */
  parameter(name: string, shape: Shape): Tensor {
    const known = this.parametersByName.get(name);
    if (known) {
      if (!sameShape(known.shape, shape))
        throw new Error(`internal: parameter '${name}' asked for as [${shape}] but is [${known.shape}]`);
      return known;
    }
    const tensor = this.append({ shape, dtype: 'float32', source: 'parameter', name });
    this.parametersByName.set(name, tensor);
    return tensor;
  }

  /** All parameters asked for so far, in order of creation. */
  parameters(): Tensor[] {
    return [...this.parametersByName.values()];
  }

  /** A value known now. */
  constant(values: ArrayLike<number>, shape: Shape, dtype: DataType = 'float32'): Tensor {
    if (values.length !== sizeOf(shape)) throw new Error(`internal: ${values.length} values for shape [${shape}]`);
    return this.append({ shape, dtype, source: 'constant', values: toConstant(values, dtype) });
  }

  /** A rank-0 constant; equal ones are shared. */
  scalar(value: number, dtype: DataType = 'float32'): Tensor {
    const key = `${dtype}:${value}`;
    let tensor = this.scalars.get(key);
    if (!tensor) {
      tensor = this.constant([value], [], dtype);
      this.scalars.set(key, tensor);
    }
    return tensor;
  }

  /** A one-dimensional int64 constant (shapes, axes); equal ones are shared. */
  integers(values: readonly number[]): Tensor {
    const key = `list:${values.join(',')}`;
    let tensor = this.scalars.get(key);
    if (!tensor) {
      tensor = this.constant(values, [values.length], 'int64');
      this.scalars.set(key, tensor);
    }
    return tensor;
  }

  /** Adds a node; its outputs have the given shapes and types. For the files in ops/, not for users of a graph. */
  add(
    operation: Operation,
    inputs: readonly (Tensor | null)[],
    outputs: readonly { shape: Shape; dtype: DataType }[],
    attributes: Record<string, Attribute> = {},
  ): Tensor[] {
    for (const tensor of inputs)
      if (tensor && tensor.graph !== this) throw new Error('internal: an operand belongs to another graph');
    const made: Tensor[] = [];
    const node: Node = { operation, inputs, outputs: made, attributes };
    for (const output of outputs) made.push(this.append({ ...output, source: 'node', node }));
    return made;
  }

  private append(fields: Pick<Tensor, 'shape' | 'dtype' | 'source'> & Partial<Tensor>): Tensor {
    if (!fields.shape.every((extent) => Number.isInteger(extent) && extent >= 0))
      throw new Error(`internal: not a shape: [${fields.shape}]`);
    const tensor: Tensor = { graph: this, id: this.tensors.length, name: '', node: null, values: null, ...fields };
    this.tensors.push(tensor);
    return tensor;
  }
}

function toConstant(values: ArrayLike<number>, dtype: DataType): ConstantValues {
  switch (dtype) {
    case 'float32':
      return Float32Array.from(values);
    case 'int64':
      return BigInt64Array.from(Array.from(values, (v) => BigInt(v)));
    case 'int32':
      return Int32Array.from(values);
    case 'uint8':
    case 'bool':
      return Uint8Array.from(values);
    case 'float16':
      throw new Error('internal: float16 constants are not supported');
    default:
      return dtype satisfies never;
  }
}
