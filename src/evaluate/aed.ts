/**
 * AED: mean absolute difference of expression coefficients, of the same fit on both pictures.
 *
 * Self protocol: prediction against truth; cross: prediction against the driver. The norm is not stated in the paper; the mean
 * of absolute values fits the size of its figures. Coefficients are our model's (unit: ARKit weight for weight-like models),
 * not Deep3DFaceRecon's. Pairs with no face found on either side are left out and counted.
 */
import type { Face } from '../face/face.js';

/** Mean |difference| of the expression coefficients of two faces of one model. */
export function expressionDistance(a: Pick<Face, 'expression'>, b: Pick<Face, 'expression'>): number {
  if (a.expression.length !== b.expression.length) throw new Error('internal: expressions of different models');
  return a.expression.reduce((sum, x, i) => sum + Math.abs(x - b.expression[i]!), 0) / a.expression.length;
}
