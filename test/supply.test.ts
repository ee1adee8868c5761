/**
 * Threads that draw batches ahead: the training is the same to the bit, resumed ones too, and does not wait for one that failed.
 */
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { writeSafetensors } from '../src/core/files/safetensors.js';
import { silent } from '../src/core/progress.js';
import { RandomStream, randomKey } from '../src/core/rng.js';
import { trainStage } from '../src/run/train-job.js';
import { BatchSupply, makeSupplyMemory } from '../src/train/supply.js';

const folder = mkdtempSync(join(tmpdir(), 'joker3d-supply-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** Shards as render-training-set.ts writes them, of noise: the autoencoder does not care. */
const data = join(folder, 'shards');
beforeAll(async () => {
  mkdirSync(data);
  const random = new RandomStream(randomKey(5));
  const [people, frames, views, size] = [2, 2, 2, 64];
  const shape = [people * frames * views, size, size, 3];
  const images = Uint8Array.from({ length: shape.reduce((a, b) => a * b) }, () => random.integer(256));
  const tensors = [
    { name: 'landmarks', dtype: 'F32' as const, shape: [shape[0]!, 478, 3], data: new Float32Array(shape[0]! * 1434) },
    { name: 'people', dtype: 'I32' as const, shape: [people], data: Int32Array.of(0, 1) },
    { name: 'images', dtype: 'U8' as const, shape, data: images },
  ];
  const options = JSON.stringify({ seed: 1, frames, views, size });
  await writeSafetensors(join(data, 'people-000000.safetensors'), tensors, { options });
});

async function trained(name: string, suppliers: number, steps: number): Promise<Buffer> {
  const request = { stage: 'vae' as const, data: [data], out: join(folder, name), headModel: undefined, threads: 1 };
  const changes = { batch: 2, steps, decayShare: 0 };
  const context = { report: silent, signal: new AbortController().signal };
  const { step, path } = await trainStage({ ...request, suppliers, changes }, context);
  expect(step).toBe(steps);
  return readFileSync(path);
}

test('a supplied training ends with the same bits as one that draws for itself, resumed or not', async () => {
  const alone = await trained('alone', 0, 6);
  expect((await trained('supplied', 2, 6)).equals(alone)).toBe(true);
  await trained('resumed', 2, 3);
  expect((await trained('resumed', 3, 6)).equals(alone)).toBe(true);
});

test('a supplier that fails ends the training with its reason', async () => {
  const supply = new BatchSupply(makeSupplyMemory(1));
  supply.open(2);
  setTimeout(() => supply.fail(new Error('no pictures left')), 20);
  await expect(supply.take(2, {})).rejects.toThrow('no pictures left');
});
