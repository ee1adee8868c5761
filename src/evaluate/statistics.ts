/**
 * Means, quantiles and correlations of measured values.
 *
 * Sums only; how sure a figure is, is bootstrap.ts's matter.
 */

/** Arithmetic mean; NaN of an empty list. */
export function meanOf(values: readonly number[]): number {
  return values.reduce((sum, v) => sum + v, 0) / values.length;
}

/** Quantile q in [0, 1] with linear interpolation between order statistics (Hyndman and Fan 1996, type 7); NaN if empty. */
export function quantileOf(values: readonly number[], q: number): number {
  if (values.length === 0) return Number.NaN;
  const sorted = [...values].sort((a, b) => a - b);
  const position = q * (sorted.length - 1);
  const low = Math.floor(position);
  const high = Math.min(low + 1, sorted.length - 1);
  return sorted[low]! + (position - low) * (sorted[high]! - sorted[low]!);
}

/**
 * Pearson's correlation of pairs, −1 … 1. NaN where it is not defined: fewer than two pairs, or one side constant (a network
 * that draws the same for every request follows nothing, and must not pass by a lucky 0/0).
 */
export function correlationOf(pairs: readonly (readonly [number, number])[]): number {
  if (pairs.length < 2) return Number.NaN;
  const [mx, my] = [meanOf(pairs.map((p) => p[0])), meanOf(pairs.map((p) => p[1]))];
  let [xx, yy, xy] = [0, 0, 0];
  for (const [x, y] of pairs) {
    xx += (x - mx) ** 2;
    yy += (y - my) ** 2;
    xy += (x - mx) * (y - my);
  }
  return xx > 0 && yy > 0 ? Math.max(-1, Math.min(1, xy / Math.sqrt(xx * yy))) : Number.NaN;
}
