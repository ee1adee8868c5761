/**
 * Solving small dense symmetric positive definite systems in place: what each Gauss–Newton step needs.
 */

/**
 * Solves A·x = b for symmetric positive definite A (n×n, row-major; only the lower triangle is read). A is overwritten by its
 * Cholesky factor, b by x. Returns false, with both in an undefined state, when A is not positive definite.
 */
export function solvePositiveDefinite(a: Float64Array, b: Float64Array, n: number): boolean {
  if (!factorise(a, n)) return false;
  solveFactorised(a, b, n);
  return true;
}

/** Overwrites the lower triangle of A by its Cholesky factor L, A = L·Lᵀ. Returns false when A is not positive definite. */
export function factorise(a: Float64Array, n: number): boolean {
  for (let j = 0; j < n; j++) {
    const row = j * n;
    let pivot = a[row + j]!;
    for (let k = 0; k < j; k++) pivot -= a[row + k]! * a[row + k]!;
    if (!(pivot > 0)) return false; // also refuses NaN
    const diagonal = Math.sqrt(pivot);
    a[row + j] = diagonal;
    for (let i = j + 1; i < n; i++) {
      let value = a[i * n + j]!;
      for (let k = 0; k < j; k++) value -= a[i * n + k]! * a[row + k]!;
      a[i * n + j] = value / diagonal;
    }
  }
  return true;
}

/** Solves A·x = b, given the factor that `factorise` left; b is overwritten by x. */
export function solveFactorised(l: Float64Array, b: Float64Array, n: number): void {
  for (let i = 0; i < n; i++) {
    let value = b[i]!;
    for (let k = 0; k < i; k++) value -= l[i * n + k]! * b[k]!;
    b[i] = value / l[i * n + i]!;
  }
  for (let i = n - 1; i >= 0; i--) {
    let value = b[i]!;
    for (let k = i + 1; k < n; k++) value -= l[k * n + i]! * b[k]!;
    b[i] = value / l[i * n + i]!;
  }
}
