/**
 * The Fréchet distance between two sets of feature vectors (Heusel et al. 2017: FID when the features are Inception's).
 *
 * Only the statistics; which network the features come from is the caller's affair and must be named in results.
 */
import { symmetricEigen } from '../core/eigen.js';

/** N feature vectors of D values, row by row. */
export type FeatureSet = { readonly values: Float32Array; readonly dimensions: number };

/** A symmetric D×D matrix, row by row. */
type Matrix = Float64Array;

/**
 * |μ₁ − μ₂|² + tr(Σ₁ + Σ₂ − 2·√(Σ₁Σ₂)) with unbiased covariances. Each set needs at least two vectors. Time grows with D³:
 * meant for up to a few hundred dimensions.
 */
export function frechetDistance(a: FeatureSet, b: FeatureSet): number {
  if (a.dimensions !== b.dimensions) throw new Error('internal: feature sets of different dimensions');
  const [one, two] = [statistics(a), statistics(b)];
  const d = a.dimensions;
  let distance = 0;
  for (let i = 0; i < d; i++) {
    distance += (one.mean[i]! - two.mean[i]!) ** 2;
    distance += one.covariance[i * d + i]! + two.covariance[i * d + i]!;
  }
  // tr √(Σ₁Σ₂) = tr √(√Σ₁ Σ₂ √Σ₁): the latter is symmetric, so its eigenvalues are real and not negative.
  const root = squareRoot(one.covariance, d);
  const middle = symmetric(multiply(multiply(root, two.covariance, d), root, d), d);
  // Rounding may push eigenvalues that are zero slightly below.
  for (const value of symmetricEigen(middle, d, false).values) distance -= 2 * Math.sqrt(Math.max(0, value));
  return distance;
}

function statistics({ values, dimensions: d }: FeatureSet): { mean: Float64Array; covariance: Matrix } {
  const count = values.length / d;
  if (!(Number.isInteger(count) && count >= 2)) throw new Error('internal: a feature set needs at least two vectors');
  const mean = new Float64Array(d);
  for (let i = 0; i < values.length; i++) mean[i % d]! += values[i]! / count;
  const covariance = new Float64Array(d * d);
  for (let n = 0; n < count; n++)
    for (let i = 0; i < d; i++) {
      const x = (values[n * d + i]! - mean[i]!) / (count - 1);
      for (let j = 0; j < d; j++) covariance[i * d + j]! += x * (values[n * d + j]! - mean[j]!);
    }
  return { mean, covariance };
}

function multiply(a: Matrix, b: Matrix, d: number): Matrix {
  const out = new Float64Array(d * d);
  for (let i = 0; i < d; i++)
    for (let k = 0; k < d; k++) {
      const x = a[i * d + k]!;
      for (let j = 0; j < d; j++) out[i * d + j]! += x * b[k * d + j]!;
    }
  return out;
}

function symmetric(a: Matrix, d: number): Matrix {
  return a.map((value, at) => 0.5 * (value + a[(at % d) * d + Math.floor(at / d)]!));
}

/** √A of a symmetric matrix without negative eigenvalues: V √Λ Vᵀ. */
function squareRoot(a: Matrix, d: number): Matrix {
  const { values, vectors } = symmetricEigen(a, d);
  const out = new Float64Array(d * d);
  for (let k = 0; k < d; k++) {
    const root = Math.sqrt(Math.max(0, values[k]!));
    for (let i = 0; i < d; i++)
      for (let j = 0; j < d; j++) out[i * d + j]! += root * vectors[i * d + k]! * vectors[j * d + k]!;
  }
  return out;
}
