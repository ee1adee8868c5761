/** Metrics, pairs, figures and orderings of the evaluation against values by hand and stated properties. */
import { describe, expect, it } from 'vitest';
import { makeImage } from '../core/image.js';
import { RandomStream, randomKey } from '../core/rng.js';
import { renderedPerson } from '../data/rendered.js';
import { makeFormula } from '../data/synthetic/formula.js';
import { LANDMARKS_68 } from '../face/tracker/topology.js';
import { expressionDistance } from './aed.js';
import { keypointDistance } from './akd.js';
import { poseDistance } from './apd.js';
import { BENCH_PEOPLE, BENCH_SEED, benchPairs, benchPeople } from './bench.js';
import { cosine, csim } from './csim.js';
import { columnsOf, columnValue, figureOf } from './figures.js';
import { insideMatte } from './matte.js';
import { type Measured, measure } from './measures.js';
import { orderingsOf } from './orderings.js';
import { ABLATIONS, GUIDANCE, PAPER_TABLES } from './paper-tables.js';
import { countVerdicts, verdictOf } from './verdict.js';

describe('metrics of faces', () => {
  it('CSIM is a cosine, 0 without a face in the prediction, left out without one in the other', () => {
    expect(cosine([1, 0], [1, 1])).toBeCloseTo(Math.SQRT1_2, 12);
    expect(cosine([3, 1], [1, 3], [1, 1])).toBeCloseTo(0, 12); // (2, 0) and (0, 2)
    expect(cosine([1, 1], [5, 5], [1, 1])).toBe(0); // the centre itself says nothing
    expect(csim([1, 2], [2, 4])).toBeCloseTo(1, 12);
    expect(csim(null, [1, 2])).toBe(0);
    expect(csim([1, 2], null)).toBeNull();
    expect(csim(null, null)).toBeNull();
  });

  it('AKD is the mean distance of the 68 named points as a share of the side', () => {
    const truth = new Float32Array(478 * 3);
    const moved = truth.slice();
    for (let i = 0; i < 478; i++) moved.set([3, 4, 99], 3 * i); // depth does not count
    expect(keypointDistance(moved, truth, 100)).toBeCloseTo(0.05, 6);
    const one = truth.slice();
    one[3 * LANDMARKS_68[0]] = 68;
    expect(keypointDistance(one, truth, 10)).toBeCloseTo(0.1, 6);
    const unnamed = truth.slice();
    unnamed[3 * 467] = 1000;
    expect(LANDMARKS_68).not.toContain(467);
    expect(keypointDistance(unnamed, truth, 10)).toBe(0);
  });

  it('AED and APD are mean absolute differences; angles go the short way', () => {
    expect(expressionDistance({ expression: [0, 1, 0.5] }, { expression: [0.3, 1, 0.2] })).toBeCloseTo(0.2, 12);
    expect(() => expressionDistance({ expression: [1] }, { expression: [] })).toThrow(/different models/);
    const a = { angle: [0.1, 0, Math.PI - 0.1], translation: [1, 2, 3] } as const;
    const b = { angle: [0, 0, -Math.PI + 0.1], translation: [1, 2, 2.7] } as const;
    expect(poseDistance(a, b)).toBeCloseTo((0.1 + 0.2 + 0.3) / 6, 12);
    expect(poseDistance(a, b)).toBe(poseDistance(b, a));
  });

  it('pictures are compared at 8 bits and inside the matte', () => {
    const image = { ...makeImage(2, 1, 3), data: Float32Array.of(0.5, 0.501, 2, 0.2, 0.2, 0.2) };
    const matte = { ...makeImage(2, 1, 1), data: Float32Array.of(1, 0) };
    expect([...insideMatte(image, matte).data].map((x) => x * 255)).toEqual([
      expect.closeTo(128, 3),
      expect.closeTo(128, 3),
      expect.closeTo(255, 3),
      0,
      0,
      0,
    ]);
    expect(() => insideMatte(image, makeImage(1, 1, 1))).toThrow(/matte/);
  });
});

