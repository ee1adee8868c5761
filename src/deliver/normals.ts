/**
 * Normal maps of a head: at each pixel the direction in which the density falls off, where the picture's mean depth lies.
 *
 * The field's own normals, not those of the extracted mesh. Held as all normal maps here (docs/CONVENTIONS.md): n·0.5 + 0.5 in
 * the camera's axes (right, up, towards the camera), exactly 0 beside the head; so they compare with control images.
 */

import { type Camera, cameraCenter, rayDirection } from '../core/camera.js';
import { type Image, makeImage } from '../core/image.js';
import { isSolid } from './depth.js';
import { FIELD_BATCH, type FieldSampler, type Frame } from './field.js';

/**
 * Central differences along the axes. The four corners of a tetrahedron would do for a distance field, but their error is of
 * first order in the step times the density's curvature, which at the surface of a head is as large as the slope itself.
 */
const NEIGHBOURS = [
  [1, 0, 0],
  [-1, 0, 0],
  [0, 1, 0],
  [0, -1, 0],
  [0, 0, 1],
  [0, 0, -1],
] as const;

/** How a normal map is made. */
export type NormalOptions = {
  /**
   * distance of the samples from the surface point along each axis, world units: less than the surface is thick, since longer
   * steps lean towards the axes; much less shows the grid's noise
   */
  readonly step: number;
  /** depth behind which nothing counts as head, world units; default: nowhere */
  readonly far?: number;
};

/** The map, H×W×3. Pixels where the density is flat have no normal and stay 0. */
export async function normalMap(
  field: FieldSampler,
  camera: Camera,
  frame: Frame,
  { step, far = Number.POSITIVE_INFINITY }: NormalOptions,
): Promise<Image> {
  const out = makeImage(camera.width, camera.height, 3);
  const pixels = Array.from(frame.depth.data.keys()).filter((i) => isSolid(frame, i) && frame.depth.data[i]! <= far);
  const perBatch = Math.floor(FIELD_BATCH / NEIGHBOURS.length);
  for (let first = 0; first < pixels.length; first += perBatch) {
    const some = pixels.slice(first, first + perBatch);
    const { density } = await field.sample(pointsAround(some, camera, frame, step));
    some.forEach((pixel, k) => {
      const normal = towardsCamera(fallOff(density, NEIGHBOURS.length * k), camera);
      if (normal) for (let c = 0; c < 3; c++) out.data[3 * pixel + c] = 0.5 + 0.5 * normal[c]!;
    });
  }
  return out;
}

/** Sample points 3·6·N around the surface points of pixels. */
function pointsAround(pixels: readonly number[], camera: Camera, { depth }: Frame, step: number): Float32Array {
  const m = camera.cameraToWorld;
  const eye = cameraCenter(camera);
  const points = new Float32Array(3 * NEIGHBOURS.length * pixels.length);
  let at = 0;
  for (const pixel of pixels) {
    const [column, row] = [pixel % camera.width, Math.floor(pixel / camera.width)];
    const d = rayDirection(camera, column + 0.5, row + 0.5);
    const forward = -(d[0] * m[2]! + d[1] * m[6]! + d[2] * m[10]!); // depth is along the viewing direction
    for (const neighbour of NEIGHBOURS)
      for (let a = 0; a < 3; a++)
        points[at++] = eye[a]! + (depth.data[pixel]! / forward) * d[a as 0 | 1 | 2] + step * neighbour[a]!;
  }
  return points;
}

/** −∇density up to a factor, world axes. */
function fallOff(density: Float32Array, first: number): [number, number, number] {
  const sum: [number, number, number] = [0, 0, 0];
  NEIGHBOURS.forEach((neighbour, k) => {
    for (const a of [0, 1, 2] as const) sum[a] -= density[first + k]! * neighbour[a];
  });
  return sum;
}

/** Unit vector in the camera's axes; null where there is no direction. */
function towardsCamera([x, y, z]: readonly [number, number, number], { cameraToWorld: m }: Camera): number[] | null {
  const length = Math.hypot(x, y, z);
  if (!(length > 0 && Number.isFinite(length))) return null;
  return [0, 1, 2].map((c) => (m[c]! * x + m[4 + c]! * y + m[8 + c]! * z) / length);
}
