/**
 * A graph as an ONNX model: the part of onnx.proto (ONNX project, Apache-2.0; field numbers are facts of the format) that
 * this project writes, encoded by protobufjs.
 *
 * Writes only. No optimisation: the runtime does that.
 */
import protobuf from 'protobufjs/light.js';
import type { Attribute, DataType, Node, Shape, Tensor } from './tensor.js';

/** A tensor's bytes inside a model: in the model itself, or a range of a file beside it. */
export type InitialiserData =
  | { readonly kind: 'bytes'; readonly bytes: Uint8Array }
  | { readonly kind: 'file'; readonly location: string; readonly offset: number; readonly length: number };

/** A named value stored in or beside the model. */
export type Initialiser = {
  readonly name: string;
  readonly dtype: DataType;
  readonly shape: Shape;
  readonly data: InitialiserData;
};

/** What a model consists of. */
export type ModelParts = {
  readonly nodes: readonly Node[];
  readonly inputs: readonly { name: string; dtype: DataType; shape: Shape }[];
  readonly outputs: readonly Tensor[];
  readonly initialisers: readonly Initialiser[];
  /** extra Cast nodes from stored half precision: [stored name, name used by the graph] */
  readonly casts: readonly (readonly [string, string])[];
  /** extra nodes that cut a flat value into leaves of the graph; default: none */
  readonly stretches?: readonly Stretch[];
};

/** `length` values of the flat value named `from`, starting at `offset`, in a leaf's shape. */
export type Stretch = {
  readonly from: string;
  readonly offset: number;
  readonly length: number;
  readonly leaf: Tensor;
};

const field = (type: string, id: number) => ({ type, id });
const list = (type: string, id: number) => ({ rule: 'repeated', type, id });

const root = protobuf.Root.fromJSON({
  nested: {
    Model: {
      fields: {
        irVersion: field('int64', 1),
        producerName: field('string', 2),
        graph: field('Graph', 7),
        opsetImport: list('OperatorSet', 8),
      },
    },
    OperatorSet: { fields: { domain: field('string', 1), version: field('int64', 2) } },
    Graph: {
      fields: {
        node: list('Node', 1),
        name: field('string', 2),
        initializer: list('TensorData', 5),
        input: list('ValueInfo', 11),
        output: list('ValueInfo', 12),
      },
    },
    Node: {
      fields: {
        input: list('string', 1),
        output: list('string', 2),
        opType: field('string', 4),
        attribute: list('Attribute', 5),
        domain: field('string', 7),
      },
    },
    Attribute: {
      fields: {
        name: field('string', 1),
        f: field('float', 2),
        i: field('int64', 3),
        s: field('bytes', 4),
        ints: { ...list('int64', 8), options: { packed: false } },
        type: field('int32', 20),
      },
    },
    TensorData: {
      fields: {
        dims: { ...list('int64', 1), options: { packed: false } },
        dataType: field('int32', 2),
        name: field('string', 8),
        rawData: field('bytes', 9),
        externalData: list('Entry', 13),
        dataLocation: field('int32', 14),
      },
    },
    Entry: { fields: { key: field('string', 1), value: field('string', 2) } },
    ValueInfo: { fields: { name: field('string', 1), type: field('Type', 2) } },
    Type: { fields: { tensorType: field('TensorType', 1) } },
    TensorType: { fields: { elemType: field('int32', 1), shape: field('Dimensions', 2) } },
    Dimensions: { fields: { dim: list('Dimension', 1) } },
    Dimension: { fields: { dimValue: field('int64', 1) } },
  },
});

const modelType = root.lookupType('Model');

/** TensorProto.DataType. */
const ELEMENT_TYPE: Readonly<Record<DataType, number>> = {
  float32: 1,
  uint8: 2,
  int32: 6,
  int64: 7,
  bool: 9,
  float16: 10,
};
/** Opset 18 has every standard operator used here and is in every runtime of the last years. */
const OPSET = 18;
const IR_VERSION = 8;

