/**
 * What is read off a drawn face to see whether it obeys: how far the mouth is open, and the colour of the skin.
 *
 * Measures of our own. They read tracker landmarks and the surface that the control image showed; they know no prior.
 */
import { projectPoint } from '../core/camera.js';
import { type Image, sampleBilinear } from '../core/image.js';
import { vertexNormals } from '../core/mesh.js';
import { cropCamera, type Face, posedShape } from '../face/face.js';
import { interOcularDistance } from '../face/fit.js';
import type { MorphableModel } from '../face/model/model.js';

/** Middle of the upper and of the lower inner lip in the tracker's mesh. */
const INNER_LIPS = [13, 14] as const;

/**
 * Distance of the inner lips' middles as a share of the distance of the outer eye corners; 0 = closed, about 0.6 = as wide as
 * it goes. Shrinks neither with the picture nor with distance, but grows as the head turns: measure near-frontal faces.
 * @param landmarks 478×3 of the tracker.
 */
export function mouthOpening(landmarks: Float32Array): number {
  const [upper, lower] = INNER_LIPS.map((i) => 3 * i) as [number, number];
  const dx = landmarks[upper]! - landmarks[lower]!;
  const dy = landmarks[upper + 1]! - landmarks[lower + 1]!;
  return Math.hypot(dx, dy) / interOcularDistance(landmarks);
}

/**
 * Mesh points on bare skin: both cheeks below the rims of glasses and above beards, and the forehead between the brows, where
 * fringes seldom reach. Numbers of MediaPipe's face mesh.
 */
const SKIN_POINTS = [50, 101, 205, 36, 280, 330, 425, 266, 9, 8, 151] as const;

/** Least cosine between a patch's normal and the line of sight: beyond 60° a pixel of a small picture mixes with others. */
const FACING = 0.5;

/** A mean colour of skin, sRGB 0 … 1. */
export type SkinColour = readonly [number, number, number];

/** Where a face's skin patches fall in its crop (0 … 1 of the side), null for those that look away or that the model lacks. */
export function skinPlaces(face: Face, model: MorphableModel): (readonly [number, number] | null)[] {
  const posed = posedShape(face, model);
  const normals = vertexNormals({ positions: posed, triangles: model.triangles });
  const camera = cropCamera(face, 1);
  return SKIN_POINTS.map((point) => {
    const v = 3 * model.trackerVertices[point]!;
    if (v < 0 || normals[v + 2]! < FACING) return null;
    const [x, y] = projectPoint(camera, posed[v]!, posed[v + 1]!, posed[v + 2]!);
    return [x, y];
  });
}

/**
 * Mean skin colour of two pictures over the patches that both show, so that a half-painted face is compared with itself; null
 * when they share none.
 */
export function sharedSkin(
  a: { readonly picture: Image; readonly places: ReturnType<typeof skinPlaces> },
  b: { readonly picture: Image; readonly places: ReturnType<typeof skinPlaces> },
): { readonly a: SkinColour; readonly b: SkinColour } | null {
  const shared = a.places.map((_, i) => i).filter((i) => a.places[i] && b.places[i]);
  if (shared.length === 0) return null;
  const colour = ({ picture, places }: typeof a) =>
    meanColour(
      picture,
      shared.map((i) => places[i]!),
    );
  return { a: colour(a), b: colour(b) };
}

function meanColour(picture: Image, places: readonly (readonly [number, number])[]): SkinColour {
  const sum: [number, number, number] = [0, 0, 0];
  const pixel = new Float32Array(3);
  for (const [x, y] of places) {
    sampleBilinear(picture, x * picture.width, y * picture.height, pixel);
    for (const c of [0, 1, 2] as const) sum[c] += pixel[c]! / places.length;
  }
  return sum;
}
