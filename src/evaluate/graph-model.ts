/**
 * A chain of convolutions out of a TensorFlow.js graph model (a folder's NAME.json and NAME.bin), built on our engine.
 *
 * For the face descriptor that a person may name for the evaluation; nothing of it is shipped. Reads networks whose layers
 * follow one another (MobileNet, Howard et al. 2017) up to the global mean. Not a general importer: anything else is refused.
 */
import { join } from 'node:path';
import { z } from 'zod';
import { JokerError } from '../core/errors.js';
import { parseJsonStrict } from '../core/files/json.js';
import { readFileBytes, readFileText } from '../core/files/read.js';
import { halfsToFloats } from '../core/half.js';
import { samePadding } from '../face/tracker/program.js';
import { add, conv2d, type Graph, maximum, mean, minimum, mul, relu, sizeOf, type Tensor } from '../graph/index.js';

const attributeSchema = z.object({
  s: z.string().optional(),
  list: z.object({ i: z.array(z.string()).optional() }).optional(),
});
const nodeSchema = z.object({
  name: z.string(),
  op: z.string(),
  input: z.array(z.string()).default([]),
  attr: z.record(z.string(), attributeSchema).default({}),
});
const weightSchema = z.object({
  name: z.string(),
  shape: z.array(z.number().int().min(0)),
  dtype: z.enum(['float32', 'int32']),
  quantization: z.object({ dtype: z.enum(['float16']) }).optional(),
});
const modelSchema = z.object({
  modelTopology: z.object({ node: z.array(nodeSchema).max(5000) }),
  weightsManifest: z.array(z.object({ weights: z.array(weightSchema) })).length(1),
});

type Node = z.infer<typeof nodeSchema>;
type Weight = { readonly shape: readonly number[]; readonly data: Float32Array };

/** A model that was read: its layers in order, and its weights by name. */
export type GraphModel = {
  readonly path: string;
  readonly nodes: readonly Node[];
  readonly weights: ReadonlyMap<string, Weight>;
};

/**
 * Reads NAME.json and NAME.bin of a folder.
 * @throws JokerError missing-file, or bad-file when it is no graph model with float16 or float32 weights.
 */
export function readGraphModel(folder: string, name: string): GraphModel {
  const path = join(folder, `${name}.json`);
  const parsed = modelSchema.safeParse(parseJsonStrict(readFileText(path), path));
  if (!parsed.success) throw badModel(path, parsed.error.issues[0]?.path.join('.') ?? 'content');
  const { modelTopology, weightsManifest } = parsed.data;
  const bytes = readFileBytes(join(folder, `${name}.bin`));
  return { path, nodes: modelTopology.node, weights: readWeights(path, weightsManifest[0]!.weights, bytes) };
}

function badModel(path: string, where: string): JokerError {
  return new JokerError('bad-file', `${path}: is no chain of convolutions (${where})`, 'Name another descriptor.');
}

function readWeights(path: string, list: readonly z.infer<typeof weightSchema>[], bytes: Uint8Array) {
  const weights = new Map<string, Weight>();
  let at = 0;
  for (const { name, shape, dtype, quantization } of list) {
    const width = quantization ? 2 : 4;
    const length = width * sizeOf(shape);
    if (at + length > bytes.length) throw badModel(path, `weight ${name} ends outside of the .bin`);
    const part = new Uint8Array(bytes.subarray(at, at + length)).buffer; // a copy: places in the file are not aligned
    at += length;
    const data = quantization
      ? halfsToFloats(new Uint16Array(part))
      : dtype === 'int32'
        ? Float32Array.from(new Int32Array(part))
        : new Float32Array(part);
    weights.set(name, { shape, data });
  }
  return weights;
}

/** Weights of the parameters that `buildChain` made, by parameter name. */
export type ChainWeights = Map<string, Float32Array>;

