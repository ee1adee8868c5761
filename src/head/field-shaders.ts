/**
 * The field on a graphics card: the same work as field-kernels.ts, in WebGPU shaders (shaders/).
 *
 * The order of passes and what travels; the twin that the tests hold it against is field-kernels.ts. Float32 where that marches in
 * float64, and jitter of its own, so that results agree closely and not to the bit. One card gives the same result each time.
 * Letters: R rays, S slots of a ray, N = R·S, E entries, F features, H hidden units, P points.
 */
import { JokerError } from '../core/errors.js';
import { foldIn, RandomStream } from '../core/rng.js';
import { EARLY_STOP, type FieldEngine, type ForwardOptions, type RunOfStep, type TableStep } from './engine.js';
import { type FieldConfig, fieldLayout } from './field.js';
import type { Head } from './head.js';
import { DEFAULT_STOP } from './march.js';
import { OCCUPANCY_RESOLUTION, OCCUPANCY_STEP, type Occupancy } from './occupancy.js';
import { makeRays, type Rays } from './rays.js';
import {
  type BufferName,
  type FieldShaderOptions,
  makeBuffers,
  makePipelines,
  networkLength,
  PARAMS,
  type Pass,
  type PassName,
} from './shaders/buffers.js';
import { type OpenGpu, openGpu } from './shaders/device.js';
import { FRACTION_BITS, GROUP, GROUPS_PER_ROW, TILE, TILE_ROWS, TILES } from './shaders/shared.js';

/** Passes that march and look, and those that only a training needs. */
const FORWARD = ['march', 'densities', 'endRays', 'colors', 'compose'] as const;

/** Owns a device and buffers: call `dispose`. */
export class FieldShaders implements FieldEngine {
  readonly kind = 'shaders';
  readonly table: Float32Array;
  readonly first: Float32Array;
  readonly second: Float32Array;
  readonly rays: Rays;
  readonly color: Float32Array;
  readonly opacity: Float32Array;
  readonly distance: Float32Array;
  readonly colorGradient: Float32Array;
  readonly opacityGradient: Float32Array;
  /** one stream of jitter a run */
  readonly raysPerChunk: number;
  private readonly params = new ArrayBuffer(PARAMS * 4);
  /** true while the buffers hold what the last `forward` saw */
  private looked = false;

  private constructor(
    private readonly config: FieldConfig,
    private readonly size: Required<FieldShaderOptions>,
    private readonly gpu: OpenGpu,
    private readonly buffers: Readonly<Record<BufferName, GPUBuffer>>,
    private readonly pipelines: ReadonlyMap<PassName, Pass>,
  ) {
    const { rays, training } = size;
    const entries = fieldLayout(config).entries;
    const trained = (length: number) => new Float32Array(training ? length : 0);
    this.table = new Float32Array(entries * 2);
    this.first = trained(entries * 2);
    this.second = trained(entries * 2);
    this.rays = makeRays(rays);
    this.color = new Float32Array(rays * 3);
    this.opacity = new Float32Array(rays);
    this.distance = new Float32Array(rays);
    this.colorGradient = trained(rays * 3);
    this.opacityGradient = trained(rays);
    this.raysPerChunk = rays;
  }

  /**
   * Opens a device and compiles the shaders; null where there is no WebGPU.
   * @throws JokerError bad-argument when the field does not fit the card's buffers.
   */
  static async create(config: FieldConfig, options: FieldShaderOptions): Promise<FieldShaders | null> {
    const gpu = await openGpu();
    if (!gpu) return null;
    const { device } = gpu;
    const { points = 0, occupancy = OCCUPANCY_RESOLUTION, training = false } = options;
    const size = { ...options, points, occupancy, training };
    try {
      const { buffers, pipelines } = await checked(device, async () => {
        const made = makeBuffers(device, config, size);
        return { buffers: made, pipelines: await makePipelines(device, config, size, made) };
      });
      return new FieldShaders(config, size, gpu, buffers, pipelines);
    } catch (cause) {
      device.destroy();
      throw cause;
    }
  }

  /** Writes table and moments into the card's memory. */
  push(): void {
    this.write('table', this.table);
    if (!this.size.training) return;
    this.write('moments', interleaved(this.first, this.second));
  }

  /** Reads them back: for a rendering the table is enough, which is a third of it. */
  async pull(what: 'table' | 'all' = 'all'): Promise<void> {
    this.table.set(new Float32Array(await this.read('table', this.table.byteLength)));
    if (!this.size.training || what === 'table') return;
    separated(new Float32Array(await this.read('moments', this.first.byteLength * 2)), this.first, this.second);
  }

  /** Writes the networks' weights, which travel at every step. */
  setNetworks(networks: Head['networks']): void {
    const names = ['density.0.weight', 'feature.0.weight', 'density.1.weight', 'feature.1.weight'] as const;
    let at = 0;
    for (const name of names) {
      this.write('weights', networks[name]!, at);
      at += networks[name]!.byteLength;
    }
  }

