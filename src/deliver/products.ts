/**
 * What delivery takes and what may be asked of it: the types that its parts share.
 *
 * No work is done here.
 */

import type { Report } from '../core/progress.js';
import type { FieldSampler, FrameRenderer } from './field.js';
import type { Json } from './manifest.js';
import type { Marker } from './marks/marker.js';
import type { Maker } from './marks.js';
import type { OrbitView, Sweep, Viewpoint } from './turntable.js';

/** What delivery takes from the stages before it. */
export type HeadProducts = {
  readonly field: FieldSampler;
  readonly render: FrameRenderer;
  /** how the head is looked at: target, distance, picture size, focal length */
  readonly view: OrbitView;
  /** how far views and sweeps swing to each side, radians; default: the sweep's own, see turntable.ts */
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

/** What can be delivered, and what a person reads about it. */
export const EXPORTS = {
  viewer: '3D view as a web page',
  mesh: 'mesh with vertex colours (GLB)',
  ply: 'Gaussian splats (PLY)',
  'splat-glb': 'Gaussian splats (GLB with KHR_gaussian_splatting)',
  spz: 'Gaussian splats (SPZ)',
  views: 'views with depth and normal maps, and their cameras (transforms.json)',
  sweep: 'the camera moves around the head (MP4 or WebP)',
} as const;

/** Name of something that can be delivered. */
export type Export = keyof typeof EXPORTS;

/** What is delivered where nothing else is asked. */
export const DEFAULT_EXPORTS: readonly Export[] = ['viewer', 'mesh', 'ply', 'views', 'sweep'];

/** How a head is delivered. */
export type BundleOptions = Maker & {
  /** default: `DEFAULT_EXPORTS` */
  readonly what?: readonly Export[];
  /** cells along the longest side for mesh and viewer (there at most 128); 8 … 256, default 128 */
  readonly resolution?: number;
  /** surface density per world unit; default `SURFACE_LEVEL` */
  readonly level?: number;
  /** how the camera moves; default turntable */
  readonly sweep?: Sweep;
  /** frames of the sweep, ≥ 1; default: `SWEEPS` */
  readonly frames?: number;
  /** `auto`: MP4 when ffmpeg is found, else WebP (default); `webp` never looks for ffmpeg */
  readonly video?: 'auto' | 'webp';
  /** still views with depth and normal maps, evenly over the range's azimuths, ≥ 1; default 5 */
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

/** Signs and writes one file into the folder, with its manifest beside it where it has no place inside, and remembers them. */
export type Sink = (path: string, what: string, bytes: Uint8Array | string, recorded?: boolean) => Promise<void>;