describe('the bench', () => {
  const model = makeFormula();
  it('has 7 women and 6 men of looks that differ, the same for the same seed, others for another', () => {
    const indices = benchPeople(model, BENCH_SEED);
    const people = indices.map((index) => renderedPerson(model, BENCH_SEED, index));
    expect(people.filter((p) => p.presentation === 'woman')).toHaveLength(7);
    expect(people.filter((p) => p.presentation === 'man')).toHaveLength(6);
    expect(new Set(people.map((p) => `${p.skin.kind} ${p.hair.style}`)).size).toBe(BENCH_PEOPLE);
    expect(benchPeople(model, BENCH_SEED)).toEqual(indices);
    expect(benchPeople(model, BENCH_SEED + 1)).not.toEqual(indices);
  });

  it('refuses the people of the training set and of the gate', () => {
    for (const seed of [7, 50021]) expect(() => benchPeople(model, seed)).toThrow(/not held out/);
  });

  it('never shows a target as its reference, and drives cross pairs by everybody else in turn', () => {
    const self = benchPairs('self', 200);
    expect(self.every((p) => p.driver === p.person && p.reference !== p.target)).toBe(true);
    expect(new Set(self.map((p) => `${p.person}/${p.target}`)).size).toBe(200);
    const cross = benchPairs('cross', 13 * 12);
    expect(cross.every((p) => p.driver !== p.person && p.driver < BENCH_PEOPLE)).toBe(true);
    expect(new Set(cross.map((p) => `${p.person}<${p.driver}`)).size).toBe(13 * 12);
    expect(benchPairs('self', 20)).toEqual(self.slice(0, 20)); // more pairs do not change the first ones
  });
});

const stream = new RandomStream(randomKey(3));
/** A measured prediction whose values are all `value`. */
function measured(person: number, value: number, more: Partial<Measured> = {}): Measured {
  const values = {
    psnr: value,
    mse: value,
    ssim: value,
    lpips: value,
    csim: value,
    akd: value,
    aed: value,
    apd: value,
  };
  const features = () => Float32Array.from(stream.normals(4), (x) => x + value);
  return { person, found: true, ...values, features: features(), trueFeatures: features(), ...more };
}
/** 13 people with three predictions each. */
const rowOf = (value: (i: number) => number) => Array.from({ length: 39 }, (_, i) => measured(i % 13, value(i)));
const instrument = { metric: 'AKD', network: 'tracker', version: 'abc' };

describe('figures', () => {
  it('leave out what could not be measured, and say how much', () => {
    const items = [measured(0, 1), measured(1, 3), measured(2, 9, { akd: null, csim: 0, found: false })];
    const akd = figureOf(items, 'akd', instrument, randomKey(1));
    expect(akd).toMatchObject({ ...instrument, value: 2, n: 2, leftOut: 1, noFace: 0, better: 'lower', count: 3 });
    const found = figureOf(items, 'csim', instrument, randomKey(1));
    expect(found).toMatchObject({ n: 3, leftOut: 0, noFace: 1, better: 'higher' });
    expect(found.value).toBeCloseTo(4 / 3, 12);
    expect(columnValue([], 'psnr')).toBeNaN();
    expect(columnValue(items.slice(0, 1), 'fid')).toBeNaN();
  });

  it('hold the value in their interval', () => {
    const items = rowOf(() => stream.normal());
    for (const column of columnsOf('self')) {
      const { value, low, high, n } = figureOf(items, column, instrument, randomKey(2));
      expect(n).toBe(39);
      expect(high).toBeGreaterThan(low);
      if (column !== 'fid') expect(low <= value && value <= high).toBe(true); // the Fréchet distance is biased by repeats
    }
  });

  it('are what the protocol compares', () => {
    const picture = { ...makeImage(12, 12, 3), data: new Float32Array(432).fill(0.5) };
    const pictures = {
      prediction: picture,
      truth: makeImage(12, 12, 3),
      lpips: 7,
      features: stream.normals(2),
      trueFeatures: stream.normals(2),
    };
    const against = { person: 4, truth: null, reference: null, driver: null, centre: null };
    const self = measure(null, pictures, { ...against, protocol: 'self' });
    expect(self).toMatchObject({ person: 4, found: false, mse: 0.25, lpips: 7, csim: null, akd: null });
    expect(measure(null, pictures, { ...against, protocol: 'cross' })).toMatchObject({
      psnr: null,
      lpips: null,
      ssim: null,
    });
  });
});

