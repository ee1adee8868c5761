/**
 * 2D landmarks → pose, identity and expression of a morphable model: damped Gauss–Newton (Levenberg–Marquardt) with Gaussian
 * priors and bounds.
 *
 * Stands where the paper runs Deep3DFaceRecon's regressor; any model of model.ts will do. Knows no pictures: landmarks in.
 */
import { type FivePoints, type Intrinsics, modelIntrinsics } from '../photo/align.js';
import { solvePositiveDefinite } from './cholesky.js';
import { FitProblem, type Observations, POSE_UNKNOWNS, type Prior } from './fit-problem.js';
import type { MorphableModel } from './model/model.js';
import { readLandmarks } from './reading.js';
import { FIVE_POINT_SETS, LANDMARKS_68, MESH_POINTS, OUTLINE } from './tracker/topology.js';

/** Options of `fitFace`; each has a default. */
export type FitOptions = {
  /** most damped steps with all unknowns, default 12; stops earlier when a step gains less than 0.1 % */
  iterations?: number;
  /** expected landmark error as a share of the inter-ocular distance, default 0.02, with a reader 0.015: larger trusts the priors more */
  noise?: number;
  /** standard deviation of the translation in model units (≈ dm), default 0.5; the alignment already centres the face */
  translationStd?: number;
};

/** Pose and coefficients that explain the landmarks. */
export type Fit = {
  /** K, standard deviations, within ±3 */
  readonly identity: Float32Array;
  /** E; within [0, 1] for `unit` models, ±3 for `sigma` models */
  readonly expression: Float32Array;
  /** radians about x, y, z; see rotation.ts */
  readonly angle: [number, number, number];
  /** model units */
  readonly translation: [number, number, number];
  /** pixels of the picture whose landmarks were given */
  readonly intrinsics: Intrinsics;
  /** mean distance of the 68 named landmarks from their observations, percent of the distance of the outer eye corners */
  readonly errorPercent: number;
  /** Gauss–Newton steps taken */
  readonly steps: number;
};

/** Largest identity coefficient, standard deviations: beyond 3 the linear model leaves its population. */
const IDENTITY_LIMIT = 3;

/**
 * The 468 landmarks are not 468 independent measurements: neighbours err together. The network's errors behave like those of
 * about a quarter as many.
 */
const INDEPENDENT_SHARE = 0.25;

/**
 * Expected landmark error where a reader says what to expect: smaller, because a reading already stands where the tracker's known
 * errors would pull. At 0.015 the fit of 107 photographs is as close as without a reader at 0.02 (docs/RESULTS.md).
 */
const READ_NOISE = 0.015;

/** Outline points of a turned head slide along its silhouette instead of sticking to the skin. */
const OUTLINE_WEIGHT = 0.3;

/**
 * Fits `model` to landmarks (478×3 or 468×3: column, row, depth; pixels of a `width`×`height` picture). The camera is the one
 * that the alignment of the five points defines (photo/align.ts `modelIntrinsics`).
 */
export function fitFace(
  landmarks: Float32Array,
  width: number,
  height: number,
  model: MorphableModel,
  options: FitOptions = {},
): Fit {
  const intrinsics = modelIntrinsics(fivePoints(landmarks), width, height);
  const seen = observe(landmarks, model, options.noise ?? (model.reader ? READ_NOISE : 0.02));
  const bounds = unknownBounds(model);
  const prior = priorOf(model, landmarks, options.translationStd ?? 0.5);
  const problem = new FitProblem(model, seen, intrinsics, prior);
  problem.x.set(prior.means.map((mean, i) => Math.max(bounds.low[i]!, Math.min(bounds.high[i]!, mean))));
  if (!model.reader) problem.x[2] = -rollOf(landmarks);
  let steps = minimise(problem, bounds, POSE_UNKNOWNS, 8); // pose alone first, so that shape does not soak up rotation
  steps += minimise(problem, bounds, problem.size, options.iterations ?? 12);
  return result(problem, model, landmarks, seen, intrinsics, steps);
}

