/**
 * The best linear code of picture blocks: principal components of the training blocks, found by orthogonal iteration, and the
 * error that it leaves on other pictures. A yardstick for autoencoders; not used by the product.
 */

/** What is coded. Pictures are [3, S, S]. */
export type LinearCodeRequest = {
  readonly training: readonly Float32Array[];
  readonly test: readonly Float32Array[];
  /** S */
  readonly size: number;
  /** side of a block */
  readonly block: number;
  /** numbers kept per block */
  readonly numbers: number;
};

/** Rounds of orthogonal iteration: 60 leave the subspace within 1e-3 where neighbouring eigenvalues differ by a tenth. */
const ROUNDS = 60;

/** Mean squared error of the test pictures after coding with the components of the training pictures. */
export function linearCodeError({ training, test, size, block, numbers }: LinearCodeRequest): number {
  const blocks = training.flatMap((picture) => blocksOf(picture, size, block));
  const width = 3 * block * block;
  const mean = new Float64Array(width);
  for (const b of blocks) for (let i = 0; i < width; i++) mean[i]! += b[i]! / blocks.length;
  const covariance = Array.from({ length: width }, () => new Float64Array(width));
  for (const b of blocks)
    for (let i = 0; i < width; i++) {
      const row = covariance[i]!;
      const x = (b[i]! - mean[i]!) / blocks.length;
      for (let j = 0; j < width; j++) row[j]! += x * (b[j]! - mean[j]!);
    }
  const axes = leadingAxes(covariance, numbers);
  let total = 0;
  let count = 0;
  for (const b of test.flatMap((picture) => blocksOf(picture, size, block))) {
    const x = Float64Array.from(b, (v, i) => v - mean[i]!);
    let left = x.reduce((sum, v) => sum + v * v, 0);
    for (const axis of axes) left -= dot(axis, x) ** 2; // what orthonormal axes hold is taken off the energy
    total += left;
    count += width;
  }
  return total / count;
}

function blocksOf(picture: Float32Array, size: number, block: number): Float32Array[] {
  const out: Float32Array[] = [];
  for (let y = 0; y < size; y += block)
    for (let x = 0; x < size; x += block) {
      const values = new Float32Array(3 * block * block);
      let at = 0;
      for (let c = 0; c < 3; c++)
        for (let v = 0; v < block; v++)
          for (let u = 0; u < block; u++) values[at++] = picture[(c * size + y + v) * size + x + u]!;
      out.push(values);
    }
  return out;
}

function leadingAxes(matrix: readonly Float64Array[], count: number): Float64Array[] {
  const width = matrix.length;
  // Any start that is not orthogonal to the answer will do.
  let axes: Float64Array[] = Array.from({ length: count }, (_, k) =>
    Float64Array.from({ length: width }, (_, i) => Math.sin(1 + i * (k + 1))),
  );
  for (let round = 0; round < ROUNDS; round++)
    axes = orthonormal(axes.map((axis) => Float64Array.from(matrix, (row) => dot(row, axis))));
  return axes;
}

function orthonormal(vectors: readonly Float64Array[]): Float64Array[] {
  const out: Float64Array[] = [];
  for (const vector of vectors) {
    const v = Float64Array.from(vector);
    for (const axis of out) {
      const share = dot(axis, v);
      for (let i = 0; i < v.length; i++) v[i]! -= share * axis[i]!;
    }
    const length = Math.sqrt(dot(v, v));
    out.push(v.map((x) => x / length));
  }
  return out;
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
}
