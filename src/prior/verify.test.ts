/** `verifyFolder` on an outside reference, on a damaged one, and on folders that hold nothing. */
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openSafetensors, readTensor, writeSafetensors } from '../core/files/safetensors.js';
import { relativeError, requirePassed, verifyFolder } from './verify.js';

const reference = fileURLToPath(new URL('./fixtures/schedulers_10.safetensors', import.meta.url));
let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'joker-verify-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe('verifyFolder', () => {
  it('recomputes the scheduler references', async () => {
    copyFileSync(reference, join(folder, 'schedulers_10.safetensors'));
    const result = await verifyFolder(folder, { tolerance: 1e-4 });
    expect(result.rows.map((row) => row.what)).toContain('schedulers_10: pndm.trajectory');
    expect(result.rows).toHaveLength(6);
    expect(result.passed).toBe(true);
    expect(() => requirePassed(result)).not.toThrow();
  });

  it('fails on a reference that is slightly off, naming it', async () => {
    const file = openSafetensors(reference);
    const tensors = [...file.entries.values()].map(({ name, shape, dtype }) => {
      const data = readTensor(file, name);
      if (name === 'ddim.trajectory') data[5]! += 0.01;
      return dtype === 'I64'
        ? { name, shape, dtype: 'I32' as const, data: Int32Array.from(data) }
        : { name, shape, dtype: 'F32' as const, data };
    });
    await writeSafetensors(join(folder, 'schedulers_10.safetensors'), tensors);
    const result = await verifyFolder(folder);
    expect(result.rows.filter((row) => !row.passed).map((row) => row.what)).toEqual(['schedulers_10: ddim.trajectory']);
    expect(() => requirePassed(result)).toThrow(/ddim.trajectory is off by/);
  });

  it('says when there is nothing to verify and what is lacking', async () => {
    await expect(verifyFolder(folder)).rejects.toMatchObject({ code: 'nothing-to-do' });
    copyFileSync(reference, join(folder, 'unet_io.safetensors'));
    await expect(verifyFolder(folder)).rejects.toThrow(/unet\.json/);
    await expect(verifyFolder(join(folder, 'none'))).rejects.toMatchObject({ code: 'nothing-to-do' });
  });

  it('refuses damaged files', async () => {
    writeFileSync(join(folder, 'schedulers_10.safetensors'), 'no');
    await expect(verifyFolder(folder)).rejects.toMatchObject({ code: 'bad-file' });
  });

  it('finds the prior in a folder of its own', async () => {
    mkdirSync(join(folder, 'prior'));
    copyFileSync(reference, join(folder, 'prior', 'io.safetensors'));
    copyFileSync(reference, join(folder, 'schedulers_10.safetensors'));
    const { skipped } = await verifyFolder(folder);
    expect(skipped.map(({ what }) => what)).toEqual(['prior']);
  });

  it('measures relative to the largest reference', () => {
    expect(relativeError([1, 2], [1, 4])).toEqual({ error: 0.5, reference: 4 });
    expect(relativeError([Number.NaN, 4], [1, 4]).error).toBe(Infinity);
    expect(relativeError([1], [1, 4]).error).toBe(Infinity);
    expect(relativeError([0.5], [0])).toEqual({ error: 0.5, reference: 0 });
  });
});
