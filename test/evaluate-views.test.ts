/**
 * `joker evaluate views` with a tiny random prior: the whole way, and figures that cannot be otherwise.
 *
 * A random prior draws noise, so that its own views agree with nothing, and any head, being one surface, agrees with itself more.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { silent } from '../src/core/progress.js';
import { tablePreset } from '../src/distill/index.js';
import { type EvaluateViewsResult, evaluateViews, sweepAngles } from '../src/run/evaluate-views.js';
import { writeTinyPrior } from './fixtures/tiny-prior.js';

const folder = mkdtempSync(join(tmpdir(), 'joker3d-views-'));
const sheet = join(folder, 'sheet.png');
let result: EvaluateViewsResult;

beforeAll(async () => {
  const weights = join(folder, 'prior.safetensors');
  await writeTinyPrior(weights);
  const options = { weights, preset: 'table', steps: 30, people: 1, sheet, threads: 1 } as const;
  result = await evaluateViews(options, { report: silent, signal: new AbortController().signal });
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('evaluateViews', () => {
  it('knows the truth as the truth', () => {
    const { truth } = result.people[0]!.makers;
    expect(truth.psnr).toBe(Number.POSITIVE_INFINITY);
    expect(truth.perceptual).toBe(0);
    expect(truth.sweep).toBeLessThan(0.05); // a studio person under studio light, at 64² and behind a fit
  });

  it('finds a head more consistent than pictures that were drawn one by one', () => {
    const { head, prior } = result.people[0]!.makers;
    expect(head.sweep).toBeLessThan(prior.sweep);
    expect(result.gain.sweep.value).toBeCloseTo(head.sweep - prior.sweep, 12);
    expect(result.means.head.psnr.value).toBe(head.psnr);
  });

  it('shows a line for truth, head and prior', async () => {
    const { width, height } = await sharp(sheet).metadata();
    expect([width! / 128, height! / 128]).toEqual([11, 3]);
  });
});

describe('sweepAngles', () => {
  it('goes level from one end of the range to the other', () => {
    const angles = sweepAngles(tablePreset.views);
    expect(angles[0]!.azimuth).toBe(-tablePreset.views.azimuthRange);
    expect(angles.at(-1)!.azimuth).toBe(tablePreset.views.azimuthRange);
    expect(angles.every(({ elevation }) => elevation === 0)).toBe(true);
  });
});
