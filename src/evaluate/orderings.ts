/**
 * Do the paper's orderings hold here? For every column of a published table and every two rows whose published values differ
 * (or each and the one that the table is about): does our difference have the same sign, the other one, or does its interval hold 0?
 *
 * Differences are paired: both rows are drawn from the same people, references and noises, and every resampling takes the same
 * people for both. 95 % each and not corrected for their number: of twenty differences that are none, one will look like one.
 */
import { foldInName, type RandomKey } from '../core/rng.js';
import type { Protocol } from './bench.js';
import { type Interval, intervalOf, resamplings } from './bootstrap.js';
import { type Column, columnsOf, columnValue, drawsOf, higherIsBetter, placesByPerson } from './figures.js';
import type { Measured } from './measures.js';
import { type PaperTable, paperValue } from './paper-tables.js';
import { type Verdict, verdictOf } from './verdict.js';

/** One ordering of a published table. */
export type Ordering = {
  readonly protocol: Protocol;
  readonly column: Column;
  /** the row that is better in the paper, and the one that is worse */
  readonly better: string;
  readonly worse: string;
  /** published difference better − worse in the column's unit */
  readonly paper: number;
  /** ours with its interval; null when a row or a value is missing */
  readonly ours: Interval | null;
  readonly verdict: Verdict;
};

/** Measured rows by the name of the table's row, one list per protocol, items in the order of the pairs. */
export type MeasuredRows = ReadonlyMap<string, readonly Measured[]>;

/** All orderings of a table. Equal published values are no ordering. @param key of the bootstrap. */
export function orderingsOf(
  table: PaperTable,
  measured: Readonly<Record<Protocol, MeasuredRows>>,
  key: RandomKey,
): Ordering[] {
  const names = table.rows.map((row) => row.name);
  return (['self', 'cross'] as const).flatMap((protocol) =>
    columnsOf(protocol).flatMap((column) => {
      const drawn = drawnRows(measured[protocol], column, foldInName(key, `${protocol}/${column}`));
      return pairsOf(names, table.against).flatMap(([a, b]) => {
        const difference = paperValue(table, a, protocol, column) - paperValue(table, b, protocol, column);
        if (difference === 0) return [];
        const firstIsBetter = difference > 0 === higherIsBetter(column);
        const [better, worse] = firstIsBetter ? [a, b] : [b, a];
        const paper = firstIsBetter ? difference : -difference;
        const ours = differenceOf(drawn.get(better), drawn.get(worse));
        return [{ protocol, column, better, worse, paper, ours, verdict: verdictOf(paper, ours) }];
      });
    }),
  );
}

function pairsOf(names: readonly string[], against: string | undefined): [string, string][] {
  if (against !== undefined)
    return names.filter((name) => name !== against).map((name): [string, string] => [against, name]);
  return names.flatMap((a, i) => names.slice(i + 1).map((b): [string, string] => [a, b]));
}

/** A row's value in one column, and its values on the resamplings of people. */
type Drawn = { readonly value: number; readonly draws: readonly number[]; readonly people: number };

/** Each row once, on the same people: the Fréchet distance is too slow to be taken again for every pair of rows. */
function drawnRows(rows: MeasuredRows, column: Column, key: RandomKey): Map<string, Drawn> {
  return new Map(
    [...rows].map(([name, items]): [string, Drawn] => {
      const groups = placesByPerson(items);
      const value = (places: readonly number[]) =>
        columnValue(
          places.map((place) => items[place]!),
          column,
        );
      const draws = Array.from(resamplings(groups, key, drawsOf(column)), value);
      return [name, { value: value(groups.flat()), draws, people: groups.length }];
    }),
  );
}

function differenceOf(a: Drawn | undefined, b: Drawn | undefined): Interval | null {
  if (!a || !b || !Number.isFinite(a.value - b.value)) return null;
  return intervalOf(
    a.value - b.value,
    a.draws.map((x, i) => x - b.draws[i]!),
    a.people,
  );
}
