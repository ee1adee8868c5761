/**
 * Whose face, which expression, which pose: composing the face that the control image shows.
 *
 * The paper's reenactment: everything of the driving fit (expression, pose, camera) with the identity coefficients replaced by
 * the reference's. Without a driving photo, an asked-for expression replaces the reference's own.
 */
import { JokerError } from '../core/errors.js';
import type { ExpressionWeights } from './expression.js';
import type { Face } from './face.js';
import { arkitFromExpression, expressionFromArkit, type MorphableModel } from './model/model.js';

/** The driving face with the reference's identity. Both must belong to the same model. */
export function reenact(reference: Face, driving: Face): Face {
  if (reference.model !== driving.model)
    throw new JokerError(
      'bad-argument',
      `the reference was fitted with model ${reference.model}, the driving face with ${driving.model}`,
      'Fit both photos with the same model.',
    );
  return composed({ ...driving, identity: reference.identity });
}

/** The same face with exactly this expression; what is not named is relaxed to 0. */
export function withExpression(face: Face, model: MorphableModel, weights: ExpressionWeights): Face {
  const expression = expressionFromArkit(model, weights);
  const tongue: ExpressionWeights = weights['tongueOut'] ? { tongueOut: weights['tongueOut'] } : {};
  return composed({
    ...face,
    expression: [...expression],
    arkit: { ...arkitFromExpression(model, expression), ...tongue },
  });
}

/** The same face turned: angles about x, y, z in radians replace its own. */
export function withAngle(face: Face, angle: readonly [number, number, number]): Face {
  return composed({ ...face, angle });
}

/** What was tracked does not describe a composed face. */
function composed(face: Face): Face {
  return { ...face, landmarks: [], errorPercent: null };
}