  /** Writes the grid. */
  setOccupancy({ resolution, values, occupied }: Occupancy): void {
    if (resolution !== this.size.occupancy) throw new Error(`internal: a grid of ${resolution}`);
    const empty = -1; // the shaders' mark of cells that hold nothing
    this.write(
      'grid',
      Float32Array.from(values, (value, i) => (occupied[i] ? value : empty)),
    );
  }

  /** Marches, looks, and reads back what the rays see: 32 bytes a ray. */
  async forward(options: ForwardOptions = {}): Promise<void> {
    const { rays } = this;
    const both = new Float32Array(rays.count * 6);
    for (let i = 0; i < rays.count; i++) {
      both.set(rays.origins.subarray(i * 3, i * 3 + 3), i * 6);
      both.set(rays.directions.subarray(i * 3, i * 3 + 3), i * 6 + 3);
    }
    this.write('rays', both);
    this.describe(options);
    this.submit(FORWARD);
    this.looked = true;
    const [seen, state] = await Promise.all([this.read('seen', rays.count * 16), this.read('state', rays.count * 16)]);
    const [sums, ends] = [new Float32Array(seen), new Float32Array(state)];
    for (let i = 0; i < rays.count; i++) {
      this.color.set(sums.subarray(i * 4, i * 4 + 3), i * 3);
      this.opacity[i] = sums[i * 4 + 3]!;
      this.distance[i] = ends[i * 4 + 3]!;
    }
  }

  /** Carries gradients back; those of the features stay on the card, for `updateTable`. */
  async backward(): Promise<Record<string, Float32Array>> {
    if (!this.looked) throw new Error('internal: backward without a forward before it');
    this.looked = false;
    const { count } = this.rays;
    const gradient = new Float32Array(count * 4);
    for (let i = 0; i < count; i++) {
      gradient.set(this.colorGradient.subarray(i * 3, i * 3 + 3), i * 4);
      gradient[i * 4 + 3] = this.opacityGradient[i]!;
    }
    // The sums are integers, which know no NaN: a training that diverges would go on with zeros.
    if (!gradient.every(Number.isFinite)) throw new Error("internal: a ray's gradient is not finite");
    this.write('rayGradient', gradient);
    this.submit(['rayGradients', 'weightGradients', 'featureGradients'], ['networkGradient']);
    const sums = fromFixed(await this.read('networkGradient', networkLength(this.config) * 8));
    const { hidden, levels } = this.config;
    const layer = hidden * levels * 2;
    return {
      'density.0.weight': sums.slice(0, layer),
      'feature.0.weight': sums.slice(layer, 2 * layer),
      'density.1.weight': sums.slice(2 * layer, 2 * layer + hidden),
      'feature.1.weight': sums.slice(2 * layer + hidden),
    };
  }

  /** Scatters the features' gradients into the table's, and takes the AdamW step. */
  updateTable({ beta1, beta2, epsilon, weightDecay, rate, step }: TableStep, run?: RunOfStep): void {
    const { first, last } = run ?? { first: true, last: true };
    const corrected = [rate / (1 - beta1 ** step), 1 / (1 - beta2 ** step), 1 - rate * weightDecay, epsilon];
    new Float32Array(this.params, 36).set([beta1, 1 - beta1, beta2, 1 - beta2, ...corrected]);
    this.gpu.device.queue.writeBuffer(this.buffers.params, 0, this.params);
    this.submit(last ? ['scatter', 'adamW'] : ['scatter'], first ? ['tableGradient'] : []);
  }

  /** Density at points, in as many parts as fit the room of the samples, which it takes. */
  async density(points: Float32Array): Promise<Float32Array> {
    this.looked = false;
    const room = this.size.rays * this.size.samples;
    const out = new Float32Array(points.length / 3);
    for (let from = 0; from < out.length; from += room) {
      const count = Math.min(room, out.length - from);
      const rows = new Float32Array(count * 4);
      for (let i = 0; i < count; i++) rows.set(points.subarray((from + i) * 3, (from + i) * 3 + 3), i * 4);
      this.write('samples', rows);
      new Uint32Array(this.params, 4, 1)[0] = count;
      this.gpu.device.queue.writeBuffer(this.buffers.params, 0, this.params);
      this.submit(['densityAt']);
      const found = new Float32Array(await this.read('shade', count * 16));
      for (let i = 0; i < count; i++) out[from + i] = found[i * 4]!;
    }
    return out;
  }

  /** Frees the card's memory. */
  dispose(): void {
    for (const buffer of Object.values(this.buffers)) buffer.destroy();
    this.gpu.device.destroy();
  }

  private describe({ key, firstChunk = 0, step, stop, earlyStop }: ForwardOptions): void {
    const words = key && new RandomStream(foldIn(key, firstChunk)).state().words;
    const { entries } = fieldLayout(this.config);
    new Uint32Array(this.params, 0, 6).set([
      this.rays.count,
      0,
      Number(key !== undefined),
      entries,
      words?.[0] ?? 0,
      words?.[1] ?? 0,
    ]);
    new Float32Array(this.params, 24, 3).set([
      step ?? OCCUPANCY_STEP * this.config.halfSide,
      // the shaders' far distance stands for infinity here, too
      Math.min(stop ?? DEFAULT_STOP, 1e30),
      earlyStop ?? EARLY_STOP,
    ]);
    this.gpu.device.queue.writeBuffer(this.buffers.params, 0, this.params);
  }