/** Name of a tensor inside the model. */
export function valueName(tensor: Tensor): string {
  return tensor.name || `t${tensor.id}`;
}

/** Serialises a model. */
export function encodeModel(parts: ModelParts): Uint8Array {
  const cuts = (parts.stretches ?? []).map(cutNodes);
  return modelType
    .encode({
      irVersion: IR_VERSION,
      producerName: 'joker3d',
      opsetImport: [
        { domain: '', version: OPSET },
        { domain: 'com.microsoft', version: 1 },
      ],
      graph: {
        name: 'joker3d',
        node: [...parts.casts.map(castNode), ...cuts.flatMap(({ nodes }) => nodes), ...parts.nodes.map(encodeNode)],
        initializer: [...parts.initialisers, ...cuts.flatMap(({ integers }) => integers)].map(encodeInitialiser),
        input: parts.inputs.map(({ name, dtype, shape }) => valueInfo(name, dtype, shape)),
        output: parts.outputs.map((t) => valueInfo(valueName(t), t.dtype, t.shape)),
      },
    })
    .finish();
}

function castNode([from, to]: readonly [string, string]): object {
  return { input: [from], output: [to], opType: 'Cast', attribute: [{ name: 'to', i: ELEMENT_TYPE.float32, type: 2 }] };
}

/** Slice and Reshape, with the integers that both take as values. */
function cutNodes({ from, offset, length, leaf }: Stretch): { nodes: object[]; integers: Initialiser[] } {
  const name = valueName(leaf);
  const integers = Object.entries({ start: [offset], end: [offset + length], axis: [0], shape: leaf.shape }).map(
    ([what, values]): Initialiser => ({
      name: `${name}#${what}`,
      dtype: 'int64',
      shape: [values.length],
      data: { kind: 'bytes', bytes: new Uint8Array(BigInt64Array.from(values, BigInt).buffer) },
    }),
  );
  const inputs = (...what: string[]) => what.map((suffix) => `${name}#${suffix}`);
  return {
    nodes: [
      { input: [from, ...inputs('start', 'end', 'axis')], output: [`${name}#flat`], opType: 'Slice' },
      { input: inputs('flat', 'shape'), output: [name], opType: 'Reshape' },
    ],
    integers,
  };
}

function encodeNode(node: Node): object {
  return {
    input: node.inputs.map((t) => (t ? valueName(t) : '')),
    output: node.outputs.map(valueName),
    opType: node.operation.type,
    domain: node.operation.domain ?? '',
    attribute: Object.entries(node.attributes).map(([name, value]) => ({ name, ...encodeAttribute(value) })),
  };
}

function encodeAttribute(value: Attribute): object {
  // AttributeProto.AttributeType: FLOAT 1, INT 2, STRING 3, INTS 7
  if ('float' in value) return { f: value.float, type: 1 };
  if ('int' in value) return { i: value.int, type: 2 };
  if ('string' in value) return { s: new TextEncoder().encode(value.string), type: 3 };
  return { ints: [...value.ints], type: 7 };
}

function encodeInitialiser({ name, dtype, shape, data }: Initialiser): object {
  const common = { name, dims: [...shape], dataType: ELEMENT_TYPE[dtype] };
  if (data.kind === 'bytes') return { ...common, rawData: data.bytes };
  const { location, offset, length } = data;
  const entries = { location, offset: String(offset), length: String(length) };
  return {
    ...common,
    dataLocation: 1,
    externalData: Object.entries(entries).map(([key, value]) => ({ key, value })),
  };
}

function valueInfo(name: string, dtype: DataType, shape: Shape): object {
  const dim = shape.map((extent) => ({ dimValue: extent }));
  return { name, type: { tensorType: { elemType: ELEMENT_TYPE[dtype], shape: { dim } } } };
}
