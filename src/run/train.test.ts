/** Pictures of shards whose frames come in runs are taken only when the runs are whole, and there are two to draw a reference from. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { writeSafetensors } from '../core/files/safetensors.js';
import { loadPictures } from './train.js';

test.each([
  [14, null],
  [7, /7 frames a person/],
  [15, /15 frames a person/],
])('%i frames of seven tongues a shot', async (frames, message) => {
  const folder = mkdtempSync(join(tmpdir(), 'pairs-'));
  try {
    const images = new Uint8Array(frames * 2 * 2 * 3);
    const options = { seed: 1, frames, views: 1, size: 2, tongues: 'each' };
    await writeSafetensors(
      join(folder, 'people-000000.safetensors'),
      [
        { name: 'people', dtype: 'I32', shape: [1], data: Int32Array.of(0) },
        { name: 'images', dtype: 'U8', shape: [frames, 2, 2, 3], data: images },
      ],
      { options: JSON.stringify(options) },
    );
    if (message) await expect(loadPictures(folder, false)).rejects.toThrow(message);
    else expect((await loadPictures(folder, false)).variants).toBe(7);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
