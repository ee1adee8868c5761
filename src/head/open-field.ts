/** The engine of a field for a device. Not an engine itself: those are field-kernels.ts and field-shaders.ts. */
import type { Device } from '../graph/index.js';
import type { FieldEngine, FieldEngineOptions } from './engine.js';
import type { FieldConfig } from './field.js';
import { FieldKernels } from './field-kernels.js';
import { FieldShaders } from './field-shaders.js';

/** The engine for a device: shaders for `webgpu` where there is WebGPU, else the kernels. @throws JokerError bad-argument. */
export async function openField(
  config: FieldConfig,
  { device, ...options }: FieldEngineOptions & { readonly device?: Device },
): Promise<FieldEngine> {
  const shaders = device === 'webgpu' ? await FieldShaders.create(config, options) : null;
  return shaders ?? FieldKernels.create(config, options);
}
