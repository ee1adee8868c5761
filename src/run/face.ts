/**
 * The job behind `joker face`: what the program sees in a photo, as pictures and numbers to judge it by.
 *
 * Reads a photo, writes a folder; the analysis itself is the condition stage's.
 */

import { join } from 'node:path';
import sharp from 'sharp';
import { analyseFace, type FaceReport, loadFaceTools } from '../condition/analyse-face.js';
import { withOutputFolder, writeFileAtomic } from '../core/files/atomic.js';
import { type Image, toBytes } from '../core/image.js';
import { type Face, faceToJson } from '../face/face.js';
import { loadPhoto } from '../photo/load.js';
import type { Photo } from '../photo/photo.js';
import { type JobContext, stopIfAsked } from './job.js';

/** What to look at and where to write. */
export type FaceJobOptions = {
  /** path of a JPEG, PNG or WebP file */
  readonly photo: string;
  /** folder for the pictures and the numbers; an earlier result of this job there is replaced. Default: nothing is written. */
  readonly out?: string;
  /** side of the pictures in pixels, default 512 */
  readonly size?: number;
  /** threads of the runtime; default all */
  readonly threads?: number;
};

/** What was found. */
export type FaceJobResult = {
  readonly photo: { readonly path: string; readonly width: number; readonly height: number };
  /** faces in the photo; `face` is the largest */
  readonly count: number;
  readonly face: Face;
  /** unit of each number in `face` */
  readonly units: Readonly<Record<string, string>>;
  /** paths written */
  readonly files: readonly string[];
};

/** Units of a face's numbers, in the words of its type. */
const UNITS = {
  identity: 'standard deviations of the model',
  expression: "weights of the model's expression columns",
  arkit: 'ARKit blend shape weights, 0 to 1',
  angle: 'radians about x (right), y (up), z (out of the face), applied in that order',
  translation: 'model units, about decimetres',
  intrinsics: 'pixels of the 512 x 512 crop, top-left origin',
  crop: 'pixels of the photo',
  landmarks: 'x, y, z per point, pixels of the 512 x 512 crop',
  errorPercent: 'mean reprojection error of 68 landmarks, percent of the distance between the eyes',
  confidence: '0 to 1',
} as const;

const FILES = ['face.json', 'report.json', 'crop.png', 'overlay.png', 'normals.png'] as const;

/** Finds and fits the largest face. @throws JokerError missing-file, not-an-image, image-too-large, no-face, not-writable. */
export async function lookAtFace(options: FaceJobOptions, { report, signal }: JobContext): Promise<FaceJobResult> {
  report({ kind: 'stage', stage: 'photo', text: `Reading ${options.photo}` });
  const photo = await loadPhoto(options.photo);
  stopIfAsked(signal);
  report({ kind: 'stage', stage: 'face', text: 'Finding and fitting the face' });
  const found = await analyse(photo, options);
  stopIfAsked(signal);
  if (found.count > 1) {
    const text = `${found.count} faces in ${options.photo}; the largest one is used`;
    report({ kind: 'note', level: 'warning', text });
  }
  const result = resultOf(options.photo, photo, found);
  return options.out ? writeResult(options.out, result, found) : result;
}

async function analyse(photo: Photo, { size, threads }: FaceJobOptions): Promise<FaceReport> {
  const tools = await loadFaceTools(undefined, { threads });
  try {
    return await analyseFace(photo, tools, { size });
  } finally {
    await tools.tracker.dispose();
  }
}

function resultOf(path: string, photo: Photo, { face, count }: FaceReport): FaceJobResult {
  const { originalWidth: width, originalHeight: height } = photo;
  return { photo: { path, width, height }, count, face, units: UNITS, files: [] };
}

async function writeResult(out: string, result: FaceJobResult, found: FaceReport): Promise<FaceJobResult> {
  const whole = { ...result, files: FILES.map((name) => join(out, name)) };
  const fill = async (folder: string) => {
    for (const name of ['crop', 'overlay', 'normals'] as const)
      await writeFileAtomic(join(folder, `${name}.png`), await encodePng(found[name]));
    await writeFileAtomic(join(folder, 'face.json'), faceToJson(found.face));
    await writeFileAtomic(join(folder, 'report.json'), `${JSON.stringify(whole, null, 2)}\n`);
  };
  const ours = (names: readonly string[]) => names.every((name) => (FILES as readonly string[]).includes(name));
  await withOutputFolder(out, fill, { mayReplace: ours });
  return whole;
}

/** Not marked as synthetic, unlike what deliver/ writes: these are the person's own photo and measurements of it. */
function encodePng(image: Image): Promise<Uint8Array> {
  const { width, height } = image;
  return sharp(toBytes(image), { raw: { width, height, channels: 3 } })
    .png()
    .toBuffer();
}
