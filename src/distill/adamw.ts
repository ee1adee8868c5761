/**
 * AdamW on plain arrays (Loshchilov and Hutter 2019), for the hash tables and the field's few small matrices.
 *
 * On the host because the tables live there (head/hash.ts); the optimiser of network training is graph/optimiser.ts. The
 * update is the same one, decoupled decay included.
 */

/** Settings; in the paper β (0.9, 0.99), ε 1e-15, decay 0.01. */
export type AdamWSettings = {
  readonly beta1: number;
  readonly beta2: number;
  /** added to the root of the second moment; keeps entries that never had a gradient from dividing 0 by 0 */
  readonly epsilon: number;
  readonly weightDecay: number;
};

/** First and second moments of one parameter array. */
export type Moments = { readonly first: Float32Array; readonly second: Float32Array };

/** Zero moments for `length` values. */
export function makeMoments(length: number): Moments {
  return { first: new Float32Array(length), second: new Float32Array(length) };
}

/**
 * One step in place.
 * @param step number of this step, from 1, for the bias correction.
 * @param rate learning rate.
 */
export function adamWStep(
  values: Float32Array,
  gradient: Float32Array,
  moments: Moments,
  step: number,
  rate: number,
  settings: AdamWSettings,
): void {
  const { beta1, beta2, epsilon, weightDecay } = settings;
  const { first, second } = moments;
  const size = rate / (1 - beta1 ** step);
  const correction = 1 / (1 - beta2 ** step);
  const keep = 1 - rate * weightDecay;
  for (let i = 0; i < values.length; i++) {
    const g = gradient[i]!;
    const m = beta1 * first[i]! + (1 - beta1) * g;
    const v = beta2 * second[i]! + (1 - beta2) * g * g;
    first[i] = m;
    second[i] = v;
    values[i] = values[i]! * keep - (size * m) / (Math.sqrt(v * correction) + epsilon);
  }
}
