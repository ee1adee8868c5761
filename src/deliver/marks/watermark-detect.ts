/**
 * Finding the mark: a score of the whole picture, and a search over windows of it for pictures that were cropped.
 *
 * The score of an unmarked picture has mean 0 and variance 1 over keys whatever the picture, and a Gaussian tail (Hoeffding
 * 1963), because the signs are independent of it. The thresholds stand on the measured null distribution: docs/RESULTS.md.
 */

import type { Image } from '../../core/image.js';
import { BLOCK, basisOf, blockCoefficients, type Grid, lumaOf, projectBlock, toGrid } from './watermark-grid.js';
import { idCarrier, idOfEvidence, type Layer, presenceLayer } from './watermark-pattern.js';

/** Score from which the mark is present in a picture that was not cropped. */
export const WHOLE_THRESHOLD = 4.75;

/** The same for the best of some thousand windows. */
export const WINDOW_THRESHOLD = 6.25;

/** Grey levels from which a coefficient counts fully: less may be noise of an encoder that erased it. */
const FULL = 3;

/** Sides of windows that are tried, in pixels of the 64 grid: from 69 % of the picture's side up. */
const [SMALLEST_WINDOW, LARGEST_WINDOW] = [44, 63];

/** What was found in a picture. */
export type WatermarkReading = {
  readonly present: boolean;
  /** standard deviations above what unmarked pictures score, of the whole picture */
  readonly score: number;
  /** best score of the windows; null when not searched */
  readonly windowScore: number | null;
  /** eight hexadecimal digits, or null when there is none or it cannot be read */
  readonly runId: string | null;
};

/** Limits evidence, so that a few strong edges cannot outvote everything else. */
function limited(coefficient: number): number {
  return Math.max(-1, Math.min(1, coefficient / FULL));
}

/** Σ sign·evidence / √Σ evidence²; 0 for a picture without any detail. */
function normalised(sum: number, squares: number): number {
  return squares > 0 ? sum / Math.sqrt(squares) : 0;
}

/** Score of the whole picture; see `WHOLE_THRESHOLD`. */
export function wholeScore(luma: Image, layer: Layer = presenceLayer()): number {
  const coefficients = blockCoefficients(toGrid(luma, layer.side), layer.frequencies);
  let [sum, squares] = [0, 0];
  coefficients.forEach((coefficient, i) => {
    const evidence = limited(coefficient);
    sum += layer.signs[i]! * evidence;
    squares += evidence * evidence;
  });
  return normalised(sum, squares);
}

/** Best score of all windows of the marked picture that this one might be; both sides are taken to be cropped alike. */
export function windowScore(luma: Image, layer: Layer = presenceLayer()): number {
  let best = Number.NEGATIVE_INFINITY;
  for (let side = SMALLEST_WINDOW; side <= LARGEST_WINDOW; side++) {
    const evidence = evidenceEverywhere(toGrid(luma, side), layer);
    const room = layer.side - side;
    for (let top = 0; top <= room; top++)
      for (let left = 0; left <= room; left++) best = Math.max(best, scoreAt(evidence, side, layer, left, top));
  }
  return best;
}

/** Limited coefficients of the block at every grid position, [frequency][y · positions + x]. */
function evidenceEverywhere(grid: Grid, { frequencies }: Layer): Float32Array[] {
  const positions = grid.side - BLOCK + 1;
  return frequencies.map((frequency) => {
    const basis = basisOf(frequency);
    return Float32Array.from({ length: positions * positions }, (_, i) =>
      limited(projectBlock(grid, basis, i % positions, Math.floor(i / positions))),
    );
  });
}

/** Score when the picture is the window of `side` grid pixels at (left, top): of the blocks that lie inside. */
function scoreAt(evidence: Float32Array[], side: number, layer: Layer, left: number, top: number): number {
  const [blocks, positions] = [layer.side / BLOCK, side - BLOCK + 1];
  let [sum, squares] = [0, 0];
  for (let by = Math.ceil(top / BLOCK); by * BLOCK + BLOCK <= top + side && by < blocks; by++)
    for (let bx = Math.ceil(left / BLOCK); bx * BLOCK + BLOCK <= left + side && bx < blocks; bx++) {
      const place = (by * BLOCK - top) * positions + bx * BLOCK - left;
      const first = (by * blocks + bx) * evidence.length;
      for (let f = 0; f < evidence.length; f++) {
        const value = evidence[f]![place]!;
        sum += layer.signs[first + f]! * value;
        squares += value * value;
      }
    }
  return normalised(sum, squares);
}

/** The run id in a picture that carries the mark and was not cropped, or null. */
export function readRunId(luma: Image): number | null {
  const carrier = idCarrier();
  const coefficients = blockCoefficients(toGrid(luma, carrier.side), carrier.frequencies);
  const evidence = new Float64Array(48);
  coefficients.forEach((coefficient, i) => {
    evidence[carrier.bits[i]!]! += carrier.signs[i]! * limited(coefficient);
  });
  return idOfEvidence(evidence);
}

/** The id as it is written: eight hexadecimal digits. */
export function runIdText(runId: number): string {
  return (runId >>> 0).toString(16).padStart(8, '0');
}

/** Looks for the mark in a picture, H×W×1, 3 or 4; the windows only when the whole does not show it. */
export function readWatermark(image: Image): WatermarkReading {
  const luma = lumaOf(image);
  const score = wholeScore(luma);
  if (score >= WHOLE_THRESHOLD) {
    const runId = readRunId(luma);
    return { present: true, score, windowScore: null, runId: runId === null ? null : runIdText(runId) };
  }
  const best = windowScore(luma);
  return { present: best >= WINDOW_THRESHOLD, score, windowScore: best, runId: null };
}

/** The same for frames of an animation, at least one: the mean of their scores, no search for windows. */
export function readWatermarkOfFrames(frames: readonly Image[]): WatermarkReading {
  const lumas = frames.map(lumaOf);
  // Frames of one video are alike, so their mean is no surer than one of them when they are unmarked: the threshold stays.
  const score = lumas.reduce((sum, luma) => sum + wholeScore(luma), 0) / lumas.length;
  const present = score >= WHOLE_THRESHOLD;
  const runId = present ? lumas.map(readRunId).find((id) => id !== null) : undefined;
  return { present, score, windowScore: null, runId: runId === undefined || runId === null ? null : runIdText(runId) };
}
