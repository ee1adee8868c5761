/**
 * APD: mean absolute difference of pose, over three angles (radians) and translation (model units ≈ dm) of the same fit.
 *
 * Self protocol: prediction against truth; cross: prediction against the driver. Whether the paper's pose holds the translation
 * is not stated; here it does. Pairs with no face found on either side are left out and counted.
 */
import type { Face } from '../face/face.js';

/** Mean |difference| of six numbers: angles about x, y, z and translation along them. Angles are compared the short way. */
export function poseDistance(a: Pick<Face, 'angle' | 'translation'>, b: Pick<Face, 'angle' | 'translation'>): number {
  const turns = a.angle.map((x, i) => shortWay(x - b.angle[i]!));
  const shifts = a.translation.map((x, i) => x - b.translation[i]!);
  return [...turns, ...shifts].reduce((sum, x) => sum + Math.abs(x), 0) / 6;
}

function shortWay(angle: number): number {
  return angle - 2 * Math.PI * Math.round(angle / (2 * Math.PI));
}
