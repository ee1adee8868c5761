/** The prior as a teacher: what it hands to the walk, checked against the walk called directly on a tiny random prior. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { randomPicture as picture, tinyModel } from '../../test/fixtures/tiny-prior.js';
import { type Image, resizeBilinear } from '../core/image.js';
import { foldIn, foldInName, randomKey } from '../core/rng.js';
import { paperView } from '../head/index.js';
import { drawLatents, JokerPrior, refine } from '../prior/index.js';
import { viewCamera } from './orbit.js';
import { priorTeacher, rescaledContrast } from './prior-teacher.js';

const key = randomKey(5);

let prior: JokerPrior;
beforeAll(() => {
  prior = new JokerPrior(tinyModel(), { threads: 1, batch: 2 });
});
afterAll(() => prior.dispose());

describe('priorTeacher', () => {
  it('refines enlarged renders of the asked views, under their own controls and keys', async () => {
    const condition = await prior.prepare('a man', picture(9, 32), null);
    const controls = [0, 1, 2].map((i) => picture(20 + i, 32));
    const teacher = await priorTeacher({ prior, condition, controls, guidance: 5 });
    expect(teacher.size).toBe(32);
    const camera = viewCamera({ azimuth: 0, elevation: 0 }, paperView, 32);
    const requests = [2, 0].map((view) => ({
      view,
      camera,
      key: foldIn(key, view),
      render: async () => picture(view, 16),
    }));
    const told: number[] = [];
    const targets = await teacher.updateTargets(requests, [500, 250], (done) => told.push(done));
    const twin = await refine(
      prior,
      { condition, control: await prior.controlFeatures([controls[2]!, controls[0]!]), views: 2 },
      [resizeBilinear(picture(2, 16), 32, 32), resizeBilinear(picture(0, 16), 32, 32)],
      [foldIn(key, 2), foldIn(key, 0)],
      { timesteps: [500, 250], guidance: 5 },
    );
    expect(targets.map(({ data }) => data)).toEqual(twin.map(({ data }) => data));
    expect(told).toEqual([1, 2]);
  });

  it('makes one-step estimates for dynamic targets: x0 of the guided noise, contrast rescaled towards the unguided', async () => {
    const condition = await prior.prepare('a man', picture(9, 32), null);
    const controls = [picture(20, 32)];
    const render = async () => picture(3, 32);
    const camera = viewCamera({ azimuth: 0, elevation: 0 }, paperView, 32);
    const request = { view: 0, camera, key: foldIn(key, 3), render };
    const asked = async (rescale: number, guidance: number) => {
      const target = { kind: 'dynamic', schedule: 'capped', rescale } as const;
      const teacher = await priorTeacher({ prior, condition, controls, guidance, target });
      return (await teacher.updateTargets([request], [400]))[0]!;
    };
    // The twin, in the equations of the paper and of ImageDream.
    const [posterior, noise] = ['posterior', 'noise'].map((name) => [foldInName(request.key, name)]);
    const clean = await prior.encodeImages([await render()], posterior!);
    const alpha = prior.schedule.alphasCumprod[400]!;
    const drawn = drawLatents(prior, noise!);
    const latents = clean.map((x, i) => Math.sqrt(alpha) * x + Math.sqrt(1 - alpha) * drawn[i]!);
    const control = await prior.controlFeatures(controls);
    const estimate = async (guidance: number) => {
      const features = await prior.referenceFeatures(condition, 400, guidance > 1 ? 2 : 1);
      const epsilon = await prior.predictNoise(condition, { latents, control, features, guidance });
      return latents.map((x, i) => (x - Math.sqrt(1 - alpha) * epsilon[i]!) / Math.sqrt(alpha));
    };
    const [guided, plain] = [await estimate(5), await estimate(1)];
    const spread = (x: Float32Array) => {
      const mean = x.reduce((s, v) => s + v, 0) / x.length;
      return Math.sqrt(x.reduce((s, v) => s + (v - mean) ** 2, 0) / x.length);
    };
    const factor = 0.8 + 0.2 * (spread(plain) / spread(guided));
    const [mixed] = await prior.decodeLatents(guided.map((x) => x * factor));
    const difference = (a: Image, b: Image) => Math.max(...a.data.map((x, i) => Math.abs(x - b.data[i]!)));
    // 1e-4: float32 in two orders of summation, through a random decoder of gain about 10
    expect(difference(await asked(0.2, 5), mixed!)).toBeLessThan(1e-4);
    expect(difference(await asked(0, 5), (await prior.decodeLatents(guided))[0]!)).toBeLessThan(1e-4);
    expect(difference(await asked(0.2, 1), (await prior.decodeLatents(plain))[0]!)).toBeLessThan(1e-4);
  });
});

describe('rescaledContrast', () => {
  it('keeps at 0, takes over the deviation at 1, view by view', () => {
    const guided = Float32Array.of(-2, 2, 0, 6);
    const plain = Float32Array.of(-1, 1, 0, 2);
    expect(rescaledContrast(guided, plain, 2, 0)).toEqual(guided);
    expect([...rescaledContrast(guided, plain, 2, 1)].map((x) => Number(x.toFixed(5)))).toEqual([-1, 1, 0, 2]);
    expect([...rescaledContrast(guided, plain, 2, 0.5)].map((x) => Number(x.toFixed(5)))).toEqual([-1.5, 1.5, 0, 4]);
  });
  it('stays finite for a constant estimate', () => {
    const flat = new Float32Array(4);
    expect(rescaledContrast(flat, flat, 1, 0.2)).toEqual(flat);
  });
});
