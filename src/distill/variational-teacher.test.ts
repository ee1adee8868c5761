/** Variational targets: the equations on the first step, where both models are the same, and that the second one learns. */
import { describe, expect, it } from 'vitest';
import { randomPicture, tinyModel } from '../../test/fixtures/tiny-prior.js';
import type { Image } from '../core/image.js';
import { foldIn, foldInName, randomKey } from '../core/rng.js';
import { paperView } from '../head/index.js';
import { drawLatents, JokerPrior } from '../prior/index.js';
import { withVariationalTarget } from './config.js';
import { draftPreset } from './index.js';
import { viewCamera } from './orbit.js';
import { planStep, variationalRange } from './plan.js';
import { variationalTeacher } from './variational-teacher.js';

const difference = (a: Image, b: Image) => Math.max(...a.data.map((x, i) => Math.abs(x - b.data[i]!)));
const camera = viewCamera({ azimuth: 0, elevation: 0 }, paperView, 32);
const request = { view: 0, camera, key: foldIn(randomKey(5), 3), render: async () => randomPicture(3, 32) };
const TIMESTEP = 400;

async function setting(form: 'epsilon' | 'v_prediction') {
  const model = tinyModel(form);
  const prior = new JokerPrior(model, { threads: 1, batch: 1 });
  const condition = await prior.prepare('a man', randomPicture(9, 32), null);
  const controls = [randomPicture(20, 32)];
  const teacher = (guidance: number, learningRate: number) => {
    const target = { kind: 'variational', learningRate } as const;
    return variationalTeacher({ prior, model, condition, controls, guidance, target, views: 1, threads: 1 });
  };
  return { prior, condition, controls, teacher };
}

describe.each(['epsilon', 'v_prediction'] as const)('variationalTeacher, a prior that predicts %s', (form) => {
  it('at first moves a render by the guidance alone: both models are the prior', async () => {
    const { prior, condition, controls, teacher } = await setting(form);
    const asked = async (guidance: number) => {
      const made = await teacher(guidance, 1e-3);
      const [target] = await made.updateTargets([request], [TIMESTEP]);
      await made.dispose!();
      return target!;
    };
    const render = await request.render();
    // 1e-4: the same noise from a graph of training and one of inference, through a random decoder of gain about 10
    expect(difference(await asked(1), render)).toBeLessThan(1e-4);
    // The twin, in ProlificDreamer's equations: z − (1 − ᾱ)(ε_guided − ε_plain).
    const clean = await prior.encodeImages([render], [foldInName(request.key, 'posterior')]);
    const noise = drawLatents(prior, [foldInName(request.key, 'noise')]);
    const alpha = prior.schedule.alphasCumprod[TIMESTEP]!;
    const latents = clean.map((x, i) => Math.sqrt(alpha) * x + Math.sqrt(1 - alpha) * noise[i]!);
    const control = await prior.controlFeatures(controls);
    const found = async (guidance: number) => {
      const features = await prior.referenceFeatures(condition, TIMESTEP, guidance > 1 ? 2 : 1);
      return prior.predictNoise(condition, { latents, control, features, guidance });
    };
    const [guided, plain] = [await found(7.5), await found(1)];
    const moved = clean.map((x, i) => x - (1 - alpha) * (guided[i]! - plain[i]!));
    const [after] = await prior.decodeLatents(moved);
    const [before] = await prior.decodeLatents(clean);
    const wanted = { ...render, data: render.data.map((x, i) => x + after!.data[i]! - before!.data[i]!) };
    const clamped = { ...wanted, data: wanted.data.map((x) => Math.max(0, Math.min(1, x))) };
    expect(difference(clamped, render)).toBeGreaterThan(3e-3); // it does move
    expect(difference(await asked(7.5), clamped)).toBeLessThan(1e-4);
    await prior.dispose();
  });

  it('later moves it by what the second model has learned, and not at a rate of 0', async () => {
    const { prior, teacher } = await setting(form);
    const afterSteps = async (learningRate: number) => {
      const made = await teacher(1, learningRate);
      let target: Image | undefined;
      for (let i = 0; i < 10; i++) [target] = await made.updateTargets([request], [TIMESTEP]);
      await made.dispose!();
      return difference(target!, await request.render());
    };
    expect(await afterSteps(0)).toBeLessThan(1e-4);
    expect(await afterSteps(1e-2)).toBeGreaterThan(3e-3);
    await prior.dispose();
  });
});

describe('the plan', () => {
  it('draws any noise for a fifth of the run and at most half afterwards', () => {
    expect([0, 59, 60, 299].map((n) => variationalRange(n, 300))).toEqual([
      { low: 20, high: 980 },
      { low: 20, high: 980 },
      { low: 20, high: 500 },
      { low: 20, high: 500 },
    ]);
    const config = withVariationalTarget(draftPreset);
    expect(planStep(0, config)).toEqual({ update: { kind: 'batch', low: 20, high: 980 }, resolution: 64 });
    expect(config.batch.views * config.batch.patch ** 2).toBe(draftPreset.batch.views * draftPreset.batch.patch ** 2);
    const target = { kind: 'variational', learningRate: 2 } as const;
    expect(() => planStep(0, { ...config, target })).toThrow(/learningRate is 2/);
  });
});
