/**
 * Buffers and compiled entry points of a field's shaders. What runs when is in ../field-shaders.ts.
 *
 * Letters: R rays, S slots of a ray, E entries.
 */
import { JokerError } from '../../core/errors.js';
import type { FieldEngineOptions } from '../engine.js';
import { type FieldConfig, fieldLayout } from '../field.js';
import { fieldShader } from './wgsl.js';

/** Buffers in the order of their bindings. */
const BUFFERS = [
  'params',
  'rays',
  'grid',
  'samples',
  'state',
  'table',
  'features',
  'weights',
  'shade',
  'color',
  'seen',
  'rayGradient',
  'networkGradient',
  'tableGradient',
  'moments',
] as const;
/** See BUFFERS. */
export type BufferName = (typeof BUFFERS)[number];

/** What each pass binds: WebGPU guarantees eight storage buffers. */
const PASSES = {
  march: ['rays', 'grid', 'samples', 'state'],
  densities: ['samples', 'state', 'table', 'features', 'weights', 'shade'],
  densityAt: ['samples', 'table', 'weights', 'shade'],
  endRays: ['samples', 'state', 'shade'],
  colors: ['state', 'features', 'weights', 'color'],
  compose: ['state', 'shade', 'color', 'seen'],
  rayGradients: ['state', 'shade', 'color', 'rayGradient'],
  weightGradients: ['state', 'features', 'weights', 'color', 'networkGradient'],
  featureGradients: ['state', 'features', 'weights', 'color'],
  scatter: ['samples', 'state', 'features', 'tableGradient'],
  adamW: ['table', 'tableGradient', 'moments'],
} as const satisfies Record<string, readonly BufferName[]>;
/** An entry point. */
export type PassName = keyof typeof PASSES;

/** Words of the uniform `params`, a multiple of four. */
export const PARAMS = 20;

/** Options of the shaders; threads are the card's affair. */
export type FieldShaderOptions = Omit<FieldEngineOptions, 'threads'>;

/** A compiled entry point and what it binds. */
export type Pass = { readonly pipeline: GPUComputePipeline; readonly bindings: GPUBindGroup };

/** Numbers of both networks. */
export function networkLength({ hidden, levels }: FieldConfig): number {
  return 2 * hidden * levels * 2 + 4 * hidden;
}

/** Room for everything. @throws JokerError bad-argument when the card allows less in one piece. */
export function makeBuffers(
  device: GPUDevice,
  config: FieldConfig,
  { rays, samples, occupancy, training }: Required<FieldShaderOptions>,
): Record<BufferName, GPUBuffer> {
  const { entries } = fieldLayout(config);
  const slots = rays * samples;
  const trained = (bytes: number) => (training ? bytes : 16);
  const bytes: Record<BufferName, number> = {
    params: PARAMS * 4,
    rays: rays * 24,
    grid: occupancy ** 3 * 4,
    samples: slots * 16,
    state: rays * 16,
    table: entries * 8,
    features: slots * config.levels * 8,
    weights: networkLength(config) * 4,
    shade: slots * 16,
    color: slots * 16,
    seen: rays * 16,
    rayGradient: trained(rays * 16),
    networkGradient: trained(networkLength(config) * 8),
    tableGradient: trained(entries * 16),
    moments: trained(entries * 16),
  };
  const most = Math.min(device.limits.maxBufferSize, device.limits.maxStorageBufferBindingSize);
  const [largest, needed] = Object.entries(bytes).reduce((a, b) => (b[1] > a[1] ? b : a));
  if (needed > most)
    throw new JokerError(
      'bad-argument',
      `the field's ${largest} takes ${needed} bytes of the graphics card in one piece, which allows ${most}`,
      'Take fewer rays or samples, a smaller table, or --device cpu.',
    );
  const usage = GPUBufferUsage.COPY_DST | GPUBufferUsage.COPY_SRC;
  const kindOf = (name: BufferName) => (name === 'params' ? GPUBufferUsage.UNIFORM : GPUBufferUsage.STORAGE);
  const make = (name: BufferName) => [name, device.createBuffer({ size: bytes[name], usage: usage | kindOf(name) })];
  return Object.fromEntries(BUFFERS.map(make)) as Record<BufferName, GPUBuffer>;
}

/** Compiles all entry points. */
export async function makePipelines(
  device: GPUDevice,
  config: FieldConfig,
  shape: Required<FieldShaderOptions>,
  buffers: Readonly<Record<BufferName, GPUBuffer>>,
): Promise<Map<PassName, Pass>> {
  const module = device.createShaderModule({ code: fieldShader(config, shape) });
  const { messages } = await module.getCompilationInfo();
  const wrong = messages.find(({ type }) => type === 'error');
  if (wrong) throw new Error(`internal: the field's shader, line ${wrong.lineNum}: ${wrong.message}`);
  const made = (Object.keys(PASSES) as PassName[]).map(async (name): Promise<[PassName, Pass]> => {
    const pipeline = await device.createComputePipelineAsync({ layout: 'auto', compute: { module, entryPoint: name } });
    const bound: readonly BufferName[] = ['params', ...PASSES[name]];
    const entries = bound.map((b) => ({ binding: BUFFERS.indexOf(b), resource: { buffer: buffers[b] } }));
    return [name, { pipeline, bindings: device.createBindGroup({ layout: pipeline.getBindGroupLayout(0), entries }) }];
  });
  return new Map(await Promise.all(made));
}
