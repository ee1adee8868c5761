/** Tests of safetensors.ts: a golden file built by hand, the round trip, every rule of the reader, and hostile bytes. */

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { JokerError } from '../errors.js';
import {
  encodeSafetensors,
  openSafetensors,
  parseSafetensors,
  readIntegers,
  readTensor,
  readTensorBytes,
  type TensorToWrite,
  tensorEntry,
  writeSafetensors,
} from './safetensors.js';

const folder = mkdtempSync(join(tmpdir(), 'joker-safetensors-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A file from a header text and data bytes, without any of our own writer. */
function file(header: string, data: ArrayLike<number> = []): Uint8Array {
  const text = Buffer.from(header);
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(text.length));
  return Buffer.concat([length, text, Buffer.from(Array.from(data))]);
}

function codeOf(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    if (error instanceof JokerError) return error.code;
    throw error;
  }
  return 'none';
}

const sample: TensorToWrite[] = [
  { name: 'bytes', dtype: 'U8', shape: [3], data: Uint8Array.of(1, 2, 255) },
  { name: 'half', dtype: 'F16', shape: [2, 2], data: Float32Array.of(1, -0.5, 65504, 0) },
  { name: 'weights', dtype: 'F32', shape: [2, 1], data: Float32Array.of(0.1, -7) },
  { name: 'ids', dtype: 'I32', shape: [2], data: Int32Array.of(-1, 2147483647) },
  { name: 'none', dtype: 'F32', shape: [0, 4], data: new Float32Array(0) },
  { name: 'scalar', dtype: 'F32', shape: [], data: Float32Array.of(42) },
];

describe('reading', () => {
  it('reads a file built by hand, every type', () => {
    const header =
      '{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"b":{"dtype":"BF16","shape":[1],"data_offsets":[4,6]},' +
      '"c":{"dtype":"F64","shape":[1],"data_offsets":[6,14]},"d":{"dtype":"I64","shape":[1],"data_offsets":[14,22]},' +
      '"e":{"dtype":"BOOL","shape":[2],"data_offsets":[22,24]},"__metadata__":{"k":"v"}}  ';
    const data = [
      0, 0, 128, 63, 0x20, 0xc0, 0, 0, 0, 0, 0, 0, 0xf8, 0x3f, 254, 255, 255, 255, 255, 255, 255, 255, 0, 1,
    ];
    const parsed = parseSafetensors(file(header, data), 'x');
    expect([...'abcde'].map((name) => [...readTensor(parsed, name)])).toEqual([[1], [-2.5], [1.5], [-2], [0, 1]]);
    expect([...readIntegers(parsed, 'd'), ...readIntegers(parsed, 'e')]).toEqual([-2, 0, 1]);
    expect(parsed.metadata).toEqual({ k: 'v' });
    expect(tensorEntry(parsed, 'b').offset).toBe(8 + header.length + 4);
  });

  const one = (fields: string) => `{"a":{${fields}}}`;
  const refused: [string, Uint8Array][] = [
    ['nothing', new Uint8Array(0)],
    ['seven bytes', new Uint8Array(7)],
    ['a header length of zero', new Uint8Array(8)],
    ['a header longer than the file', file('{}').subarray(0, 9)],
    ['a header above the bound', Uint8Array.of(0, 0, 0, 0, 1, 0, 0, 0, 123, 125)],
    ['text that is not JSON', file('{"a"')],
    ['a list', file('[]')],
    ['a header that does not begin with a brace', file(' {}')],
    ['bytes that are not UTF-8', Buffer.concat([file('{}').subarray(0, 8), Uint8Array.of(0xff, 0xfe)])],
    ['a repeated tensor', file('{"a":{"dtype":"U8","shape":[0],"data_offsets":[0,0]},"\\u0061":{}}')],
    ['a repeated field', file(one('"dtype":"U8","dtype":"U8","shape":[0],"data_offsets":[0,0]'))],
    ['metadata that is not text', file('{"__metadata__":{"k":1}}')],
    ['an unknown type', file(one('"dtype":"F8","shape":[1],"data_offsets":[0,1]'), [0])],
    ['a type named like a method', file(one('"dtype":"toString","shape":[1],"data_offsets":[0,1]'), [0])],
    ['a negative size', file(one('"dtype":"U8","shape":[-1,-1],"data_offsets":[0,1]'), [0])],
    ['a fractional size', file(one('"dtype":"U8","shape":[0.5,2],"data_offsets":[0,1]'), [0])],
    [
      'a shape that disagrees with its range',
      file(one('"dtype":"F32","shape":[1],"data_offsets":[0,8]'), new Uint8Array(8)),
    ],
    ['offsets backwards', file(one('"dtype":"U8","shape":[0],"data_offsets":[1,0]'), [0])],
    ['a hole at the start', file(one('"dtype":"U8","shape":[1],"data_offsets":[1,2]'), [0, 0])],
    ['bytes after the end', file(one('"dtype":"U8","shape":[1],"data_offsets":[0,1]'), [0, 0])],
    ['data cut off', file(one('"dtype":"U8","shape":[2],"data_offsets":[0,2]'), [0])],
    [
      'overlap',
      file(
        '{"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]},"b":{"dtype":"U8","shape":[2],"data_offsets":[1,3]}}',
        [0, 0, 0],
      ),
    ],
    [
      'a shape whose product is not a number',
      file(one('"dtype":"U8","shape":[9007199254740991,9007199254740991,0],"data_offsets":[0,1]'), [0]),
    ],
  ];
  it.each(refused)('refuses %s', (_, bytes) => expect(codeOf(() => parseSafetensors(bytes, 'x'))).toBe('bad-file'));

  it('names what is missing', () => {
    expect(codeOf(() => openSafetensors(join(folder, 'absent')))).toBe('missing-file');
    expect(codeOf(() => openSafetensors(folder))).toBe('bad-file');
    expect(codeOf(() => readTensor(parseSafetensors(encodeSafetensors(sample), 'x'), 'other'))).toBe('bad-weights');
    expect(codeOf(() => readIntegers(parseSafetensors(encodeSafetensors(sample), 'x'), 'weights'))).toBe('bad-file');
  });
});

