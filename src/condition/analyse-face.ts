/**
 * What stands behind `joker face`: a photo's face with pictures to judge it by.
 */
import { assetPath } from '../core/files/assets.js';
import type { Image } from '../core/image.js';
import { type FaceTools, findFace } from '../face/analyse.js';
import { CROP_SIZE, type Face } from '../face/face.js';
import type { FitOptions } from '../face/fit.js';
import { loadMorphableModel } from '../face/model/load.js';
import { Tracker, type TrackOptions } from '../face/tracker/tracker.js';
import type { Padding } from '../photo/crop.js';
import type { Photo } from '../photo/photo.js';
import { referenceCrop } from './condition.js';
import { faceNormals } from './normals.js';
import { drawFace } from './overlay.js';

/** Options of `analyseFace`. */
export type AnalyseOptions = TrackOptions &
  FitOptions & {
    /** side of the pictures, default 512 */
    size?: number;
    /** surroundings of a crop that reaches outside of the photo, default black */
    padding?: Padding;
  };

/** The face and pictures S×S×3 of its crop. */
export type FaceReport = {
  readonly face: Face;
  /** faces in the photo; the largest was taken */
  readonly count: number;
  /** the crop itself */
  readonly crop: Image;
  /** crop with mesh (blue), tracked points (yellow) and the fit's 68 landmarks (red) */
  readonly overlay: Image;
  /** control image */
  readonly normals: Image;
};

/**
 * Tracker and builtin model from an assets folder (holds `tracker/` and `face/builtin.safetensors`; default: the package's
 * own). Dispose of the tracker when done. @throws JokerError missing-file or bad-weights.
 */
export async function loadFaceTools(assets = assetPath(), options: { threads?: number } = {}): Promise<FaceTools> {
  const model = loadMorphableModel(`${assets}/face/builtin.safetensors`);
  return { model, tracker: await Tracker.load(`${assets}/tracker`, options) };
}

/** Finds, fits and draws the largest face of a photo. @throws JokerError no-face. */
export async function analyseFace(photo: Photo, tools: FaceTools, options: AnalyseOptions = {}): Promise<FaceReport> {
  const size = options.size ?? CROP_SIZE;
  const { face, count } = await findFace(photo, tools, options);
  const crop = referenceCrop(photo, face, size, options.padding);
  const { normals } = faceNormals(face, tools.model, size);
  return { face, count, crop, overlay: drawFace(crop, face, tools.model), normals };
}
