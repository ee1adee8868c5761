/** `joker evaluate prior` as a person starts it: a tiny random prior on people of the formula family. */

import { spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { EvaluatePriorResult } from '../src/run/evaluate-prior.js';
import { writeTinyPrior } from './fixtures/tiny-prior.js';

const folder = mkdtempSync(join(tmpdir(), 'joker-evaluate-'));
const [weights, sheet] = ['tiny.safetensors', 'sheet.png'].map((name) => join(folder, name)) as [string, string];
beforeAll(() => writeTinyPrior(weights));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function evaluate(...args: string[]) {
  return run('prior', ...args);
}

function run(verb: string, ...args: string[]) {
  const command = ['bin/joker.mjs', 'evaluate', verb, '--threads', '1', ...args];
  return spawnSync(process.execPath, command, { encoding: 'utf8' });
}

describe('joker evaluate prior', () => {
  it('measures a prior and baselines by both protocols', { timeout: 300_000 }, () => {
    const more = ['--protocol', 'both', '--n', '2', '--steps', '1', '--sheet', sheet, '--json'];
    const { status, stdout, stderr } = evaluate('--weights', `a=${weights}`, '--eye', weights, ...more);
    expect(stderr).toContain('Drawing a, protocol cross');
    expect(status).toBe(0);
    const result = JSON.parse(stdout) as EvaluatePriorResult;
    expect(result.rows.map((row) => `${row.protocol} ${row.name}`)).toEqual([
      'self copy the reference',
      'self warp the reference',
      'cross copy the reference',
      'cross warp the reference',
      'cross true renders',
      'self a',
      'cross a',
    ]);
    const [copy, warp, , , truth, drawn] = result.rows;
    expect(drawn!.figures.map((figure) => figure.metric)).toEqual([
      'PSNR',
      'lpips(mini)',
      'SSIM',
      'fid(mini)',
      'csim(mini)',
      'AKD',
      'AED',
      'APD',
    ]);
    for (const { network, version, n, leftOut, column } of drawn!.figures) {
      expect(n + leftOut).toBe(2);
      if (column !== 'psnr' && column !== 'ssim') expect([network, version?.length]).toEqual([expect.any(String), 12]);
    }
    const figure = (row: typeof copy, column: string) => row!.figures.find((f) => f.column === column)!;
    expect(figure(drawn, 'csim').noFace).toBe(2); // noise has no face
    expect(figure(copy, 'psnr').value).toBeGreaterThan(figure(drawn, 'psnr').value);
    // a face that was turned and moved to where the target's is has its pose (APD) more nearly than one that was left
    expect(figure(warp, 'apd').value).toBeLessThan(figure(copy, 'apd').value);
    expect(figure(truth, 'fid').value).toBeLessThan(1e-3); // against itself
    expect(result).toMatchObject({ bench: { people: 13, size: 32, family: 'formula' }, seeds: { people: 130213 } });
  });

  it('writes a sheet: four pictures of the pair, then one per row', async () => {
    if (!existsSync(sheet)) throw new Error('the first test wrote no sheet');
    expect(await sharp(sheet).metadata()).toMatchObject({ width: 8 * 32, height: 4 * 32 });
  });

  it('trains on each reference before drawing from it when asked to', { timeout: 120_000 }, async () => {
    const speaksV = join(folder, 'tiny-v.safetensors');
    await writeTinyPrior(speaksV, 'v_prediction');
    const drawn = (tune: string) => {
      const more = ['--weights', speaksV, '--eye', weights, '--n', '2', '--steps', '1', '--tune', tune, '--json'];
      const { rows } = JSON.parse(evaluate(...more).stdout) as EvaluatePriorResult;
      const row = rows.find(({ prior }) => prior !== null)!;
      return { tune: row.prior!.tune, psnr: row.figures.find(({ column }) => column === 'psnr')!.value };
    };
    const [plain, tuned] = [drawn('0'), drawn('3')];
    expect([plain.tune, tuned.tune]).toEqual([0, 3]);
    expect(tuned.psnr).not.toBe(plain.psnr);
  });

  it('refuses rows that a table does not have, and people who are not held out', { timeout: 60_000 }, () => {
    const unknown = evaluate('--table', '1', '--weights', `mine=${weights}`);
    expect(unknown).toMatchObject({ status: 2, stdout: '' });
    expect(unknown.stderr).toContain('no row mine. Its rows: frozen, no-text, no-studio, ours.');
  });
});

describe('pictures of other programs', () => {
  const pairs = join(folder, 'pairs');
  const asked = ['--n', '2', '--steps', '1', '--weights', `ours=${weights}`, '--eye', weights, '--prediction'];
  const predicted = (index: number) => join(pairs, 'self', `00000${index}_pred.png`);
  const measure = (...more: string[]) => evaluate(...asked, `goha=${pairs}`, ...more);

  it('writes pairs, and measures what was made of them beside the prior', { timeout: 300_000 }, () => {
    const { status, stdout } = run(
      'pairs',
      '--out',
      pairs,
      '--n',
      '2',
      '--size',
      '128',
      '--protocol',
      'self',
      '--json',
    );
    expect(status).toBe(0);
    expect(JSON.parse(stdout).protocols).toEqual([{ protocol: 'self', pairs: 2, leftOut: 0 }]);
    expect(measure()).toMatchObject({ status: 1, stdout: '' });
    expect(measure().stderr).toContain('000000_pred.png is not there, nor are 1 others of 2');
    // the driver's picture is the truth of this protocol: a program that returned it would be perfect but for its size
    for (const index of [0, 1]) copyFileSync(join(pairs, 'self', `00000${index}_drive.png`), predicted(index));
    const { rows } = JSON.parse(measure('--json').stdout) as EvaluatePriorResult;
    const psnr = (name: string) =>
      rows.find((row) => row.name === name)!.figures.find(({ column }) => column === 'psnr')!.value;
    expect(psnr('goha')).toBeGreaterThan(30); // twice resampled
    expect(psnr('goha')).toBeGreaterThan(psnr('warp the reference') + 5);
  });

  it('refuses other pairs than those asked for, and pictures that are not square', { timeout: 120_000 }, async () => {
    expect(measure('--seed', '130214').stderr).toContain('Use the --n, --seed and --head-model');
    await sharp({ create: { width: 64, height: 48, channels: 3, background: '#000' } })
      .png()
      .toFile(predicted(1));
    expect(measure().stderr).toContain('64×48 pixels; a prediction is square, of at least 32×32');
    expect(evaluate(...asked, 'goha').stderr).toContain('Give a name and a folder');
    const unknown = evaluate('--table', 'main', '--prediction', `fomm=${pairs}`);
    expect(unknown.stderr).toContain('no row fomm. Its rows: goha, real3d-portrait');
  });
});
