/**
 * The control image at the size that a prior was trained with.
 *
 * At 256² and above it is the paper's: rasterised without antialiasing. Smaller pictures would lose the gap between the lips
 * to single pixels, so they are drawn at 256² or more and averaged down; a deviation of the embedded models, listed in
 * docs/PAPER.md.
 */
import { type Image, resizeArea } from '../core/image.js';
import type { Face } from '../face/face.js';
import type { MorphableModel } from '../face/model/model.js';
import { faceNormals, type NormalMap } from './normals.js';

/** Side below which a control image is averaged down from a larger one. */
const DRAWN_SIZE = 256;

/** Normals S×S×3 in [0, 1] of a face in its own crop, 0 outside of the face. */
export function controlImage(face: Face, model: MorphableModel, size: number): Image {
  return controlAndMask(face, model, size).normals;
}

/** The same with the share of each pixel that the face covers, S×S×1. */
export function controlAndMask(face: Face, model: MorphableModel, size: number): NormalMap {
  const factor = Math.max(1, Math.ceil(DRAWN_SIZE / size));
  const drawn = faceNormals(face, model, size * factor);
  if (factor === 1) return drawn;
  return { normals: resizeArea(drawn.normals, size, size), mask: resizeArea(drawn.mask, size, size) };
}
