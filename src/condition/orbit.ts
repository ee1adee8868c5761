/**
 * The same head seen from another side, cropped as a photo of it would be: the views of the paper's camera sweeps.
 *
 * The camera stays and the head turns to angle = (elevation, azimuth, 0), roll 0, translation kept; then the crop alignment runs
 * again on the projected landmarks, so intrinsics differ a little per view. Which angles a sweep visits is decided in distill/.
 */
import { type Camera, projectPoint } from '../core/camera.js';
import { CROP_SIZE, cropCamera, type Face, headCamera, posedShape } from '../face/face.js';
import type { MorphableModel } from '../face/model/model.js';
import { withAngle } from '../face/reenact.js';
import { cropBox, type FivePoints, intrinsicsToCrop } from '../photo/align.js';
import { faceNormals, type NormalMap } from './normals.js';

/** The paper's scale from model units (≈ dm) to the world of the 3D stage. */
export const WORLD_SCALE = 0.12;

/** A direction to see a head from, radians. */
export type Direction = {
  /** turns the face towards the image's right when positive */
  readonly azimuth: number;
  /** tips the face down when positive, as angle x of the fit does */
  readonly elevation: number;
};

/** A view of a head: what the prior is conditioned on, and the camera that the 3D stage renders from. */
export type HeadView = {
  /** the turned face with its own intrinsics */
  readonly face: Face;
  /** camera in the head's frame, world units (model units × 0.12), pictures of `size`² */
  readonly camera: Camera;
};

/** The five alignment points of a face as its crop camera sees them, crop pixels (512²). */
export function projectedFivePoints(face: Face, model: MorphableModel): FivePoints {
  const posed = posedShape(face, model);
  const camera = cropCamera(face);
  return model.landmarks5.map((set) => {
    let [x, y] = [0, 0];
    for (const v of set) {
      const [column, row] = projectPoint(camera, posed[3 * v]!, posed[3 * v + 1]!, posed[3 * v + 2]!);
      [x, y] = [x + column / set.length, y + row / set.length];
    }
    return [x, y] as const;
  });
}

/**
 * Turns a face and crops it anew. All in pixel-edge coordinates: the released code mixes in half-pixel terms for the 3D
 * camera but not for the normals, a difference of at most one pixel that is not reproduced.
 */
export function turnFace(face: Face, model: MorphableModel, direction: Direction): Face {
  return recropped(withAngle(face, [direction.elevation, direction.azimuth, 0]), model);
}

/** Moves a face's intrinsics to the crop that the alignment of its projected landmarks asks for. */
export function recropped(face: Face, model: MorphableModel): Face {
  const box = cropBox(projectedFivePoints(face, model), CROP_SIZE, CROP_SIZE);
  return { ...face, intrinsics: intrinsicsToCrop(face.intrinsics, box, CROP_SIZE) };
}

/** The view of a head from a direction, for pictures of `size`². */
export function viewHead(face: Face, model: MorphableModel, direction: Direction, size: number): HeadView {
  const turned = turnFace(face, model, direction);
  return { face: turned, camera: headCamera(turned, size, WORLD_SCALE) };
}

/** The control image of a view. */
export function viewNormals(view: HeadView, model: MorphableModel): NormalMap {
  return faceNormals(view.face, model, view.camera.width);
}
