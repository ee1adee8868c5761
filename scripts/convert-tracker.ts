/**
 * Makes assets/tracker/*.safetensors from the TensorFlow.js graph models of MediaPipe's BlazeFace, FaceMesh and Iris networks
 * (Apache-2.0), as the development dependency @vladmandic/human carries them.
 *
 * Each file holds the weights in fp16, in the layout of our engine (OIHW), and in its metadata `program`: the list of layers.
 * Run: npx tsx scripts/convert-tracker.ts [models folder] [output folder]
 */
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TensorToWrite, writeSafetensors } from '../src/core/files/safetensors.js';
import { halfsToFloats } from '../src/core/half.js';
import type { Layer, LayerProgram } from '../src/face/tracker/program.js';

type WeightInfo = { name: string; shape: number[]; dtype: string; quantization?: { dtype: string } };
type GraphNode = { name: string; op: string; input?: string[]; attr?: Record<string, Attribute> };
type Attribute = { s?: string; i?: string; list?: { i?: string[]; s?: string[] } };
type GraphModel = { modelTopology: { node: GraphNode[] }; weightsManifest: { weights: WeightInfo[] }[] };
type Weight = { shape: number[]; data: Float32Array };

/** What to keep of each network: its input size and which outputs, renamed. */
const NETWORKS = {
  blazeface: {
    size: 256,
    outputs: { score16: 'Identity', score8: 'Identity_1', box16: 'Identity_2', box8: 'Identity_3' },
  },
  facemesh: { size: 192, outputs: { confidence: 'Identity_1', mesh: 'Identity_2' } },
  iris: { size: 64, outputs: { points: 'Identity' } },
} as const;

function readWeights(model: GraphModel, bytes: Buffer): Map<string, Weight> {
  const weights = new Map<string, Weight>();
  let offset = 0;
  for (const info of model.weightsManifest[0]!.weights) {
    const count = info.shape.reduce((a, b) => a * b, 1);
    const width = info.quantization ? 2 : 4;
    const part = bytes.buffer.slice(bytes.byteOffset + offset, bytes.byteOffset + offset + count * width);
    offset += count * width;
    const ints = () => Float32Array.from(new Int32Array(part));
    const floats = () => (width === 2 ? halfsToFloats(new Uint16Array(part)) : new Float32Array(part));
    weights.set(info.name, { shape: info.shape, data: info.dtype === 'int32' ? ints() : floats() });
  }
  return weights;
}

/** HWIO (or HWC1 for depthwise) → OIHW. */
function toOIHW(weight: Weight, depthwise: boolean): Weight {
  const [h, w, i, o] = weight.shape as [number, number, number, number];
  const shape = depthwise ? [i, 1, h, w] : [o, i, h, w];
  const data = new Float32Array(weight.data.length);
  let k = 0;
  for (let a = 0; a < shape[0]!; a++)
    for (let b = 0; b < shape[1]!; b++)
      for (let y = 0; y < h; y++)
        for (let x = 0; x < w; x++)
          data[k++] = weight.data[depthwise ? (y * w + x) * i + a : ((y * w + x) * i + b) * o + a]!;
  return { shape, data };
}

const text = (base64: string | undefined) => Buffer.from(base64 ?? '', 'base64').toString();

/** One conversion: names shortened to numbers, constant inputs moved into the tensor list. */
class Converter {
  readonly layers: Layer[] = [];
  readonly tensors: TensorToWrite[] = [];
  private readonly values = new Map<string, number>();

  constructor(private readonly weights: Map<string, Weight>) {}

  convert(nodes: readonly GraphNode[]): void {
    for (const node of nodes) {
      if (node.op === 'Const') continue;
      if (node.op === 'Placeholder') this.values.set(node.name, 0);
      else if (node.op === 'Identity' || node.op === 'Reshape') this.values.set(node.name, this.value(node.input![0]!));
      else this.values.set(node.name, this.layers.push(this.layer(node)));
    }
  }

  value(name: string): number {
    const id = this.values.get(name);
    if (id === undefined) throw new Error(`value ${name} is used before it exists`);
    return id;
  }

