/**
 * The product of the first stage: a picture that later stages may trust to be upright, opaque, sRGB and of a sane size.
 *
 * Not a decoder: `load.ts` makes one of these from bytes or a path.
 */
import type { Image } from '../core/image.js';

/** A decoded picture, upright, H×W×3 sRGB in [0, 1]. */
export type Photo = {
  /** what to call it in messages: the path, or what the caller named it */
  readonly name: string;
  /** H×W×3, at most `maxSide` pixels a side (see `loadPhoto`) */
  readonly image: Image;
  /** pixels of the upright picture as stored in the file, before shrinking */
  readonly originalWidth: number;
  /** pixels of the upright picture as stored in the file, before shrinking */
  readonly originalHeight: number;
};

/** A photo from an image that is already in memory, e.g. a rendering. `image` must have 3 channels. */
export function photoFromImage(image: Image, name = 'image'): Photo {
  if (image.channels !== 3) throw new Error(`internal: a photo needs 3 channels, got ${image.channels}`);
  return { name, image, originalWidth: image.width, originalHeight: image.height };
}
