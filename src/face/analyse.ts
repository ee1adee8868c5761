/**
 * Photo → Face: track, align, fit. The main function of the face stage.
 */
import { JokerError } from '../core/errors.js';
import { cropBox, toCrop } from '../photo/align.js';
import type { Photo } from '../photo/photo.js';
import { CROP_SIZE, type Face } from './face.js';
import { type FitOptions, fitFace, fivePoints } from './fit.js';
import { arkitFromExpression, type MorphableModel } from './model/model.js';
import type { TrackedFace, Tracker, TrackOptions } from './tracker/tracker.js';

/** What `findFace` needs: loaded once, used for many photos. */
export type FaceTools = { readonly tracker: Tracker; readonly model: MorphableModel };

/** A face and what else was in the picture. */
export type FoundFace = {
  readonly face: Face;
  /** faces that the photo holds in all, at least 1; `face` is the largest */
  readonly count: number;
};

/**
 * Fits the largest face of a photo.
 * @throws JokerError no-face when the photo shows none.
 */
export async function findFace(
  photo: Photo,
  tools: FaceTools,
  options: TrackOptions & FitOptions = {},
): Promise<FoundFace> {
  const faces = await tools.tracker.track(photo.image, options);
  const largest = faces[0];
  if (!largest)
    throw new JokerError(
      'no-face',
      `${photo.name} (${photo.originalWidth}×${photo.originalHeight} pixels) shows no face that can be found`,
      'Use a photo with a face that is lit, turned to the camera and at least 60 pixels wide.',
    );
  return { face: faceFromTracking(largest, photo, tools.model, options), count: faces.length };
}

/** Fits a model to a tracked face of a photo. */
export function faceFromTracking(
  tracked: TrackedFace,
  photo: Photo,
  model: MorphableModel,
  options: FitOptions = {},
): Face {
  const crop = cropBox(fivePoints(tracked.landmarks), photo.image.width, photo.image.height);
  const landmarks = landmarksInCrop(tracked.landmarks, crop);
  const fit = fitFace(landmarks, CROP_SIZE, CROP_SIZE, model, options);
  return {
    model: model.name,
    identity: [...fit.identity],
    expression: [...fit.expression],
    arkit: arkitFromExpression(model, fit.expression),
    angle: fit.angle,
    translation: fit.translation,
    intrinsics: fit.intrinsics,
    crop,
    landmarks: [...landmarks],
    errorPercent: fit.errorPercent,
    confidence: tracked.confidence,
  };
}

function landmarksInCrop(landmarks: Float32Array, crop: Face['crop']): Float32Array {
  const out = new Float32Array(landmarks.length);
  const scale = CROP_SIZE / (crop.x1 - crop.x0);
  for (let i = 0; i < landmarks.length; i += 3) {
    const [x, y] = toCrop(crop, CROP_SIZE, landmarks[i]!, landmarks[i + 1]!);
    out.set([x, y, landmarks[i + 2]! * scale], i);
  }
  return out;
}
