/**
 * What is seen in a picture of the evaluation, whoever made it: landmarks, fit and descriptor of its largest face.
 *
 * Predictions, truths and drivers go through the same steps at the same size, so that an error of a tool hits all alike.
 */
import type { Image } from '../core/image.js';
import { type FaceTools, faceFromTracking } from '../face/analyse.js';
import type { Face } from '../face/face.js';
import { cropImage } from '../photo/crop.js';
import { photoFromImage } from '../photo/photo.js';
import type { Descriptor } from './descriptor.js';

/** A face that was found. */
export type Look = {
  /** 478×3, pixels of a picture of `TRACKED` pixels */
  readonly landmarks: Float32Array;
  readonly face: Face;
  readonly descriptor: Float32Array;
};

/**
 * Side at which pictures are tracked: the tracker's networks were made for faces of this size; smaller pictures are enlarged
 * with Lanczos. The same as in scripts/gate-prior.ts, with its reasons.
 */
export const TRACKED = 256;

/** The largest face of an aligned crop S×S×3; null when none is found. */
export async function lookAt(image: Image, tools: FaceTools, descriptor: Descriptor): Promise<Look | null> {
  const { width, height } = image;
  const enlarged = width === TRACKED ? image : cropImage(image, { x0: 0, y0: 0, x1: width, y1: height }, TRACKED);
  const [tracked] = await tools.tracker.track(enlarged, { maxFaces: 1 });
  if (!tracked) return null;
  const face = faceFromTracking(tracked, photoFromImage(enlarged), tools.model);
  const { landmarks } = tracked;
  return { landmarks, face, descriptor: await descriptor.describe(enlarged, landmarks) };
}
