/**
 * Which camera sees a synthetic head: the camera stays at 10 units on +z and the head turns (paper's distillation data), with
 * intrinsics such that the picture already is the aligned crop that the preprocessing would cut around the five landmarks.
 */

import { type Camera, orbitCamera, projectPoint } from '../../core/camera.js';
import { cropBox, intrinsicsToCrop } from '../../photo/align.js';
import { fivePoints, type HeadModel } from './head-model.js';
import type { Shot } from './shot.js';

/** Distance of the camera in world units (Deep3DFaceRecon's 10 dm). */
const DISTANCE = 10;
/** Focal length in picture widths of the Joker crop: 300 px a unit at 10 units in 700 px. */
const FOCAL = (300 * DISTANCE) / 700;
/** The crop is computed in a picture this large, so that its rounding to whole pixels (1/4096) does not matter. */
const FINE = 4096;

/** World positions of the 68 landmarks from posed positions. */
export function landmarkPositions(model: HeadModel, posed: Float32Array): [number, number, number][] {
  return model.landmarks.map((v) => [posed[3 * v]!, posed[3 * v + 1]!, posed[3 * v + 2]!]);
}

/**
 * The camera of a shot for a picture of size×size.
 * @param posed 3·V world positions of the head.
 */
export function shotCamera(model: HeadModel, shot: Shot, posed: Float32Array, size: number): Camera {
  const wide = orbitCamera({
    azimuth: 0,
    elevation: 0,
    distance: DISTANCE,
    focal: FOCAL * FINE,
    width: FINE,
    height: FINE,
  });
  const seen = landmarkPositions(model, posed).map(([x, y, z]) => projectPoint(wide, x, y, z));
  const box = cropBox(fivePoints(seen), FINE, FINE);
  const { dx, dy, scale } = shot.framing;
  const side = (box.x1 - box.x0) / scale;
  const middle = [(box.x0 + box.x1) / 2 + dx * side, (box.y0 + box.y1) / 2 + dy * side] as const;
  const jittered = {
    x0: middle[0] - side / 2,
    x1: middle[0] + side / 2,
    y0: middle[1] - side / 2,
    y1: middle[1] + side / 2,
  };
  return { ...wide, width: size, height: size, intrinsics: intrinsicsToCrop(wide.intrinsics, jittered, size) };
}
