/**
 * A finished head to a folder of files: GLB, splats, viewer page, turntable, views, depth maps, transforms.json, manifest.
 *
 * Only order and names are decided here; each format has its own file. The folder appears whole or not at all.
 */

import { readFileSync } from 'node:fs';
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type Camera, projectPoint } from '../core/camera.js';
import { JokerError } from '../core/errors.js';
import { withOutputFolder, writeFileAtomic } from '../core/files/atomic.js';
import type { Image } from '../core/image.js';
import { type Report, silent } from '../core/progress.js';
import { depthPreview, encodeDepth } from './depth.js';
import { bakeField, cellSide, type FieldGrid, type FieldSampler, type FrameRenderer } from './field.js';
import { encodeGlb } from './glb.js';
import { encodeAnimation, encodeImage } from './images.js';
import { isolateHead } from './isolate.js';
import { type Json, MANIFEST_NAME, type Manifest, type ManifestFile, makeManifest, manifestFile } from './manifest.js';
import { type Marker, markImage, recordOf, signedFiles } from './marks/marker.js';
import type { Maker } from './marks.js';
import { type ColoredMesh, extractMesh, SURFACE_LEVEL } from './mesh.js';
import { encodeSplatPly, splatsOnMesh } from './splats.js';
import { encodeTransforms, type TransformsView } from './transforms.js';
import {
  camerasAlong,
  horizontalPath,
  type OrbitView,
  renderFrames,
  turntablePath,
  type Viewpoint,
} from './turntable.js';
import { findFfmpeg, writeVideo } from './video.js';
import { viewerPage } from './viewer/page.js';
import { quantise } from './viewer/volume.js';

/** What delivery takes from the stages before it. */
export type HeadProducts = {
  readonly field: FieldSampler;
  readonly render: FrameRenderer;
  /** how the head is looked at: target, distance, picture size, focal length */
  readonly view: OrbitView;
  /** how far sweeps swing to each side, radians; default 45° and 10° */
  readonly range?: Viewpoint;
  /** recorded in the manifest: seed, preset, expression, text, model hashes … */
  readonly settings: Json;
  /** one line for people, e.g. the text prompt; default none */
  readonly caption?: string;
  /** more files to put beside, e.g. the field's weights; their names must not be those written here */
  readonly extra?: readonly ExtraFile[];
};

/** A file that the caller made. */
export type ExtraFile = {
  readonly path: string;
  readonly what: string;
  readonly bytes: Uint8Array;
  /** not made by a model, such as the person's own photo: it gets no signature that says so; default false */
  readonly recorded?: boolean;
};

/** How a head is delivered. */
export type BundleOptions = Maker & {
  /** cells along the longest side for mesh and viewer (there at most 128); 8 … 256, default 128 */
  readonly resolution?: number;
  /** surface density per world unit; default `SURFACE_LEVEL` */
  readonly level?: number;
  /** turntable frames; default 60 (3 s at 20 a second); 0 leaves the turntable out */
  readonly frames?: number;
  /** `auto`: MP4 when ffmpeg is found, else WebP (default); `webp` never looks for ffmpeg */
  readonly video?: 'auto' | 'webp';
  /** still views and depth maps, evenly over the range's azimuths; default 5 */
  readonly views?: number;
  /** default 30 000 */
  readonly splats?: number;
  readonly report?: Report;
  /** stops between two files or frames, with the signal's reason as error */
  readonly signal?: AbortSignal;
  /** signs the files and puts the watermark into pictures and frames; default: plain metadata only */
  readonly marker?: Marker;
  /** whether an earlier delivery (a folder with a manifest) may be replaced; default false */
  readonly replace?: boolean;
};

/**
 * Writes all files to a new folder, which appears under its name only when complete.
 * @throws JokerError not-writable, or bad-argument when the head is empty.
 */
export async function writeBundle(head: HeadProducts, folder: string, options: BundleOptions): Promise<Manifest> {
  const mayReplace = (names: readonly string[]) => options.replace === true && isDelivery(folder, names);
  return withOutputFolder(folder, (partial) => writeProducts(head, partial, options), { mayReplace });
}

