/**
 * Trainings as jobs: threads that draw batches ahead leave a training the same to the bit, resumed ones too, and are not waited
 * for when they have failed; a prior that starts from an older one keeps its latents' scale, and one that trains names the face model
 * of its controls.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { assetPath } from '../src/core/files/assets.js';
import { openSafetensors } from '../src/core/files/safetensors.js';
import { silent } from '../src/core/progress.js';
import { trainStage } from '../src/run/train-job.js';
import { prepareMaterial, priorConfig } from '../src/run/train-prior.js';
import { BatchSupply, makeSupplyMemory } from '../src/train/supply.js';
import { writeNoiseShards } from './fixtures/noise-shards.js';

const folder = mkdtempSync(join(tmpdir(), 'joker3d-train-'));
afterAll(() => rmSync(folder, { recursive: true }));

const data = join(folder, 'shards');
beforeAll(() => writeNoiseShards(data));

const request = (name: string) => ({ data: [data], out: join(folder, name), headModel: undefined, threads: 1 });

async function trained(name: string, suppliers: number, steps: number): Promise<Buffer> {
  // Without averages, which follow every eighth step only: the weights must be those of all steps.
  const changes = { batch: 2, steps, decayShare: 0, averageDecay: 0 };
  const context = { report: silent, signal: new AbortController().signal };
  const { step, path } = await trainStage({ stage: 'vae', ...request(name), suppliers, changes }, context);
  expect(step).toBe(steps);
  return readFileSync(path);
}

test('a supplied training ends with the same bits as one that draws for itself, resumed or not', async () => {
  const taken = vi.spyOn(BatchSupply.prototype, 'take');
  const alone = await trained('alone', 0, 6);
  expect(taken).not.toHaveBeenCalled();
  expect((await trained('supplied', 2, 6)).equals(alone)).toBe(true);
  expect(taken).toHaveBeenCalledTimes(5); // the first is drawn by the training itself
  await trained('resumed', 2, 3);
  expect((await trained('resumed', 3, 6)).equals(alone)).toBe(true);
});

test('a crew with suppliers is refused', async () => {
  const changes = { batch: 2, steps: 1 };
  const context = { report: silent, signal: new AbortController().signal };
  const both = { stage: 'vae' as const, ...request('both'), workers: 2, suppliers: 1, changes };
  await expect(trainStage(both, context)).rejects.toThrow(/members draw their own batches/);
});

test('a supplier that fails ends the training with its reason', async () => {
  const supply = new BatchSupply(makeSupplyMemory(1));
  supply.open(2);
  setTimeout(() => supply.fail(new Error('no pictures left')), 20);
  await expect(supply.take(2, {})).rejects.toThrow('no pictures left');
});

test('a start from an older prior keeps the scale of its latents, whatever the new pictures are', async () => {
  await trained('scale', 0, 1);
  const older = assetPath('prior', 'mini.safetensors');
  const config = JSON.parse(openSafetensors(older).metadata['joker_prior']!) as { vae: { scaling_factor: number } };
  const scaleOf = async (from?: string) =>
    (await prepareMaterial({ stage: 'prior', ...request('scale'), from }, data, false)).networks.vae.scaling_factor;
  const measured = await scaleOf();
  expect(await scaleOf(older)).toBe(config.vae.scaling_factor);
  // A fresh autoencoder's latents of noise have another spread than those of faces.
  expect(Math.abs(measured / config.vae.scaling_factor - 1)).toBeGreaterThan(0.1);
});

test('a prior names the face model that drew its controls; sets of two models are refused', async () => {
  await trained('models', 0, 1);
  const asked = { stage: 'prior' as const, ...request('models') };
  const set = async (model: string) => {
    const path = join(folder, `shards-${model}`);
    await writeNoiseShards(path, model);
    return path;
  };
  const first = await prepareMaterial(asked, await set('one'), true);
  expect(priorConfig(first).face_model).toBe('one');
  await expect(prepareMaterial(asked, await set('other'), true, first)).rejects.toThrow(
    /shards-other: controls of face model other; those of the first set are of one/,
  );
});
