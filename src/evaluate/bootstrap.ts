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
 * Pooled items of whole groups drawn with replacement, as many groups as there are; `draws` times. The same groups' number and
 * key draw the same groups, whatever they hold: differences between such draws are paired.
 */
export function* resamplings<T>(groups: readonly (readonly T[])[], key: RandomKey, draws: number): Generator<T[]> {
  const random = new RandomStream(key);
  for (let d = 0; d < draws && groups.length > 0; d++) yield groups.flatMap(() => [...random.pick(groups)]);
}

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
  const results = Array.from(resamplings(groups, key, draws), statistic);
  return intervalOf(statistic(groups.flat()), results, groups.length, level);
}

/** The percentile interval of a statistic from its values on resamplings; those that are not finite are left out. */
export function intervalOf(value: number, results: readonly number[], count: number, level = 0.95): Interval {
  const finite = results.filter(Number.isFinite);
  const edge = (1 - level) / 2;
  return { value, low: quantileOf(finite, edge), high: quantileOf(finite, 1 - edge), count };
}