/**
 * True if a folder is an earlier delivery and nothing else: it has this program's manifest, and every name in it is of a file
 * or folder that the manifest lists. Anything else belongs to somebody.
 */
export function isDelivery(folder: string, names: readonly string[]): boolean {
  try {
    const manifest = JSON.parse(readFileSync(join(folder, MANIFEST_NAME), 'utf8')) as Partial<Manifest>;
    if (manifest.format !== 'joker-head-manifest' || !Array.isArray(manifest.files)) return false;
    const listed = new Set([MANIFEST_NAME, ...manifest.files.map(({ path }) => String(path).split('/')[0]!)]);
    return names.every((name) => listed.has(name));
  } catch {
    return false; // no manifest, or not one of ours
  }
}

/** Signs and writes one file into the folder, with its manifest beside it where it has no place inside, and remembers them. */
type Sink = (path: string, what: string, bytes: Uint8Array | string, recorded?: boolean) => Promise<void>;

/** As `writeBundle`, into a folder that the caller opened (and into which it may have written before). */
export async function writeProducts(head: HeadProducts, folder: string, options: BundleOptions): Promise<Manifest> {
  const { report = silent, signal } = options;
  const files: ManifestFile[] = [];
  const write = async (path: string, what: string, bytes: Uint8Array) => {
    if (path === MANIFEST_NAME || files.some((file) => file.path === path))
      throw new JokerError('bad-argument', `two files named ${path}`, 'Give the extra file another name.');
    await writeFileAtomic(join(folder, path), bytes);
    files.push(manifestFile(path, what, bytes));
    report({ kind: 'file', path, what });
  };
  const put: Sink = async (path, what, content, recorded = false) => {
    signal?.throwIfAborted();
    const bytes = typeof content === 'string' ? new TextEncoder().encode(content) : content;
    const signed = signedFiles({ path, what, bytes }, recorded ? undefined : options.marker);
    for (const file of signed) await write(file.path, file.what, file.bytes);
  };
  const mesh = await writeShape(head, put, options);
  await writeViews(head, mesh, put, options);
  await writeTurntable(head, folder, put, options);
  for (const { path, what, bytes, recorded } of head.extra ?? []) await put(path, what, bytes, recorded);
  const manifest = makeManifest(files, head.settings, options, options.marker ? recordOf(options.marker) : null);
  await writeFileAtomic(join(folder, MANIFEST_NAME), `${JSON.stringify(manifest, null, 2)}\n`);
  return manifest;
}

/** Most cells a side in the page: 128³ cells of 4 bytes are at most 11.5 MB of base64, however badly they compress. */
const VIEWER_CELLS = 128;

/** How much more than the rendered views the page shows, so that its text does not cover the head. */
const VIEWER_MARGIN = 1.25;

/** Mesh, splats and viewer page, from one baked grid. */
async function writeShape(head: HeadProducts, put: Sink, options: BundleOptions): Promise<ColoredMesh> {
  const { resolution = 128, level = SURFACE_LEVEL, splats: count, report = silent } = options;
  report({ kind: 'stage', stage: 'shape', text: 'Putting the head on a grid' });
  const grid = await bakeField(head.field, { resolution });
  const shown = resolution <= VIEWER_CELLS ? grid : await bakeField(head.field, { resolution: VIEWER_CELLS });
  await put('viewer.html', '3D view, opens in a browser', viewer(head, isolateHead(shown, level), options));
  const mesh = await extractMesh(head.field, grid, { level });
  await put('head.glb', 'mesh with vertex colours (glTF 2.0)', await encodeGlb(mesh, options));
  const splats = await splatsOnMesh(head.field, mesh, cellSide(grid, 0), { count });
  await put('head.ply', 'Gaussian splats (3DGS PLY)', encodeSplatPly(splats, options));
  return mesh;
}

function viewer(head: HeadProducts, grid: FieldGrid, options: BundleOptions): string {
  const { distance, target = [0, 0, 0], focal, width, height } = head.view;
  const fieldOfView = 2 * Math.atan((VIEWER_MARGIN * Math.min(width, height)) / 2 / focal);
  return viewerPage(quantise(grid), {
    ...{ generator: options.generator, caption: head.caption, swing: head.range?.azimuth },
    view: { azimuth: 0, elevation: 0, distance, target, fieldOfView },
  });
}

