/**
 * Tensors that pass from one file to another in pieces, so that a model of any size needs the memory of a few pieces: where
 * their bytes come from, and their conversion to float32 or float16 on the way.
 *
 * Not for computing: a network's weights are read by `safetensors.ts` or in place by the runtime.
 */

import { JokerError } from '../errors.js';
import { floatsToHalfs } from '../half.js';
import { quoted } from './pickle-values.js';
import { fileChunks, readFileRange } from './ranges.js';
import { type SafetensorsFile, tensorEntry } from './safetensors.js';
import { DTYPE_BYTES, type Dtype, decodeFloats } from './safetensors-format.js';
import type { TorchDtype, TorchTensor } from './torch-file.js';

/** A tensor whose bytes can be had in order, as often as needed. */
export type TensorStream = {
  readonly dtype: TorchDtype;
  readonly shape: readonly number[];
  /** the bytes, row-major, in pieces of whole elements */
  readonly pieces: () => Iterable<Uint8Array>;
};

/** The same in a type that networks read. */
export type FloatStream = TensorStream & { readonly dtype: 'F32' | 'F16' };

/** Longest stretch of a file that is rearranged in memory: the largest weight of Stable Diffusion 1.5 has 152 MB. */
const MAX_REARRANGED = 2 ** 29;

/** A tensor of a safetensors file on disk. @throws JokerError bad-weights when the file does not hold it. */
export function streamOf(file: SafetensorsFile, name: string): TensorStream {
  const { dtype, shape, offset, length } = tensorEntry(file, name);
  return { dtype, shape, pieces: () => fileChunks(file.path, offset, length) };
}

/** Values in memory. */
export function streamOfValues(shape: readonly number[], values: Float32Array): FloatStream {
  const bytes = new Uint8Array(values.buffer as ArrayBuffer, values.byteOffset, values.byteLength);
  return { dtype: 'F32', shape, pieces: () => [bytes] };
}

/**
 * A tensor of a torch file. One whose elements are out of order is put in order when read.
 * @throws JokerError bad-file, when read, for one that is out of order over more than 512 MiB.
 */
export function streamOfTorch(path: string, tensor: TorchTensor): TensorStream {
  const { dtype, shape, offset, contiguous } = tensor;
  const length = elements(shape) * elementBytes(dtype);
  const pieces = () => (contiguous ? fileChunks(path, offset, length) : [rearranged(path, tensor)]);
  return { dtype, shape, pieces };
}

function elements(shape: readonly number[]): number {
  return shape.reduce((a, b) => a * b, 1);
}

function elementBytes(dtype: TorchDtype): number {
  return dtype === 'I16' ? 2 : dtype === 'I8' ? 1 : DTYPE_BYTES[dtype];
}

/** All elements in row-major order, from the stretch of the file between the first and the last. */
function rearranged(path: string, { name, dtype, shape, strides, offset }: TorchTensor): Uint8Array {
  const size = elementBytes(dtype);
  const span = (1 + shape.reduce((sum, n, axis) => sum + (n - 1) * strides[axis]!, 0)) * size;
  if (span > MAX_REARRANGED) {
    const what = `${path}: the tensor ${quoted(name)} lies out of order over ${span} bytes`;
    throw new JokerError('bad-file', what, 'Save it again after .contiguous().');
  }
  const from = readFileRange(path, offset, span);
  const out = new Uint8Array(elements(shape) * size);
  const index = new Array<number>(shape.length).fill(0);
  for (let at = 0; at < out.length; at += size) {
    const start = index.reduce((sum, i, axis) => sum + i * strides[axis]!, 0) * size;
    for (let i = 0; i < size; i++) out[at + i] = from[start + i]!;
    for (let axis = shape.length - 1; axis >= 0 && ++index[axis]! === shape[axis]; axis--) index[axis] = 0;
  }
  return out;
}

/**
 * The tensor as float16 (`half`), or as it is if float16 or float32, else as float32: exact from bfloat16, rounded from
 * float64.
 * @param name for errors.
 * @throws JokerError bad-weights for whole numbers; when read, for a finite value that float16 cannot hold.
 */
export function asFloats(stream: TensorStream, half: boolean, name: string): FloatStream {
  const { dtype: from, shape, pieces } = stream;
  if (!isFloat(from))
    throw new JokerError(
      'bad-weights',
      `the weight ${quoted(name)} has the type ${from}`,
      'Name a file of float weights.',
    );
  const to = half || from === 'F16' ? 'F16' : 'F32';
  if (from === to) return { dtype: to, shape, pieces };
  return {
    dtype: to,
    shape,
    pieces: function* () {
      for (const piece of pieces()) yield converted(decodeFloats(from, piece), to, name);
    },
  };
}

function isFloat(dtype: TorchDtype): dtype is Extract<Dtype, 'F64' | 'F32' | 'F16' | 'BF16'> {
  return dtype === 'F64' || dtype === 'F32' || dtype === 'F16' || dtype === 'BF16';
}

function converted(values: Float32Array, to: 'F32' | 'F16', name: string): Uint8Array {
  const out = to === 'F32' ? values : floatsToHalfs(values);
  if (out instanceof Uint16Array) checkRange(values, out, name);
  return new Uint8Array(out.buffer as ArrayBuffer, out.byteOffset, out.byteLength);
}

function checkRange(values: Float32Array, halfs: Uint16Array, name: string): void {
  for (let i = 0; i < values.length; i++)
    if ((halfs[i]! & 0x7fff) === 0x7c00 && Number.isFinite(values[i]!)) {
      const what = `the weight ${quoted(name)} holds ${values[i]}, which float16 cannot hold`;
      throw new JokerError('bad-weights', what, 'Import it without --half.');
    }
}

/** All values of a stream as float32, for small tensors and tests. */
export function streamValues(stream: TensorStream): Float32Array {
  const { pieces } = asFloats(stream, false, 'tensor');
  const bytes = Buffer.concat([...pieces()]);
  return decodeFloats(stream.dtype === 'F16' ? 'F16' : 'F32', bytes);
}

/** Bytes of a stream's elements. */
export function streamBytes({ dtype, shape }: TensorStream): number {
  return elements(shape) * elementBytes(dtype);
}
