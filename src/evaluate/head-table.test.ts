/** Tables of heads: depth, published pairs and verdicts on small cases worked out by hand. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { randomKey } from '../core/rng.js';
import { depthErrors, type HeadMeasures, shareSeen } from './head-measures.js';
import { type HeadResult, headTable, printHeadTable, publishedPairs } from './head-table.js';
import { PUBLISHED_TABLES } from './published-heads.js';

const plane = (...values: number[]) => ({
  width: values.length,
  height: 1,
  channels: 1,
  data: Float32Array.from(values),
});

describe('depthErrors', () => {
  it('shifts by the median difference and leaves out what is not there or not solid', () => {
    const pair = { found: plane(15, 12, 18, 99, 7), truth: plane(10, 8, 11, 5, 0), opacity: plane(1, 1, 1, 0.4, 1) };
    expect(depthErrors(pair)).toEqual([0, 1, 2]); // differences 5, 4, 7; median 5
    expect(shareSeen(pair)).toBe(0.75);
  });
  it('does not see a shift of the whole head', () => {
    const numbers = fc.array(fc.integer({ min: 1, max: 100 }), { minLength: 1, maxLength: 30 });
    fc.assert(
      fc.property(numbers, fc.integer({ min: -50, max: 50 }), (depths, shift) => {
        const truth = plane(...depths);
        const found = plane(...depths.map((depth) => depth + shift));
        expect(depthErrors({ found, truth, opacity: plane(...depths.map(() => 1)) }).every((e) => e === 0)).toBe(true);
      }),
    );
  });
});

const measures = (perceptual: number, psnr: number): HeadMeasures => ({
  perceptual,
  psnr,
  ssim: 0.5,
  mse: 10 ** (-psnr / 10),
  depthMedian: 1,
  depthTail: 2,
  seen: 1,
  haze: 0,
});

describe('publishedPairs', () => {
  it('lists pairs whose published values differ, the better row first', () => {
    const pairs = publishedPairs(PUBLISHED_TABLES.ratio);
    const of = (measure: string) => pairs.filter((pair) => pair.measure === measure);
    expect(of('perceptual').length).toBe(9); // of 10; 30/70 and 0/100 are equal
    expect(of('ssim').map(({ better, worse }) => `${better}>${worse}`)).toEqual([
      ...['80/20', '60/40', '30/70', '0/100'].map((row) => `100/0>${row}`),
      ...['30/70', '0/100'].map((row) => `80/20>${row}`),
      ...['30/70', '0/100'].map((row) => `60/40>${row}`),
    ]);
    expect(of('psnr').every(({ worse }) => worse !== '0/100')).toBe(true);
  });
  it('adds what only a figure shows', () => {
    const shown = publishedPairs(PUBLISHED_TABLES.sds).filter(({ worse }) => worse === 'dynamic, uncapped');
    expect(shown.map(({ measure, better }) => [measure, better])).toEqual(
      ['perceptual', 'ssim', 'psnr', 'mse'].map((measure) => [measure, 'dynamic, capped']),
    );
  });
});

describe('headTable', () => {
  const results: HeadResult[] = [0, 1, 2, 3, 4].flatMap((person) => [
    { person, row: 'cfg 5', measures: measures(0.2 + 0.1 * person, 20 + person) },
    { person, row: 'cfg 10', measures: measures(0.19 + 0.1 * person, 20 + person + (person % 2 ? 1 : -1)) },
    { person, row: 'cfg 19', measures: measures(0.2 + 0.1 * person, 20 + person) },
    { person, row: 'cfg 30', measures: measures(0.2 + 0.1 * person, 21 + person) },
  ]);
  const table = headTable(PUBLISHED_TABLES.guidance, results, randomKey(1));
  const verdict = (measure: string, better: string, worse: string) =>
    table.orderings.find((o) => o.measure === measure && o.better === better && o.worse === worse)!;

  it('averages over people', () => {
    expect(table.rows[0]!.figures.psnr.value).toBeCloseTo(22, 12);
    expect(table.rows[0]!.figures.psnr.count).toBe(5);
  });
  it('judges by differences over the same people, whatever people differ in', () => {
    const agrees = verdict('perceptual', 'cfg 10', 'cfg 5');
    expect(agrees.verdict).toBe('agrees');
    expect(agrees.difference.low).toBeCloseTo(0.01, 12);
    expect(verdict('psnr', 'cfg 5', 'cfg 30').verdict).toBe('disagrees');
    expect(verdict('psnr', 'cfg 10', 'cfg 19').verdict).toBe('within the interval');
    expect(verdict('ssim', 'cfg 5', 'cfg 10').verdict).toBe('within the interval');
  });
  it('decides nothing with fewer than five people', () => {
    const few = headTable(
      PUBLISHED_TABLES.guidance,
      results.filter(({ person }) => person < 4),
      randomKey(1),
    );
    expect(new Set(few.orderings.map((o) => o.verdict))).toEqual(new Set(['not measured']));
  });
  it('prints a line per row and per ordering', () => {
    const lines = printHeadTable(table, 'lpips(mini)');
    expect(lines.length).toBe(1 + 4 + 1 + table.orderings.length);
    expect(lines[1]).toMatch(/^ {2}cfg 5 {3}lpips\(mini\) 0\.400 \(/);
    expect(lines.join('\n')).toContain(
      'agrees               lpips(mini): cfg 10 better than cfg 5, by 0.0100 (0.0100 … 0.0100)',
    );
  });
  it('is an internal error when a person lacks a row', () => {
    expect(() => headTable(PUBLISHED_TABLES.guidance, results.slice(1), randomKey(1))).toThrow(/internal: person 0/);
  });
});