  private write(name: BufferName, data: Float32Array, at = 0): void {
    this.gpu.device.queue.writeBuffer(this.buffers[name], at, data as Float32Array<ArrayBuffer>);
  }

  /** Runs passes in order, after clearing buffers. */
  private submit(names: readonly PassName[], clear: readonly BufferName[] = []): void {
    const encoder = this.gpu.device.createCommandEncoder();
    for (const name of clear) encoder.clearBuffer(this.buffers[name]);
    for (const name of names) {
      const pass = encoder.beginComputePass();
      const { pipeline, bindings } = this.pipelines.get(name)!;
      pass.setPipeline(pipeline);
      pass.setBindGroup(0, bindings);
      pass.dispatchWorkgroups(...this.groupsOf(name));
      pass.end();
    }
    this.gpu.device.queue.submit([encoder.finish()]);
  }

  private groupsOf(name: PassName): [number, number, number] {
    const { rays, samples } = this.size;
    const { hidden, levels } = this.config;
    const threads = (count: number, deep = 1): [number, number, number] => {
      const groups = Math.ceil(count / GROUP);
      return [Math.min(groups, GROUPS_PER_ROW), Math.ceil(groups / GROUPS_PER_ROW), deep];
    };
    switch (name) {
      case 'march':
      case 'endRays':
      case 'compose':
      case 'rayGradients':
        return threads(rays);
      case 'densities':
      case 'colors':
      case 'featureGradients':
        return threads(rays * samples);
      case 'densityAt':
        return threads(new Uint32Array(this.params, 4, 1)[0]!);
      case 'weightGradients':
        return [Math.ceil((rays * samples) / (TILE * TILES)), Math.ceil((2 * hidden) / TILE_ROWS), 1];
      case 'scatter':
        return threads(rays * samples, levels);
      case 'adamW':
        return threads(fieldLayout(this.config).entries);
      default:
        return name satisfies never;
    }
  }

  private async read(name: BufferName, bytes: number): Promise<ArrayBuffer> {
    const staging = this.gpu.device.createBuffer({
      size: bytes,
      usage: GPUBufferUsage.COPY_DST | GPUBufferUsage.MAP_READ,
    });
    const encoder = this.gpu.device.createCommandEncoder();
    encoder.copyBufferToBuffer(this.buffers[name], 0, staging, 0, bytes);
    this.gpu.device.queue.submit([encoder.finish()]);
    await staging.mapAsync(GPUMapMode.READ).catch((cause: unknown) => {
      throw new JokerError(
        'unsupported',
        'the graphics card was lost',
        'Run again with --resume, or with --device cpu.',
        {
          cause,
        },
      );
    });
    const copy = staging.getMappedRange().slice(0);
    staging.destroy();
    return copy;
  }
}

/**
 * Makes what may not fit. WebGPU reports such errors beside the calls, which go on with buffers that hold nothing.
 * @throws JokerError bad-argument.
 */
async function checked<T>(device: GPUDevice, make: () => Promise<T>): Promise<T> {
  device.pushErrorScope('validation');
  device.pushErrorScope('out-of-memory');
  const made = await make();
  const errors = [await device.popErrorScope(), await device.popErrorScope()];
  const error = errors.find((e) => e !== null);
  if (error)
    throw new JokerError(
      'bad-argument',
      `the graphics card does not take the field: ${error.message}`,
      'Take fewer rays or samples, a smaller table, or --device cpu.',
    );
  return made;
}

/** [E, 4]: both first moments of an entry, then both second ones. */
function interleaved(first: Float32Array, second: Float32Array): Float32Array {
  const out = new Float32Array(first.length * 2);
  for (let i = 0; i < first.length; i += 2) {
    out[i * 2] = first[i]!;
    out[i * 2 + 1] = first[i + 1]!;
    out[i * 2 + 2] = second[i]!;
    out[i * 2 + 3] = second[i + 1]!;
  }
  return out;
}

function separated(both: Float32Array, first: Float32Array, second: Float32Array): void {
  for (let i = 0; i < first.length; i += 2) {
    first[i] = both[i * 2]!;
    first[i + 1] = both[i * 2 + 1]!;
    second[i] = both[i * 2 + 2]!;
    second[i + 1] = both[i * 2 + 3]!;
  }
}

/** The shaders' sums, which are pairs of words, low first. */
function fromFixed(bytes: ArrayBuffer): Float32Array {
  const [low, high] = [new Uint32Array(bytes), new Int32Array(bytes)];
  return Float32Array.from(
    { length: low.length / 2 },
    (_, i) => (high[2 * i + 1]! + low[2 * i]! / 2 ** 32) / 2 ** (FRACTION_BITS - 32),
  );
}
