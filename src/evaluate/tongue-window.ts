/**
 * What lies between pictures and the tongue judge's network: the window around the mouth, and figures of a probability map.
 *
 * The window is fixed in the aligned crop, where the five points put every mouth at about the same place (photo/align.ts): no
 * tracker is needed, which may fail on a mouth with a tongue.
 */
import { type Image, makeImage, resizeArea, resizeBilinear } from '../core/image.js';
import { WINDOW } from './tongue-network.js';

/** Side of the picture that the window is cut from. */
export const JUDGED_SIZE = 64;

/**
 * Left column and top row of the window in the 64² picture. The standard mouth is at column 32 and row 42 (0.381 units of
 * 27.4 pixels below the middle); a tongue reaches at most 0.4 units = 11 pixels from the opened lips.
 */
export const WINDOW_LEFT = 12;
/** See `WINDOW_LEFT`: the window ends at the picture's lower edge. */
export const WINDOW_TOP = JUDGED_SIZE - WINDOW;

/** Probability from which a pixel counts as tongue. */
export const PIXEL_THRESHOLD = 0.5;

/** An aligned crop S×S×3 at the judged size 64×64×3. */
export function atJudgedSize(image: Image): Image {
  if (image.width !== image.height) throw new Error(`internal: a crop is square, not ${image.width}×${image.height}`);
  if (image.width === JUDGED_SIZE) return image;
  const resize = image.width > JUDGED_SIZE ? resizeArea : resizeBilinear;
  return resize(image, JUDGED_SIZE, JUDGED_SIZE);
}

/**
 * The window W×W×C of a 64² picture. `dx`, `dy`: pixels by which it is moved, for training; pixels outside of the picture
 * repeat its edge.
 */
export function cutWindow(image: Image, dx = 0, dy = 0): Image {
  const { channels, data, width } = image;
  const out = makeImage(WINDOW, WINDOW, channels);
  const clamp = (v: number) => Math.max(0, Math.min(width - 1, v));
  for (let y = 0; y < WINDOW; y++)
    for (let x = 0; x < WINDOW; x++) {
      const from = clamp(WINDOW_TOP + dy + y) * width + clamp(WINDOW_LEFT + dx + x);
      for (let c = 0; c < channels; c++) out.data[(y * WINDOW + x) * channels + c] = data[from * channels + c]!;
    }
  return out;
}

/** A picture as a mirror shows it. */
export function mirrored(image: Image): Image {
  const { width, height, channels, data } = image;
  const out = makeImage(width, height, channels);
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++)
      for (let c = 0; c < channels; c++)
        out.data[(y * width + x) * channels + c] = data[(y * width + width - 1 - x) * channels + c]!;
  return out;
}

/** Share of the whole 64² picture that the window's map marks as tongue, 0 … 0.39. */
export function tongueArea(map: Image): number {
  let count = 0;
  for (const value of map.data) if (value > PIXEL_THRESHOLD) count++;
  return count / JUDGED_SIZE ** 2;
}

/** Pixels marked by both maps, and by either: their quotient is the intersection over union. */
export function overlapOf(a: Image, b: Image): { readonly both: number; readonly either: number } {
  let [both, either] = [0, 0];
  for (let i = 0; i < a.data.length; i++) {
    const [p, q] = [a.data[i]! > PIXEL_THRESHOLD, b.data[i]! > PIXEL_THRESHOLD];
    if (p && q) both++;
    if (p || q) either++;
  }
  return { both, either };
}

/**
 * The threshold on a score that separates two groups best: the one with the largest mean of both groups' shares of right
 * answers (balanced accuracy), so that how often each occurs does not matter. Where several are equally good, the middle of
 * the first run of them, as far from both groups as may be.
 * @param scores of pictures; `truth[i]` says which group score i belongs to (true = above). Both groups must occur.
 */
export function balancedThreshold(
  scores: readonly number[],
  truth: readonly boolean[],
): { readonly threshold: number; readonly accuracy: number } {
  const sorted = [...new Set(scores)].sort((a, b) => a - b);
  const positives = truth.filter(Boolean).length;
  const accuracies = sorted.map((low) => {
    const hits = scores.filter((s, j) => truth[j] && s > low).length;
    const rejections = scores.filter((s, j) => !truth[j] && s <= low).length;
    return (hits / positives + rejections / (truth.length - positives)) / 2;
  });
  const accuracy = Math.max(...accuracies);
  const first = accuracies.indexOf(accuracy);
  let last = first;
  while (accuracies[last + 1] === accuracy) last++;
  return { threshold: (sorted[first]! + (sorted[last + 1] ?? sorted[last]!)) / 2, accuracy };
}
