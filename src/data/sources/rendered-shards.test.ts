/** Shards of one folder must be of one variety (their captions are drawn anew from the options), their controls of one face model. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { writeSafetensors } from '../../core/files/safetensors.js';
import type { RenderedSetOptions } from '../rendered.js';
import { normalsPath, readRenderedSet } from './rendered-shards.js';

const folder = mkdtempSync(join(tmpdir(), 'joker-shards-'));
afterAll(() => rmSync(folder, { recursive: true }));

async function writeShard(first: number, variety?: RenderedSetOptions['variety']): Promise<void> {
  const options: RenderedSetOptions = { seed: 1, frames: 1, views: 1, size: 2, ...(variety && { variety }) };
  await writeSafetensors(
    join(folder, `people-${String(first).padStart(6, '0')}.safetensors`),
    [
      { name: 'people', dtype: 'I32', shape: [1], data: Int32Array.of(first) },
      { name: 'images', dtype: 'U8', shape: [1, 2, 2, 3], data: new Uint8Array(12).fill(first) },
    ],
    { options: JSON.stringify(options) },
  );
}

test('plain shards of before and after there was a choice belong together; rich ones beside them are refused', async () => {
  await writeShard(0);
  await writeShard(1, 'plain');
  const set = readRenderedSet(folder, { controls: false });
  expect(set.people).toEqual([0, 1]);
  expect(set.images.at(-1)).toBe(1);
  await writeShard(2, 'rich');
  expect(() => readRenderedSet(folder, { controls: false })).toThrow(/people-000002.*variety rich beside others/);
});

test('controls name the face model that drew them; those of two models together are refused', async () => {
  const controls = (first: number, model: string) =>
    writeSafetensors(
      normalsPath(folder, `people-${String(first).padStart(6, '0')}.safetensors`),
      [{ name: 'normals', dtype: 'U8', shape: [1, 2, 2, 3], data: new Uint8Array(12) }],
      { model },
    );
  await writeShard(0);
  await writeShard(1);
  await controls(0, 'builtin-2');
  expect(readRenderedSet(folder, { controls: true }).faceModel).toBe('builtin-2');
  await controls(1, 'builtin');
  expect(() => readRenderedSet(folder, { controls: true })).toThrow(
    /000001.*of face model builtin beside others of builtin-2/,
  );
});
