/**
 * Bytes or a path → Photo. The only file of this stage that touches the file system and a codec (sharp).
 *
 * Refuses what could exhaust memory or mislead later stages: other formats than JPEG, PNG and WebP, pictures above a pixel
 * limit (read from the header, before any pixel is decoded), and files whose pixels end early.
 */
import { readFile, stat } from 'node:fs/promises';
import sharp, { type Metadata, type Sharp } from 'sharp';
import { JokerError } from '../core/errors.js';
import { fromBytes } from '../core/image.js';
import type { Photo } from './photo.js';

/** Limits of `loadPhoto`; each has a default. */
export type LoadOptions = {
  /** what to call the picture in messages; default: the path, or `picture` for bytes */
  name?: string;
  /** largest width·height of the file; default 64·10⁶ (an 8-bit RGB picture of 192 MB) */
  maxPixels?: number;
  /** largest file in bytes; default 64 MiB, above any camera JPEG */
  maxBytes?: number;
  /** larger pictures are shrunk to this longer side, pixels; default 2048: twice the largest crop that the method uses */
  maxSide?: number;
};

const FORMATS = new Set(['jpeg', 'png', 'webp']);

/**
 * Decodes a picture: EXIF orientation applied once, transparency laid over white, first page of an animation.
 *
 * @throws JokerError `missing-file`, `not-an-image`, `image-too-large`.
 */
export async function loadPhoto(source: string | Uint8Array, options: LoadOptions = {}): Promise<Photo> {
  const name = options.name ?? (typeof source === 'string' ? source : 'picture');
  const bytes = typeof source === 'string' ? await readLimited(source, name, options) : source;
  checkBytes(bytes.byteLength, name, options);
  const header = await readHeader(bytes, name);
  checkHeader(header, name, options);
  return decode(bytes, header, name, options);
}

async function readLimited(path: string, name: string, options: LoadOptions): Promise<Uint8Array> {
  try {
    const info = await stat(path);
    if (!info.isFile()) throw new JokerError('missing-file', `${name} is not a file`, 'Give the path of a picture.');
    checkBytes(info.size, name, options);
    return await readFile(path);
  } catch (cause) {
    if (cause instanceof JokerError) throw cause;
    const reason =
      cause instanceof Error && 'code' in cause && cause.code === 'EACCES' ? 'may not be read' : 'not found';
    throw new JokerError('missing-file', `${name}: file ${reason}`, 'Check the path and its permissions.', { cause });
  }
}

function checkBytes(size: number, name: string, options: LoadOptions): void {
  const limit = options.maxBytes ?? 64 * 1024 * 1024;
  if (size > limit)
    throw new JokerError(
      'image-too-large',
      `${name} has ${(size / 1048576).toFixed(1)} MiB, more than the limit of ${(limit / 1048576).toFixed(0)} MiB`,
      'Save it smaller, for example at 2048 pixels a side.',
    );
}

async function readHeader(bytes: Uint8Array, name: string): Promise<Metadata> {
  try {
    // the header alone costs nothing, so our own limit below decides and names the size found
    return await sharp(bytes, { limitInputPixels: false }).metadata();
  } catch (cause) {
    throw notAnImage(name, 'its content is no picture', cause);
  }
}

function checkHeader(header: Metadata, name: string, options: LoadOptions): void {
  if (!FORMATS.has(header.format ?? '')) throw notAnImage(name, `its format is ${header.format ?? 'unknown'}`);
  const limit = options.maxPixels ?? 64e6;
  const { width, height } = header;
  if (width * height > limit)
    throw new JokerError(
      'image-too-large',
      `${name} is ${width}×${height} pixels, more than the limit of ${(limit / 1e6).toFixed(0)} million`,
      'Scale it down, for example to 2048 pixels a side.',
    );
}

async function decode(bytes: Uint8Array, header: Metadata, name: string, options: LoadOptions): Promise<Photo> {
  const turned = (header.orientation ?? 1) >= 5; // EXIF 5–8 swap the sides
  const originalWidth = turned ? header.height : header.width;
  const originalHeight = turned ? header.width : header.height;
  const side = options.maxSide ?? 2048;
  const pipeline = sharp(bytes, { failOn: 'error', limitInputPixels: options.maxPixels ?? 64e6 })
    .rotate() // no angle: by EXIF orientation, which is then dropped
    .resize({ width: side, height: side, fit: 'inside', withoutEnlargement: true, kernel: 'lanczos3' })
    .flatten({ background: '#ffffff' })
    .toColourspace('srgb');
  const { data, info } = await pixels(pipeline, name);
  return { name, image: fromBytes(data, info.width, info.height, info.channels), originalWidth, originalHeight };
}

async function pixels(pipeline: Sharp, name: string) {
  try {
    const result = await pipeline.raw({ depth: 'uchar' }).toBuffer({ resolveWithObject: true });
    if (result.info.channels !== 3)
      throw new Error(`internal: ${result.info.channels} channels after conversion to sRGB`);
    return result;
  } catch (cause) {
    throw notAnImage(name, 'it is damaged or ends early', cause);
  }
}

function notAnImage(name: string, why: string, cause?: unknown): JokerError {
  return new JokerError('not-an-image', `${name} cannot be used: ${why}`, 'Give a whole JPEG, PNG or WebP file.', {
    cause,
  });
}
