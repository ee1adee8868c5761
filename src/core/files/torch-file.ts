/**
 * What `torch.save` writes for a state dict, opened without PyTorch: the names, types and shapes of its tensors, and where
 * their numbers lie in the file. The numbers are not read here, and nothing is run.
 *
 * Reads the zip form of PyTorch 1.6 and later; the older form, TorchScript and nested checkpoints are refused. Layout
 * (torch/serialization.py): `<name>/data.pkl` is the pickle; its persistent ids ('storage', type, key, device, count) mean the
 * entries `<name>/data/<key>`; `<name>/byteorder`, when there, says 'little'.
 */

import { JokerError } from '../errors.js';
import { readPickle } from './pickle.js';
import { badPickle, calledDict, isKind, type PickleValue, quoted } from './pickle-values.js';
import { readFileRange, regularFileSize } from './ranges.js';
import { DTYPE_BYTES, type Dtype } from './safetensors-format.js';
import { readZip, type ZipEntry } from './zip.js';

/** Element types of torch tensors: those of safetensors files that we read, and two that no weight of ours has. */
export type TorchDtype = Dtype | 'I16' | 'I8';

/** One tensor: a view of a storage. */
export type TorchTensor = {
  readonly name: string;
  readonly dtype: TorchDtype;
  readonly shape: readonly number[];
  /** steps between neighbours of each axis, in elements; all ≥ 0 */
  readonly strides: readonly number[];
  /** position of the first element in the file */
  readonly offset: number;
  /** true when its elements lie one after another in order */
  readonly contiguous: boolean;
  /** the storage that it looks at: an entry of the archive, shared by tensors that share memory */
  readonly storage: ZipEntry;
};

/** A checked state dict. */
export type TorchFile = { readonly path: string; readonly tensors: ReadonlyMap<string, TorchTensor> };

/** Made by the pickle. */
type Storage = {
  readonly kind: 'storage';
  readonly dtype: TorchDtype;
  readonly entry: ZipEntry;
  readonly count: number;
};
type View = Omit<TorchTensor, 'name'> & { readonly kind: 'tensor' };
type Made = Storage | View;
type Value = PickleValue<Made>;

const BYTES: Readonly<Record<TorchDtype, number>> = { ...DTYPE_BYTES, I16: 2, I8: 1 };
/** Storage classes by name. UntypedStorage counts bytes. */
const STORAGES: Readonly<Record<string, TorchDtype>> = {
  'torch.DoubleStorage': 'F64',
  'torch.FloatStorage': 'F32',
  'torch.HalfStorage': 'F16',
  'torch.BFloat16Storage': 'BF16',
  'torch.LongStorage': 'I64',
  'torch.IntStorage': 'I32',
  'torch.ShortStorage': 'I16',
  'torch.CharStorage': 'I8',
  'torch.ByteStorage': 'U8',
  'torch.BoolStorage': 'BOOL',
  'torch.storage.UntypedStorage': 'U8',
};
/** Axes of the largest tensor that anybody has. */
const MAX_AXES = 16;

/**
 * Opens a state dict: reads the archive's directory and the pickle.
 * @throws JokerError missing-file; bad-file for another format, a name that is not on the list, damage, or a nested checkpoint.
 */
export function openTorchFile(path: string): TorchFile {
  refuseOldForm(path);
  const entries = readZip(path);
  const root = rootOf(entries, path);
  checkByteOrder(entries.get(`${root}byteorder`), path);
  const pickle = entries.get(`${root}data.pkl`)!;
  const value = readPickle<Made>(readFileRange(path, pickle.offset, Math.min(pickle.length, 2 ** 26)), {
    path,
    allowed: allowed(path),
    persistent: (id) => storageOf(id, entries, root, path),
  });
  return { path, tensors: tensorsOf(value, path) };
}

/** Files of PyTorch before 1.6 are pickles behind each other; so are other pickles with a borrowed name. */
function refuseOldForm(path: string): void {
  const [first] = readFileRange(path, 0, Math.min(1, regularFileSize(path)));
  if (first === 0x80)
    throw new JokerError(
      'bad-file',
      `${path}: a bare pickle, as PyTorch before 1.6 wrote`,
      'Save it again with a current PyTorch.',
    );
}

/** The one folder in the archive that holds data.pkl, with its slash. */
function rootOf(entries: ReadonlyMap<string, ZipEntry>, path: string): string {
  const roots = [...entries.keys()].filter((name) => /^(?:[^/]+\/)?data\.pkl$/.test(name));
  if (roots.length !== 1) throw foreign(path, `a zip archive with ${roots.length} files called data.pkl`);
  const root = roots[0]!.slice(0, -'data.pkl'.length);
  if (entries.has(`${root}constants.pkl`)) throw foreign(path, 'a TorchScript program');
  return root;
}

