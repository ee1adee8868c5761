/**
 * A table of heads: means with intervals over people, paired differences, and whether the published orderings hold.
 *
 * Sums only; who was measured and how is run/evaluate-head.ts. With five people the intervals are coarse: a percentile bootstrap of
 * so few is somewhat too narrow.
 */
import { foldInName, type RandomKey } from '../core/rng.js';
import { bootstrap, type Interval } from './bootstrap.js';
import { HEAD_MEASURES, type HeadMeasures } from './head-measures.js';
import type { PublishedMeasure, PublishedTable } from './published-heads.js';
import { meanOf } from './statistics.js';
import { type Verdict, verdictOf } from './verdict.js';

/** One head, measured. */
export type HeadResult = { readonly person: number; readonly row: string; readonly measures: HeadMeasures };

/** One row: mean over people by measure. */
export type TableRow = { readonly row: string; readonly figures: Readonly<Record<keyof HeadMeasures, Interval>> };

/** One published ordering and what was found. */
export type Ordering = {
  readonly measure: PublishedMeasure;
  /** the row that is published as better */
  readonly better: string;
  readonly worse: string;
  /** mean over people of (better − worse), turned so that positive means: as published */
  readonly difference: Interval;
  readonly verdict: Verdict;
};

/** A measured table beside a published one. */
export type HeadTable = {
  readonly published: PublishedTable;
  readonly rows: readonly TableRow[];
  readonly orderings: readonly Ordering[];
};

const MEASURES = Object.keys(HEAD_MEASURES) as (keyof HeadMeasures)[];
const PUBLISHED = ['perceptual', 'ssim', 'psnr', 'mse'] as const satisfies readonly PublishedMeasure[];

/** Builds a table from the results of its rows; people who lack one of the rows are an internal error. */
export function headTable(published: PublishedTable, results: readonly HeadResult[], key: RandomKey): HeadTable {
  const rows = published.rows.map(({ row }) => rowOf(row, results, key));
  const orderings = publishedPairs(published).map((pair) => ordering(pair, results, key));
  return { published, rows, orderings };
}

function rowOf(row: string, results: readonly HeadResult[], key: RandomKey): TableRow {
  const mine = results.filter((result) => result.row === row);
  const figure = (measure: keyof HeadMeasures) =>
    bootstrap(
      mine.map(({ measures }) => [measures[measure]]),
      meanOf,
      foldInName(key, `${row} ${measure}`),
    );
  const figures = Object.fromEntries(MEASURES.map((measure) => [measure, figure(measure)]));
  return { row, figures: figures as TableRow['figures'] };
}

type Pair = Pick<Ordering, 'measure' | 'better' | 'worse'>;

/** All pairs of rows whose published values differ, and the pairs that are only shown. */
export function publishedPairs({ rows, shown }: PublishedTable): Pair[] {
  const counted = rows.flatMap((a, i) =>
    rows.slice(i + 1).flatMap((b) =>
      PUBLISHED.flatMap((measure): Pair[] => {
        const [x, y] = [a.values?.[measure], b.values?.[measure]];
        if (x === undefined || y === undefined || x === y) return [];
        const firstBetter = x > y === HEAD_MEASURES[measure].higher;
        return [{ measure, better: firstBetter ? a.row : b.row, worse: firstBetter ? b.row : a.row }];
      }),
    ),
  );
  const seen = shown.flatMap(([better, worse]) => PUBLISHED.map((measure) => ({ measure, better, worse })));
  return [...counted, ...seen];
}

function ordering(pair: Pair, results: readonly HeadResult[], key: RandomKey): Ordering {
  const { measure, better, worse } = pair;
  const sign = HEAD_MEASURES[measure].higher ? 1 : -1;
  const of = (row: string) => results.filter((result) => result.row === row);
  const differences = of(better).map(({ person, measures }) => {
    const other = of(worse).find((result) => result.person === person);
    if (!other) throw new Error(`internal: person ${person} was not measured with ${worse}`);
    return [sign * (measures[measure] - other.measures[measure])];
  });
  const difference = bootstrap(differences, meanOf, foldInName(key, `${measure} ${better} ${worse}`));
  return { ...pair, difference, verdict: verdictOf(1, difference) };
}

/** The table for people to read, one line each. @param perceptual what the perceptual distance is called */
export function printHeadTable({ published, rows, orderings }: HeadTable, perceptual: string): string[] {
  const nameOf = (measure: keyof HeadMeasures) => HEAD_MEASURES[measure].name ?? perceptual;
  const width = Math.max(...rows.map(({ row }) => row.length));
  const figureOf = (measure: keyof HeadMeasures, { value, low, high }: Interval) => {
    const { digits } = HEAD_MEASURES[measure];
    return `${nameOf(measure)} ${value.toFixed(digits)} (${low.toFixed(digits)} … ${high.toFixed(digits)})`;
  };
  const lines = rows.map(
    ({ row, figures }) => `  ${row.padEnd(width)}  ${MEASURES.map((m) => figureOf(m, figures[m])).join('  ')}`,
  );
  const said = orderings.map(({ measure, better, worse, difference, verdict }) => {
    const { value, low, high } = difference;
    const digits = HEAD_MEASURES[measure].digits + 1;
    const by = `${value.toFixed(digits)} (${low.toFixed(digits)} … ${high.toFixed(digits)})`;
    return `  ${verdict.padEnd(19)}  ${nameOf(measure)}: ${better} better than ${worse}, by ${by}`;
  });
  return [
    published.title,
    ...lines,
    'Published orderings (differences over the same people, positive: as published)',
    ...said,
  ];
}
