/** The plan against the paper's published steps, written out, and the dynamic schedule against ImageDream's. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { draftPreset, paperPreset, tablePreset, withDynamicTarget, withStageTwo } from './config.js';
import { countEvaluations } from './distill.js';
import { dynamicRange, listUpdates, type NoisePlan, planStep } from './plan.js';

/** from, from − 10, …, to */
const tens = (from: number, to: number) => Array.from({ length: (from - to) / 10 + 1 }, (_, i) => from - 10 * i);
/** round(999·(1 − k/100)), k = 0 … 99, in exact arithmetic: the half at k = 50 goes to the even 500 */
const LADDER = [...tens(999, 509), ...tens(500, 10)];
/** by L: round(linspace(start, 0, L + 1)) without its last, start = the ladder's entry 100 − L; exact arithmetic, halves to even */
const STAGE_TWO: Record<number, number[]> = {
  0: [],
  20: tens(200, 10),
  40: tens(400, 10),
  70: [...tens(699, 359), ...tens(350, 10)],
  100: LADDER,
};

describe('listUpdates', () => {
  it.each([
    [0, 100],
    [20, 80],
    [40, 60],
    [70, 30],
    [100, 0],
  ])(
    'L = %i: single steps at n = 0, 130, … with the first %i levels, then all others at once',
    (lastSteps, singles) => {
      const first = LADDER.slice(0, singles).map((t, k) => ({ step: 130 * k, stage: 1, timesteps: [t] }));
      const rest = STAGE_TWO[lastSteps]!;
      const second = rest.length > 0 ? [{ step: 130 * singles, stage: 2, timesteps: rest }] : [];
      expect(listUpdates(20000, { levels: 100, period: 130, lastSteps })).toEqual([...first, ...second]);
    },
  );
  it('names the paper’s landmarks: 7800 for 60/40, 10 400, 3900, 0, and t = 10 at 12 870 for 100/0', () => {
    const last = (lastSteps: number) => listUpdates(20000, { levels: 100, period: 130, lastSteps }).at(-1)!;
    expect([20, 40, 70, 100].map((lastSteps) => last(lastSteps).step)).toEqual([10400, 7800, 3900, 0]);
    expect(last(0)).toEqual({ step: 12870, stage: 1, timesteps: [10] });
  });
  it('costs levels × views network evaluations whatever the ratio is', () => {
    for (const share of [0, 0.01, 0.2, 0.4, 0.7, 0.99, 1])
      expect(countEvaluations(withStageTwo(paperPreset, share))).toBe(40000);
    for (const share of [0, 0.2, 0.4, 0.7, 1]) expect(countEvaluations(withStageTwo(tablePreset, share))).toBe(500);
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

describe('dynamicRange', () => {
  it('falls over the first 8000 of 12 500 steps: 980 … 980 to 20 … 500, uncapped to 20 … 20', () => {
    const at = (schedule: 'capped' | 'uncapped') =>
      [0, 4000, 8000, 12499].map((n) => Object.values(dynamicRange(n, 12500, schedule)));
    expect(at('capped')).toEqual([
      [980, 980],
      [500, 740],
      [20, 500],
      [20, 500],
    ]);
    expect(at('uncapped')).toEqual([
      [980, 980],
      [500, 500],
      [20, 20],
      [20, 20],
    ]);
  });
  it('is the same range at the same share of any run, low never above high', () => {
    for (const steps of [100, 300, 12500])
      for (const share of [0, 0.1, 0.32, 0.64, 0.9]) {
        const { low, high } = dynamicRange(share * steps, steps, 'capped');
        expect({ low, high }).toEqual(dynamicRange(share * 12500, 12500, 'capped'));
        expect(low).toBeLessThanOrEqual(high);
      }
  });
});

describe('planStep', () => {
  it('follows the paper’s resolutions', () => {
    const at = (n: number) => planStep(n, paperPreset).resolution;
    expect([0, 199, 200, 2999, 3000, 4499, 4500, 6999, 7000, 19999].map(at)).toEqual([
      64, 64, 128, 128, 256, 256, 384, 384, 512, 512,
    ]);
  });
  it('updates only on multiples of the period, and every draft step has targets', () => {
    expect(planStep(129, paperPreset).update).toBeNull();
    expect(planStep(0, draftPreset).update).not.toBeNull();
  });
  it('renews the step’s own targets at every step of a dynamic plan, and nothing else', () => {
    const dynamic = withDynamicTarget(tablePreset, 'capped');
    expect(planStep(1, dynamic)).toEqual({ update: { kind: 'batch', low: 975, high: 977 }, resolution: 64 });
    expect(planStep(299, dynamic).update).toEqual({ kind: 'batch', low: 20, high: 500 });
  });
  it('refuses plans outside their ranges, naming the field', () => {
    const bad = (noise: Partial<NoisePlan>) => () =>
      planStep(0, {
        ...paperPreset,
        target: { kind: 'progressive', levels: 100, period: 130, lastSteps: 40, ...noise },
      });
    expect(bad({ levels: 0 })).toThrow(/target\.levels is 0/);
    expect(bad({ period: 1.5 })).toThrow(/target\.period is 1.5/);
    expect(bad({ lastSteps: 101 })).toThrow(/target\.lastSteps is 101/);
    expect(() => planStep(0, { ...paperPreset, resolutions: [] })).toThrow(/resolutions is empty/);
    const target = { kind: 'dynamic', schedule: 'capped', rescale: 2 } as const;
    expect(() => planStep(0, { ...paperPreset, target })).toThrow(/target\.rescale is 2/);
  });
});
