/** CBOR against the examples of RFC 8949 (appendix A), round trips, and hostile bytes; JUMBF and whole manifests likewise. */

import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { JokerError } from '../../core/errors.js';
import { makeImage } from '../../core/image.js';
import { encodeImage } from '../images.js';
import { type CborInput, CborTag, decodeCbor, encodeCbor } from './cbor.js';
import { containerOf, findStore } from './containers.js';
import { encodeBox, encodeSuperBox, parseSuperBox } from './jumbf.js';
import { signFile } from './manifest.js';
import { passingKey, type SigningKey } from './signing-key.js';
import { verifyManifest } from './verify.js';

const now = new Date();

/** Value and bytes, RFC 8949 appendix A. */
const EXAMPLES: readonly (readonly [CborInput, string])[] = [
  [0, '00'],
  [23, '17'],
  [24, '1818'],
  [1000, '1903e8'],
  [1000000000000, '1b000000e8d4a51000'],
  [-1, '20'],
  [-1000, '3903e7'],
  [1.1, 'fb3ff199999999999a'],
  [-4.1, 'fbc010666666666666'],
  [false, 'f4'],
  [null, 'f6'],
  [new CborTag(1, 1363896240), 'c11a514b67b0'],
  [Uint8Array.of(1, 2, 3, 4), '4401020304'],
  ['ü', '62c3bc'],
  [[1, [2, 3], [4, 5]], '8301820203820405'],
  [{ a: 1, b: [2, 3] }, 'a26161016162820203'],
  [
    new Map([
      [1, 2],
      [3, 4],
    ]),
    'a201020304',
  ],
];

describe('CBOR', () => {
  it.each(EXAMPLES)('writes example %# of the RFC and reads it back', (value, hex) => {
    expect(Buffer.from(encodeCbor(value)).toString('hex')).toBe(hex);
    const back = decodeCbor(Buffer.from(hex, 'hex'));
    expect(Buffer.from(encodeCbor(back as CborInput)).toString('hex')).toBe(hex);
  });

  it('reads back whatever it writes', () => {
    const { value } = fc.letrec((tie) => ({
      value: fc.oneof(
        { depthSize: 'small' },
        fc.integer(),
        fc.double({ noNaN: true, noDefaultInfinity: true }),
        fc.string(),
        fc.boolean(),
        fc.constant(null),
        fc.uint8Array(),
        fc.array(tie('value')),
        fc.dictionary(fc.string(), tie('value')).map((entries) => new Map(Object.entries(entries))),
      ),
    }));
    fc.assert(
      fc.property(value, (input) => {
        const once = encodeCbor(input as CborInput);
        expect(encodeCbor(decodeCbor(once) as CborInput)).toEqual(once);
      }),
    );
  });

  it('refuses what is cut off, too deep, repeated, or lies about its length, with a JokerError', () => {
    for (const hex of [
      '',
      '18',
      '9bffffffffffffffff',
      '5b00000001000000',
      'a2616101616102',
      '81'.repeat(40),
      '00ff',
      '5f',
    ])
      expect(() => decodeCbor(Buffer.from(hex, 'hex')), hex).toThrow(JokerError);
  });
});

/** Either a value or a JokerError: nothing else may come out of a reader. */
function tolerates(read: () => unknown): void {
  try {
    read();
  } catch (error) {
    expect(error).toBeInstanceOf(JokerError);
  }
}

describe('hostile bytes', () => {
  let key: SigningKey;
  const files = new Map<string, Uint8Array>();
  beforeAll(async () => {
    key = passingKey(now);
    const image = makeImage(8, 8, 3);
    const about = { name: 'x', version: '1', inputs: [], models: [], runId: '00000000' };
    for (const format of ['png', 'jpeg'] as const)
      files.set(format, signFile(await encodeImage(image, { generator: 'x', format }), 'a', about, key).bytes);
  });

  it('gives a value or a JokerError for random bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        tolerates(() => decodeCbor(bytes));
        tolerates(() => parseSuperBox(bytes));
        tolerates(() => findStore('png', Buffer.concat([Buffer.from('89504e470d0a1a0a', 'hex'), bytes])));
        tolerates(() => findStore('jpeg', Buffer.concat([Buffer.from('ffd8', 'hex'), bytes])));
      }),
      { numRuns: 1000 },
    );
  });

  it.each(['png', 'jpeg'])('never calls a mutated %s intact, and never throws anything else', (format) => {
    const file = files.get(format)!;
    const whole = findStore(containerOf(file)!, file)!;
    expect(verifyManifest(file, whole, [key.chain[1]!], now)).toMatchObject({ intact: true, trusted: true });
    const edit = fc.record({ at: fc.nat(whole.store.length - 1), value: fc.nat(255), cut: fc.boolean() });
    fc.assert(
      fc.property(fc.array(edit, { minLength: 1, maxLength: 3 }), (edits) => {
        let store = Uint8Array.from(whole.store);
        for (const { at, value, cut } of edits) {
          if (cut) store = store.subarray(0, at);
          else if (at < store.length) store[at] = value;
        }
        fc.pre(!Buffer.from(store).equals(Buffer.from(whole.store)));
        tolerates(() => {
          const check = verifyManifest(file, { store, range: whole.range }, [key.chain[1]!], now);
          expect(check.intact && check.trusted).toBe(false);
        });
      }),
      { numRuns: 1500 },
    );
  });

  it('refuses boxes beyond any bound before allocating for them', () => {
    let nested: Uint8Array = encodeBox('cbor', new Uint8Array());
    for (let depth = 0; depth < 12; depth++) nested = encodeSuperBox('c2pa', 'c2pa', [nested]);
    expect(() => parseSuperBox(nested)).toThrow(/nested deeper/);
    const many = encodeSuperBox('c2pa', 'c2pa', [
      Buffer.concat(Array(30_000).fill(encodeBox('free', new Uint8Array()))),
    ]);
    expect(() => parseSuperBox(many)).toThrow(/more than 20000 boxes/);
    const huge = Buffer.from(encodeSuperBox('c2pa', 'c2pa', []));
    huge.writeUInt32BE(0xfffffff0);
    expect(() => parseSuperBox(huge)).toThrow(/where \d+ are left/);
  });
});
