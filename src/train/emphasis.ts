/**
 * Where the loss counts more: the face, and above all the mouth, found on the control picture.
 *
 * Not in the paper, whose training set is a hundred times larger: of a 64² picture a tongue is forty pixels in a fifth of the
 * frames, so that a plain mean hardly hears what the word does. Weights have mean 1, so that the learning rate keeps its
 * meaning. The mouth's place is a rule of thumb on the mask's outline (the control has no labels): below the middle of the
 * face and a little beyond the chin, where tongues go.
 */
import type { PictureSet } from './pictures.js';

/** How much more. */
export type Emphasis = {
  /** added to 1 on the face, in shares of a cell that it covers */
  readonly face: number;
  /** added on the mouth */
  readonly mouth: number;
};

/** Mouth: rows from this share of the face's height down … */
const MOUTH_TOP = 0.56;
/** … to this one: a tongue hangs over the chin. */
const MOUTH_BOTTOM = 1.06;
/** Half of its width as a share of the face's width at that row's side of the face. */
const MOUTH_HALF_WIDTH = 0.3;

/** Weights of a picture's latent cells, [side, side], mean 1; all 1 where the control shows no face. */
export function emphasisOf(set: PictureSet, index: number, side: number, { face, mouth }: Emphasis): Float32Array {
  const cover = coverOf(set, index, side);
  const box = boxOf(cover, side);
  const weights = new Float32Array(side * side).fill(1);
  if (!box) return weights;
  const [height, width] = [box.bottom - box.top, box.right - box.left];
  let total = 0;
  for (let y = 0; y < side; y++) {
    const along = (y + 0.5 - box.top) / height;
    const middle = rowMiddle(cover, side, y) ?? box.middle;
    for (let x = 0; x < side; x++) {
      const inMouth =
        along > MOUTH_TOP && along < MOUTH_BOTTOM && Math.abs(x + 0.5 - middle) < MOUTH_HALF_WIDTH * width;
      const at = y * side + x;
      weights[at] = 1 + face * cover[at]! + (inMouth ? mouth : 0);
      total += weights[at]!;
    }
  }
  const scale = weights.length / total;
  return weights.map((w) => w * scale);
}

/** Share of each cell that the control's face covers. */
function coverOf({ normals, size }: PictureSet, index: number, side: number): Float32Array {
  const cover = new Float32Array(side * side);
  const cell = size / side;
  const start = index * size * size * 3;
  for (let y = 0; y < size; y++)
    for (let x = 0; x < size; x++) {
      const at = start + (y * size + x) * 3;
      // black is the background and the holes of eyes and mouth
      if (normals![at]! + normals![at + 1]! + normals![at + 2]! > 0)
        cover[Math.floor(y / cell) * side + Math.floor(x / cell)]! += 1 / (cell * cell);
    }
  return cover;
}

function boxOf(cover: Float32Array, side: number) {
  let [top, bottom, left, right, sum, count] = [side, 0, side, 0, 0, 0];
  for (let y = 0; y < side; y++)
    for (let x = 0; x < side; x++) {
      if (cover[y * side + x]! === 0) continue;
      [top, bottom] = [Math.min(top, y), Math.max(bottom, y + 1)];
      [left, right] = [Math.min(left, x), Math.max(right, x + 1)];
      sum += x + 0.5;
      count++;
    }
  return count === 0 ? null : { top, bottom, left, right, middle: sum / count };
}

/** Middle of the face in a row, so that the mouth follows a turned or tilted head; null where there is no face. */
function rowMiddle(cover: Float32Array, side: number, y: number): number | null {
  let [sum, total] = [0, 0];
  for (let x = 0; x < side; x++) {
    sum += cover[y * side + x]! * (x + 0.5);
    total += cover[y * side + x]!;
  }
  return total === 0 ? null : sum / total;
}