/** The five alignment points of tracker landmarks, pixels. */
export function fivePoints(landmarks: Float32Array): FivePoints {
  return FIVE_POINT_SETS.map((set) => {
    const mean = (c: number) => set.reduce((sum, i) => sum + landmarks[i * 3 + c]!, 0) / set.length;
    return [mean(0), mean(1)] as const;
  });
}

/** Distance of the outer eye corners in pixels: the yardstick of landmark errors. */
export function interOcularDistance(landmarks: Float32Array): number {
  return Math.hypot(landmarks[33 * 3]! - landmarks[263 * 3]!, landmarks[33 * 3 + 1]! - landmarks[263 * 3 + 1]!);
}

/** Angle of the eye line, radians, clockwise as seen. */
function rollOf(landmarks: Float32Array): number {
  return Math.atan2(landmarks[263 * 3 + 1]! - landmarks[33 * 3 + 1]!, landmarks[263 * 3]! - landmarks[33 * 3]!);
}

function observe(landmarks: Float32Array, model: MorphableModel, noise: number): Observations {
  const used = Array.from({ length: MESH_POINTS }, (_, i) => i).filter((i) => model.trackerVertices[i]! >= 0);
  const scale = boxScale(landmarks);
  const base = INDEPENDENT_SHARE / (noise * scale) ** 2;
  const outline = new Set<number>(OUTLINE);
  return {
    vertices: Int32Array.from(used, (i) => model.trackerVertices[i]!),
    points: Float64Array.from(used.flatMap((i) => [landmarks[3 * i]!, landmarks[3 * i + 1]!])),
    weights: Float64Array.from(used, (i) => base * (outline.has(i) ? OUTLINE_WEIGHT : 1)),
  };
}

/** Inter-ocular distance of a frontal face of this size: from the five points' scale, so that turning does not shrink it. */
function boxScale(landmarks: Float32Array): number {
  let [y0, y1] = [Infinity, -Infinity];
  for (let i = 0; i < MESH_POINTS; i++) {
    y0 = Math.min(y0, landmarks[3 * i + 1]!);
    y1 = Math.max(y1, landmarks[3 * i + 1]!);
  }
  return Math.max(interOcularDistance(landmarks), 0.5 * (y1 - y0)); // outer eye corners are half a face height apart
}

/** Translation: about the middle. Angles and coefficients: around what the model's reader says; without one, free and around 0. */
function priorOf(model: MorphableModel, landmarks: Float32Array, translation: number): Prior {
  const pose = [Infinity, Infinity, Infinity, translation, translation, translation];
  const { reader } = model;
  if (reader) {
    const around = (values: ArrayLike<number>, place: readonly number[]) =>
      Float64Array.from([...Array.from(values).slice(0, 3), ...place, ...Array.from(values).slice(3)]);
    return {
      means: around(readLandmarks(reader, landmarks), [0, 0, 0]),
      deviations: around(reader.deviations, pose.slice(3)),
    };
  }
  const deviations = Float64Array.from([...pose, ...model.identityBasis.map(() => 1), ...model.expressionStds]);
  return { means: new Float64Array(deviations.length), deviations };
}

type Bounds = { readonly low: Float64Array; readonly high: Float64Array };

function unknownBounds(model: MorphableModel): Bounds {
  const free = [Math.PI, Math.PI, Math.PI, 4, 4, 4]; // 4 units: a face farther out than its own height is no face in this crop
  const identity = model.identityBasis.map(() => IDENTITY_LIMIT);
  const unit = model.expressionRange === 'unit';
  const high = [...free, ...identity, ...model.expressionBasis.map(() => (unit ? 1 : IDENTITY_LIMIT))];
  const low = [
    ...free.map((v) => -v),
    ...identity.map((v) => -v),
    ...model.expressionBasis.map(() => (unit ? 0 : -IDENTITY_LIMIT)),
  ];
  return { low: Float64Array.from(low), high: Float64Array.from(high) };
}

