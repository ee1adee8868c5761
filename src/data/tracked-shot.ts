/**
 * A rendered picture in which the tracker finds a face, and the face: what stands in for a photo where measures are taken.
 *
 * The training set's own way (rendered.ts) also keeps several views of one moment and is not this.
 */
import type { FaceTools } from '../face/analyse.js';
import { faceFromTracking } from '../face/analyse.js';
import type { Face } from '../face/face.js';
import { type Photo, photoFromImage } from '../photo/photo.js';
import { TRIES } from './rendered.js';
import type { Rendering } from './synthetic/render.js';
import type { Shot } from './synthetic/shot.js';

/** A shot whose face was found. */
export type TrackedShot = {
  readonly shot: Shot;
  readonly rendering: Rendering;
  readonly photo: Photo;
  readonly face: Face;
};

/**
 * Renders shots until the tracker finds a face; null when it keeps missing.
 * @param shotOf the shot of an attempt, counted from 0.
 */
export async function firstTracked(
  shotOf: (attempt: number) => Shot,
  render: (shot: Shot) => Rendering,
  tools: FaceTools,
): Promise<TrackedShot | null> {
  for (let attempt = 0; attempt < TRIES; attempt++) {
    const shot = shotOf(attempt);
    const rendering = render(shot);
    const [tracked] = await tools.tracker.track(rendering.image, { maxFaces: 1 });
    if (!tracked) continue;
    const photo = photoFromImage(rendering.image);
    return { shot, rendering, photo, face: faceFromTracking(tracked, photo, tools.model) };
  }
  return null;
}
