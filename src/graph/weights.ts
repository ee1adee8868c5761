/**
 * Where the values of parameters and constants stand when a graph becomes a model: inside it, or in safetensors files that
 * the runtime reads in place.
 *
 * Reads no file itself: the caller's `ModelPlacer` does what needs a file system.
 */
import { type Initialiser, valueName } from './onnx.js';
import type { Device } from './runtime.js';
import { type DataType, type Shape, sizeOf, type Tensor } from './tensor.js';

/** Where a weight's values are: in memory, or a range of a safetensors file, read in place by the runtime. */
export type WeightData =
  | { readonly kind: 'memory'; readonly data: Float32Array }
  | {
      readonly kind: 'file';
      /** absolute path */
      readonly path: string;
      /** bytes from the start of the file */
      readonly offset: number;
      readonly length: number;
      readonly dtype: 'float32' | 'float16';
    };

/** Finds a weight by the parameter's name; must return values of the given shape or throw. */
export type WeightSource = (name: string, shape: Shape) => WeightData;

/** Lets the runtime see the weight files beside the model; returns the model's path. Node only; see core/files. */
export type ModelPlacer = (weightFiles: readonly string[]) => {
  location(path: string): string;
  write(model: Uint8Array): string;
  remove(): void;
};

/** The stored values of a model and how it comes to stand beside its weight files. */
export type PlacedModel = {
  initialisers: Initialiser[];
  /** see `ModelParts.casts` */
  casts: [string, string][];
  /** weight files: the name by which the model refers to each, and where it is */
  files: { path: string; data: string }[];
  /** bytes of weights that are read in place */
  bytesInPlace: number;
  /** stored values that are declared as inputs too */
  extraInputs: { name: string; dtype: DataType; shape: Shape }[];
  /** the model for the runtime: bytes, or the path of a file beside the weights */
  finish(model: Uint8Array): Uint8Array | string;
  /** removes what `finish` and the placer wrote */
  remove(): void;
};

/** What is needed of `CompileOptions`. */
type WeightOptions = { readonly weights?: WeightSource; readonly placer?: ModelPlacer; readonly device?: Device };

/** Gives every constant, and every parameter that is not state, its values. */
export function placeModel(options: WeightOptions, leaves: readonly Tensor[], state: ReadonlySet<number>): PlacedModel {
  const weights = leaves
    .filter((t) => t.source === 'parameter' && !state.has(t.id))
    .map((t) => [t, weightOf(t, options)] as const);
  const files = [...new Set(weights.flatMap(([, data]) => (data.kind === 'file' ? [data.path] : [])))];
  if (files.length && !options.placer) throw new Error('internal: weights in files need a placer');
  const place = files.length ? options.placer!(files) : null;
  const casts: [string, string][] = [];
  const extraInputs: PlacedModel['extraInputs'] = [];
  const initialisers: Initialiser[] = leaves.filter((t) => t.source === 'constant').map(constantInitialiser);
  for (const [tensor, data] of weights) {
    if (data.kind === 'memory')
      initialisers.push({ name: tensor.name, dtype: 'float32', shape: tensor.shape, data: bytesOf(data.data) });
    else {
      const half = data.dtype === 'float16';
      const name = half ? `${tensor.name}#half` : tensor.name;
      const location = place!.location(data.path);
      initialisers.push({
        name,
        dtype: data.dtype,
        shape: tensor.shape,
        data: { kind: 'file', location, offset: data.offset, length: data.length },
      });
      if (half) {
        casts.push([name, tensor.name]);
        // Declared as an input too, so that the Cast is not folded into a resident float32 copy when the session is made.
        // Folding is what a GPU needs: not every one has half precision, and its copy lies in its own memory.
        if (options.device !== 'webgpu') extraInputs.push({ name, dtype: 'float16', shape: tensor.shape });
      }
    }
  }
  return {
    initialisers,
    casts,
    files: files.map((path) => ({ path: place!.location(path), data: path })),
    bytesInPlace: weights.reduce((total, [, data]) => total + (data.kind === 'file' ? data.length : 0), 0),
    extraInputs,
    finish: (model) => (place ? place.write(model) : model),
    remove: () => place?.remove(),
  };
}

function weightOf(tensor: Tensor, options: WeightOptions): WeightData {
  if (!options.weights) throw new Error(`internal: no weights for parameter '${tensor.name}'`);
  const data = options.weights(tensor.name, tensor.shape);
  if (data.kind === 'memory' && data.data.length !== sizeOf(tensor.shape))
    throw new Error(`internal: weight '${tensor.name}' has ${data.data.length} values, not [${tensor.shape}]`);
  return data;
}

function constantInitialiser(tensor: Tensor): Initialiser {
  return { name: valueName(tensor), dtype: tensor.dtype, shape: tensor.shape, data: bytesOf(tensor.values!) };
}

function bytesOf(values: { buffer: ArrayBufferLike; byteOffset: number; byteLength: number }): {
  kind: 'bytes';
  bytes: Uint8Array;
} {
  return { kind: 'bytes', bytes: new Uint8Array(values.buffer as ArrayBuffer, values.byteOffset, values.byteLength) };
}
