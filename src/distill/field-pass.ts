/**
 * All rays of a step through the field's engine and back, in as many runs as fit its memory.
 *
 * With one run (small steps) nothing is computed twice. With more, each run marches and looks once for the loss and once
 * more for its gradient, so that memory does not grow with the step. The number of runs changes the order of sums in the
 * gradients, nothing else. Letters: R rays, S samples per ray.
 */

import type { RandomKey } from '../core/rng.js';
import type { Device } from '../graph/index.js';
import { type FieldEngine, type Head, makeRays, openField, type Rays, type TableStep } from '../head/index.js';

/** Slots R·S of a run: 2^20 at 16 levels are 180 MB. */
const RUN_SLOTS = 2 ** 20;

/** How the rays of a step are sampled. */
export type PassOptions = { readonly step?: number; readonly key: RandomKey };

/** Owns the engine of a training: call `dispose`. */
export class FieldPass {
  /** all rays of the step, to be filled by the caller */
  readonly rays: Rays;
  /** [R, 3] and [R]: what the field alone shows, after `forward` */
  readonly color: Float32Array;
  readonly opacity: Float32Array;

  private constructor(
    readonly engine: FieldEngine,
    rays: number,
  ) {
    this.rays = makeRays(rays);
    this.color = new Float32Array(rays * 3);
    this.opacity = new Float32Array(rays);
  }

  /** Room for R rays of S samples. @param points see `FieldEngineOptions` @param runSlots for tests */
  static async create(
    config: Head['config'],
    size: {
      readonly rays: number;
      readonly samples: number;
      readonly points: number;
      readonly threads?: number;
      readonly device?: Device;
    },
    runSlots: number = RUN_SLOTS,
  ): Promise<FieldPass> {
    // A divisor of R, so that all runs are full: R is views·patch², rich in factors of two.
    let rays = size.rays;
    while (rays * size.samples > runSlots && rays % 2 === 0) rays /= 2;
    const engine = await openField(config, { ...size, rays, training: true });
    return new FieldPass(engine, size.rays);
  }

  private get runs(): number {
    return this.rays.count / this.engine.rays.count;
  }

  private async look(run: number, options: PassOptions): Promise<void> {
    const { rays } = this.engine;
    const [from, to] = [run * rays.count * 3, (run + 1) * rays.count * 3];
    rays.origins.set(this.rays.origins.subarray(from, to));
    rays.directions.set(this.rays.directions.subarray(from, to));
    const firstChunk = run * Math.ceil(rays.count / this.engine.raysPerChunk);
    await this.engine.forward({ ...options, firstChunk });
  }

  /** Looks along all rays. */
  async forward(options: PassOptions): Promise<void> {
    const { engine, color, opacity } = this;
    for (let run = 0; run < this.runs; run++) {
      await this.look(run, options);
      color.set(engine.color, run * engine.color.length);
      opacity.set(engine.opacity, run * engine.opacity.length);
    }
  }

  /**
   * Carries gradients [R, 3] and [R] back and updates the table.
   * @returns gradients of the density and feature networks.
   */
  async backward(
    options: PassOptions,
    colorGradient: Float32Array,
    opacityGradient: Float32Array,
    update: TableStep,
  ): Promise<Record<string, Float32Array>> {
    const { engine, runs } = this;
    const sum: Record<string, Float32Array> = {};
    for (let run = 0; run < runs; run++) {
      if (runs > 1) await this.look(run, options);
      const part = (all: Float32Array, room: Float32Array) =>
        room.set(all.subarray(run * room.length, (run + 1) * room.length));
      part(colorGradient, engine.colorGradient);
      part(opacityGradient, engine.opacityGradient);
      for (const [name, gradient] of Object.entries(await engine.backward()))
        sum[name] = sum[name]?.map((x, i) => x + gradient[i]!) ?? gradient;
      engine.updateTable(update, { first: run === 0, last: run === runs - 1 });
    }
    return sum;
  }

  /** Gives the engine back. */
  dispose(): void {
    this.engine.dispose();
  }
}
