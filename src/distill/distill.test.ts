/** Distillation at toy size: it learns, resumes to the same bits, stops when asked, and refuses what does not fit. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { JokerError } from '../core/errors.js';
import type { Image } from '../core/image.js';
import type { JobMessage } from '../core/progress.js';
import { abs, mean, sub } from '../graph/index.js';
import { paperView, renderHead } from '../head/index.js';
import { renderBallHead } from './ball-head.js';
import { type DistillConfig, draftPreset } from './config.js';
import { distill } from './distill.js';
import { gridAngles, PAPER_RANGE, viewCamera } from './orbit.js';
import { dynamicRange } from './plan.js';
import { type DistillState, initialState, loadState, saveState } from './state.js';
import { rateFactor } from './step.js';
import { perfectTeacher } from './teacher.js';

const folder = mkdtempSync(join(tmpdir(), 'joker-distill-'));
afterAll(() => rmSync(folder, { recursive: true }));

const SIZE = 24;
const toy: DistillConfig = {
  ...draftPreset,
  views: { azimuths: 4, elevations: 2, ...PAPER_RANGE },
  target: { kind: 'progressive', levels: 4, period: 5, lastSteps: 2 },
  steps: 60,
  resolutions: [
    { from: 0, size: 12 },
    { from: 10, size: SIZE },
  ],
  batch: { views: 4, patch: 12 },
  samples: 12,
  field: { ...draftPreset.field, levels: 5, log2TableSize: 12, hidden: 16, background: 'world' },
  seed: 3,
};
const cameras = gridAngles(toy.views).map((angles) => viewCamera(angles, paperView, SIZE));
const images = cameras.map((camera) => renderBallHead(camera).color);
const teacher = perfectTeacher(images);

function psnr(a: Image, b: Image): number {
  const error = a.data.reduce((s, x, i) => s + (x - b.data[i]!) ** 2, 0) / a.data.length;
  return -10 * Math.log10(error);
}

describe('distill', () => {
  it('learns a head that shows held-out views, and says how far it is', async () => {
    const messages: JobMessage[] = [];
    const head = await distill({ config: toy, cameras, teacher, threads: 1, report: (m) => messages.push(m) });
    const camera = viewCamera({ azimuth: 0.05, elevation: 0.03 }, paperView, SIZE);
    const view = await renderHead(head, camera, { threads: 1 });
    const truth = renderBallHead(camera);
    // 20 dB after 60 steps: far above 12 dB of the flat mean colour, below what longer runs reach (gate: 26 dB).
    expect(psnr(view.color, truth.color)).toBeGreaterThan(20);
    const last = messages.filter((m) => m.kind === 'progress').at(-1);
    expect(last).toMatchObject({ done: 60, total: 60, figures: { resolution: SIZE } });
    expect(messages.filter((m) => m.kind === 'note').length).toBe(3); // two Stage 1 updates, one Stage 2
  });

  it('keeps the head from what the matte calls empty, and resumes to the same bits with it', async () => {
    const empty = cameras.map((camera) => renderBallHead(camera).depth.data.map((d) => (d > 0 ? 1 : 0)));
    let asked = 0;
    const matte = async (pictures: readonly Image[]) => {
      asked++;
      const viewOf = ({ data }: Image) => images.findIndex((image) => image.data.every((x, i) => x === data[i]));
      return pictures.map((picture) => ({ ...picture, channels: 1, data: empty[viewOf(picture)]! }));
    };
    const hazy = { ...toy, losses: { ...toy.losses, sparsity: 0, opaqueness: 0, emptiness: 1 } };
    const haze = async (options: { matte?: typeof matte }) => {
      const head = await distill({ config: hazy, cameras, teacher, threads: 1, ...options });
      const { opacity } = await renderHead(head, cameras[3]!, { threads: 1 });
      const off = [...opacity.data].filter((_, i) => empty[3]![i] === 0);
      return off.reduce((sum, o) => sum + o, 0) / off.length;
    };
    const [without, with_] = [await haze({}), await haze({ matte })];
    expect(asked).toBe(3); // one for each update
    expect(with_).toBeLessThan(0.5 * without);
    const path = join(folder, 'matte.safetensors');
    const checkpoint = async (state: DistillState) => {
      if (state.step === 7) await saveState(path, state);
    };
    const short = { config: { ...hazy, steps: 14 }, cameras, teacher, threads: 1, matte };
    const whole = await distill({ ...short, checkpoint, checkpointEvery: 7 });
    const again = await distill({ ...short, resume: loadState(path) });
    expect(again.table.every((value, i) => value === whole.table[i])).toBe(true);
  });

  it('resumes from any checkpoint to the same bits', async () => {
    const short = { ...toy, steps: 24 };
    const paths: string[] = [];
    const checkpoint = async (state: DistillState) => {
      paths.push(join(folder, `${paths.length}.safetensors`));
      await saveState(paths.at(-1)!, state);
    };
    const whole = await distill({ config: short, cameras, teacher, threads: 1, checkpoint, checkpointEvery: 7 });
    expect(paths.length).toBe(7); // three updates, three of every seventh step, the end
    for (const path of [paths[2]!, paths[4]!]) {
      const resume = loadState(path);
      const again = await distill({ config: short, cameras, teacher, threads: 1, resume });
      expect(again.table).toEqual(whole.table);
      expect(again.networks).toEqual(whole.networks);
      expect(again.occupancy).toEqual(whole.occupancy);
    }
  });

  it('asks for the batch’s views alone at every step of a dynamic plan, at drawn timesteps, and resumes to the same bits', async () => {
    const target = { kind: 'dynamic', schedule: 'capped', rescale: 0 } as const;
    const config: DistillConfig = { ...toy, target, steps: 20, batch: { views: 2, patch: 12 } };
    const asked: { views: number[]; timestep: number; size: number }[] = [];
    const listening: typeof teacher = {
      ...teacher,
      updateTargets: async (requests, [timestep, ...more]) => {
        expect(more).toEqual([]);
        const { width } = await requests[0]!.render();
        asked.push({ views: requests.map(({ view }) => view), timestep: timestep!, size: width });
        return requests.map(({ view }) => images[view]!);
      },
    };
    const path = join(folder, 'dynamic.safetensors');
    const whole = await distill({
      config,
      cameras,
      teacher: listening,
      threads: 1,
      checkpoint: async (state) => {
        if (state.step === 11) await saveState(path, state);
      },
      checkpointEvery: 11,
    });
    expect(asked.length).toBe(20);
    expect(asked.every(({ views }) => views.length === 2 && views[0] !== views[1])).toBe(true);
    expect(asked.map(({ size }) => size)).toEqual(Array.from({ length: 20 }, (_, n) => (n < 10 ? 12 : SIZE)));
    for (const [n, { timestep }] of asked.entries()) {
      const { low, high } = dynamicRange(n, 20, 'capped');
      expect(timestep).toBeGreaterThanOrEqual(low);
      expect(timestep).toBeLessThanOrEqual(high);
    }
    expect(new Set(asked.slice(13).map(({ timestep }) => timestep)).size).toBeGreaterThan(4);
    const resume = loadState(path);
    expect(resume.targets).toEqual([]);
    const before = asked.splice(0);
    const again = await distill({ config, cameras, teacher: listening, threads: 1, resume });
    expect(asked).toEqual(before.slice(11));
    expect(again.table).toEqual(whole.table);
    expect(again.networks).toEqual(whole.networks);
    expect(again.occupancy).toEqual(whole.occupancy);
  });

  it('uses a perceptual term where one is given', async () => {
    const build = (_g: unknown, a: Parameters<typeof sub>[0], b: Parameters<typeof sub>[1]) => mean(abs(sub(a, b)));
    const figures: number[] = [];
    await distill({
      config: { ...toy, steps: 10 },
      cameras,
      teacher,
      threads: 1,
      perceptual: { name: 'twice L1', build, weights: () => ({ kind: 'memory', data: new Float32Array() }) },
      report: (m) => {
        if (m.kind === 'progress') figures.push(m.figures!['perceptual']! / m.figures!['l1']!);
      },
    });
    expect(figures.length).toBe(1);
    expect(figures[0]).toBeCloseTo(2, 4); // pictures in [−1, 1] differ twice as much as in [0, 1]
  });

  it('stops when asked', async () => {
    const controller = new AbortController();
    const report = (m: JobMessage) => {
      if (m.kind === 'progress') controller.abort();
    };
    const run = distill({ config: toy, cameras, teacher, threads: 1, report, signal: controller.signal });
    await expect(run).rejects.toMatchObject({ name: 'JokerError', code: 'interrupted' });
  });

  it('refuses what does not fit, naming it', async () => {
    const refusal = (change: Partial<DistillConfig>) => distill({ config: { ...toy, ...change }, cameras, teacher });
    await expect(refusal({ views: { ...toy.views, azimuths: 5 } })).rejects.toThrow(/8 cameras for 10 views/);
    await expect(refusal({ batch: { views: 4, patch: 13 } })).rejects.toThrow(/batch\.patch 13/);
    await expect(refusal({ batch: { views: 9, patch: 12 } })).rejects.toThrow(/batch\.views 9 of 8/);
    const other = initialState({ ...toy, field: { ...toy.field, hidden: 8 } });
    await expect(distill({ config: toy, cameras, teacher, resume: other })).rejects.toBeInstanceOf(JokerError);
  });
});

describe('rateFactor', () => {
  it('is 1, then falls to a tenth', () => {
    expect(rateFactor(19999, { steps: 20000, decayFrom: 1 })).toBe(1);
    expect(rateFactor(50, { steps: 100, decayFrom: 0.5 })).toBe(1);
    expect(rateFactor(75, { steps: 100, decayFrom: 0.5 })).toBeCloseTo(Math.sqrt(0.1), 12);
    expect(rateFactor(100, { steps: 100, decayFrom: 0.5 })).toBeCloseTo(0.1, 12);
  });
});
