/**
 * The field in WebAssembly: marching, hash grid, networks, volume rendering, their gradients and AdamW on the table, on all
 * threads asked for. Its slow twins are march.ts, hash.ts, network.ts and distill/adamw.ts, which the tests hold it against.
 *
 * Does not know the background nor the loss: it takes gradients with respect to colour and opacity of rays. Results depend
 * neither on the number of threads nor on their timing. Letters: R rays, S slots, E entries, P points.
 */

import { foldIn, RandomStream } from '../core/rng.js';
import {
  EARLY_STOP,
  type FieldEngine,
  type FieldEngineOptions,
  type ForwardOptions,
  type RunOfStep,
  type TableStep,
} from './engine.js';
import { densityBias, type FieldConfig, fieldLayout, networkShapes } from './field.js';
import type { Head } from './head.js';
import { Crew, coreCount } from './kernels/crew.js';
import {
  BLOCK,
  describe,
  type KernelLayout,
  type KernelRoom,
  type KernelShape,
  kernelLayout,
  kernelShape,
} from './kernels/layout.js';
import { DEFAULT_STOP } from './march.js';
import { OCCUPANCY_RESOLUTION, OCCUPANCY_STEP, type Occupancy } from './occupancy.js';
import type { Rays } from './rays.js';

/** Owns a memory and threads: call `dispose`. */
export class FieldKernels implements FieldEngine {
  readonly kind = 'kernels';
  readonly table: Float32Array;
  readonly first: Float32Array;
  readonly second: Float32Array;
  /** [E, 2] gradient of the last `updateTable` */
  readonly tableGradient: Float32Array;
  readonly rays: Rays;
  readonly color: Float32Array;
  readonly opacity: Float32Array;
  readonly distance: Float32Array;
  readonly colorGradient: Float32Array;
  readonly opacityGradient: Float32Array;

  private constructor(
    private readonly config: FieldConfig,
    private readonly room: KernelRoom,
    private readonly shape: KernelShape,
    private readonly layout: KernelLayout,
    private readonly crew: Crew,
  ) {
    const { rays, training } = room;
    const entries = fieldLayout(config).entries * 2;
    const trained = (length: number) => (training ? length : 0);
    this.table = this.floats('table', entries);
    this.first = this.floats('first', trained(entries));
    this.second = this.floats('second', trained(entries));
    this.tableGradient = this.floats('tableGradient', trained(entries));
    const [origins, directions] = [this.floats('origins', rays * 3), this.floats('directions', rays * 3)];
    this.rays = { count: rays, origins, directions, places: new Float32Array(rays * 3) };
    this.color = this.floats('color', rays * 3);
    this.opacity = this.floats('opacity', rays);
    this.distance = this.floats('distance', rays);
    this.colorGradient = this.floats('colorGradient', trained(rays * 3));
    this.opacityGradient = this.floats('opacityGradient', trained(rays));
    this.describeLevels();
  }

  /** Compiles the module and starts the threads. @throws JokerError bad-argument when it would take more than 4 GB. */
  static async create(config: FieldConfig, options: FieldEngineOptions): Promise<FieldKernels> {
    const { rays, samples, points = 0, occupancy = OCCUPANCY_RESOLUTION, training = false } = options;
    const threads = options.threads ?? (await coreCount());
    const room = { rays, samples, points, occupancy, training, threads };
    const layout = kernelLayout(config, room);
    const crew = await Crew.create(layout.bytes, layout.at.layout, threads);
    return new FieldKernels(config, room, kernelShape(config, room), layout, crew);
  }

  private floats(name: keyof KernelLayout['at'], length: number): Float32Array {
    return new Float32Array(this.crew.memory.buffer, this.layout.at[name], length);
  }

  private describeLevels(): void {
    const { buffer } = this.crew.memory;
    fieldLayout(this.config).levels.forEach(({ scale, resolution, offset, size, hashed }, l) => {
      const at = this.layout.at.levels + l * 32;
      new Float32Array(buffer, at, 1)[0] = scale;
      new Uint32Array(buffer, at + 4, 4).set([resolution, offset * 8, size, Number(hashed)]);
    });
  }

  private describe({ key, step, stop, earlyStop }: ForwardOptions, points: number): void {
    const march = {
      jitter: key !== undefined,
      step: step ?? OCCUPANCY_STEP * this.config.halfSide,
      stop: stop ?? DEFAULT_STOP,
      earlyStop: earlyStop ?? EARLY_STOP,
    };
    const numbers = describe(this.config, this.room, this.layout, march, points);
    new Float64Array(this.crew.memory.buffer, this.layout.at.layout, numbers.length).set(numbers);
  }

  /** Nothing: the caller writes into the kernels' own memory. */
  push(): void {}

  /** Nothing: as `push`. */
  pull(): void {}

