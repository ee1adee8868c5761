/**
 * How sure a measured figure is: percentile bootstrap (Efron 1979) over people.
 *
 * People are drawn, not pictures: pictures of one person are alike, and counting them as independent would promise too much.
 */
import { type RandomKey, RandomStream } from '../core/rng.js';
import { quantileOf } from './statistics.js';

/** A figure and the interval that holds it. */
export type Interval = {
  /** the statistic of the sample itself */
  readonly value: number;
  readonly low: number;
  readonly high: number;
  /** units that were measured (people) */
  readonly count: number;
};

/** Options of `bootstrap`. */
export type BootstrapOptions = {
  /** resamplings, default 1000: the ends of a 95 % interval then rest on about 25 draws each */
  readonly draws?: number;
  /** coverage, default 0.95 */
  readonly level?: number;
};

/**
 * The statistic of the groups' pooled items, with its percentile interval.
 * @param groups items by person; whole groups are drawn with replacement, as many as there are.
 * @param statistic of the pooled items. Draws on which it is not finite are left out; if none is, the ends are NaN.
 */
export function bootstrap<T>(
  groups: readonly (readonly T[])[],
  statistic: (items: readonly T[]) => number,
  key: RandomKey,
  options: BootstrapOptions = {},
): Interval {
  const { draws = 1000, level = 0.95 } = options;
  const random = new RandomStream(key);
  const results: number[] = [];
  for (let d = 0; d < draws && groups.length > 0; d++) {
    const drawn = statistic(groups.flatMap(() => [...random.pick(groups)]));
    if (Number.isFinite(drawn)) results.push(drawn);
  }
  const edge = (1 - level) / 2;
  return {
    value: statistic(groups.flat()),
    low: quantileOf(results, edge),
    high: quantileOf(results, 1 - edge),
    count: groups.length,
  };
}
