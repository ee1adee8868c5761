/**
 * Checkpoints and logs: the newest readable one is found, old ones go, damaged ones are passed over; event files carry the
 * checksums that TensorBoard expects.
 */
import { appendFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { checkpointValues, newestCheckpoint, saveCheckpoint } from './checkpoints.js';
import { crc32c, TrainingLog } from './training-log.js';

const folder = mkdtempSync(join(tmpdir(), 'joker3d-checkpoints-'));
afterAll(() => rmSync(folder, { recursive: true }));

const values = (x: number) => new Map([['w', Float32Array.of(x, -x)]]);

test('an empty or absent folder has no checkpoint', () => {
  expect(newestCheckpoint(join(folder, 'absent'))).toBeNull();
});

test('two are kept; a damaged newest one is passed over', async () => {
  const place = join(folder, 'run');
  for (const step of [5, 10, 15]) await saveCheckpoint(place, step, values(step), { of: step });
  expect(readdirSync(place).sort()).toEqual(['checkpoint-000000010.safetensors', 'checkpoint-000000015.safetensors']);
  expect(newestCheckpoint(place)).toMatchObject({ step: 15, note: { of: 15 } });
  truncateSync(join(place, 'checkpoint-000000015.safetensors'), 40);
  const found = newestCheckpoint(place)!;
  expect(found.step).toBe(10);
  expect(Array.from(checkpointValues(found, 'w', 2))).toEqual([10, -10]);
  expect(() => checkpointValues(found, 'w', 3)).toThrow(/'w' has 2 values, the network has 3/);
});

test('a damaged checkpoint does not count as one of the two that are kept', async () => {
  const place = join(folder, 'damaged');
  for (const step of [5, 10]) await saveCheckpoint(place, step, values(step), null);
  truncateSync(join(place, 'checkpoint-000000010.safetensors'), 40);
  await saveCheckpoint(place, 15, values(15), null);
  expect(readdirSync(place).sort()).toEqual(['checkpoint-000000005.safetensors', 'checkpoint-000000015.safetensors']);
});

test('a log that is opened again at a step loses what came after it, torn lines included', () => {
  const place = join(folder, 'resumed');
  const log = new TrainingLog(place, 0);
  for (const step of [1, 2, 3]) log.write(step, { loss: step });
  appendFileSync(join(place, 'log.jsonl'), '{"step":4,"ti');
  new TrainingLog(place, 2).write(3, { loss: 9 });
  const rows = readFileSync(join(place, 'log.jsonl'), 'utf8').trim().split('\n');
  expect(rows.map((row) => (JSON.parse(row) as { loss: number }).loss)).toEqual([1, 2, 9]);
  // the same figures written without a break, up to the clock's eight bytes: a record each, of the same lengths
  const whole = new TrainingLog(join(folder, 'unbroken'), 0);
  for (const [step, loss] of [1, 2, 9].entries()) whole.write(step + 1, { loss });
  const length = (of: string) => readFileSync(join(folder, of, 'events.out.tfevents.joker3d')).length;
  expect(length('resumed')).toBe(length('unbroken'));
});

test('CRC-32C of the standard check string', () => {
  // RFC 3720, appendix B.4, and every catalogue of CRCs
  expect(crc32c(new TextEncoder().encode('123456789'))).toBe(0xe3069283);
});

test('an event file is a chain of whole records with right lengths and checksums', () => {
  const place = join(folder, 'log');
  const log = new TrainingLog(place);
  log.write(1, { loss: 0.5 });
  log.write(2, { loss: 0.25, rate: 3 });
  const bytes = new Uint8Array(readFileSync(join(place, 'events.out.tfevents.joker3d')));
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  const masked = (crc: number) => (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0;
  let records = 0;
  let at = 0;
  for (; at < bytes.length; records++) {
    const length = view.getUint32(at, true);
    expect(view.getUint32(at + 8, true)).toBe(masked(crc32c(bytes.subarray(at, at + 8))));
    expect(view.getUint32(at + 12 + length, true)).toBe(masked(crc32c(bytes.subarray(at + 12, at + 12 + length))));
    at += 16 + length;
  }
  expect([records, at]).toEqual([3, bytes.length]);
  expect(readFileSync(join(place, 'log.jsonl'), 'utf8').trim().split('\n')).toHaveLength(2);
});
