/**
 * Pictures to PNG, JPEG, WebP and animated WebP bytes, each marked as synthetic by XMP.
 *
 * Not a decoder (photo/ decodes). Encoding is sharp's (libvips).
 */

import sharp, { type Sharp } from 'sharp';
import { JokerError } from '../core/errors.js';
import { type Image, toBytes } from '../core/image.js';
import { type Maker, syntheticXmp } from './marks.js';
import { withPngXmp } from './png-text.js';

/** Picture formats that can be written. */
export type ImageFormat = 'png' | 'jpeg' | 'webp';

/** How a picture is written. */
export type EncodeOptions = Maker & {
  /** default png (lossless) */
  readonly format?: ImageFormat;
  /** JPEG and WebP quality 1 … 100, default 92: no visible blocks on skin */
  readonly quality?: number;
  /** what the picture shows, for its metadata */
  readonly description?: string;
  /** a picture of something recorded, such as the person's own photo: not marked as synthetic; PNG only, default false */
  readonly recorded?: boolean;
};

/**
 * Bytes of a picture, H×W×1, 3 or 4 in [0, 1].
 * @throws JokerError bad-argument for another number of channels.
 */
export async function encodeImage(image: Image, options: EncodeOptions): Promise<Uint8Array> {
  const { format = 'png', quality = 92 } = options;
  const xmp = syntheticXmp(options, options.description);
  if (format === 'png') {
    const png = await rawPicture(image).png({ compressionLevel: 9 }).toBuffer();
    return options.recorded ? png : withPngXmp(png, xmp);
  }
  const pipeline = rawPicture(image).withXmp(xmp);
  if (format === 'jpeg') return pipeline.jpeg({ quality, chromaSubsampling: '4:4:4' }).toBuffer();
  if (format === 'webp') return pipeline.webp({ quality }).toBuffer();
  throw new JokerError('bad-argument', `picture format ${format satisfies never}`, 'Use png, jpeg or webp.');
}

function rawPicture(image: Image): Sharp {
  const { width, height, channels } = image;
  if (channels !== 1 && channels !== 3 && channels !== 4)
    throw new JokerError('bad-argument', `a picture of ${channels} channels`, 'Use 1, 3 or 4 channels.');
  return sharp(toBytes(image), { raw: { width, height, channels } });
}

/** How an animation is written. */
export type AnimationOptions = Maker & {
  /** frames per second, 1 … 50, default 20; WebP counts whole milliseconds */
  readonly fps?: number;
  /** 1 … 100, default 80: frames of a moving picture hide more than a still */
  readonly quality?: number;
  readonly description?: string;
};

/**
 * Endless animated WebP of equally large H×W×3 frames. The frames go to the encoder as one tall picture.
 * @throws JokerError bad-argument when there is no frame or the sizes differ.
 */
export async function encodeAnimation(frames: readonly Image[], options: AnimationOptions): Promise<Uint8Array> {
  const { fps = 20, quality = 80 } = options;
  const { width, height } = checkFrames(frames);
  const tall = new Uint8Array(frames.length * width * height * 3);
  frames.forEach((frame, i) => {
    tall.set(toBytes(frame), i * width * height * 3);
  });
  return sharp(tall, { raw: { width, height: height * frames.length, channels: 3, pageHeight: height } })
    .withXmp(syntheticXmp(options, options.description))
    .webp({ quality, loop: 0, delay: frames.map(() => Math.round(1000 / fps)), effort: 3 })
    .toBuffer();
}

/** Size of the frames. */
export function checkFrames(frames: readonly Image[]): { width: number; height: number } {
  const first = frames[0];
  if (!first) throw new JokerError('bad-argument', 'an animation of no frames', 'Give at least one frame.');
  for (const { width, height, channels } of frames)
    if (width !== first.width || height !== first.height || channels !== 3)
      throw new JokerError(
        'bad-argument',
        `frames of ${first.width}×${first.height}×3 and ${width}×${height}×${channels}`,
        'Render all frames with cameras of one size.',
      );
  return { width: first.width, height: first.height };
}
