/**
 * Writing signs into coefficients at the least cost: each coefficient is moved as far as its expected contribution to the
 * detector, after noise, is worth the squared error.
 *
 * Informed embedding: the host is known, so its own signs are no noise but a price (Costa 1983; Malvar and Florêncio 2003,
 * "Improved spread spectrum", for correlation detectors; here for the sign). Which signs are wanted is watermark.ts's.
 */

/** Standard deviation of the noise that a coefficient is made fit for, grey levels: about JPEG at quality 60. */
const NOISE = 5;

/** Largest amplitude that is worth setting, in deviations of the noise: the sign is then right in 99.4 % of all cases. */
const REACH = 2.5;

/** Steps of amplitude that are tried, per deviation of the noise. */
const STEPS = 6;

/** Probability surplus of the right sign for an amplitude under Gaussian noise: 2 Φ(x) − 1 with x in deviations. */
function certainty(x: number): number {
  // Abramowitz and Stegun 7.1.26 for erf(|x| / √2), |error| < 1.5e-7.
  const z = Math.abs(x) / Math.SQRT2;
  const t = 1 / (1 + 0.3275911 * z);
  const poly = ((((1.061405429 * t - 1.453152027) * t + 1.421413741) * t - 0.284496736) * t + 0.254829592) * t;
  return Math.sign(x) * (1 - poly * Math.exp(-z * z));
}

/** Certainties at the amplitudes that are tried: 0, 1/STEPS, … REACH deviations. */
const LADDER = Float64Array.from({ length: Math.round(REACH * STEPS) + 1 }, (_, i) => certainty(i / STEPS));

/**
 * Changes of N coefficients towards N wanted signs whose squares sum up to at most `energy`.
 * @param hosts coefficients as they are, grey levels.
 * @param signs +1 or −1 each; 0 leaves a coefficient alone.
 * @returns changes, grey levels; fewer than `energy` allows when all signs are safe already.
 */
export function cheapestChanges(hosts: Float64Array, signs: Int8Array, energy: number): Float64Array {
  // Price per unit of certainty, as the logarithm: bisection over twelve powers of two holds every picture.
  let [low, high] = [-20, 2];
  let changes = changesAt(hosts, signs, 2 ** high);
  for (let i = 0; i < 18; i++) {
    const middle = (low + high) / 2;
    const candidate = changesAt(hosts, signs, 2 ** middle);
    if (sumOfSquares(candidate) > energy) low = middle;
    else [high, changes] = [middle, candidate];
  }
  return changes;
}

function changesAt(hosts: Float64Array, signs: Int8Array, price: number): Float64Array {
  return hosts.map((host, i) => {
    const sign = signs[i]!;
    return sign === 0 ? 0 : sign * bestMove((sign * host) / NOISE, price) * NOISE;
  });
}

/** How far to move `x` (wanted positive, in deviations) when a squared grey level costs `price`. */
function bestMove(x: number, price: number): number {
  if (x >= REACH) return 0;
  const now = certainty(x);
  let [best, move] = [0, 0];
  for (let i = Math.max(0, Math.ceil(x * STEPS)); i < LADDER.length; i++) {
    const step = i / STEPS - x;
    const worth = LADDER[i]! - now - price * (step * NOISE) ** 2;
    if (worth > best) [best, move] = [worth, step];
  }
  return move;
}

/** Σ x². */
export function sumOfSquares(values: Float64Array): number {
  return values.reduce((sum, value) => sum + value * value, 0);
}
