/**
 * Pictures inside a matte: what all picture metrics compare (Joker: every method is masked, since some draw no background).
 *
 * Policy: prediction and truth are multiplied by the matte of the truth, so that everything outside of it is equal and counts
 * as such; means still run over all pixels, as in the released code. Differences are read at 8 bits, as pictures are stored.
 */
import { fromBytes, type Image, toBytes } from '../core/image.js';

/** H×W×3 rounded to 8 bits, times a matte H×W×1. */
export function insideMatte(image: Image, matte: Image): Image {
  const { width, height, channels } = image;
  if (matte.width !== width || matte.height !== height || matte.channels !== 1)
    throw new Error(`internal: a matte of ${matte.width}×${matte.height} for a picture of ${width}×${height}`);
  const out = fromBytes(toBytes(image), width, height, channels);
  for (let i = 0; i < out.data.length; i++) out.data[i]! *= matte.data[Math.floor(i / channels)]!;
  return out;
}
