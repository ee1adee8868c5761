/**
 * From measured predictions to the figures of a row: the columns of the paper's tables, each with its interval over people, how
 * many pictures it rests on, and by which network it was measured.
 *
 * Averages leave out what could not be measured and say how much that was.
 */
import { foldInName, type RandomKey } from '../core/rng.js';
import type { Protocol } from './bench.js';
import { bootstrap, type Interval } from './bootstrap.js';
import { type FeatureSet, frechetDistance } from './frechet.js';
import type { Measured } from './measures.js';
import { meanOf } from './statistics.js';

/** Columns of the paper's tables, in their order. */
export const SELF_COLUMNS = ['psnr', 'lpips', 'ssim', 'fid', 'csim', 'akd', 'aed', 'apd'] as const;
/** Of these, what the cross protocol has. */
export const CROSS_COLUMNS = ['fid', 'csim', 'aed', 'apd'] as const;

/** A column's name. */
export type Column = (typeof SELF_COLUMNS)[number];

/** Columns that are better when they are larger. */
const HIGHER: ReadonlySet<Column> = new Set<Column>(['psnr', 'ssim', 'csim']);

/** The columns of a protocol. */
export function columnsOf(protocol: Protocol): readonly Column[] {
  return protocol === 'self' ? SELF_COLUMNS : CROSS_COLUMNS;
}

/** Whether a larger value is better. */
export function higherIsBetter(column: Column): boolean {
  return HIGHER.has(column);
}

/** What a column was measured with: `PSNR`, or with a network in brackets, `lpips(mini)`; and that network's version. */
export type Instrument = { readonly metric: string; readonly network: string | null; readonly version: string | null };

/** One figure of a row. NaN where nothing could be measured. */
export type Figure = Interval &
  Instrument & {
    readonly column: Column;
    readonly better: 'higher' | 'lower';
    /** predictions that the value rests on */
    readonly n: number;
    /** predictions that were left out, since a face was not found in a picture that it needs */
    readonly leftOut: number;
    /** predictions without a face that count as 0; CSIM only */
    readonly noFace: number;
  };

/** Resamplings of the Fréchet distance's interval, fewer than of a mean: each takes two eigen-decompositions. */
const FRECHET_DRAWS = 100;
/** Resamplings of means. */
const MEAN_DRAWS = 1000;

/** Resamplings that a column's interval takes. */
export function drawsOf(column: Column): number {
  return column === 'fid' ? FRECHET_DRAWS : MEAN_DRAWS;
}

/** The value of a column over predictions; NaN when none has it (for the Fréchet distance: fewer than two). */
export function columnValue(items: readonly Measured[], column: Column): number {
  if (column !== 'fid') return meanOf(items.map((item) => item[column]).filter((value) => value !== null));
  if (items.length < 2) return Number.NaN;
  return frechetDistance(featureSet(items, 'features'), featureSet(items, 'trueFeatures'));
}

function featureSet(items: readonly Measured[], name: 'features' | 'trueFeatures'): FeatureSet {
  const dimensions = items[0]![name].length;
  const values = new Float32Array(items.length * dimensions);
  items.forEach((item, i) => {
    values.set(item[name], i * dimensions);
  });
  return { values, dimensions };
}

/** Places of the items of each person, in the order in which people come. */
export function placesByPerson(items: readonly Pick<Measured, 'person'>[]): number[][] {
  const groups = new Map<number, number[]>();
  items.forEach(({ person }, place) => {
    groups.set(person, [...(groups.get(person) ?? []), place]);
  });
  return [...groups.values()];
}

/** The figure of a column. @param key of the bootstrap. */
export function figureOf(items: readonly Measured[], column: Column, instrument: Instrument, key: RandomKey): Figure {
  const groups = placesByPerson(items).map((places) => places.map((place) => items[place]!));
  const statistic = (drawn: readonly Measured[]) => columnValue(drawn, column);
  const interval = bootstrap(groups, statistic, foldInName(key, column), { draws: drawsOf(column) });
  const n = column === 'fid' ? items.length : items.filter((item) => item[column] !== null).length;
  const noFace = column === 'csim' ? items.filter((item) => !item.found && item.csim !== null).length : 0;
  const better = higherIsBetter(column) ? 'higher' : 'lower';
  return { ...instrument, ...interval, column, better, n, leftOut: items.length - n, noFace };
}
