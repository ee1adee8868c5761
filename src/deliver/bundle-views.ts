/** The still views of a delivery: picture, depth, normals, and the cameras of all of them. Names and order only. */

import { type Camera, projectPoint } from '../core/camera.js';
import { silent } from '../core/progress.js';
import type { Shape } from './bundle-shape.js';
import { depthPreview, encodeDepth } from './depth.js';
import { cellSide } from './field.js';
import { encodeImage } from './images.js';
import { markImage } from './marks/marker.js';
import type { ColoredMesh } from './mesh.js';
import { normalMap } from './normals.js';
import type { BundleOptions, HeadProducts, Sink } from './products.js';
import { encodeTransforms, type TransformsView } from './transforms.js';
import { camerasAlong, horizontalPath } from './turntable.js';

/** Step of the normals in cells: a surface rises within a cell or two, and longer steps would lean towards the axes. */
const NORMAL_STEP = 0.5;

/** Renders and writes the views. */
export async function writeViews(head: HeadProducts, shape: Shape, put: Sink, options: BundleOptions): Promise<void> {
  const { views: count = 5, report = silent } = options;
  const cameras = camerasAlong(horizontalPath({ frames: count, azimuth: head.range?.azimuth }), head.view);
  report({ kind: 'stage', stage: 'views', text: 'Rendering views, depth and normal maps', total: count });
  const views: TransformsView[] = [];
  for (const [i, camera] of cameras.entries()) {
    views.push(await writeView(head, shape, camera, String(i).padStart(3, '0'), put, options));
    report({ kind: 'progress', done: i + 1, total: count });
  }
  await put('transforms.json', 'cameras of the views (nerfstudio)', encodeTransforms(views, options));
}

async function writeView(
  head: HeadProducts,
  { grid, mesh }: Shape,
  camera: Camera,
  name: string,
  put: Sink,
  options: BundleOptions,
): Promise<TransformsView> {
  const frame = await head.render(camera);
  const far = farthest(mesh, camera);
  const [file, depthFile] = [`views/view_${name}.png`, `depth/depth_${name}.png`];
  const { generator, marker } = options;
  const picture = { generator, description: head.caption };
  await put(file, 'picture of the head', await encodeImage(markImage(frame.color, marker), picture));
  await put(depthFile, 'depth, 16 bit', await encodeDepth(frame, options)); // numbers: a watermark would change them
  const preview = markImage(depthPreview(frame, far), marker);
  const depths = { generator, description: 'Depth, near is light' };
  await put(`depth/preview_${name}.png`, 'depth as colours', await encodeImage(preview, depths));
  const normals = await normalMap(head.field, camera, frame, { step: NORMAL_STEP * cellSide(grid, 0), far });
  const directions = { generator, description: "Normals of the surface in the camera's axes, n/2 + 1/2" };
  await put(`normals/normals_${name}.png`, 'normal map', await encodeImage(normals, directions));
  return { camera, file, depthFile };
}

/** Farthest depth of the mesh: haze behind it is not the head. */
function farthest(mesh: ColoredMesh, camera: Camera): number {
  let far = 0;
  for (let i = 0; i < mesh.positions.length; i += 3) {
    const [x, y, z] = mesh.positions.subarray(i, i + 3);
    far = Math.max(far, projectPoint(camera, x!, y!, z!)[2]);
  }
  return far;
}
