/**
 * Frames of a prepared root on disk: written whole or not at all, and read back for the lists.
 *
 * Which files there are says data/prepare/layout.ts. A frame's folder is filled under a hidden name and renamed, so its presence
 * means that it is finished; a frame that cannot be made leaves a hidden note with the reason beside its place.
 */
import { existsSync, readFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import sharp from 'sharp';
import { JokerError } from '../core/errors.js';
import { removePartialFolders, withOutputFolder, writeFileAtomic } from '../core/files/atomic.js';
import { parseJsonStrict } from '../core/files/json.js';
import { readFileText } from '../core/files/read.js';
import { type Image, toBytes } from '../core/image.js';
import { fitFromText, fitToText } from '../data/prepare/fit-json.js';
import { FRAME_SOURCE, framePath, type ViewFile, viewPath } from '../data/prepare/layout.js';
import type { PlannedFrame } from '../data/prepare/source.js';
import type { ViewFacts } from '../data/prepare/validity.js';
import type { PreparedView } from '../data/prepare/view.js';

/** Quality of JPEGs: the default of the library that the paper's tools use, with half the colour resolution. */
const JPEG_QUALITY = 75;
/** Most bytes of a text file of a frame that is read: a fit of a thousand coefficients has 30 kB. */
const TEXT_BYTES = 2 ** 20;

/** Folder of a frame on disk. */
export function frameFolder(root: string, frame: PlannedFrame): string {
  return join(root, framePath(frame));
}

/** The hidden note that stands for a frame that could not be made. */
export function skipNote(root: string, frame: PlannedFrame): string {
  const folder = frameFolder(root, frame);
  return join(dirname(folder), `.${basename(folder)}.skipped`);
}

/**
 * True when the frame is finished.
 * @throws JokerError bad-argument when it was made from other pictures than those that are planned now.
 */
export function isFinished(root: string, frame: PlannedFrame): boolean {
  const folder = frameFolder(root, frame);
  if (!existsSync(folder)) return false;
  const path = join(folder, FRAME_SOURCE);
  const made = JSON.stringify(parseJsonStrict(readFileText(path, { maxBytes: TEXT_BYTES }), path));
  if (made === JSON.stringify(frame.origins)) return true;
  throw new JokerError(
    'bad-argument',
    `${folder}: was made from ${made}, now it would be ${JSON.stringify(frame.origins)}`,
    'Pictures were added or renamed: prepare them into another folder.',
  );
}

/** Makes a frame's folder from its views, camera by camera; `make` may throw, then nothing stays. */
export async function writeFrame(
  root: string,
  frame: PlannedFrame,
  size: number,
  make: (camera: string) => Promise<PreparedView>,
): Promise<void> {
  const target = frameFolder(root, frame);
  await removePartialFolders(target); // of a process that was killed: every frame belongs to one part
  await withOutputFolder(target, async (folder) => {
    for (const camera of Object.keys(frame.origins)) await writeView(folder, camera, size, await make(camera));
    await writeFileAtomic(join(folder, FRAME_SOURCE), `${JSON.stringify(frame.origins)}\n`);
  });
  await rm(skipNote(root, frame), { force: true });
}

async function writeView(folder: string, camera: string, size: number, view: PreparedView): Promise<void> {
  const write = (kind: ViewFile, data: string | Uint8Array) =>
    writeFileAtomic(join(folder, viewPath(kind, camera, size)), data);
  await write('image', await jpeg(view.image));
  await write('normals', await jpeg(view.normals));
  await write('fit', fitToText(view.fit));
  await write('sharpness', `${view.sharpness.toFixed(4)}\n`);
  if (view.caption !== null) await write('caption', `${view.caption}\n`);
  if (view.mask) await write('mask', await grayPng(view.mask));
}

/** Not marked as synthetic, unlike what deliver/ writes: training material, whose root says what it was made from. */
function jpeg(image: Image): Promise<Uint8Array> {
  const raw = { width: image.width, height: image.height, channels: 3 as const };
  return sharp(toBytes(image), { raw }).jpeg({ quality: JPEG_QUALITY, chromaSubsampling: '4:2:0' }).toBuffer();
}

function grayPng(image: Image): Promise<Uint8Array> {
  const raw = { width: image.width, height: image.height, channels: 1 as const };
  return sharp(toBytes(image), { raw }).toColourspace('b-w').png().toBuffer();
}

/** What the lists need to know of a camera of a finished frame. @throws JokerError missing-file or bad-file. */
export function readFacts(folder: string, camera: string, size: number): ViewFacts {
  const at = (kind: ViewFile) => join(folder, viewPath(kind, camera, size));
  const text = (kind: ViewFile) => readFileText(at(kind), { maxBytes: TEXT_BYTES });
  const optional = (kind: ViewFile) => (existsSync(at(kind)) ? text(kind) : null);
  const number = (kind: ViewFile) => {
    const value = optional(kind);
    return value === null ? null : scoreOf(value, at(kind));
  };
  return {
    fit: fitFromText(text('fit'), at('fit')),
    caption: optional('caption')?.split('\n', 1)[0]?.trim().toLowerCase() ?? null,
    sharpness: number('sharpness'),
    hyperiqa: number('hyperiqa'),
  };
}

function scoreOf(text: string, path: string): number {
  const value = text.trim() === '' ? Number.NaN : Number(text);
  if (Number.isFinite(value)) return value;
  throw new JokerError('bad-file', `${path}: holds no number`, 'Write one score into it or remove it.');
}

/**
 * Writes a file unless it already says this, so that a second run changes nothing.
 * @param alone nobody else writes it now: what a killed process left beside it is removed.
 */
export async function settle(path: string, text: string, alone: boolean): Promise<void> {
  if (existsSync(path) && readFileSync(path, 'utf8') === text) return;
  if (alone) await removePartialFolders(path);
  await writeFileAtomic(path, text);
}
