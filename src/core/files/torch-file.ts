/**
 * What `torch.save` writes for a state dict, opened without PyTorch: the names, types and shapes of its tensors, and where
 * their numbers lie in the file. The numbers are not read here, and nothing is run.
 *
 * Reads the zip form of PyTorch 1.6 and later, and the form before it; TorchScript and nested checkpoints are refused. Layout
 * (torch/serialization.py): `<name>/data.pkl` is the pickle; its persistent ids ('storage', type, key, device, count) mean the
 * entries `<name>/data/<key>`; `<name>/byteorder`, when there, says 'little'. The older form is five pickles, one behind the other
 * (a magic number, a version, facts of the machine, the state dict, the storages' keys), and then each storage: its count in eight
 * bytes and its numbers.
 */

import { JokerError } from '../errors.js';
import { type PickleOptions, readFirstPickle, readPickle } from './pickle.js';
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
  const [first] = readFileRange(path, 0, Math.min(1, regularFileSize(path)));
  const value = first === OLD_START[0] ? oldForm(path) : zipForm(path);
  return { path, tensors: tensorsOf(value, path) };
}

function zipForm(path: string): Value {
  const entries = readZip(path);
  const root = rootOf(entries, path);
  checkByteOrder(entries.get(`${root}byteorder`), path);
  const pickle = entries.get(`${root}data.pkl`)!;
  return readPickle<Made>(readFileRange(path, pickle.offset, Math.min(pickle.length, 2 ** 26)), {
    path,
    allowed: allowed(path),
    persistent: (id) => storageOf(id, (key) => entries.get(`${root}data/${key}`), path),
  });
}

/** The first two pickles of the older form: the number 0x1950a86a20f9469cfc6c, beyond what our reader takes, and the version 1001. */
const OLD_START = Uint8Array.of(
  ...[0x80, 2, 0x8a, 10, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19, 0x2e],
  ...[0x80, 2, 0x4d, 0xe9, 3, 0x2e],
);
/** Most bytes in which the pickles of the older form are looked for; the state dict's own limit is the reader's. */
const MOST_PICKLED = 2 ** 25;

/** The state dict is read twice: where its storages lie is only known behind it. */
function oldForm(path: string): Value {
  const bytes = readFileRange(path, 0, Math.min(regularFileSize(path), MOST_PICKLED));
  if (!OLD_START.every((byte, i) => bytes[i] === byte))
    throw foreign(path, "a bare pickle that is not PyTorch's form before 1.6 (version 1001)");
  let at = OLD_START.length;
  const next = (options: Pick<PickleOptions<Made>, 'allowed' | 'persistent'>): Value => {
    const { value, length } = readFirstPickle<Made>(bytes.subarray(at), { path, ...options });
    at += length;
    return value;
  };
  const machine = next({ allowed: new Map() });
  if (!isKind(machine, 'dict') || machine.items.get('little_endian') !== true)
    throw foreign(path, 'numbers of a machine that is not little-endian');
  const start = at;
  const sizes = new Map<string, { count: number; length: number }>();
  next({
    allowed: allowed(path),
    persistent: (id) =>
      storageOf(
        id,
        (key, length, count) => {
          sizes.set(key, { count, length });
          return { name: key, offset: 0, length, crc: 0 };
        },
        path,
      ),
  });
  const entries = storagesBehind(next({ allowed: new Map() }), sizes, at, path);
  at = start;
  return next({ allowed: allowed(path), persistent: (id) => storageOf(id, (key) => entries.get(key), path) });
}

/** Where the storages of the older form lie: in the order of their keys, from `at` on. The form has no sums. */
function storagesBehind(
  keys: Value,
  sizes: ReadonlyMap<string, { readonly count: number; readonly length: number }>,
  at: number,
  path: string,
): Map<string, ZipEntry> {
  const end = regularFileSize(path);
  const entries = new Map<string, ZipEntry>();
  for (const key of isKind(keys, 'list') ? keys.items : []) {
    const size = typeof key === 'string' ? sizes.get(key) : undefined;
    if (!size) throw badPickle(path, `a storage that no tensor looks at, ${quoted(String(key))}`);
    const { count, length } = size;
    const offset = at + 8;
    if (offset + length > end) throw badPickle(path, `the file ends before the end of storage ${quoted(String(key))}`);
    const stated = Buffer.from(readFileRange(path, at, 8)).readBigInt64LE();
    if (stated !== BigInt(count))
      throw badPickle(path, `the storage ${quoted(String(key))} has ${stated} numbers instead of ${count}`);
    entries.set(String(key), { name: String(key), offset, length, crc: 0 });
    at = offset + length;
  }
  if (at !== end) throw badPickle(path, `${end - at} bytes behind the last storage`);
  return entries;
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
    ['torch._utils._rebuild_tensor', (args) => ({ kind: 'made', made: rebuildTensor(args, path) })],
    ['torch._utils._rebuild_parameter', (args) => rebuildParameter(args, path)],
  ]);
}

function orderedDict(args: readonly Value[], path: string): Value {
  if (args.length > 0) throw badPickle(path, 'an OrderedDict with arguments');
  return calledDict();
}

/** @param entryOf the stretch of the file behind a key; `length`, `count`: the bytes and numbers that it should have. */
function storageOf(
  id: Value,
  entryOf: (key: string, length: number, count: number) => ZipEntry | undefined,
  path: string,
): Storage {
  const [tag, type, key, , count, view] = isKind(id, 'tuple') ? id.items : [];
  const dtype = isKind(type, 'global') && Object.hasOwn(STORAGES, type.name) ? STORAGES[type.name] : undefined;
  if (tag !== 'storage' || !dtype || typeof key !== 'string' || !isCount(count))
    throw badPickle(path, 'a reference to data that is not a storage');
  if (view !== undefined && view !== null) throw badPickle(path, `the storage ${quoted(key)} is part of another`);
  const entry = entryOf(key, count * BYTES[dtype], count);
  if (!entry) throw badPickle(path, `the file lacks the storage ${quoted(key)}`);
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

/** Arguments: storage, first element, shape, strides, then (since 0.4) whether it trains, hooks and notes, which say nothing here. */
function rebuildTensor(args: readonly Value[], path: string): View {
  const [source, first, sizes, steps] = args;
  if (!isKind(source, 'made') || source.made.kind !== 'storage' || !isCount(first) || args.length < 4)
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
