/**
 * The WebGPU provider against the CPU: every operation and gradient, training steps with resident state, a UNet.
 *
 * Needs a Vulkan driver: the one that the environment names (VK_ICD_FILENAMES, VK_DRIVER_FILES), else the software driver
 * that comes with Debian's chromium; skipped with a line otherwise. Runs in a child process, since the loader of drivers reads
 * the environment at its start.
 */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, it } from 'vitest';
import { compile, Graph } from '../src/graph/index.js';
import { largestErrors, type WorkloadResults, workloads } from './fixtures/device-workload.js';
import { expectedInPlace } from './fixtures/weights-in-place.js';

const CHROMIUM = '/usr/lib/chromium';
const DRIVER = `${CHROMIUM}/vk_swiftshader_icd.json`;
const named = process.env['VK_ICD_FILENAMES'] ?? process.env['VK_DRIVER_FILES'];
const driver = named ?? (existsSync(DRIVER) ? DRIVER : undefined);
if (!driver) console.info(`webgpu.test: skipped, no Vulkan driver (set VK_ICD_FILENAMES, or install ${DRIVER})`);

/** Chromium's folder also holds the Vulkan loader (libvulkan.so.1), which a machine without a GPU may lack. */
const environment = named
  ? process.env
  : {
      ...process.env,
      VK_ICD_FILENAMES: DRIVER,
      LD_LIBRARY_PATH: `${CHROMIUM}:${process.env['LD_LIBRARY_PATH'] ?? ''}`,
    };

type Name = keyof typeof workloads;
type Results = Record<Name | 'inPlace', WorkloadResults>;

async function onWebGpu(names: readonly (keyof Results)[]): Promise<Results> {
  const script = new URL('./fixtures/device-child.ts', import.meta.url).pathname;
  const settings = { env: environment, maxBuffer: 1 << 26 };
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ['--import', 'tsx', script, 'webgpu', ...names],
    settings,
  );
  return JSON.parse(stdout) as Results;
}

/**
 * Sums of at most some hundred float32 products in another order: 4e-7 measured, of the largest value. WGSL promises sine and
 * cosine to 2⁻¹¹ only (measured 2e-4 with the software driver), and the UNet's time embedding is made of them.
 */
const ROUNDING = 5e-6;
const SINE = 2 ** -10;
/** Adam divides by the root of the second moment: rounding of a small gradient grows by that factor. */
const TRAINING = 1e-4;

describe.skipIf(!driver)('webgpu agrees with the CPU', () => {
  let gpu: Results;
  beforeAll(async () => {
    gpu = await onWebGpu(['operations', 'training', 'unet', 'inPlace']);
  }, 180_000);

  const compare = async (name: Name, tolerance: (result: string) => number) => {
    const errors = largestErrors(gpu[name], await workloads[name]('cpu'));
    for (const [result, error] of Object.entries(errors)) expect(error, result).toBeLessThan(tolerance(result));
  };

  it('in every operation and its gradient', () =>
    compare('operations', (result) => (/^(sin|cos):/.test(result) ? SINE : ROUNDING)));
  it('in training steps, whose state stays in the program', () => compare('training', () => TRAINING));
  it('in weights read in place, in both precisions', () => {
    expect(gpu.inPlace).toEqual(expectedInPlace);
  });
  it('in a UNet', () => compare('unet', () => SINE));
});

it('a machine without a GPU is told so', async () => {
  const graph = new Graph();
  const run = compile({ outputs: { y: graph.input('x', [1]) }, device: 'webgpu' }).then((program) => program.dispose());
  await run.catch((error: Error) => expect(error.message).toMatch(/no GPU .* Use the device 'cpu'/));
});
