/** Zip archives and torch files: what PyTorch itself wrote, what we write, damage, mutations, and streams out of them. */
import { createHash } from 'node:crypto';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, statSync, writeFileSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { deflateRawSync } from 'node:zlib';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import {
  bytes,
  endOf,
  floats,
  int,
  ints,
  pickle,
  statePickle,
  type TensorPiece,
  text,
  torchBytes,
  zip,
} from '../../../test/fixtures/torch-writer.js';
import { JokerError } from '../errors.js';
import { floatsToHalfs } from '../half.js';
import { openSafetensors, readTensor } from './safetensors.js';
import { streamSafetensors } from './safetensors-stream.js';
import { asFloats, streamOf, streamOfTorch, streamOfValues, streamValues } from './tensor-stream.js';
import { openTorchFile } from './torch-file.js';
import { readZip } from './zip.js';

const folder = mkdtempSync(join(tmpdir(), 'joker-torch-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function file(content: Uint8Array, name = 'file.bin'): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

const fixture = (name: string): string => fileURLToPath(new URL(`./fixtures/${name}`, import.meta.url));
const ramp = (count: number): Float32Array => Float32Array.from({ length: count }, (_, i) => i);

describe('files of PyTorch 1.13', () => {
  const known = JSON.parse(readFileSync(fixture('torch-1.13.json'), 'utf8')) as Record<
    string,
    { shape: number[]; values: (number | boolean)[] }
  >;

  it.each(['torch-1.13.bin', 'torch-1.13-protocol-4.bin', 'torch-1.13-before-1.6.bin'])(
    '%s: names, shapes and values are those that PyTorch prints',
    (name) => {
      const { path, tensors } = openTorchFile(fixture(name));
      expect([...tensors.keys()]).toEqual(Object.keys(known));
      for (const [key, { shape, values }] of Object.entries(known)) {
        const tensor = tensors.get(key)!;
        expect(tensor.shape).toEqual(shape);
        if (!/^(F|BF)/.test(tensor.dtype)) continue;
        expect([...streamValues(streamOfTorch(path, tensor))]).toEqual(values.map((x) => Math.fround(Number(x))));
      }
      expect(tensors.get('flags')!.dtype).toBe('BOOL');
      expect(tensors.get('embeddings.position_ids')!.dtype).toBe('I64');
      expect(tensors.get('transposed')!.contiguous).toBe(false);
    },
  );
});

describe('openTorchFile', () => {
  it('reads views, parameters, empty tensors and shared storages', () => {
    const base = floats([10], ramp(10));
    const state: Record<string, TensorPiece> = {
      whole: { ...base, key: 'x' },
      part: { ...base, key: 'x', shape: [2, 2], offset: 3 },
      columns: { ...base, key: 'x', shape: [2, 3], strides: [1, 2], offset: 1, parameter: true },
      empty: { ...base, key: 'x', shape: [0, 4] },
      ['__proto__x']: floats([1], ramp(1)),
    };
    const path = file(torchBytes(state));
    const { tensors } = openTorchFile(path);
    const values = (name: string) => [...streamValues(streamOfTorch(path, tensors.get(name)!))];
    expect(values('whole')).toEqual([...ramp(10)]);
    expect(values('part')).toEqual([3, 4, 5, 6]);
    expect(values('columns')).toEqual([1, 3, 5, 2, 4, 6]);
    expect(values('empty')).toEqual([]);
    expect(tensors.get('part')!.storage).toBe(tensors.get('whole')!.storage);
  });

  it('reads tensors of PyTorch before 0.4, which say no more than where their numbers lie', () => {
    const storage = bytes('(', text('storage'), 'ctorch\nFloatStorage\n', text('0'), text('cpu'), int(4), 't', 'Q');
    const where = bytes(int(0), ints([2, 2]), ints([2, 1]));
    const tensor = bytes('ctorch._utils\n_rebuild_tensor\n', '(', storage, where, 't', 'R');
    const data = new Uint8Array(ramp(4).buffer as ArrayBuffer);
    const path = file(
      zip([
        ['a/data.pkl', pickle('}', text('w'), tensor, 's')],
        ['a/data/0', data],
      ]),
    );
    expect([...streamValues(streamOfTorch(path, openTorchFile(path).tensors.get('w')!))]).toEqual([0, 1, 2, 3]);
  });

  it('refuses tensors that reach beyond their numbers or repeat them', () => {
    const base = floats([4], ramp(4));
    const refusals: [TensorPiece, RegExp][] = [
      [{ ...base, shape: [5] }, /reaches beyond/],
      [{ ...base, offset: 1 }, /reaches beyond/],
      [{ ...base, shape: [2, 2], strides: [4, 1] }, /reaches beyond/],
      [{ ...base, shape: [1000, 1000, 1000], strides: [0, 0, 0] }, /reaches beyond/],
      [{ ...base, shape: [2 ** 31 - 1, 2 ** 31 - 1], strides: [0, 0] }, /reaches beyond/],
      [{ ...base, shape: [2], strides: [1, 1] }, /sizes as strides|as many sizes/],
      [{ ...base, shape: Array(17).fill(1), strides: Array(17).fill(1) }, /unusable sizes/],
      [{ ...base, count: 5 }, /has 16 bytes instead of 20/],
      [{ ...base, type: 'ComplexFloatStorage' }, /torch\.ComplexFloatStorage/],
      [{ ...base, type: '_utils._rebuild_tensor_v2' }, /not on the list|not a storage/],
    ];
    for (const [piece, message] of refusals) {
      const path = file(torchBytes({ a: piece }));
      expect(() => openTorchFile(path)).toThrow(JokerError);
      expect(() => openTorchFile(path)).toThrow(message);
    }
  });

  it('refuses what is not one flat state dict', () => {
    const open = (entries: [string, Uint8Array][]) => () => openTorchFile(file(zip(entries)));
    expect(open([['a/data.pkl', pickle(']')]])).toThrow(/not a state dict/);
    expect(open([['a/data.pkl', pickle('}', '(', 'X', 1, 0, 0, 0, 'e', 'K', 1, 'u')]])).toThrow(/"e" is not a tensor/);
    expect(open([['a/data.pkl', pickle('}', 'K', 1, 'N', 's')]])).toThrow(/key 1/);
    expect(open([['a/data.pkl', pickle('ccollections\nOrderedDict\n', 'K', 1, 0x85, 'R')]])).toThrow(/arguments/);
    expect(open([['a/data.pkl', pickle('K', 1, 'Q')]])).toThrow(/not a storage/);
    expect(open([['a/other', pickle(']')]])).toThrow(/0 files called data.pkl/);
    const twice: [string, Uint8Array][] = ['a', 'b'].map((root) => [`${root}/data.pkl`, pickle('}')]);
    expect(open(twice)).toThrow(/2 files called/);
    expect(open([...twice.slice(1), ['b/constants.pkl', pickle(')')]])).toThrow(/TorchScript/);
    expect(open([...twice.slice(1), ['b/byteorder', bytes('big')]])).toThrow(/byte order "big"/);
    expect(open([['a/data.pkl', statePickle({ a: floats([1], ramp(1)) })]])).toThrow(/lacks the storage "0"/);
    expect(() => openTorchFile(file(pickle('N')))).toThrow(/bare pickle that is not PyTorch's/);
    expect(() => openTorchFile(join(folder, 'nowhere'))).toThrow(/no such file/);
    expect(() => openTorchFile(folder)).toThrow(JokerError);
  });
});

describe('the form before PyTorch 1.6', () => {
  const whole = readFileSync(fixture('torch-1.13-before-1.6.bin'));

  it('refuses what is cut anywhere, and what goes on', () => {
    for (let length = 1; length < whole.length; length += 7)
      expect(() => openTorchFile(file(whole.subarray(0, length)))).toThrow(JokerError);
    expect(() => openTorchFile(file(whole.subarray(0, -1)))).toThrow(/ends before the end of storage/);
    expect(() => openTorchFile(file(bytes(whole, 0)))).toThrow(/1 bytes behind the last storage/);
  });

  it('refuses other numbers of numbers, other machines and names that are not on the list', () => {
    const changed = (find: Buffer, put: Buffer, from = 0) => {
      const content = Buffer.from(whole);
      put.copy(content, content.indexOf(find, from));
      return () => openTorchFile(file(content));
    };
    const firstCount = whole.length - 8 - 4 * 8; // of the last storage, four int64
    expect(whole.readBigInt64LE(firstCount)).toBeGreaterThan(0n); // else this would test nothing
    const counted = Buffer.from(whole);
    counted.writeBigInt64LE(99n, firstCount);
    expect(() => openTorchFile(file(counted))).toThrow(/has 99 numbers instead of/);
    const endian = whole.indexOf('little_endian');
    expect(changed(Buffer.of(0x88), Buffer.of(0x89), endian)).toThrow(/not little-endian/);
    expect(changed(Buffer.from('torch._utils\n'), Buffer.from('posix._utils\n'))).toThrow(/posix\._utils/);
  });
});

describe('readZip', () => {
  const entries: [string, Uint8Array][] = [
    ['a', bytes('hello')],
    ['b/c', bytes('')],
    ['d', new Uint8Array(100).fill(7)],
  ];

  it('finds the bytes of every entry, with zip64 fields too', () => {
    for (const zip64 of [false, true]) {
      const content = zip(entries, { zip64 });
      const found = readZip(file(content));
      expect([...found.keys()]).toEqual(['a', 'b/c', 'd']);
      for (const [name, data] of entries) {
        const { offset, length } = found.get(name)!;
        expect(Uint8Array.from(content.subarray(offset, offset + length))).toEqual(Uint8Array.from(data));
      }
    }
  });

  it('finds entries beyond 4 GiB', () => {
    const small = zip([['first', bytes('x')]], { zip64: true });
    const far = 5 * 2 ** 30;
    // The same archive with 5 GiB of nothing in front: the file has a hole and takes no room on disk.
    const path = join(folder, 'far.zip');
    const handle = openSync(path, 'w');
    const view = Buffer.from(small);
    const directory = view.indexOf(Buffer.from([0x50, 0x4b, 1, 2]));
    const end = view.indexOf(Buffer.from([0x50, 0x4b, 6, 6]));
    view.writeBigUInt64LE(BigInt(far), directory + 46 + 'first'.length + 4 + 16);
    writeSync(handle, view.subarray(0, end), 0, end, far);
    const tail = endOf(far + directory, end - directory, 1, true);
    writeSync(handle, tail, 0, tail.length, far + end);
    closeSync(handle);
    expect(statSync(path).size).toBeGreaterThan(far);
    expect(readZip(path).get('first')).toMatchObject({ length: 1 });
    expect(readZip(path).get('first')!.offset).toBeGreaterThan(far);
  });

  it('refuses what is compressed, encrypted, doubled, damaged or cut', () => {
    const refused = (content: Uint8Array, message: RegExp) => {
      const path = file(content);
      expect(() => readZip(path)).toThrow(JokerError);
      expect(() => readZip(path)).toThrow(message);
    };
    refused(zip([['a', deflateRawSync(new Uint8Array(50))]], { method: 8 }), /"a" is compressed/);
    refused(zip([['a', bytes('x')]], { flags: 1 }), /encrypted/);
    refused(zip([entries[0]!, entries[0]!]), /two entries of the name "a"/);
    refused(new Uint8Array(1000), /not a zip archive/);
    refused(new Uint8Array(), /not a zip archive/);
    const whole = zip(entries);
    refused(whole.subarray(0, -1), /not a zip archive/);
    refused(bytes(whole.subarray(0, 50), whole.subarray(60)), /damaged/);
    const overlapping = Buffer.from(whole);
    const second = overlapping.lastIndexOf(Buffer.from('b/c')) - 46;
    overlapping.writeUInt32LE(5, second + 20);
    overlapping.writeUInt32LE(5, second + 24);
    refused(overlapping, /overlaps/);
  });

  it('mutated archives and state dicts give a value or a JokerError', () => {
    const seeds = [
      torchBytes({ a: floats([2, 3], ramp(6)), b: floats([1], ramp(1)) }),
      zip(entries, { zip64: true }),
      readFileSync(fixture('torch-1.13-before-1.6.bin')),
    ];
    const edits = fc.array(fc.tuple(fc.nat(4000), fc.integer({ min: 0, max: 255 })), { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(fc.nat(2), edits, fc.boolean(), (seed, changes, fromEnd) => {
        const content = Uint8Array.from(seeds[seed]!);
        for (const [at, byte] of changes) {
          const place = at % content.length;
          content[fromEnd ? content.length - 1 - (place % 400) : place] = byte;
        }
        const path = file(content, 'mutated.bin');
        try {
          for (const tensor of openTorchFile(path).tensors.values()) [...streamOfTorch(path, tensor).pieces()];
        } catch (error) {
          expect(error).toBeInstanceOf(JokerError);
        }
      }),
      { numRuns: 750 },
    );
  });
});

describe('streams', () => {
  it('carry tensors into a safetensors file, converted as asked, and say its hash', async () => {
    const values = Float32Array.from([1.5, -2, 65504, 1e-8]);
    const state = {
      a: floats([2, 2], values),
      b: { ...floats([1], ramp(1)), type: 'BFloat16Storage', data: bytes(0x40, 0x40) },
    };
    const path = file(torchBytes(state));
    const { tensors } = openTorchFile(path);
    for (const half of [false, true]) {
      const out = join(folder, `out-${half}.safetensors`);
      const streams = ['a', 'b'].map((name) => ({
        name,
        ...asFloats(streamOfTorch(path, tensors.get(name)!), half, name),
      }));
      const pieces: number[] = [];
      const written = await streamSafetensors(out, streams, { metadata: { k: 'v' }, onPiece: (n) => pieces.push(n) });
      expect(written.sha256).toBe(createHash('sha256').update(readFileSync(out)).digest('hex'));
      expect(written.bytes).toBe(statSync(out).size);
      expect(pieces.reduce((a, b) => a + b, 0)).toBe(written.bytes);
      const opened = openSafetensors(out);
      expect(opened.metadata).toEqual({ k: 'v' });
      expect(opened.entries.get('a')!.dtype).toBe(half ? 'F16' : 'F32');
      expect(readTensor(opened, 'a')).toEqual(half ? Float32Array.from([1.5, -2, 65504, 0]) : values);
      expect([...readTensor(opened, 'b')]).toEqual([3]);
      expect(streamValues(streamOf(opened, 'a'))).toEqual(readTensor(opened, 'a'));
    }
  });

  it('refuse whole numbers, and values beyond float16 under --half; nothing stays behind', async () => {
    const out = join(folder, 'never.safetensors');
    const large = { name: 'w', ...asFloats(streamOfValues([2], Float32Array.from([1, 65520])), true, 'w') };
    await expect(streamSafetensors(out, [large])).rejects.toThrow(/"w" holds 65520/);
    expect(() => statSync(out)).toThrow();
    const infinite = asFloats(streamOfValues([1], Float32Array.from([Infinity])), true, 'w');
    expect([...infinite.pieces()][0]).toEqual(new Uint8Array(floatsToHalfs(Float32Array.from([Infinity])).buffer));
    expect(() => asFloats({ dtype: 'I64', shape: [1], pieces: () => [] }, false, 'ids')).toThrow(
      /"ids" has the type I64/,
    );
  });
});
