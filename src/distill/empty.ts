/**
 * Where a picture surely shows nobody, from its matte: what the loss keeps the head out of.
 *
 * Not the paper's, whose views show one even background; ours show whatever stood behind the person in the photo, and a head that takes a
 * part of it has a haze around it from every other side. The matte itself is the caller's (photo/matting.ts).
 */
import type { Image } from '../core/image.js';

/** How much of each pixel of pictures H×W×3 is the person: H×W×1 each, in [0, 1]. */
export type MatteMaker = (pictures: readonly Image[]) => Promise<readonly Image[]>;

/**
 * Pixels nearer to the person than this share of the picture are not called empty: the targets' outlines differ from view to view and
 * are blurred at first, and held to each of them the head would shrink to what all leave.
 */
const CLEARANCE = 1 / 32;

/** 1 where no pixel within the clearance is the person, 0 where one is by a half or more; square windows. */
export function emptyAround(matte: Image): Image {
  const { width, height } = matte;
  const reach = Math.round(CLEARANCE * width);
  const largest = (data: Float32Array, stride: number, length: number, at: number, place: number) => {
    let most = 0;
    for (let d = Math.max(-reach, -place); d <= Math.min(reach, length - 1 - place); d++)
      most = Math.max(most, data[at + d * stride]!);
    return most;
  };
  const rows = matte.data.map((_, i) => largest(matte.data, 1, width, i, i % width));
  const both = rows.map((_, i) => largest(rows, width, height, i, Math.floor(i / width)));
  return { ...matte, data: both.map((share) => Math.max(0, 1 - 2 * share)) };
}
