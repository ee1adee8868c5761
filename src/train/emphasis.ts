/**
 * Where the loss counts more: the face, its eyes, and above all the mouth, found on the control picture.
 *
 * Not in the paper, whose training set is a hundred times larger: of a 64² picture a tongue is forty pixels in a fifth of the
 * frames, so that a plain mean hardly hears what the word does. Weights have mean 1, so that the learning rate keeps its
 * meaning. The places of eyes and mouth are rules of thumb on the mask's outline (the control has no labels): a band above the middle
 * of the face; and below the middle and a little beyond the chin, where tongues go.
 */
import type { PictureSet } from './pictures.js';

/** How much more. */
export type Emphasis = {
  /** added to 1 on the face, in shares of a cell that it covers */
  readonly face: number;
  /** added on the band of the eyes */
  readonly eyes: number;
  /** added on the mouth */
  readonly mouth: number;
};

/** Where on the face: rows between two shares of its height, columns within a share of its width to both sides of the row's middle. */
type Band = { readonly top: number; readonly bottom: number; readonly halfWidth: number };

/** Eyes with lids and brows' lower edges; the outline's top is the hairline. */
const EYES: Band = { top: 0.26, bottom: 0.46, halfWidth: 0.4 };
/** The mouth, and the chin and what is below it: a tongue hangs over it. */
const MOUTH: Band = { top: 0.56, bottom: 1.06, halfWidth: 0.3 };

/** Weights of a picture's latent cells, [side, side], mean 1; all 1 where the control shows no face. */
export function emphasisOf(set: PictureSet, index: number, side: number, emphasis: Emphasis): Float32Array {
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
      const aside = Math.abs(x + 0.5 - middle) / width;
      const inside = ({ top, bottom, halfWidth }: Band) => along > top && along < bottom && aside < halfWidth;
      const at = y * side + x;
      const extra = (inside(EYES) ? emphasis.eyes : 0) + (inside(MOUTH) ? emphasis.mouth : 0);
      weights[at] = 1 + emphasis.face * cover[at]! + extra;
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
