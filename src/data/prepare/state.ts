/**
 * Our fit as the face state that divex compares: what stands where the paper reads FLAME's parameters.
 *
 * Expression: the model's own E coefficients, with its own blendshape norms. Head: the fit's angles. Jaw: our models have no
 * jaw joint, their jaw moves by blendshapes; a joint's rotation is made of the weights of jawOpen, jawLeft and jawRight, since
 * without it an open mouth would count for almost nothing beside a turned head.
 */
import type { MorphableModel } from '../../face/model/model.js';
import { rotationMatrix } from '../../face/rotation.js';
import type { FaceState } from './divex.js';
import { arkitOf, type FittedJson } from './fit-json.js';

/** Rotation of a jaw that is open as far as it goes: 25 degrees, about the span of a human jaw's hinge. Radians. */
const OPEN = 0.44;
/** Rotation of a jaw that is pushed to one side as far as it goes, radians: 8 degrees. */
const SIDEWAYS = 0.14;

/** State of a fit. */
export function faceState(fit: FittedJson): FaceState {
  const w = arkitOf(fit);
  const sideways = (w['jawLeft'] ?? 0) - (w['jawRight'] ?? 0);
  return {
    expression: fit.exp,
    global: rotationMatrix(fit.angle),
    jaw: rotationMatrix([OPEN * (w['jawOpen'] ?? 0), SIDEWAYS * sideways, 0]),
  };
}

/** n_k: Frobenius norm of each expression offset, E values. */
export function expressionNorms(model: MorphableModel): Float64Array {
  return Float64Array.from(model.expressionBasis, (row) => Math.sqrt(row.reduce((sum, v) => sum + v * v, 0)));
}
