/**
 * The photo's face carried over onto its fitted mesh and seen from another side: what the skin that the photo shows looks like
 * there. Not a picture of the head: the mesh is a mask without hair and ears, and the rest of the picture stays as it was.
 *
 * Eyes and mouth, where the mesh has holes, are closed by flat fans between the rims' points: for turns of some twenty degrees
 * they are flat enough. Skin that the photo sees at a grazing angle or not at all is unknown; shadows of the nose on the far cheek
 * are not looked for.
 */
import { type Camera, cameraCenter } from '../core/camera.js';
import { type Image, makeImage, sampleBilinear } from '../core/image.js';
import {
  interpolateAttributes,
  makeRasterTarget,
  projectVertices,
  rasterize,
  resolveBarycentrics,
} from '../core/raster.js';
import { cropCamera, type Face, posedShape } from '../face/face.js';
import type { MorphableModel } from '../face/model/model.js';
import { EYE_RIM, MOUTH_RIM } from '../face/tracker/topology.js';
import { equalNormals } from './normals.js';
import { type Direction, turnFace } from './orbit.js';

/** A photo's face from another side. */
export type TurnedPhoto = {
  /** the turned face with the intrinsics of its own crop */
  readonly face: Face;
  /** crop N×N×3: the face turned, around it the photo as it was */
  readonly picture: Image;
  /** N×N×1: 1 where the photo says what is seen, else 0 */
  readonly known: Image;
};

/** Least cosine between the skin's normal and the way to the camera, in either view: beyond, one pixel of the photo would cover five. */
const LEAST_FACING = 0.2;
/** Per vertex: column and row in the photo's crop, and how much the skin faces the camera in either view. */
const ATTRIBUTES = 4;

/**
 * Turns the face of a crop.
 * @param crop N×N×3, the photo in the crop of `face`.
 */
export function turnPhoto(crop: Image, face: Face, model: MorphableModel, direction: Direction): TurnedPhoto {
  const size = crop.width;
  const turned = turnFace(face, model, direction);
  const [from, to] = [face, turned].map((of) => seenBy(cropCamera(of, size), of, model)) as [Seen, Seen];
  const target = makeRasterTarget(size, size);
  rasterize(target, to.projected, to.triangles);
  const attributes = new Float32Array(to.facing.length * ATTRIBUTES);
  to.facing.forEach((facing, v) => {
    attributes.set([from.projected[3 * v]!, from.projected[3 * v + 1]!, from.facing[v]!, facing], ATTRIBUTES * v);
  });
  const weights = resolveBarycentrics(target, to.projected, to.triangles);
  const values = interpolateAttributes(target, to.triangles, weights, attributes, ATTRIBUTES);
  const picture = { ...crop, data: crop.data.slice() };
  const known = makeImage(size, size, 1);
  const colour = new Float32Array(3);
  for (let i = 0; i < size * size; i++) {
    if (target.triangle[i]! < 0) continue;
    const [column, row, before, after] = values.subarray(ATTRIBUTES * i, ATTRIBUTES * (i + 1)) as unknown as number[];
    const inside = Math.min(column!, row!) > 0 && Math.max(column!, row!) < size;
    sampleBilinear(crop, column!, row!, colour);
    picture.data.set(colour, 3 * i);
    if (inside && Math.min(before!, after!) > LEAST_FACING) known.data[i] = 1;
  }
  return { face: turned, picture, known };
}

/** A posed mesh without holes as a camera sees it. */
type Seen = {
  readonly triangles: Uint32Array;
  /** [column, row, 1/depth] per vertex */
  readonly projected: Float32Array;
  /** per vertex: cosine between normal and the way to the camera */
  readonly facing: Float32Array;
};

function seenBy(camera: Camera, face: Face, model: MorphableModel): Seen {
  const { positions, triangles } = withoutHoles(posedShape(face, model), model);
  const projected = new Float32Array(positions.length);
  projectVertices(camera, positions, projected);
  const normals = equalNormals({ positions, triangles });
  const centre = cameraCenter(camera);
  const facing = new Float32Array(positions.length / 3);
  for (let v = 0; v < facing.length; v++) {
    const way = [0, 1, 2].map((c) => centre[c]! - positions[3 * v + c]!);
    const dot = way.reduce((sum, w, c) => sum + w * normals[3 * v + c]!, 0);
    facing[v] = dot / Math.hypot(...way);
  }
  return { triangles, projected, facing };
}

/** The mesh with a fan of triangles in each hole, around a vertex of its own in the middle of the rim. */
function withoutHoles(shape: Float32Array, model: MorphableModel) {
  const rims = [EYE_RIM.left, EYE_RIM.right, MOUTH_RIM].map((rim) => rim.map((p) => model.trackerVertices[p]!));
  const count = shape.length / 3;
  const positions = new Float32Array(shape.length + 3 * rims.length);
  positions.set(shape);
  const triangles = [...model.triangles];
  rims.forEach((rim, hole) => {
    const middle = count + hole;
    const around = turnsLeft(shape, rim) ? rim : rim.toReversed();
    around.forEach((v, i) => {
      for (let c = 0; c < 3; c++) positions[3 * middle + c]! += shape[3 * v + c]! / rim.length;
      triangles.push(middle, v, around[(i + 1) % rim.length]!);
    });
  });
  return { positions, triangles: Uint32Array.from(triangles) };
}

/** Whether a ring of vertices runs anticlockwise seen from the camera, as the mesh's triangles do: sign of its area on the picture. */
function turnsLeft(shape: Float32Array, ring: readonly number[]): boolean {
  const doubled = ring.reduce((sum, v, i) => {
    const w = ring[(i + 1) % ring.length]!;
    return sum + shape[3 * v]! * shape[3 * w + 1]! - shape[3 * w]! * shape[3 * v + 1]!;
  }, 0);
  return doubled > 0;
}
