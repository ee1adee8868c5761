/**
 * `sharpness(own)`: how much of a picture's detail a blur takes away. A simple stand-in for HyperIQA, the quality network of the
 * paper's preparation, which is not available here; the two numbers cannot be compared, so ours is stored in a folder of its own.
 *
 * After the no-reference blur measure of Crete, Dolmiere, Ladret and Nicolas (2007): a sharp picture loses most of its
 * differences between neighbours when it is blurred, a blurred one hardly any. Measured at 128² and 512² on one photo and two
 * rendered people: 58 … 71 as they are, 39 … 51 enlarged two-fold, 23 … 35 four-fold, 19 … 23 eight-fold; the rest that a blurred
 * picture keeps are the steps of 8 bits.
 */
import type { Image } from '../../core/image.js';

/** Pixels of the averaging filter, as in the paper of the measure. */
const TAPS = 9;

/** 0 (nothing left to blur) … 100 (all detail goes); the smaller of rows and columns, so that motion in one direction counts. 0 for a plain picture. */
export function sharpness(image: Image): number {
  const gray = luminance(image);
  const { width, height } = image;
  return 100 * Math.min(lost(gray, width, height, 1, width), lost(gray, height, width, width, 1));
}

/** Rec. 601 luma, H·W. */
function luminance({ data, channels }: Image): Float32Array {
  if (channels === 1) return data;
  return Float32Array.from(
    { length: data.length / channels },
    (_, i) => 0.299 * data[i * channels]! + 0.587 * data[i * channels + 1]! + 0.114 * data[i * channels + 2]!,
  );
}

/** Share of the summed differences along a direction that an average of 9 along it takes away; lines are `stride` apart. */
function lost(gray: Float32Array, length: number, lines: number, step: number, stride: number): number {
  let [before, gone] = [0, 0];
  const soft = new Float32Array(length);
  for (let line = 0; line < lines; line++) {
    const at = (i: number) => gray[line * stride + Math.max(0, Math.min(length - 1, i)) * step]!;
    const reach = (TAPS - 1) / 2;
    for (let i = 0; i < length; i++) {
      let sum = 0;
      for (let k = -reach; k <= reach; k++) sum += at(i + k);
      soft[i] = sum / TAPS;
    }
    for (let i = 1; i < length; i++) {
      const difference = Math.abs(at(i) - at(i - 1));
      before += difference;
      gone += Math.max(0, difference - Math.abs(soft[i]! - soft[i - 1]!));
    }
  }
  return before > 1e-6 ? gone / before : 0; // below: rounding of a plain picture, no detail
}
