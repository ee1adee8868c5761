/**
 * Landmarks → angles, identity and expression in one step, by the reader that a morphable model carries (model/model.ts).
 *
 * Not the fit, which starts here and adds what aligns the mesh with the picture (fit.ts). The place of the paper's regressor
 * network, with landmarks instead of pixels.
 */
import { symmetricEigen } from '../core/eigen.js';
import type { LandmarkReader } from './model/model.js';
import { anglesOf } from './rotation.js';
import { MESH_POINTS } from './tracker/topology.js';

/** The C values that a reader finds in landmarks (478×3 or 468×3: column, row, depth; any scale). Not bounded. */
export function readLandmarks(reader: LandmarkReader, landmarks: ArrayLike<number>): Float64Array {
  const { points, turn } = canonicalLandmarks(landmarks, reader.reference);
  for (let i = 0; i < points.length; i++) points[i]! -= reader.reference[i]!;
  const angle = anglesOf(turn);
  return Float64Array.from(reader.weights, (row, c) => {
    let sum = reader.centre[c]! + (angle[c] ?? 0);
    for (let i = 0; i < row.length; i++) sum += row[i]! * points[i]!;
    return sum;
  });
}

/** Landmarks laid onto a reference. */
export type CanonicalLandmarks = {
  /** 468·3: +y up, +z towards the viewer, centred */
  readonly points: Float64Array;
  /** row-major 3×3: the rotation that takes the points back to how they were seen */
  readonly turn: readonly number[];
};

/**
 * The 468 mesh landmarks moved, turned and scaled as one so that they lie best on a reference (least squares; the rotation by
 * Horn's quaternion, 1987). Rows change their sign: +y is up in the result, and +z stays towards the viewer.
 */
export function canonicalLandmarks(landmarks: ArrayLike<number>, reference: ArrayLike<number>): CanonicalLandmarks {
  const points = centred(
    Float64Array.from({ length: 3 * MESH_POINTS }, (_, i) => (i % 3 === 1 ? -1 : 1) * landmarks[i]!),
  );
  const target = centred(Float64Array.from(reference));
  const products = new Float64Array(9); // Σ point·targetᵀ
  let spread = 0;
  for (let i = 0; i < points.length; i += 3)
    for (let a = 0; a < 3; a++) {
      spread += points[i + a]! ** 2;
      for (let b = 0; b < 3; b++) products[3 * a + b]! += points[i + a]! * target[i + b]!;
    }
  const r = hornRotation(products);
  let along = 0; // Σ target·(R point)
  for (let a = 0; a < 3; a++) for (let b = 0; b < 3; b++) along += r[3 * b + a]! * products[3 * a + b]!;
  const scale = spread > 0 ? along / spread : 0; // all landmarks in one place: nothing to turn
  const out = new Float64Array(points.length);
  for (let i = 0; i < points.length; i += 3)
    for (let b = 0; b < 3; b++) {
      const turned = r[3 * b]! * points[i]! + r[3 * b + 1]! * points[i + 1]! + r[3 * b + 2]! * points[i + 2]!;
      out[i + b] = scale * turned;
    }
  return { points: out, turn: [0, 1, 2].flatMap((row) => [r[row]!, r[3 + row]!, r[6 + row]!]) };
}

/** Moves the mean of points 3·N to the origin, in place. */
function centred(points: Float64Array): Float64Array {
  for (let c = 0; c < 3; c++) {
    let mean = 0;
    for (let i = c; i < points.length; i += 3) mean += points[i]!;
    mean /= points.length / 3;
    for (let i = c; i < points.length; i += 3) points[i]! -= mean;
  }
  return points;
}

/** The rotation, row-major, that maximises Σ target·(R point) for the 3×3 matrix S = Σ point·targetᵀ. */
function hornRotation(s: Float64Array): readonly number[] {
  const [xx, xy, xz, yx, yy, yz, zx, zy, zz] = s as unknown as Nine;
  // biome-ignore format: a matrix
  const n = Float64Array.from([
    xx + yy + zz, yz - zy, zx - xz, xy - yx,
    yz - zy, xx - yy - zz, xy + yx, zx + xz,
    zx - xz, xy + yx, yy - xx - zz, yz + zy,
    xy - yx, zx + xz, yz + zy, zz - xx - yy,
  ]);
  const { values, vectors } = symmetricEigen(n, 4);
  const best = values.indexOf(Math.max(...values));
  const [w, x, y, z] = [0, 1, 2, 3].map((row) => vectors[4 * row + best]!) as [number, number, number, number];
  // biome-ignore format: a matrix
  return [
    w * w + x * x - y * y - z * z, 2 * (x * y - w * z), 2 * (x * z + w * y),
    2 * (x * y + w * z), w * w - x * x + y * y - z * z, 2 * (y * z - w * x),
    2 * (x * z - w * y), 2 * (y * z + w * x), w * w - x * x - y * y + z * z,
  ];
}

type Nine = [number, number, number, number, number, number, number, number, number];