describe('writing', () => {
  it('comes back from disk and from memory, aligned for in-place use', async () => {
    const path = join(folder, 'deep', 'sample.safetensors');
    await writeSafetensors(path, sample, { how: 'test' });
    for (const read of [openSafetensors(path), parseSafetensors(encodeSafetensors(sample, { how: 'test' }), 'm')]) {
      expect(read.metadata).toEqual({ how: 'test' });
      for (const { name, shape, data } of sample) {
        expect(tensorEntry(read, name).shape).toEqual(shape);
        expect([...readTensor(read, name)]).toEqual([...data].map(Math.fround));
        expect(tensorEntry(read, name).offset % (name === 'half' ? 2 : name === 'bytes' ? 1 : 4)).toBe(0);
      }
      expect([...readIntegers(read, 'ids')]).toEqual([-1, 2147483647]);
      expect([...readTensorBytes(read, 'bytes')]).toEqual([1, 2, 255]);
    }
  });

  it('writes the same bytes for the same content', () =>
    expect(Buffer.compare(encodeSafetensors(sample), encodeSafetensors(sample))).toBe(0));

  it('refuses two tensors of one name and a wrong count', () => {
    expect(() => encodeSafetensors([sample[0]!, sample[0]!])).toThrow('internal');
    expect(() => encodeSafetensors([{ name: 'a', dtype: 'F32', shape: [3], data: new Float32Array(2) }])).toThrow(
      'internal',
    );
  });
});

describe('hostile bytes', () => {
  const whole = encodeSafetensors(sample, { k: 'v' });
  const readAll = (bytes: Uint8Array) => {
    const parsed = parseSafetensors(bytes, 'fuzz');
    for (const name of parsed.entries.keys()) readTensor(parsed, name);
  };

  it('any truncation is a JokerError', () => {
    for (let n = 0; n < whole.length; n++) expect(codeOf(() => readAll(whole.subarray(0, n)))).toBe('bad-file');
  });

  it('any mutation is a value or a JokerError', () => {
    const edits = fc.array(fc.tuple(fc.nat(whole.length - 1), fc.nat(255)), { minLength: 1, maxLength: 4 });
    const property = fc.property(edits, (list) => {
      const bytes = Uint8Array.from(whole);
      for (const [at, value] of list) bytes[at] = value;
      expect(['none', 'bad-file']).toContain(codeOf(() => readAll(bytes)));
    });
    fc.assert(property, { numRuns: 3000, seed: 1 });
  });

  it('any JSON as header is a value or a JokerError', () => {
    const property = fc.property(fc.json(), (text) => {
      expect(['none', 'bad-file']).toContain(codeOf(() => readAll(file(text))));
    });
    fc.assert(property, { numRuns: 1000, seed: 2 });
  });

  it('a file that shrinks after it was opened is a JokerError', async () => {
    const path = join(folder, 'shrinks.safetensors');
    await writeSafetensors(path, sample);
    const opened = openSafetensors(path);
    writeFileSync(path, whole.subarray(0, 20));
    expect(codeOf(() => readTensor(opened, 'weights'))).toBe('bad-file');
  });
});
