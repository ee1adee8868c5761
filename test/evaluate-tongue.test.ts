/** `joker evaluate tongue` with a tiny random prior: the whole way; a prior that draws noise must fail. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { silent } from '../src/core/progress.js';
import { type EvaluateTongueResult, evaluateTongue } from '../src/run/evaluate-tongue.js';
import { writeTinyPrior } from './fixtures/tiny-prior.js';

const folder = mkdtempSync(join(tmpdir(), 'joker3d-tongue-'));
const sheet = join(folder, 'sheet.png');
let result: EvaluateTongueResult;

beforeAll(async () => {
  const weights = join(folder, 'prior.safetensors');
  await writeTinyPrior(weights);
  const options = { weights, people: 6, steps: 2, sheet, threads: 1 };
  result = await evaluateTongue(options, { report: silent, signal: new AbortController().signal });
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

it('asks for every direction once and finds the tongues of true renders', () => {
  expect(result.people + result.missed.length).toBe(6);
  const named = Object.fromEntries(result.figures.map((row) => [row.name, row]));
  // Six renders of a family that the judge was not trained on (it saw ICT-FaceKit heads), at half its resolution.
  expect(named['tongue with the word']!.ceiling!.value).toBeGreaterThanOrEqual(0.5);
});

it('does not pass noise', () => {
  const overlap = result.figures.find(({ name }) => name.startsWith('overlap'))!;
  expect(overlap.passed).toBe(false);
});

it('shows photo, control image, three drawn and two true pictures of each', async () => {
  const { width, height } = await sharp(sheet).metadata();
  expect([width! / 32, height! / 32]).toEqual([7, result.people]);
});