async function writeViews(head: HeadProducts, mesh: ColoredMesh, put: Sink, options: BundleOptions): Promise<void> {
  const { views: count = 5, report = silent } = options;
  if (count === 0) return;
  const cameras = camerasAlong(horizontalPath({ frames: count, azimuth: head.range?.azimuth }), head.view);
  report({ kind: 'stage', stage: 'views', text: 'Rendering views and depth maps', total: count });
  const views: TransformsView[] = [];
  for (const [i, camera] of cameras.entries()) {
    views.push(await writeView(head, mesh, camera, String(i).padStart(3, '0'), put, options));
    report({ kind: 'progress', done: i + 1, total: count });
  }
  await put('transforms.json', 'cameras of the views (nerfstudio)', encodeTransforms(views, options));
}

async function writeView(
  head: HeadProducts,
  mesh: ColoredMesh,
  camera: Camera,
  name: string,
  put: Sink,
  options: BundleOptions,
): Promise<TransformsView> {
  const frame = await head.render(camera);
  const [file, depthFile] = [`views/view_${name}.png`, `depth/depth_${name}.png`];
  const { generator, marker } = options;
  const color = markImage(frame.color, marker);
  await put(file, 'picture of the head', await encodeImage(color, { generator, description: head.caption }));
  await put(depthFile, 'depth, 16 bit', await encodeDepth(frame, options)); // numbers: a watermark would change them
  const preview = markImage(depthPreview(frame, meshDepths(mesh, camera)), marker);
  const description = 'Depth, near is light';
  await put(`depth/preview_${name}.png`, 'depth as colours', await encodeImage(preview, { generator, description }));
  return { camera, file, depthFile };
}

/** Nearest and farthest depth of the mesh: haze behind the head shall not use up the preview's colours. */
function meshDepths(mesh: ColoredMesh, camera: Camera): [number, number] {
  let [near, far] = [Number.POSITIVE_INFINITY, 0];
  for (let i = 0; i < mesh.positions.length; i += 3) {
    const [x, y, z] = mesh.positions.subarray(i, i + 3);
    const depth = projectPoint(camera, x!, y!, z!)[2];
    near = Math.min(near, depth);
    far = Math.max(far, depth);
  }
  return [near, far];
}

async function writeTurntable(head: HeadProducts, folder: string, put: Sink, options: BundleOptions): Promise<void> {
  const { frames: count = 60, video = 'auto', report = silent } = options;
  if (count === 0) return;
  report({ kind: 'stage', stage: 'turntable', text: 'Rendering the turntable', total: count });
  const cameras = camerasAlong(turntablePath({ frames: count, ...head.range }), head.view);
  const rendered = await renderFrames(head.render, cameras, options);
  const frames = rendered.map((frame) => markImage(frame, options.marker));
  const ffmpeg = video === 'auto' ? await findFfmpeg() : null;
  const movie = ffmpeg ? await tryVideo(frames, folder, ffmpeg, options) : null;
  if (movie) return put('turntable.mp4', 'turntable (H.264)', movie);
  const { generator } = options;
  const bytes = await encodeAnimation(frames, { generator, description: head.caption });
  return put('turntable.webp', 'turntable (animated WebP)', bytes);
}

/** The video's bytes, or null with a note when ffmpeg is there but fails, e.g. built without H.264. */
async function tryVideo(frames: readonly Image[], folder: string, ffmpeg: string, options: BundleOptions) {
  const file = join(folder, '.turntable.mp4'); // ffmpeg wants to seek in its output, so it writes a file
  try {
    await writeVideo(frames, file, { generator: options.generator, ffmpeg });
    return await readFile(file);
  } catch (error) {
    if (!(error instanceof JokerError)) throw error;
    options.report?.({ kind: 'note', level: 'warning', text: error.message });
    return null;
  } finally {
    await rm(file, { force: true });
  }
}