/** Levenberg–Marquardt over the first `active` unknowns, with those at a bound and pushed outwards held there. Returns steps. */
function minimise(problem: FitProblem, bounds: Bounds, active: number, iterations: number): number {
  const step = new Float64Array(problem.size);
  const matrix = new Float64Array(active * active);
  const candidate = new Float64Array(problem.size);
  let damping = 1e-3; // share of each diagonal entry: nearly a full step, raised tenfold whenever a step fails
  for (let n = 0; n < iterations; n++) {
    const before = problem.linearise(active);
    let after = Infinity;
    while (damping < 1e6) {
      damp(problem, bounds, active, damping, matrix, step);
      if (solvePositiveDefinite(matrix, step, active)) {
        advance(problem.x, step, bounds, active, candidate);
        after = problem.cost(candidate);
        if (after <= before) break;
      }
      damping *= 10;
    }
    if (!(after <= before)) return n;
    problem.x.set(candidate);
    damping = Math.max(1e-6, damping / 10);
    if (before - after < 1e-3 * before) return n + 1;
  }
  return iterations;
}

/** Copies the damped normal equations; an unknown held at its bound becomes the equation step = 0. */
function damp(
  p: FitProblem,
  bounds: Bounds,
  n: number,
  damping: number,
  matrix: Float64Array,
  step: Float64Array,
): void {
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) matrix[i * n + j] = p.normal[i * p.size + j]!;
    matrix[i * n + i]! *= 1 + damping;
    step[i] = p.right[i]!;
  }
  for (let i = 0; i < n; i++) if (held(p, bounds, i)) hold(matrix, step, i, n);
}

function held(p: FitProblem, { low, high }: Bounds, i: number): boolean {
  return (p.x[i]! <= low[i]! && p.right[i]! < 0) || (p.x[i]! >= high[i]! && p.right[i]! > 0);
}

function hold(matrix: Float64Array, step: Float64Array, i: number, n: number): void {
  for (let j = 0; j < i; j++) matrix[i * n + j] = 0;
  for (let j = i + 1; j < n; j++) matrix[j * n + i] = 0;
  matrix[i * n + i] = 1;
  step[i] = 0;
}

function advance(x: Float64Array, step: Float64Array, { low, high }: Bounds, active: number, out: Float64Array): void {
  out.set(x);
  for (let i = 0; i < active; i++) out[i] = Math.max(low[i]!, Math.min(high[i]!, x[i]! + step[i]!));
}

function result(
  problem: FitProblem,
  model: MorphableModel,
  landmarks: Float32Array,
  seen: Observations,
  intrinsics: Intrinsics,
  steps: number,
): Fit {
  const { x } = problem;
  const k = model.identityBasis.length;
  return {
    identity: Float32Array.from(x.subarray(POSE_UNKNOWNS, POSE_UNKNOWNS + k)),
    expression: Float32Array.from(x.subarray(POSE_UNKNOWNS + k)),
    angle: [x[0]!, x[1]!, x[2]!],
    translation: [x[3]!, x[4]!, x[5]!],
    intrinsics,
    errorPercent: (100 * meanError(problem, model, landmarks, seen)) / interOcularDistance(landmarks),
    steps,
  };
}

/** Mean pixel distance over the 68 named landmarks. */
function meanError(problem: FitProblem, model: MorphableModel, landmarks: Float32Array, seen: Observations): number {
  problem.pose();
  const slot = new Map(Array.from(seen.vertices, (vertex, l) => [vertex, l] as const));
  let sum = 0;
  let count = 0;
  for (const point of LANDMARKS_68) {
    const l = slot.get(model.trackerVertices[point]!);
    if (l === undefined) continue;
    const [u, v] = problem.project(l);
    sum += Math.hypot(u - landmarks[3 * point]!, v - landmarks[3 * point + 1]!);
    count++;
  }
  return sum / count;
}
