/**
 * Rays of a rectangle of pixels, as flat arrays.
 *
 * Not a camera model (core/camera) and not sampling along rays (march.ts). Letters: R rays.
 */

import { type Camera, cameraCenter } from '../core/camera.js';

/** A batch of rays in world space. */
export type Rays = {
  readonly count: number;
  /** [R, 3] world units */
  readonly origins: Float32Array;
  /** [R, 3] unit length */
  readonly directions: Float32Array;
  /** [R, 3] unit vectors (u, v, −1)/‖·‖ with u, v from −1 to 1 over the picture, v upwards: the place in the picture */
  readonly places: Float32Array;
};

/** Room for R rays. */
export function makeRays(count: number): Rays {
  return {
    count,
    origins: new Float32Array(count * 3),
    directions: new Float32Array(count * 3),
    places: new Float32Array(count * 3),
  };
}

/** A rectangle of pixels: first column and row, width and height. */
export type Patch = { readonly column: number; readonly row: number; readonly width: number; readonly height: number };

/** Writes the rays through the centres (+0.5) of a patch's pixels, row by row, into `rays` from ray `at` on. */
export function fillCameraRays(camera: Camera, patch: Patch, rays: Rays, at = 0): void {
  const [ox, oy, oz] = cameraCenter(camera);
  const m = camera.cameraToWorld;
  const { fx, fy, cx, cy } = camera.intrinsics;
  let i = at * 3;
  for (let row = patch.row; row < patch.row + patch.height; row++)
    for (let column = patch.column; column < patch.column + patch.width; column++, i += 3) {
      const x = (column + 0.5 - cx) / fx;
      const y = -(row + 0.5 - cy) / fy;
      const scale = 1 / Math.sqrt(x * x + y * y + 1);
      rays.origins[i] = ox;
      rays.origins[i + 1] = oy;
      rays.origins[i + 2] = oz;
      rays.directions[i] = (m[0]! * x + m[1]! * y - m[2]!) * scale;
      rays.directions[i + 1] = (m[4]! * x + m[5]! * y - m[6]!) * scale;
      rays.directions[i + 2] = (m[8]! * x + m[9]! * y - m[10]!) * scale;
      const u = (2 * (column + 0.5)) / camera.width - 1;
      const v = 1 - (2 * (row + 0.5)) / camera.height;
      const unit = 1 / Math.sqrt(u * u + v * v + 1);
      rays.places[i] = u * unit;
      rays.places[i + 1] = v * unit;
      rays.places[i + 2] = -unit;
    }
}

/** All rays of a picture, row by row. */
export function cameraRays(camera: Camera): Rays {
  const rays = makeRays(camera.width * camera.height);
  fillCameraRays(camera, { column: 0, row: 0, width: camera.width, height: camera.height }, rays);
  return rays;
}
