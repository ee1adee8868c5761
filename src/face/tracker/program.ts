/**
 * A small convolutional network as a list of layers, read from a file's metadata and built on the engine.
 *
 * Covers what MediaPipe's face networks consist of (BlazeFace, Bazarevsky et al. 2019; FaceMesh, Kartynnik et al. 2019; Iris,
 * Ablavatski et al. 2020), with TensorFlow's meaning of SAME padding. Not a general importer.
 */
import { z } from 'zod';
import { JokerError } from '../../core/errors.js';
import type { SafetensorsFile } from '../../core/files/safetensors.js';
import { tensorEntry } from '../../core/files/safetensors.js';
import {
  add,
  concat,
  conv2d,
  type Graph,
  maxPool2x,
  minimum,
  mul,
  pad,
  relu,
  reshape,
  sigmoid,
  type Tensor,
} from '../../graph/index.js';

const place = z.number().int().min(0);
const conv = {
  kind: z.literal('conv'),
  from: place,
  stride: z.number().int().min(1),
  same: z.boolean(),
  depthwise: z.boolean(),
  weight: z.string(),
  bias: z.string().nullable(),
};
const layerSchema = z.union([
  z.strictObject({ ...conv, activation: z.enum(['none', 'relu']) }),
  z.strictObject({ ...conv, activation: z.literal('prelu'), slope: z.string() }),
  z.strictObject({ kind: z.enum(['relu', 'sigmoid', 'maxPool']), from: place }),
  z.strictObject({ kind: z.literal('prelu'), from: place, slope: z.string() }),
  z.strictObject({ kind: z.literal('padChannels'), from: place, channels: z.number().int().min(1) }),
  z.strictObject({ kind: z.enum(['add', 'concat']), from: place, other: place }),
]);
const programSchema = z.strictObject({
  size: z.number().int().min(1).max(1024),
  layers: z.array(layerSchema.nullable()).max(1000),
  outputs: z.record(z.string(), place),
});

/** One layer. `from` and `other` number values: 0 is the input, k the result of the k-th layer (from 1). */
export type Layer = z.infer<typeof layerSchema>;

/** A network: square RGB input of `size` pixels, layers in order (null = dropped), named outputs. */
export type LayerProgram = z.infer<typeof programSchema>;

/**
 * The program of a tracker file.
 * @throws JokerError bad-weights when the file's metadata hold none, or one that does not follow the format.
 */
export function readProgram(file: SafetensorsFile): LayerProgram {
  try {
    return programSchema.parse(JSON.parse(file.metadata['program'] ?? 'null'));
  } catch (cause) {
    throw new JokerError('bad-weights', `${file.path}: holds no network of the tracker`, 'Install the package again.', {
      cause,
    });
  }
}

/**
 * Builds the network on `image` [B, 3, size, size]; every output [B, C, H, W]. Weights become parameters named as in the file.
 */
export function buildProgram(
  g: Graph,
  file: SafetensorsFile,
  program: LayerProgram,
  image: Tensor,
): Record<string, Tensor> {
  const values: (Tensor | null)[] = [image];
  const at = (id: number) => {
    const value = values[id];
    if (!value)
      throw new JokerError(
        'bad-weights',
        `${file.path}: layer uses value ${id} too early`,
        'Install the package again.',
      );
    return value;
  };
  const weight = (name: string) => g.parameter(name, tensorEntry(file, name).shape);
  for (const layer of program.layers) values.push(layer && buildLayer(layer, at, weight));
  return Object.fromEntries(Object.entries(program.outputs).map(([name, id]) => [name, at(id)]));
}

type At = (id: number) => Tensor;
type Weight = (name: string) => Tensor;

function buildLayer(layer: Layer, at: At, weight: Weight): Tensor {
  const x = at(layer.from);
  switch (layer.kind) {
    case 'conv':
      return buildConv(layer, x, weight);
    case 'relu':
      return relu(x);
    case 'sigmoid':
      return sigmoid(x);
    case 'maxPool':
      return maxPool2x(x);
    case 'prelu':
      return prelu(x, weight(layer.slope));
    case 'padChannels':
      return pad(x, [0, 0, 0, 0, 0, layer.channels, 0, 0]);
    case 'add':
      return add(x, at(layer.other));
    case 'concat':
      return concat([x, at(layer.other)], 1);
    default:
      return layer satisfies never;
  }
}

function buildConv(layer: Extract<Layer, { kind: 'conv' }>, x: Tensor, weight: Weight): Tensor {
  const kernel = weight(layer.weight);
  const [, , h, w] = x.shape as [number, number, number, number];
  const [top, bottom] = layer.same ? samePadding(h, kernel.shape[2]!, layer.stride) : [0, 0];
  const [left, right] = layer.same ? samePadding(w, kernel.shape[3]!, layer.stride) : [0, 0];
  const y = conv2d(x, kernel, layer.bias === null ? undefined : weight(layer.bias), {
    stride: layer.stride,
    padding: [top, left, bottom, right],
    groups: layer.depthwise ? x.shape[1]! : 1,
  });
  if (layer.activation === 'relu') return relu(y);
  return layer.activation === 'prelu' ? prelu(y, weight(layer.slope)) : y;
}

/** TensorFlow's SAME: output ⌈extent/stride⌉, the odd pixel of padding goes to the end. Returns [before, after]. */
export function samePadding(extent: number, kernel: number, stride: number): [number, number] {
  const total = Math.max(0, (Math.ceil(extent / stride) - 1) * stride + kernel - extent);
  return [total >> 1, total - (total >> 1)];
}

/** max(x, 0) + slope·min(x, 0), slope per channel [C]. */
function prelu(x: Tensor, slope: Tensor): Tensor {
  return add(relu(x), mul(minimum(x, 0), reshape(slope, [1, slope.shape[0]!, 1, 1])));
}
