/**
 * How far neighbouring frames of a camera sweep agree about the face: each frame is carried to the other over a surface that both
 * show, and colours are compared there.
 *
 * The surface is the fitted face, the same for all rivals, so that a head is not judged on its own geometry and a 2D prior, which has
 * none, can be judged, too. What lies off the face (hair, clothes) and what the fit does not have (tongue) is not looked at. The idea is
 * the usual warping error of video and novel-view work (e.g. Lai et al., "Learning blind video temporal consistency", 2018) with a
 * mesh in place of optical flow.
 */
import { type Camera, projectPoint } from '../core/camera.js';
import { type Image, sampleBilinear } from '../core/image.js';
import {
  interpolateAttributes,
  makeRasterTarget,
  projectVertices,
  type RasterTarget,
  rasterize,
  resolveBarycentrics,
} from '../core/raster.js';

/** A picture and the surface in it. N vertices, the same in all frames of a sweep. */
export type SurfaceFrame = {
  /** H×W×3 in [0, 1] */
  readonly color: Image;
  /** 3·N, where the surface stands before this frame's camera */
  readonly positions: Float32Array;
  readonly camera: Camera;
};

/** What two frames have in common. */
export type Reprojection = {
  /** mean |difference| of colours in [0, 1] over the pixels of both directions; NaN without such pixels */
  readonly error: number;
  /** pixels that were compared */
  readonly pixels: number;
};

/** Largest relative difference of depth at which a point counts as the one that is seen: a few millimetres of a head at a metre. */
const SAME_DEPTH = 0.005;

/** Compares two frames of H×W pixels in both directions. @param triangles 3·T of the surface. */
export function reprojection(a: SurfaceFrame, b: SurfaceFrame, triangles: Uint32Array | Int32Array): Reprojection {
  const [seenA, seenB] = [surfaceOf(a, triangles), surfaceOf(b, triangles)];
  const there = carried(a, seenA, b, seenB, triangles);
  const back = carried(b, seenB, a, seenA, triangles);
  const pixels = there.pixels + back.pixels;
  return { error: (there.sum + back.sum) / pixels, pixels };
}

/** Mean reprojection error of neighbours in a sweep of at least two frames. */
export function sweepError(frames: readonly SurfaceFrame[], triangles: Uint32Array | Int32Array): number {
  const pairs = frames.slice(1).map((frame, i) => reprojection(frames[i]!, frame, triangles).error);
  return pairs.reduce((sum, error) => sum + error, 0) / pairs.length;
}

/** Which triangle each pixel shows, how deep, and with which weights. */
type Seen = { readonly target: RasterTarget; readonly weights: Float32Array };

function surfaceOf({ camera, positions }: SurfaceFrame, triangles: Uint32Array | Int32Array): Seen {
  const target = makeRasterTarget(camera.width, camera.height);
  const projected = new Float32Array(positions.length);
  projectVertices(camera, positions, projected);
  rasterize(target, projected, triangles, { cull: 'back' });
  return { target, weights: resolveBarycentrics(target, projected, triangles) };
}

/** Differences between the pixels of `from` and the colours of `to` at the same points of the surface, where `to` sees them. */
function carried(
  from: SurfaceFrame,
  { target, weights }: Seen,
  to: SurfaceFrame,
  seen: Seen,
  triangles: Uint32Array | Int32Array,
): { sum: number; pixels: number } {
  const points = interpolateAttributes(target, triangles, weights, to.positions, 3);
  const color = new Float32Array(3);
  let [sum, pixels] = [0, 0];
  for (let i = 0; i < target.triangle.length; i++) {
    if (target.triangle[i]! < 0) continue;
    const [column, row, depth] = projectPoint(to.camera, points[3 * i]!, points[3 * i + 1]!, points[3 * i + 2]!);
    if (!isSeen(seen.target, column, row, depth)) continue;
    sampleBilinear(to.color, column, row, color);
    for (let c = 0; c < 3; c++) sum += Math.abs(color[c]! - from.color.data[3 * i + c]!) / 3;
    pixels++;
  }
  return { sum, pixels };
}

/** Is the surface's point at this place and depth the nearest there? */
function isSeen({ width, height, inverseDepth }: RasterTarget, column: number, row: number, depth: number): boolean {
  const [x, y] = [Math.floor(column), Math.floor(row)];
  if (!(depth > 0 && x >= 0 && y >= 0 && x < width && y < height)) return false;
  return Math.abs(inverseDepth[y * width + x]! * depth - 1) < SAME_DEPTH;
}