function foreign(path: string, what: string): JokerError {
  return new JokerError('bad-file', `${path}: ${what}`, "Name a state dict as PyTorch's torch.save writes it.");
}

function checkByteOrder(entry: ZipEntry | undefined, path: string): void {
  if (!entry) return; // written before PyTorch 2.0, on a little-endian machine in practice
  const order = new TextDecoder().decode(readFileRange(path, entry.offset, Math.min(entry.length, 16)));
  if (order !== 'little') throw foreign(path, `numbers in the byte order ${quoted(order)}`);
}

/** Everything that a state dict may name. */
function allowed(path: string): ReadonlyMap<string, ((args: readonly Value[]) => Value) | null> {
  return new Map<string, ((args: readonly Value[]) => Value) | null>([
    ...Object.keys(STORAGES).map((name): [string, null] => [name, null]),
    ['collections.OrderedDict', (args) => orderedDict(args, path)],
    ['torch._utils._rebuild_tensor_v2', (args) => ({ kind: 'made', made: rebuildTensor(args, path) })],
    ['torch._utils._rebuild_parameter', (args) => rebuildParameter(args, path)],
  ]);
}

function orderedDict(args: readonly Value[], path: string): Value {
  if (args.length > 0) throw badPickle(path, 'an OrderedDict with arguments');
  return calledDict();
}

function storageOf(id: Value, entries: ReadonlyMap<string, ZipEntry>, root: string, path: string): Storage {
  const [tag, type, key, , count] = isKind(id, 'tuple') ? id.items : [];
  const dtype = isKind(type, 'global') && Object.hasOwn(STORAGES, type.name) ? STORAGES[type.name] : undefined;
  if (tag !== 'storage' || !dtype || typeof key !== 'string' || !isCount(count))
    throw badPickle(path, 'a reference to data that is not a storage');
  const entry = entries.get(`${root}data/${key}`);
  if (!entry) throw badPickle(path, `the archive lacks the storage ${quoted(key)}`);
  if (count * BYTES[dtype] !== entry.length)
    throw badPickle(path, `the storage ${quoted(key)} has ${entry.length} bytes instead of ${count * BYTES[dtype]}`);
  return { kind: 'storage', dtype, entry, count };
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}

function counts(value: Value | undefined, path: string): number[] {
  const items = isKind(value, 'tuple') ? value.items : [null];
  if (items.length > MAX_AXES || !items.every(isCount)) throw badPickle(path, 'a tensor with unusable sizes');
  return items as number[];
}

/** Arguments: storage, first element, shape, strides, then whether it trains, hooks and notes, which say nothing here. */
function rebuildTensor(args: readonly Value[], path: string): View {
  const [source, first, sizes, steps] = args;
  if (!isKind(source, 'made') || source.made.kind !== 'storage' || !isCount(first) || args.length < 6)
    throw badPickle(path, 'a tensor with unusable arguments');
  const [shape, strides] = [counts(sizes, path), counts(steps, path)];
  if (shape.length !== strides.length) throw badPickle(path, 'a tensor with as many sizes as strides is needed');
  const { dtype, entry, count } = source.made;
  const size = shape.reduce((a, b) => a * b, 1);
  const last = size === 0 ? first : first + shape.reduce((sum, n, axis) => sum + (n - 1) * strides[axis]!, 0) + 1;
  // Repeated elements (stride 0) would let a few stored numbers stand for any amount of memory.
  if (last > count || size > count)
    throw badPickle(path, `a tensor [${shape}] that reaches beyond its ${count} numbers`);
  const offset = entry.offset + first * BYTES[dtype];
  return { kind: 'tensor', dtype, shape, strides, offset, contiguous: isContiguous(shape, strides), storage: entry };
}

function rebuildParameter(args: readonly Value[], path: string): Value {
  const [data] = args;
  if (!isKind(data, 'made') || data.made.kind !== 'tensor') throw badPickle(path, 'a parameter that is not a tensor');
  return data;
}

/** Row-major order; axes of length one may step anyhow. */
function isContiguous(shape: readonly number[], strides: readonly number[]): boolean {
  if (shape.includes(0)) return true;
  let step = 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    if (shape[axis] !== 1 && strides[axis] !== step) return false;
    step *= shape[axis]!;
  }
  return true;
}

function tensorsOf(value: Value, path: string): Map<string, TorchTensor> {
  if (!isKind(value, 'dict')) throw foreign(path, 'not a state dict');
  const tensors = new Map<string, TorchTensor>();
  for (const [name, item] of value.items) {
    if (typeof name !== 'string') throw foreign(path, `the state dict has the key ${name}`);
    if (!isKind(item, 'made') || item.made.kind !== 'tensor')
      throw foreign(path, `${quoted(name)} is not a tensor: the file is not one flat state dict`);
    const { kind: _, ...view } = item.made;
    tensors.set(name, { name, ...view });
  }
  return tensors;
}
