/** Heads on disk: what is written is read back; damage is refused with a JokerError. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { JokerError } from '../core/errors.js';
import { encodeSafetensors, parseSafetensors } from '../core/files/safetensors.js';
import { randomKey } from '../core/rng.js';
import { draftField } from './field.js';
import { headFromTensors, headTensors, loadHead, saveHead } from './file.js';
import { initialHead } from './head.js';

const folder = mkdtempSync(join(tmpdir(), 'joker-head-'));
afterAll(() => rmSync(folder, { recursive: true }));
const config = { ...draftField, levels: 2, log2TableSize: 8, hidden: 4, backgroundHidden: 3 };
const head = { ...initialHead(config, randomKey(1)), meta: { prompt: 'a man', seed: '1' } };
head.occupancy.occupied[7] = 0;
head.occupancy.values[7] = 0.25;

describe('saveHead and loadHead', () => {
  it('round-trip exactly', async () => {
    const path = join(folder, 'head.safetensors');
    await saveHead(path, head);
    expect(loadHead(path)).toEqual(head);
  });
  it('refuse a file that is cut or changed anywhere in its header', async () => {
    const { tensors, metadata } = headTensors(head);
    const bytes = encodeSafetensors(tensors, metadata);
    const header = new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true);
    fc.assert(
      fc.property(fc.integer({ min: 0, max: header + 7 }), fc.integer({ min: 0, max: 255 }), (at, value) => {
        const damaged = Uint8Array.from(bytes);
        damaged[at] = value;
        try {
          const read = headFromTensors(parseSafetensors(damaged, 'damaged'));
          expect(read.table.length).toBe(head.table.length); // a change that leaves the same shapes, e.g. another digit
        } catch (error) {
          expect(error).toBeInstanceOf(JokerError);
        }
      }),
      { numRuns: 300, seed: 2 },
    );
    for (const length of [0, 7, 100, bytes.length - 1]) {
      const path = join(folder, 'cut.safetensors');
      writeFileSync(path, bytes.subarray(0, length));
      expect(() => loadHead(path)).toThrow(JokerError);
    }
    expect(readFileSync(join(folder, 'head.safetensors')).length).toBe(bytes.length);
  });
  it('refuse weights that are not numbers, and files of another kind', () => {
    const broken = { ...head, table: Float32Array.from(head.table).fill(Number.NaN, 3, 4) };
    const { tensors, metadata } = headTensors(broken);
    expect(() => headFromTensors(parseSafetensors(encodeSafetensors(tensors, metadata), 'x'))).toThrow(/not numbers/);
    expect(() => headFromTensors(parseSafetensors(encodeSafetensors([], {}), 'x'))).toThrow(/not a head/);
  });
});
