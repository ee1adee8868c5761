/**
 * Rendered views with their cameras as nerfstudio's `transforms.json`, which gsplat, Brush and others read too.
 *
 * nerfstudio: OpenGL cameras (as ours), world +z up; so our world (+y up) is turned by +90° about x.
 */

import type { Camera } from '../core/camera.js';
import { DEPTH_UNIT } from './depth.js';
import { type Maker, syntheticExtras } from './marks.js';

/** One picture and the files that belong to it, paths relative to the JSON with `/`. */
export type TransformsView = {
  readonly camera: Camera;
  readonly file: string;
  readonly depthFile?: string;
};

/** Text of transforms.json; intrinsics per frame, in pixels of that frame. */
export function encodeTransforms(views: readonly TransformsView[], maker: Maker): string {
  const frames = views.map(({ camera, file, depthFile }) => ({
    file_path: file,
    ...(depthFile ? { depth_file_path: depthFile } : {}),
    fl_x: camera.intrinsics.fx,
    fl_y: camera.intrinsics.fy,
    cx: camera.intrinsics.cx,
    cy: camera.intrinsics.cy,
    w: camera.width,
    h: camera.height,
    transform_matrix: zUp(camera.cameraToWorld),
  }));
  const convention = 'OpenGL cameras (x right, y up, look along -z), camera to world, world +z up, face towards -y';
  const depth = { depth_unit_scale_factor: DEPTH_UNIT };
  return `${JSON.stringify({ ...syntheticExtras(maker), convention, camera_model: 'OPENCV', ...depth, frames }, null, 2)}\n`;
}

/** Camera→world with the world turned: (x, y, z) becomes (x, −z, y). */
function zUp(m: readonly number[]): number[][] {
  const row = (i: number, sign = 1) => m.slice(4 * i, 4 * i + 4).map((value) => sign * value + 0); // + 0: no −0
  return [row(0), row(2, -1), row(1), [0, 0, 0, 1]];
}
