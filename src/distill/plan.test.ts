/** The plan against the paper's published steps. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { draftPreset, paperPreset } from './config.js';
import { countEvaluations } from './distill.js';
import { listUpdates, planStep } from './plan.js';

const paper = (lastSteps: number) => listUpdates(20000, { levels: 100, period: 130, lastSteps });

describe('listUpdates', () => {
  it.each([
    [0, 100, null],
    [20, 80, 10400],
    [40, 60, 7800],
    [70, 30, 3900],
    [100, 0, 0],
  ])('L = %i: %i single-step updates, Stage 2 at step %s', (lastSteps, singles, stageTwo) => {
    const updates = paper(lastSteps);
    const first = updates.filter(({ stage }) => stage === 1);
    expect(first.map(({ step }) => step)).toEqual(Array.from({ length: singles }, (_, k) => 130 * k));
    expect(first.every(({ timesteps }) => timesteps.length === 1)).toBe(true);
    const second = updates.filter(({ stage }) => stage === 2);
    expect(second.map(({ step }) => step)).toEqual(stageTwo === null ? [] : [stageTwo]);
    expect(second[0]?.timesteps.length ?? 0).toBe(lastSteps);
  });
  it('L = 40: t = 999 … 410 one by one, then 400, 390, …, 10 at once', () => {
    const updates = paper(40);
    expect(updates.slice(0, 3).map(({ timesteps }) => timesteps[0])).toEqual([999, 989, 979]);
    expect(updates.slice(48, 52).map(({ timesteps }) => timesteps[0])).toEqual([519, 509, 500, 490]);
    expect(updates[59]).toEqual({ step: 7670, stage: 1, timesteps: [410] });
    expect(updates[60]!.timesteps).toEqual(Array.from({ length: 40 }, (_, i) => 400 - 10 * i));
  });
  it('L = 0 ends with t = 10 at step 12 870', () => {
    expect(paper(0).at(-1)).toEqual({ step: 12870, stage: 1, timesteps: [10] });
  });
  it('costs levels × views network evaluations whatever L is', () => {
    for (const lastSteps of [0, 1, 20, 40, 70, 99, 100])
      expect(countEvaluations(20000, { levels: 100, period: 130, lastSteps }, 400)).toBe(40000);
  });
  it('falls and stays in range for any plan', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 200 }), fc.integer({ min: 1, max: 50 }), fc.nat(), (levels, period, x) => {
        const lastSteps = x % (levels + 1);
        const updates = listUpdates(levels * period + 1, { levels, period, lastSteps });
        const all = updates.flatMap(({ timesteps }) => timesteps);
        expect(all.length).toBe(levels);
        expect(all[0]).toBe(999);
        for (let i = 1; i < all.length; i++) expect(all[i]!).toBeLessThan(all[i - 1]!);
        expect(all.at(-1)!).toBeGreaterThanOrEqual(0);
      }),
      { seed: 1 },
    );
  });
});

describe('planStep', () => {
  it('follows the paper’s resolutions', () => {
    const at = (n: number) => planStep(n, paperPreset.noise, paperPreset.resolutions).resolution;
    expect([0, 199, 200, 2999, 3000, 4499, 4500, 6999, 7000, 19999].map(at)).toEqual([
      64, 64, 128, 128, 256, 256, 384, 384, 512, 512,
    ]);
  });
  it('updates only on multiples of the period, and every draft step has targets', () => {
    expect(planStep(129, paperPreset.noise, paperPreset.resolutions).update).toBeNull();
    expect(planStep(0, draftPreset.noise, draftPreset.resolutions).update).not.toBeNull();
  });
  it('refuses plans outside their ranges, naming the field', () => {
    const bad = (noise: Partial<typeof paperPreset.noise>) => () =>
      planStep(0, { ...paperPreset.noise, ...noise }, paperPreset.resolutions);
    expect(bad({ levels: 0 })).toThrow(/noise\.levels is 0/);
    expect(bad({ period: 1.5 })).toThrow(/noise\.period is 1.5/);
    expect(bad({ lastSteps: 101 })).toThrow(/noise\.lastSteps is 101/);
    expect(() => planStep(0, paperPreset.noise, [])).toThrow(/resolutions is empty/);
  });
});
