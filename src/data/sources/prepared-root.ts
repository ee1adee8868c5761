/**
 * Reads a prepared root, ours or one of the paper's tools: lists first, pictures when they are asked for.
 */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { JokerError } from '../../core/errors.js';
import { readFileText, unreadable } from '../../core/files/read.js';
import type { Image } from '../../core/image.js';
import { loadPhoto } from '../../photo/load.js';
import { framePath, isName, ROOT_FILES } from '../prepare/layout.js';
import { type Meta, metasFromText, parsePicturePath } from '../prepare/metas.js';
import {
  fileOf,
  type PreparedFrame,
  type PreparedPair,
  type PreparedSet,
  type PreparedSetting,
  type PreparedSplit,
  selectMetas,
} from '../prepared.js';

/** Which list to read. */
export type OpenPreparedOptions = {
  readonly setting: PreparedSetting;
  readonly split: PreparedSplit;
  /** most frames; default the paper's */
  readonly limit?: number;
};

/** Most bytes of a list: half a million frames with five neighbours each. */
const LIST_BYTES = 2 ** 29;
/** Most bytes of a caption file. */
const CAPTION_BYTES = 65536;

/** True when the folder is a prepared root with lists. */
export function isPreparedRoot(folder: string): boolean {
  return existsSync(join(folder, ROOT_FILES.train));
}

/** Reads TRAIN_METAS.json or VAL_METAS.json. @throws JokerError missing-file, bad-file. */
export function openPrepared(root: string, options: OpenPreparedOptions): PreparedSet {
  const { setting, split, limit } = options;
  const path = join(root, split === 'train' ? ROOT_FILES.train : ROOT_FILES.val);
  const metas = metasFromText(readFileText(path, { maxBytes: LIST_BYTES }), path);
  const frames = selectMetas(metas, setting, split, limit).map((meta) => frameOf(root, meta, setting));
  return { setting, split, frames };
}

function frameOf(root: string, meta: Meta, setting: PreparedSetting): PreparedFrame {
  const name = parsePicturePath(meta.path)!; // metasFromText has checked it
  const folder = framePath(name);
  const { subject, size, camera } = name;
  const cameras = setting === 'wild' ? [camera] : camerasOf(join(root, folder, `images-${size}`));
  return { meta, subject, folder, size, cameras };
}

function camerasOf(folder: string): string[] {
  try {
    const names = readdirSync(folder).map((name) => /^(.*)\.jpg$/.exec(name)?.[1]);
    const cameras = names.filter((name): name is string => name !== undefined && isName(name)).sort();
    if (cameras.length > 0) return cameras;
  } catch (error) {
    throw unreadable(folder, error);
  }
  throw new JokerError('missing-file', `${folder}: holds no pictures`, 'Prepare the frame again: remove its folder.');
}

/** What training or validation reads. Pictures S×S in [0, 1]; networks see them through core/image.ts `toNetwork`. */
export type PreparedItem = {
  readonly image: Image;
  readonly reference: Image;
  /** control image, 0 (or nearly, after JPEG) outside of the face */
  readonly normals: Image;
  /** S×S×1; null when there is none, which validation refuses */
  readonly mask: Image | null;
  readonly caption: string;
};

/** Reads the files of a pair. @throws JokerError missing-file, bad-file, not-an-image. */
export async function loadPair(root: string, set: PreparedSet, pair: PreparedPair): Promise<PreparedItem> {
  const picture = async (view: PreparedPair['target'], kind: 'image' | 'normals') =>
    (await loadPhoto(join(root, fileOf(view, kind)))).image;
  return {
    image: await picture(pair.target, 'image'),
    reference: await picture(pair.reference, 'image'),
    normals: await picture(pair.target, 'normals'),
    mask: await loadMask(join(root, fileOf(pair.target, 'mask')), set.split === 'val'),
    caption: readCaption(join(root, fileOf(pair.caption, 'caption'))),
  };
}

async function loadMask(path: string, needed: boolean): Promise<Image | null> {
  if (!existsSync(path)) {
    if (!needed) return null;
    throw new JokerError(
      'missing-file',
      `${path}: validation needs a matte`,
      'Make one, 8-bit gray, with a matting program.',
    );
  }
  const { image } = await loadPhoto(path);
  const data = Float32Array.from({ length: image.width * image.height }, (_, i) => image.data[3 * i]!);
  return { width: image.width, height: image.height, channels: 1, data };
}

/** First line of a caption file, lower-case. */
export function readCaption(path: string): string {
  return readFileText(path, { maxBytes: CAPTION_BYTES }).split('\n', 1)[0]!.trim().toLowerCase();
}