  private layer(node: GraphNode): Layer {
    const input = node.input!;
    const from = this.value(input[0]!);
    switch (node.op) {
      case '_FusedConv2D':
        return this.conv(node, from, false);
      case 'DepthwiseConv2dNative':
        return this.conv(node, from, true);
      case 'AddV2':
        return { kind: 'add', from, other: this.value(input[1]!) };
      case 'Relu':
        return { kind: 'relu', from };
      case 'Sigmoid':
        return { kind: 'sigmoid', from };
      case 'Prelu':
        return { kind: 'prelu', from, slope: this.store(input[1]!) };
      case 'MaxPool':
        return { kind: 'maxPool', from };
      case 'Pad':
        return { kind: 'padChannels', from, channels: this.weights.get(input[1]!)!.data[7]! };
      case 'ConcatV2':
        return { kind: 'concat', from, other: this.value(input[1]!) };
      default:
        throw new Error(`no rule for ${node.op} (${node.name})`);
    }
  }

  private conv(node: GraphNode, from: number, depthwise: boolean): Layer {
    const [, weight, bias, slope] = node.input!;
    const attr = node.attr!;
    const fused = (attr['fused_ops']?.list?.s ?? []).map(text);
    const shared = { from, stride: Number(attr['strides']!.list!.i![1]), same: text(attr['padding']!.s) === 'SAME' };
    const parts = {
      kind: 'conv' as const,
      ...shared,
      depthwise,
      weight: this.storeKernel(weight!, depthwise),
      bias: bias === undefined ? null : this.store(bias),
    };
    if (fused.includes('Prelu')) return { ...parts, activation: 'prelu', slope: this.store(slope!) };
    return { ...parts, activation: fused.includes('Relu') ? 'relu' : 'none' };
  }

  private storeKernel(name: string, depthwise: boolean): string {
    return this.push(toOIHW(this.weights.get(name)!, depthwise));
  }

  private store(name: string): string {
    const { data } = this.weights.get(name)!;
    return this.push({ shape: [data.length], data });
  }

  private push(weight: Weight): string {
    const name = `w${this.tensors.length}`;
    this.tensors.push({ name, dtype: 'F16', shape: weight.shape, data: weight.data });
    return name;
  }
}

async function convertNetwork(name: keyof typeof NETWORKS, from: string, to: string): Promise<void> {
  const model = JSON.parse(readFileSync(join(from, `${name}.json`), 'utf8')) as GraphModel;
  const converter = new Converter(readWeights(model, readFileSync(join(from, `${name}.bin`))));
  converter.convert(model.modelTopology.node);
  const spec = NETWORKS[name];
  const outputs = Object.fromEntries(
    Object.entries(spec.outputs).map(([ours, theirs]) => [ours, converter.value(theirs)]),
  );
  const program: LayerProgram = { size: spec.size, layers: prune(converter.layers, Object.values(outputs)), outputs };
  const used = new Set(program.layers.flatMap((l) => (l ? weightNames(l) : [])));
  await writeSafetensors(
    join(to, `${name}.safetensors`),
    converter.tensors.filter((tensor) => used.has(tensor.name)),
    {
      program: JSON.stringify(program),
      licence: 'Apache-2.0',
      source: `MediaPipe ${name}, by way of @vladmandic/human`,
    },
  );
}

/** Layers that no kept output needs become null, so that numbers stay valid. */
function prune(layers: readonly Layer[], outputs: readonly number[]): (Layer | null)[] {
  const needed = new Set(outputs);
  for (let id = layers.length; id > 0; id--) {
    const layer = layers[id - 1]!;
    if (!needed.has(id)) continue;
    needed.add(layer.from);
    if ('other' in layer) needed.add(layer.other);
  }
  return layers.map((layer, i) => (needed.has(i + 1) ? layer : null));
}

function weightNames(layer: Layer): string[] {
  if (layer.kind === 'prelu') return [layer.slope];
  if (layer.kind !== 'conv') return [];
  return [layer.weight, ...(layer.bias ? [layer.bias] : []), ...(layer.activation === 'prelu' ? [layer.slope] : [])];
}

const [from = 'node_modules/@vladmandic/human/models', to = 'assets/tracker'] = process.argv.slice(2);
mkdirSync(to, { recursive: true });
for (const name of ['blazeface', 'facemesh', 'iris'] as const) await convertNetwork(name, from, to);