describe('orderings', () => {
  const interval = (low: number, high: number, count = 13) => ({ value: (low + high) / 2, low, high, count });

  it('agree, disagree, or lie within the interval', () => {
    expect(verdictOf(1, interval(0.1, 0.3))).toBe('agrees');
    expect(verdictOf(-1, interval(-0.3, -0.1))).toBe('agrees');
    expect(verdictOf(-1, interval(0.1, 0.3))).toBe('disagrees');
    expect(verdictOf(1, interval(-0.1, 0.3))).toBe('within the interval');
    expect(verdictOf(1, null)).toBe('not measured');
    expect(verdictOf(1, interval(0.1, 0.3, 4))).toBe('not measured');
  });

  it('are those of the published tables: equal values are none', () => {
    const none = { self: new Map(), cross: new Map() };
    const found = orderingsOf(GUIDANCE, none, randomKey(1));
    // 6 pairs × 12 columns less one tie: SSIM of scales 1 and 10
    expect(found).toHaveLength(6 * 12 - 1);
    expect(countVerdicts(found)['not measured']).toBe(71);
    const psnr = found.find((o) => o.column === 'psnr' && o.better === 'guidance 3' && o.worse === 'guidance 1')!;
    expect(psnr.paper).toBeCloseTo(0.14, 9);
    const lpips = found.find((o) => o.column === 'lpips' && o.worse === 'guidance 10' && o.better === 'guidance 1')!;
    expect(lpips.paper).toBeCloseTo(-0.018, 9); // lower is better
    expect(ABLATIONS.rows.every((row) => row.self.length === 8 && row.cross.length === 4)).toBe(true);
  });

  it('are paired: a small constant difference shows through a large spread over people', () => {
    const spread = Array.from({ length: 39 }, () => 10 * stream.normal());
    const rows = new Map([
      ['guidance 3', rowOf((i) => spread[i]! + 0.1)],
      ['guidance 1', rowOf((i) => spread[i]!)],
    ]);
    const found = orderingsOf(GUIDANCE, { self: rows, cross: new Map() }, randomKey(1));
    const of = (column: string) => found.find((o) => o.protocol === 'self' && o.column === column && o.ours !== null)!;
    expect(of('psnr')).toMatchObject({ better: 'guidance 3', verdict: 'agrees', ours: { count: 13 } });
    expect(of('psnr').ours!.value).toBeCloseTo(0.1, 6);
    expect(of('lpips')).toMatchObject({ better: 'guidance 3', verdict: 'disagrees' });
  });
});

it("the paper's own table compares each method with ours, and ours loses twice", () => {
  const nothing = { self: new Map(), cross: new Map() };
  const orderings = orderingsOf(PAPER_TABLES.main, nothing, randomKey(1));
  expect(orderings).toHaveLength(7 * 12 - 1); // one value of a column is the same as ours
  expect(orderings.every(({ better, worse }) => [better, worse].includes('ours'))).toBe(true);
  const lost = orderings.filter(({ worse }) => worse === 'ours');
  // "best everywhere except cross CSIM and cross AED"
  expect(lost.map(({ protocol, column, better }) => [protocol, column, better])).toEqual([
    ['cross', 'csim', 'x-portrait'],
    ['cross', 'aed', 'voodoo-xp'],
  ]);
});
