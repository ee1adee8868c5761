/**
 * Learns how the tracker's landmarks tell a face model's coefficients, from rendered people whose coefficients are known: ridge
 * regression, the best linear estimate for Gaussian coefficients and errors.
 *
 * Part of scripts/build-face-model.ts. Training and reading share src/face/reading.ts; this file never sees a photo.
 */
import { factorise, solveFactorised, solvePositiveDefinite } from '../src/face/cholesky.js';
import type { LandmarkReader } from '../src/face/model/model.js';
import { canonicalLandmarks } from '../src/face/reading.js';
import { add, flipped, LENGTH, type Lesson, mirrored, type ReaderGround, readLessons } from './face-model-lessons.js';

/** Penalty on the weights as a share of the landmarks' mean variance: the landmarks' last digits are the tracker's noise. */
const RIDGE = 3e-5;

/**
 * People may differ this much more than the family's, in its standard deviations, along the identity modes: real faces do, and a
 * reader that trusts the family takes a stranger's wide mouth for a smile.
 */
const STRANGENESS = 0.7;

/** Least deviation of a reading: shapes that the people never make are read as 0 without error, which a fit could not weigh. */
const SMALLEST = 0.001;

/**
 * Angles are held this much closer to their reading than it errs: the fit counts its landmarks as nearly independent and would
 * turn the head by several degrees for a misfit of a hundredth of its width.
 */
const ANGLE_TRUST = 0.15;

/** Identity modes whose figures are printed: the first ones are what can be seen. */
const SHOWN_MODES = 10;

/** Learns from the shards of some folders (scripts/render-training-set.ts); every tenth person is held out and measured. */
export function learnReader(ground: ReaderGround, folders: readonly string[]): LandmarkReader {
  const { lessons, reference } = readLessons(ground, folders);
  const learned = ridge(
    ground,
    lessons.filter(({ heldOut }) => !heldOut),
    reference,
  );
  const heldOut = lessons
    .filter((face) => face.heldOut)
    .map((face) => ({ ...face, read: readOf(ground, learned, face) }));
  return { reference, ...learned, deviations: measure(ground, heldOut) };
}

type Learned = Pick<LandmarkReader, 'centre' | 'weights'>;

/** Minimises Σ |truth − centre − weights·(seen − mean)|² + ridge, every face counted mirrored, too. */
function ridge(ground: ReaderGround, used: readonly Lesson[], reference: Float32Array): Learned {
  const { gram, products, mean, centre } = moments(ground, used);
  for (const [k, move] of identityMoves(ground, reference).entries()) {
    addOuter(gram, move, STRANGENESS ** 2);
    add(products[3 + k]!, move, STRANGENESS ** 2);
  }
  let variance = 0;
  for (let i = 0; i < LENGTH; i++) variance += gram[i * LENGTH + i]! / LENGTH;
  for (let i = 0; i < LENGTH; i++) gram[i * LENGTH + i]! += RIDGE * variance;
  if (!factorise(gram, LENGTH)) throw new Error('the landmarks do not determine a reader');
  for (const product of products) solveFactorised(gram, product, LENGTH);
  const atReference = products.map((row, c) => row.reduce((value, w, i) => value - w * mean[i]!, centre[c]!));
  return { centre: Float32Array.from(atReference), weights: products.map((row) => Float32Array.from(row)) };
}

/** Means over all faces and their mirror images, covariance of the landmarks (lower triangle), and with each coefficient. */
function moments(ground: ReaderGround, used: readonly Lesson[]) {
  const { mirror, model } = ground;
  const turn = mirrorOfCoefficients(ground);
  const count = 3 + model.identityBasis.length + model.expressionNames.length;
  const [centre, mean, half] = [new Float64Array(count), new Float64Array(LENGTH), new Float64Array(LENGTH * LENGTH)];
  const [own, across] = [0, 1].map(() => Array.from({ length: count }, () => new Float64Array(LENGTH))) as [
    Float64Array[],
    Float64Array[],
  ];
  const share = 0.5 / used.length; // of each of the 2·used faces
  for (const { truth, seen } of used) {
    const turned = turn(truth);
    add(centre, truth, share);
    add(centre, turned, share);
    add(mean, seen, share);
    addOuter(half, seen, share);
    for (let c = 0; c < count; c++) {
      add(own[c]!, seen, share * truth[c]!);
      add(across[c]!, seen, share * turned[c]!);
    }
  }
  add(mean, mirrored(mean, mirror));
  const gram = withMirrored(half, mirror);
  addOuter(gram, mean, -1);
  const products = own.map((row, c) => {
    add(row, mirrored(across[c]!, mirror));
    return row.map((value, i) => value - centre[c]! * mean[i]!);
  });
  return { gram, products, mean, centre };
}

/** Adds factor·v·vᵀ to the lower triangle. */
function addOuter(gram: Float64Array, v: ArrayLike<number>, factor: number): void {
  for (let i = 0; i < LENGTH; i++) {
    const x = factor * v[i]!;
    const row = i * LENGTH;
    for (let j = 0; j <= i; j++) gram[row + j]! += x * v[j]!;
  }
}

