/** The noise schedule against diffusers' numbers (fixtures/schedulers.json) and against its own equations. */
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RandomStream, randomKey } from '../core/rng.js';
import {
  addNoise,
  alphaAt,
  cleanFromNoise,
  ddimStep,
  ddimSteps,
  makeSchedule,
  NO_HISTORY,
  noiseFromV,
  noiseLadder,
  type PlmsHistory,
  plmsStep,
  plmsSteps,
  stepsThrough,
  truncatedTimesteps,
  vTarget,
} from './schedule.js';

type Walks = { start: number[]; ddimTimesteps: number[]; pndmTimesteps: number[]; ddim: number[][]; pndm: number[][] };
type Golden = {
  alphasCumprod: Record<string, number>;
  forward: { t: number[]; clean: number[][]; noise: number[][]; noised: number[][] };
  steps10: Walks;
  steps100: Walks;
};
const golden = JSON.parse(readFileSync(new URL('./fixtures/schedulers.json', import.meta.url), 'utf8')) as Golden;
const schedule = makeSchedule();
/** The references are float32, ours accumulates ᾱ in double precision: float32 rounding of numbers up to 3. */
const TOLERANCE = 1e-5;
const model = (x: Float32Array, t: number) => x.map((v) => 0.9 * v + 0.1 * Math.sin(t / 100));

function expectClose(ours: ArrayLike<number>, theirs: readonly number[], tolerance = TOLERANCE): void {
  expect(ours.length).toBe(theirs.length);
  for (let i = 0; i < theirs.length; i++) expect(Math.abs(ours[i]! - theirs[i]!)).toBeLessThan(tolerance);
}

describe('schedule', () => {
  it('has the signal shares of Stable Diffusion', () => {
    for (const [t, alpha] of Object.entries(golden.alphasCumprod))
      expect(Math.abs(alphaAt(schedule, Number(t)) - alpha)).toBeLessThan(1e-6);
    expect(alphaAt(schedule, -9)).toBe(alphaAt(schedule, 0));
    expect(() => alphaAt(schedule, 1000)).toThrow(/timestep 1000/);
  });

  it('adds noise as DDPM does', () => {
    const { t, clean, noise, noised } = golden.forward;
    t.forEach((time, i) => {
      expectClose(addNoise(schedule, Float32Array.from(clean[i]!), Float32Array.from(noise[i]!), time), noised[i]!);
    });
  });

  it.each([10, 100] as const)('walks DDIM and PLMS as diffusers does, %i steps', (count) => {
    const walks = golden[`steps${count}`];
    expect(ddimSteps(count).map((step) => step.from)).toEqual(walks.ddimTimesteps);
    expect(plmsSteps(count).map((step) => step.from)).toEqual(walks.pndmTimesteps);
    let x: Float32Array = Float32Array.from(walks.start);
    ddimSteps(count).forEach((step, i) => {
      x = ddimStep(schedule, step, x, model(x, step.from));
      expectClose(x, walks.ddim[i]!);
    });
    x = Float32Array.from(walks.start);
    let history: PlmsHistory = NO_HISTORY;
    const steps = plmsSteps(count);
    steps.forEach((step, i) => {
      ({ next: x, history } = plmsStep(schedule, steps, history, x, model(x, step.from)));
      expectClose(x, walks.pndm[i]!);
    });
    expect(plmsSteps(100)).toHaveLength(101);
  });

  it('recovers the image in one step from the true noise, at any timestep', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 999 }), fc.integer({ min: 0, max: 999 }), fc.nat(), (t, to, seed) => {
        const stream = new RandomStream(randomKey(seed));
        const [clean, noise] = [stream.normals(8), stream.normals(8)];
        const noisy = addNoise(schedule, clean, noise, t);
        // Division by √ᾱ, down to 0.068, magnifies float32's rounding of x_t.
        expectClose(cleanFromNoise(schedule, noise, noisy, t), [...clean], 1e-4);
        const there = ddimStep(schedule, { from: t, to }, noisy, noise);
        expectClose(there, [...addNoise(schedule, clean, noise, to)], 1e-4);
        expectClose(ddimStep(schedule, { from: t, to }, noisy, noise, { clipClean: 100 }), [...there], 1e-3);
        expectClose(noiseFromV(schedule, vTarget(schedule, clean, noise, t), noisy, t), [...noise]);
      }),
      { numRuns: 100 },
    );
  });

  it('clips the image estimate and keeps x on its line', () => {
    const noisy = Float32Array.of(0.5, -3);
    const noise = Float32Array.of(-0.2, 0.4);
    const step = { from: 801, to: 601 };
    const next = ddimStep(schedule, step, noisy, noise, { clipClean: 1 });
    [...noisy].forEach((x, i) => {
      const alpha = alphaAt(schedule, 801);
      const free = (x - Math.sqrt(1 - alpha) * noise[i]!) / Math.sqrt(alpha);
      const clean = Math.max(-1, Math.min(1, free));
      const implied = (x - Math.sqrt(alpha) * clean) / Math.sqrt(1 - alpha);
      const expected = Math.sqrt(alphaAt(schedule, 601)) * clean + Math.sqrt(1 - alphaAt(schedule, 601)) * implied;
      expect(next[i]).toBeCloseTo(expected, 5);
    });
  });

  it("has the paper's ladder and truncated walk", () => {
    const ladder = noiseLadder(100);
    expect(ladder.slice(0, 3)).toEqual([999, 989, 979]);
    expect(ladder.slice(49, 52)).toEqual([509, 500, 490]);
    expect(ladder.slice(-2)).toEqual([20, 10]);
    const last = truncatedTimesteps(400, 40);
    expect([last[0], last[1], last[39], last.length]).toEqual([400, 390, 10, 40]);
    expect(stepsThrough(last).at(-1)).toEqual({ from: 10, to: 0 });
    expect(stepsThrough([500])).toEqual([{ from: 500, to: 0 }]);
  });

  it('refuses impossible numbers of steps', () => {
    for (const steps of [0, 1001, 2.5, Number.NaN]) expect(() => ddimSteps(steps)).toThrow(/sampling steps/);
    expect(plmsSteps(1)).toHaveLength(1);
    expect(ddimSteps(1000)[0]!.from).toBe(999);
  });
});
