/**
 * The interface of morphable face models: a mean surface plus linear identity and expression offsets, and which vertex is what.
 *
 * Units as in BFM 2009 after Deep3DFaceRecon: about decimetres, origin near the middle of the head's front such that the five
 * standard points (photo/align.ts) lie where that file puts them; +x image right on a frontal face, +y up, +z out of the face.
 * Not a fit: coefficients live in Face (face.ts).
 */
import type { Mesh } from '../../core/mesh.js';

/** A statistical face. N vertices, K identity modes, E expression shapes. Skin only: no tongue, teeth, or eyes. */
export type MorphableModel = {
  /** e.g. `builtin-2`, `bfm09` */
  readonly name: string;
  /** N */
  readonly vertexCount: number;
  /** 3·N */
  readonly mean: Float32Array;
  /** K rows of 3·N, scaled so that a coefficient of 1 is one standard deviation of the population */
  readonly identityBasis: readonly Float32Array[];
  /** E rows of 3·N; a coefficient of 1 is the shape in full (`unit`) or one standard deviation (`sigma`) */
  readonly expressionBasis: readonly Float32Array[];
  /** E names; ARKit-52 names where a column is one of them */
  readonly expressionNames: readonly string[];
  /** what the expression coefficients mean: `unit` = 0 … 1 like ARKit weights, `sigma` = normal with deviation 1 */
  readonly expressionRange: 'unit' | 'sigma';
  /** E standard deviations that a fit expects of the expression coefficients */
  readonly expressionStds: Float32Array;
  /** 3·T, counter-clockwise seen from outside */
  readonly triangles: Uint32Array;
  /** for each of the tracker's 468 mesh points the vertex that stands for it, −1 when the model has none */
  readonly trackerVertices: Int32Array;
  /** vertices of the 68 iBUG landmarks, in that order */
  readonly landmarks68: Int32Array;
  /** vertices whose means are the five alignment points */
  readonly landmarks5: readonly (readonly number[])[];
  /** how the tracker's landmarks tell the coefficients; null when nobody has learned that for this model */
  readonly reader: LandmarkReader | null;
};

/**
 * The angles and coefficients that the tracker's landmarks make most likely, as a linear function of the landmarks: value = centre +
 * weights·(landmarks − reference), landmarks moved, turned and scaled onto the reference first (reading.ts). Learned from
 * pictures of people whose coefficients are known (scripts/face-model-reader.ts), so it knows what a tracker makes of an expression
 * and which of its errors go together. C = 3 + K + E values: angles, identity, expression.
 */
export type LandmarkReader = {
  /** 468·3 mean landmarks; +y up, +z towards the viewer, centred, RMS distance from the centre 1 */
  readonly reference: Float32Array;
  /** C; of the angles, what is to be added to those of the turn that lays the landmarks onto the reference */
  readonly centre: Float32Array;
  /** C rows of 468·3 */
  readonly weights: readonly Float32Array[];
  /**
   * C standard deviations that a fit may expect about the reading: what it leaves open; less where landmarks tell little, and for the
   * angles, which a fit would turn for a misfit of its own
   */
  readonly deviations: Float32Array;
};

/** Coefficients of one face. */
export type Coefficients = {
  /** K, in standard deviations; missing ones are 0 */
  readonly identity: ArrayLike<number>;
  /** E, in the model's `expressionRange`; missing ones are 0 */
  readonly expression: ArrayLike<number>;
};

/** S = mean + Σ identity·basis + Σ expression·basis: vertex positions 3·N in the model's own frame. */
export function shapeOf(
  model: MorphableModel,
  coefficients: Coefficients,
  out = new Float32Array(model.mean.length),
): Float32Array {
  out.set(model.mean);
  addScaled(out, model.identityBasis, coefficients.identity);
  addScaled(out, model.expressionBasis, coefficients.expression);
  return out;
}

function addScaled(out: Float32Array, basis: readonly Float32Array[], weights: ArrayLike<number>): void {
  for (let k = 0; k < Math.min(basis.length, weights.length); k++) {
    const weight = weights[k]!;
    if (weight === 0) continue;
    const row = basis[k]!;
    for (let i = 0; i < out.length; i++) out[i]! += weight * row[i]!;
  }
}

/** The mesh of a face in the model's own frame. */
export function meshOf(model: MorphableModel, coefficients: Coefficients): Mesh {
  return { positions: shapeOf(model, coefficients), triangles: model.triangles };
}

/** ARKit weights by name → expression coefficients of a model whose columns carry ARKit names; unknown names are left out. */
export function expressionFromArkit(model: MorphableModel, weights: Readonly<Record<string, number>>): Float32Array {
  return Float32Array.from(model.expressionNames, (name) => weights[name] ?? 0);
}

/** Expression coefficients → ARKit weights by name, zeros left out. */
export function arkitFromExpression(model: MorphableModel, expression: ArrayLike<number>): Record<string, number> {
  const entries = model.expressionNames.map((name, i) => [name, expression[i] ?? 0] as const);
  return Object.fromEntries(entries.filter(([, value]) => value !== 0));
}
