/** The parts of a delivery that come from the baked grid: viewer page, mesh, splats. Names and order only. */

import { silent } from '../core/progress.js';
import { bakeField, cellSide, type FieldGrid } from './field.js';
import { encodeGlb } from './glb.js';
import { encodeSplatGlb } from './glb-splats.js';
import { isolateHead } from './isolate.js';
import { type ColoredMesh, extractMesh, SURFACE_LEVEL } from './mesh.js';
import type { BundleOptions, Export, HeadProducts, Sink } from './products.js';
import { encodeSplatPly, splatsOnMesh } from './splats.js';
import { encodeSpz } from './spz.js';
import { viewerPage } from './viewer/page.js';
import { quantise } from './viewer/volume.js';

/** A head's field on a grid, and its surface. */
export type Shape = { readonly grid: FieldGrid; readonly mesh: ColoredMesh };

/** Most cells a side in the page: 128³ cells of 4 bytes are at most 11.5 MB of base64, however badly they compress. */
const VIEWER_CELLS = 128;

/** How much more than the rendered views the page shows, so that its text does not cover the head. */
const VIEWER_MARGIN = 1.25;

/** Bakes the field and extracts its surface. @throws JokerError bad-argument when the head is empty. */
export async function bakeShape({ field }: HeadProducts, options: BundleOptions): Promise<Shape> {
  const { resolution = 128, level = SURFACE_LEVEL, report = silent } = options;
  report({ kind: 'stage', stage: 'shape', text: 'Putting the head on a grid' });
  const grid = await bakeField(field, { resolution });
  return { grid, mesh: await extractMesh(field, grid, { level }) };
}

/** Writes what is asked for of the shape. */
export async function writeShape(
  head: HeadProducts,
  { grid, mesh }: Shape,
  what: ReadonlySet<Export>,
  put: Sink,
  options: BundleOptions,
): Promise<void> {
  if (what.has('viewer')) await put('viewer.html', '3D view, opens in a browser', await viewer(head, grid, options));
  if (what.has('mesh')) await put('head.glb', 'mesh with vertex colours (glTF 2.0)', await encodeGlb(mesh, options));
  if (!what.has('ply') && !what.has('splat-glb') && !what.has('spz')) return;
  const splats = await splatsOnMesh(head.field, mesh, cellSide(grid, 0), { count: options.splats });
  if (what.has('ply')) await put('head.ply', 'Gaussian splats (3DGS PLY)', encodeSplatPly(splats, options));
  if (what.has('splat-glb'))
    await put(
      'head-splats.glb',
      'Gaussian splats (glTF, KHR_gaussian_splatting)',
      await encodeSplatGlb(splats, options),
    );
  if (what.has('spz')) await put('head.spz', 'Gaussian splats (SPZ)', encodeSpz(splats, options));
}

async function viewer(head: HeadProducts, grid: FieldGrid, options: BundleOptions): Promise<string> {
  const { resolution = 128, level = SURFACE_LEVEL, generator } = options;
  const shown = resolution <= VIEWER_CELLS ? grid : await bakeField(head.field, { resolution: VIEWER_CELLS });
  const { distance, target = [0, 0, 0], focal, width, height } = head.view;
  const fieldOfView = 2 * Math.atan((VIEWER_MARGIN * Math.min(width, height)) / 2 / focal);
  return viewerPage(quantise(isolateHead(shown, level)), {
    ...{ generator, caption: head.caption, swing: head.range?.azimuth },
    view: { azimuth: 0, elevation: 0, distance, target, fieldOfView },
  });
}