/**
 * Builds the chain on `image` [B, 3, S, S] up to its global mean: [B, C].
 * @throws JokerError bad-file for a layer that is not understood or does not follow its predecessor.
 */
export function buildChain(g: Graph, model: GraphModel, image: Tensor): { output: Tensor; weights: ChainWeights } {
  const weights: ChainWeights = new Map();
  const place: Place = { g, model, weights };
  let [x, last] = [image, ''];
  for (const node of model.nodes) {
    if (node.op === 'Const') continue;
    if (node.op === 'Placeholder') {
      last = node.name;
      continue;
    }
    if (node.input[0] !== last) throw badModel(model.path, `${node.name} does not follow ${last}`);
    if (node.op === 'Mean') return { output: mean(x, [2, 3]), weights };
    x = layer(node, x, place);
    last = node.name;
  }
  throw badModel(model.path, 'no global mean');
}

type Place = { readonly g: Graph; readonly model: GraphModel; readonly weights: ChainWeights };

function layer(node: Node, x: Tensor, place: Place): Tensor {
  switch (node.op) {
    case 'Conv2D':
      return convolve(node, x, place, false);
    case 'DepthwiseConv2dNative':
      return convolve(node, x, place, true);
    case 'Mul':
      return mul(x, perChannel(node, place));
    case 'Add':
    case 'AddV2':
    case 'BiasAdd':
      return add(x, perChannel(node, place));
    case 'Relu':
      return relu(x);
    case 'Minimum':
      return minimum(x, operand(node, place).data[0]!);
    case 'Maximum':
      return maximum(x, operand(node, place).data[0]!);
    default:
      throw badModel(place.model.path, `operation ${node.op}`);
  }
}

function operand(node: Node, { model }: Place): Weight {
  const weight = model.weights.get(node.input[1] ?? '');
  if (!weight) throw badModel(model.path, `${node.name} has no constant`);
  return weight;
}

function perChannel(node: Node, place: Place): Tensor {
  const { data } = operand(node, place);
  return parameter(place, [1, data.length, 1, 1], data);
}

function parameter({ g, weights }: Place, shape: readonly number[], data: Float32Array): Tensor {
  const name = `w${weights.size}`;
  weights.set(name, data);
  return g.parameter(name, shape);
}

function convolve(node: Node, x: Tensor, place: Place, depthwise: boolean): Tensor {
  const { shape, data } = operand(node, place);
  const stride = Number(node.attr['strides']?.list?.i?.[1]);
  const padding = Buffer.from(node.attr['padding']?.s ?? '', 'base64').toString();
  if (shape.length !== 4 || !(stride >= 1) || padding !== 'SAME') throw badModel(place.model.path, node.name);
  const [kernelHeight, kernelWidth] = shape as [number, number];
  const [, channels, height, width] = x.shape as [number, number, number, number];
  const [top, bottom] = samePadding(height, kernelHeight, stride);
  const [left, right] = samePadding(width, kernelWidth, stride);
  const kernel = planesFirst(shape, data, depthwise);
  const options = { stride, padding: [top, left, bottom, right] as const, groups: depthwise ? channels : 1 };
  return conv2d(x, parameter(place, kernel.shape, kernel.data), undefined, options);
}

/** H×W×I×O (depthwise: H×W×C×1) → O×I×H×W (C×1×H×W), as our engine has it. */
function planesFirst(shape: readonly number[], data: Float32Array, depthwise: boolean): Weight {
  const [h, w, i, o] = shape as [number, number, number, number];
  const [outer, inner] = depthwise ? [i, o] : [o, i];
  const out = new Float32Array(data.length);
  for (let p = 0; p < h * w; p++)
    for (let a = 0; a < outer; a++)
      for (let b = 0; b < inner; b++) {
        const from = depthwise ? (p * i + a) * o + b : (p * i + b) * o + a;
        out[(a * inner + b) * h * w + p] = data[from]!;
      }
  return { shape: [outer, inner, h, w], data: out };
}
