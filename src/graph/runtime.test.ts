/**
 * Which runtime is chosen, and the WebAssembly one against the native one.
 */
import { describe, expect, it } from 'vitest';
import { largestErrors, workloads } from '../../test/fixtures/device-workload.js';
import { expectedInPlace, runWeightsInPlace } from '../../test/fixtures/weights-in-place.js';
import { loadRuntime, type RuntimeLoaders, type RuntimeModule } from './runtime.js';

const absent = () => Promise.reject(new Error('Cannot find module'));
const web = async () => (await import('onnxruntime-web')) as unknown as RuntimeModule;
const native = async () => (await import('onnxruntime-node')) as unknown as RuntimeModule;

describe('loadRuntime', () => {
  const kind = async (device: 'cpu' | 'webgpu' | 'wasm', loaders: RuntimeLoaders) =>
    (await loadRuntime(device, loaders)).kind;

  it('takes the native runtime for cpu and webgpu, and never for wasm', async () => {
    expect(await kind('cpu', { native, web })).toBe('native');
    expect(await kind('webgpu', { native, web })).toBe('native');
    expect(await kind('wasm', { native, web })).toBe('web');
  });
  it('falls back to WebAssembly where the native runtime is missing', async () => {
    expect(await kind('cpu', { native: absent, web })).toBe('web');
  });
  it('takes the web runtime for everything outside Node', async () => {
    expect(await kind('cpu', { web })).toBe('web');
    expect(await kind('webgpu', { web })).toBe('web');
  });
  it('says what to install when WebGPU in Node has no runtime', async () => {
    await expect(loadRuntime('webgpu', { native: absent, web })).rejects.toMatchObject({
      name: 'JokerError',
      code: 'unsupported',
      message: expect.stringMatching(
        /^onnxruntime-node .*'npm install onnxruntime-node', or use the device 'cpu' or 'wasm'/,
      ),
    });
  });
  it('says what to install when there is no runtime at all', async () => {
    await expect(loadRuntime('cpu', { native: absent, web: absent })).rejects.toThrow(
      /npm install onnxruntime-web'\.$/,
    );
  });
});

describe('the WebAssembly runtime computes what the native one does', () => {
  // Sums of at most some hundred float32 products in another order; Adam's division makes the rounding of small gradients larger.
  const tolerances = { operations: 5e-6, training: 1e-4, unet: 1e-5 } as const;
  for (const name of ['operations', 'training', 'unet'] as const)
    it(name, async () => {
      const errors = largestErrors(await workloads[name]('wasm'), await workloads[name]('cpu'));
      for (const [result, error] of Object.entries(errors)) expect(error, result).toBeLessThan(tolerances[name]);
    });
});

describe('weights read in place', () => {
  for (const device of ['cpu', 'wasm'] as const)
    it(`on ${device}, in both precisions`, async () => {
      const { single, half } = await runWeightsInPlace(device);
      expect({ single: [...single!], half: [...half!] }).toEqual(expectedInPlace);
    });
});

describe('the native runtime', () => {
  // few and many pixels per channel: two ways of making the weight gradient
  for (const [channels, side] of [
    [32, 8],
    [4, 12],
  ] as const)
    it(`trains ${channels} channels of ${side}² to the same bits with one thread and with two`, async () => {
      const [one, two] = [
        await workloads.training('cpu', 1, channels, side),
        await workloads.training('cpu', 2, channels, side),
      ];
      expect(two).toEqual(one);
    });
});
