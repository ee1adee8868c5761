/** `joker evaluate prior` as a person starts it: a tiny random prior on people of the formula family. */

import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
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
  const command = ['bin/joker.mjs', 'evaluate', 'prior', '--threads', '1', ...args];
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
      'cross copy the reference',
      'cross true renders',
      'self a',
      'cross a',
    ]);
    const [copy, , truth, drawn] = result.rows;
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
    expect(figure(truth, 'fid').value).toBeLessThan(1e-3); // against itself
    expect(result).toMatchObject({ bench: { people: 13, size: 32, family: 'formula' }, seeds: { people: 130213 } });
  });

  it('writes a sheet: four pictures of the pair, then one per row', async () => {
    if (!existsSync(sheet)) throw new Error('the first test wrote no sheet');
    expect(await sharp(sheet).metadata()).toMatchObject({ width: 7 * 32, height: 4 * 32 });
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
