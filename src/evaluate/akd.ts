/**
 * AKD: average distance of facial keypoints between prediction and truth, as a share of the picture's side.
 *
 * The paper measures 68 projected points of its face model; ours are the tracker's points with those 68 names. Unit: the
 * published 0.007 only fits a share of the side (method: 3.4 pixels of 512). Self protocol only. Pairs with no face found on
 * either side are left out and counted.
 */
import { LANDMARKS_68 } from '../face/tracker/topology.js';

/**
 * @param prediction 478×3 (or 468×3) tracked landmarks in pixels. @param truth the same of the true picture.
 * @param side of both pictures in the same pixels.
 */
export function keypointDistance(prediction: ArrayLike<number>, truth: ArrayLike<number>, side: number): number {
  let sum = 0;
  for (const point of LANDMARKS_68) {
    const i = 3 * point;
    sum += Math.hypot(prediction[i]! - truth[i]!, prediction[i + 1]! - truth[i + 1]!);
  }
  return sum / (LANDMARKS_68.length * side);
}
