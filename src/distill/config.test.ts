/** The presets and their variants as values: what changes and what must not. */
import { describe, expect, it } from 'vitest';
import { draftPreset, paperPreset, tablePreset, withDynamicTarget, withStageTwo, withSteps } from './config.js';

describe('withSteps', () => {
  it('scales period, resolutions and occupancy, and keeps the levels', () => {
    const short = withSteps(draftPreset, 120);
    expect(short.target).toEqual({ kind: 'progressive', levels: 20, period: 5, lastSteps: 8 });
    expect(short.resolutions).toEqual([
      { from: 0, size: 32 },
      { from: 20, size: 64 },
    ]);
    expect(short.occupancy).toEqual({ every: 16, allCellsUntil: 64 });
    expect(withSteps(draftPreset, draftPreset.steps)).toEqual(draftPreset);
  });
  it('never loses the end of the ladder, and refuses what would', () => {
    for (let steps = 30; steps < 400; steps += 7) {
      const { target } = withSteps(tablePreset, steps);
      if (target.kind === 'progressive') expect(target.levels * target.period).toBeLessThanOrEqual(steps);
    }
    expect(() => withSteps(tablePreset, 29)).toThrow(
      /29 steps are too few for 20 noise levels. Give at least 30 steps/,
    );
  });
});

describe('withStageTwo', () => {
  it('gives the paper’s ratios as whole numbers of levels', () => {
    const last = (config: typeof paperPreset) =>
      [0, 0.2, 0.4, 0.7, 1].map((share) => {
        const { target } = withStageTwo(config, share);
        return target.kind === 'progressive' ? target.lastSteps : Number.NaN;
      });
    expect(last(paperPreset)).toEqual([0, 20, 40, 70, 100]);
    expect(last(tablePreset)).toEqual([0, 4, 8, 14, 20]);
    expect(withStageTwo(tablePreset, 0.4)).toEqual(tablePreset);
  });
  it('refuses dynamic targets', () => {
    expect(() => withStageTwo(withDynamicTarget(tablePreset, 'capped'), 0.4)).toThrow(/no stages/);
  });
});

describe('withDynamicTarget', () => {
  it('keeps the rays of a step, and everything but target, guidance and the shape of the batch', () => {
    const dynamic = withDynamicTarget(tablePreset, 'uncapped');
    expect(dynamic.batch).toEqual({ views: 1, patch: 64 });
    expect(dynamic).toEqual({
      ...tablePreset,
      target: { kind: 'dynamic', schedule: 'uncapped', rescale: 0.2 },
      guidance: 5,
      batch: dynamic.batch,
      resolutions: [{ from: 0, size: 64 }],
    });
  });
});