/** A matrix of products (lower triangle) plus that of the mirrored faces: entries change places and, across x, signs. */
function withMirrored(half: Float64Array, mirror: readonly number[]): Float64Array {
  const place = Int32Array.from({ length: LENGTH }, (_, i) => 3 * mirror[Math.floor(i / 3)]! + (i % 3));
  const sign = (i: number) => (i % 3 ? 1 : -1);
  const out = new Float64Array(LENGTH * LENGTH);
  for (let i = 0; i < LENGTH; i++)
    for (let j = 0; j <= i; j++) {
      const [a, b] = [Math.max(place[i]!, place[j]!), Math.min(place[i]!, place[j]!)];
      out[i * LENGTH + j] = half[i * LENGTH + j]! + sign(i) * sign(j) * half[a * LENGTH + b]!;
    }
  return out;
}

/** How a unit of each identity mode moves the aligned landmarks. */
function identityMoves({ model }: ReaderGround, reference: Float32Array): Float64Array[] {
  const points = (shape: ArrayLike<number>) =>
    canonicalLandmarks(flipped(Float64Array.from({ length: LENGTH }, (_, i) => shape[i]!)), reference).points;
  const rest = points(model.mean);
  return model.identityBasis.map((mode) => points(model.mean.map((v, i) => v + mode[i]!)).map((v, i) => v - rest[i]!));
}

/** Values of the mirrored face: turns and names change sides; identity modes by least squares on the mesh points. */
function mirrorOfCoefficients({ model, mirror }: ReaderGround): (truth: Float64Array) => Float64Array {
  const modes = model.identityBasis.map((mode) => mode.subarray(0, LENGTH));
  const k = modes.length;
  const dot = (a: ArrayLike<number>, b: ArrayLike<number>) => {
    let sum = 0;
    for (let i = 0; i < LENGTH; i++) sum += a[i]! * b[i]!;
    return sum;
  };
  const gram = Float64Array.from({ length: k * k }, (_, i) => dot(modes[Math.floor(i / k)]!, modes[i % k]!));
  const columns = modes.map((mode) => {
    const across = mirrored(mode, mirror);
    const right = Float64Array.from(modes, (other) => dot(other, across));
    if (!solvePositiveDefinite(gram.slice(), right, k)) throw new Error('the identity modes are not independent');
    return right;
  });
  const side = (name: string) => name.replace(/Left$|Right$/, (s) => (s === 'Left' ? 'Right' : 'Left'));
  const opposite = model.expressionNames.map((name) => 3 + k + model.expressionNames.indexOf(side(name)));
  return (truth) =>
    Float64Array.from(truth, (value, c) => {
      if (c < 3) return c === 0 ? value : -value; // pitch stays, yaw and roll turn
      if (c >= 3 + k) return truth[opposite[c - 3 - k]!]!;
      return columns.reduce((sum, column, j) => sum + column[c - 3]! * truth[3 + j]!, 0);
    });
}

type Read = { readonly truth: Float64Array; readonly read: Float64Array };

/** What a reader says of a face, expressions within 0 … 1 as a fit bounds them. */
function readOf({ model }: ReaderGround, { centre, weights }: Learned, { seen }: Lesson): Float64Array {
  return Float64Array.from(weights, (row, c) => {
    const value = row.reduce((sum, w, i) => sum + w * seen[i]!, centre[c]!);
    return c < 3 + model.identityBasis.length ? value : Math.max(0, Math.min(1, value));
  });
}

/** How far a fit may leave each reading, and a printed table of correlations and of what the readings leave open. */
function measure({ model }: ReaderGround, faces: readonly Read[]): Float32Array {
  const k = 3 + model.identityBasis.length;
  const identities = model.identityBasis.map((_, i) => `identity ${i}`);
  const names = ['pitch beside turn', 'yaw beside turn', 'roll beside turn', ...identities, ...model.expressionNames];
  console.log(`reader, ${faces.length} pictures of held-out people: coefficient, correlation, deviation`);
  const correlations: number[] = [];
  const deviations = names.map((name, c) => {
    const pairs = faces.map(({ truth, read }) => [read[c]!, truth[c]!] as const);
    const open = Math.sqrt(pairs.reduce((sum, [read, truth]) => sum + (read - truth) ** 2, 0) / pairs.length);
    const r = correlation(pairs);
    correlations.push(r);
    // what landmarks hardly tell, they should not move either: their misfit would go there
    const trust = c < 3 ? ANGLE_TRUST : c < k ? 1 : Math.max(0, r || 0);
    const deviation = Math.max(SMALLEST, open * trust);
    if (c < 3 + SHOWN_MODES || c >= k) console.log(`  ${name.padEnd(20)} ${r.toFixed(2)} ${open.toFixed(3)}`);
    return deviation;
  });
  const known = correlations.slice(k).filter((r) => Number.isFinite(r));
  console.log(`  mean of ${known.length} expressions ${(known.reduce((a, b) => a + b, 0) / known.length).toFixed(3)}`);
  return Float32Array.from(deviations);
}

function correlation(pairs: readonly (readonly [number, number])[]): number {
  const mean = (side: 0 | 1) => pairs.reduce((s, pair) => s + pair[side], 0) / pairs.length;
  const [mx, my] = [mean(0), mean(1)];
  const sum = (f: (x: number, y: number) => number) => pairs.reduce((s, [x, y]) => s + f(x - mx, y - my), 0);
  return sum((x, y) => x * y) / Math.sqrt(sum((x) => x * x) * sum((_, y) => y * y));
}