  /** Takes over the networks' weights (density and feature); they are small, and copied for every run. */
  setNetworks(networks: Head['networks']): void {
    const { features, hidden } = this.shape;
    const weights = this.floats('weights', hidden * 2 * features);
    const transposed = this.floats('transposed', features * hidden * 2);
    const outputs = this.floats('outputs', 4 * hidden);
    weights.set(networks['density.0.weight']!);
    weights.set(networks['feature.0.weight']!, hidden * features);
    for (let j = 0; j < hidden * 2; j++)
      for (let f = 0; f < features; f++) transposed[f * hidden * 2 + j] = weights[j * features + f]!;
    outputs.set(networks['density.1.weight']!);
    for (let o = 0; o < 3; o++)
      outputs.set(
        networks['feature.1.weight']!.subarray(o * this.config.hidden, (o + 1) * this.config.hidden),
        (1 + o) * hidden,
      );
  }

  /** Takes over an occupancy grid of the size given at the start. */
  setOccupancy(grid: Occupancy): void {
    if (grid.resolution !== this.room.occupancy) throw new Error(`internal: a grid of ${grid.resolution}`);
    const { buffer } = this.crew.memory;
    new Uint8Array(buffer, this.layout.at.occupied, grid.occupied.length).set(grid.occupied);
    this.floats('values', grid.values.length).set(grid.values);
  }

  /** Marches `rays` through the field and fills `color`, `opacity` and `distance`. */
  forward(options: ForwardOptions = {}): void {
    const { key, firstChunk = 0 } = options;
    if (key) {
      const seeds = new Uint32Array(this.crew.memory.buffer, this.layout.at.seeds, this.shape.chunks * 4);
      for (let c = 0; c < this.shape.chunks; c++)
        seeds.set(new RandomStream(foldIn(key, firstChunk + c)).state().words, c * 4);
    }
    this.describe(options, 0);
    this.crew.run('forward', this.shape.chunks);
  }

  /** Rays of one chunk: what draws from one stream in `forward`. */
  get raysPerChunk(): number {
    return this.shape.perChunk;
  }

  /** Samples that carried weight in the last `forward`. */
  get keptSamples(): number {
    const counts = new Int32Array(this.crew.memory.buffer, this.layout.at.counts, this.shape.chunks);
    return counts.reduce((sum, n) => sum + n, 0);
  }

  /**
   * Carries `colorGradient` and `opacityGradient` back through the last `forward`, once.
   * @returns gradients of the density and feature networks by name; that of the table is made by `updateTable`.
   */
  backward(): Record<string, Float32Array> {
    this.crew.run('backward', this.shape.chunks);
    const { hidden, features, gradient, chunks } = this.shape;
    const parts = this.floats('gradients', chunks * gradient);
    const sum = new Float64Array(gradient);
    for (let c = 0; c < chunks; c++) for (let i = 0; i < gradient; i++) sum[i]! += parts[c * gradient + i]!;
    const out: Record<string, Float32Array> = {};
    const shapes = networkShapes(this.config);
    const second = hidden * 2 * features;
    const starts = { 'density.0.weight': 0, 'feature.0.weight': hidden * features };
    for (const [name, start] of Object.entries(starts))
      out[name] = Float32Array.from(sum.subarray(start, start + this.config.hidden * features));
    out['density.1.weight'] = Float32Array.from(sum.subarray(second, second + this.config.hidden));
    out['feature.1.weight'] = Float32Array.from(
      { length: shapes['feature.1.weight']![0] * this.config.hidden },
      (_, i) => {
        const o = Math.floor(i / this.config.hidden);
        return sum[second + (1 + o) * hidden + (i % this.config.hidden)]!;
      },
    );
    return out;
  }

  /** Adds the last `backward` to the table's gradient, level by level, and takes an AdamW step on table and moments. */
  updateTable({ beta1, beta2, epsilon, weightDecay, rate, step }: TableStep, run?: RunOfStep): void {
    const size = rate / (1 - beta1 ** step);
    const correction = 1 / (1 - beta2 ** step);
    const { first, last } = run ?? { first: true, last: true };
    const numbers = [beta1, beta2, 1 - beta2, size, correction, 1 - rate * weightDecay, epsilon];
    this.floats('settings', 9).set([...numbers, Number(first), Number(last)]);
    this.crew.run('tables', this.config.levels);
  }

  /** Density [P], 1/world units, at points [P, 3] of the unit cube: `sampleDensity` of sample.ts. */
  density(points: Float32Array): Float32Array {
    const count = points.length / 3;
    if (count > this.room.points) throw new Error(`internal: ${count} points, room for ${this.room.points}`);
    const rows = (['x', 'y', 'z', 'bias'] as const).map((name) => this.floats(name, count));
    const world = (axis: number, i: number) => (points[i * 3 + axis]! * 2 - 1) * this.config.halfSide;
    for (let i = 0; i < count; i++) {
      for (let axis = 0; axis < 3; axis++) rows[axis]![i] = points[i * 3 + axis]!;
      rows[3]![i] = densityBias(this.config, world(0, i), world(1, i), world(2, i));
    }
    this.describe({}, count);
    this.crew.run('density', Math.ceil(count / BLOCK));
    return rows[3]!.slice();
  }

  /** Stops the threads. */
  dispose(): void {
    this.crew.dispose();
  }
}
