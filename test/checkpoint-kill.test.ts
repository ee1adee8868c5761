/**
 * Checkpoints survive `kill -9` at any moment: whatever was being written, the newest one that can be read is whole and at
 * most one step older than the last one that was reported.
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { checkpointValues, newestCheckpoint } from '../src/core/files/checkpoints.js';

const folder = mkdtempSync(join(tmpdir(), 'joker3d-kill-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** Starts the writer, kills it `delay` ms after its first checkpoint, and says what it reported last. */
async function writeAndKill(place: string, delay: number): Promise<number> {
  const writer = spawn(process.execPath, ['--import', 'tsx', 'test/fixtures/checkpoint-writer.ts', place]);
  let last = 0;
  writer.stdout.on('data', (chunk: Buffer) => {
    if (last === 0) setTimeout(() => writer.kill('SIGKILL'), delay);
    last = Number(chunk.toString().trim().split('\n').at(-1));
  });
  await new Promise((resolve) => writer.on('close', resolve));
  return last;
}

test('a killed writer leaves a whole checkpoint', async () => {
  for (const delay of [3, 17, 41]) {
    const place = join(folder, String(delay));
    const reported = await writeAndKill(place, delay);
    const found = newestCheckpoint(place)!;
    expect(found.step).toBeGreaterThanOrEqual(reported);
    expect(found.note).toEqual({ step: found.step });
    const values = checkpointValues(found, 'w', 200_000);
    expect(values.every((value) => value === found.step)).toBe(true);
  }
});
