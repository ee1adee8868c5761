/**
 * Eigenvalues and eigenvectors of a symmetric matrix by cyclic Jacobi rotations (Golub and Van Loan, 8.5).
 *
 * Time grows with D³ a sweep: meant for up to a few hundred dimensions.
 */

/** A symmetric D×D matrix, row by row. */
type Matrix = Float64Array;

/** Sweeps after which Jacobi's method has long converged: it does so quadratically, in 6 to 10 sweeps. */
const MAXIMUM_SWEEPS = 50;
/** Off-diagonal share of the matrix's norm that counts as zero: a few units in the last place of a double. */
const CONVERGED = 1e-15;

/**
 * Eigenvalues D, in no order, and eigenvectors D×D, one a column, of a symmetric matrix D×D given row by row.
 * @param wanted false leaves the vectors out (they are then the unit matrix) and saves their time.
 */
export function symmetricEigen(
  matrix: Float64Array,
  d: number,
  wanted = true,
): { values: Float64Array; vectors: Float64Array } {
  const a = Float64Array.from(matrix);
  const vectors = Float64Array.from({ length: d * d }, (_, i) => (i % (d + 1) === 0 ? 1 : 0));
  const norm = Math.sqrt(a.reduce((sum, x) => sum + x * x, 0));
  for (let sweep = 0; sweep < MAXIMUM_SWEEPS && offDiagonal(a, d) > CONVERGED * norm; sweep++)
    for (let p = 0; p < d; p++) for (let q = p + 1; q < d; q++) rotate(a, wanted ? vectors : null, d, p, q);
  return { values: Float64Array.from({ length: d }, (_, i) => a[i * d + i]!), vectors };
}

function offDiagonal(a: Matrix, d: number): number {
  return Math.sqrt(a.reduce((sum, x, i) => (i % (d + 1) === 0 ? sum : sum + x * x), 0));
}

/** Makes a[p][q] zero by a rotation of rows and columns p and q. */
function rotate(a: Matrix, vectors: Matrix | null, d: number, p: number, q: number): void {
  const off = a[p * d + q]!;
  if (off === 0) return;
  const theta = (a[q * d + q]! - a[p * d + p]!) / (2 * off);
  const t = (theta >= 0 ? 1 : -1) / (Math.abs(theta) + Math.hypot(theta, 1));
  const c = 1 / Math.hypot(t, 1);
  const s = t * c;
  const turn = (m: Matrix, i: number, j: number): void => {
    const [x, y] = [m[i]!, m[j]!];
    m[i] = c * x - s * y;
    m[j] = s * x + c * y;
  };
  for (let k = 0; k < d; k++) turn(a, k * d + p, k * d + q);
  for (let k = 0; k < d; k++) turn(a, p * d + k, q * d + k);
  for (let k = 0; vectors && k < d; k++) turn(vectors, k * d + p, k * d + q);
}
