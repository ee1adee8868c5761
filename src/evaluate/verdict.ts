/**
 * What became of a published ordering of two rows: the one vocabulary of all tables, and the rule behind it.
 *
 * Where the differences come from is the tables' matter (orderings.ts, head-table.ts).
 */
import type { Interval } from './bootstrap.js';

/** What became of one ordering. */
export type Verdict = 'agrees' | 'disagrees' | 'within the interval' | 'not measured';

/** People below whom nothing is said of an ordering: a percentile interval of so few is too narrow. */
const LEAST_PEOPLE = 5;

/**
 * An interval on the published side of 0 agrees, one on the other side disagrees, one that holds 0 says neither.
 * @param published difference, of which only the sign counts. @param ours null when a row or a value is missing.
 */
export function verdictOf(published: number, ours: Interval | null): Verdict {
  if (!ours || ours.count < LEAST_PEOPLE || Number.isNaN(ours.low)) return 'not measured';
  if (ours.low <= 0 && ours.high >= 0) return 'within the interval';
  return ours.value > 0 === published > 0 ? 'agrees' : 'disagrees';
}

/** How many orderings had each verdict. */
export function countVerdicts(orderings: readonly { readonly verdict: Verdict }[]): Record<Verdict, number> {
  const counts = { agrees: 0, disagrees: 0, 'within the interval': 0, 'not measured': 0 };
  for (const { verdict } of orderings) counts[verdict]++;
  return counts;
}
