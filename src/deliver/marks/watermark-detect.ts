/**
 * Finding the mark: a score of the whole picture, and a search over windows of it for pictures that were cropped.
 *
 * The score of an unmarked picture has mean 0 and variance 1 over keys whatever the picture, and a Gaussian tail (Hoeffding
 * 1963), because the signs are independent of it. The thresholds stand on the measured null distribution: docs/RESULTS.md.
 */

import type { Image } from '../../core/image.js';
import { BLOCK, blockCoefficients, type Grid, lumaOf, toGrid, waveOf } from './watermark-grid.js';
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

/** Evidence at every place of a block, positions = side − 7 in each direction. */
type Evidence = {
  readonly positions: number;
  /** limited coefficients, [y · positions + x][frequency] */
  readonly values: Float32Array;
  /** their squares, summed over the frequencies */
  readonly squares: Float32Array;
};

function evidenceEverywhere(grid: Grid, { frequencies }: Layer): Evidence {
  const positions = grid.side - BLOCK + 1;
  const values = new Float32Array(positions * positions * frequencies.length);
  const squares = new Float32Array(positions * positions);
  const rows = new Map<number, Float32Array>(); // one pass along the rows serves all frequencies that share it
  for (const [f, [v, u]] of frequencies.entries()) {
    const row = rows.get(u) ?? alongRows(grid, u);
    rows.set(u, row);
    const coefficients = downColumns(row, grid.side, v);
    for (let place = 0; place < squares.length; place++) {
      const evidence = limited(coefficients[place]!);
      values[place * frequencies.length + f] = evidence;
      squares[place]! += evidence * evidence;
    }
  }
  return { positions, values, squares };
}

/** Every row against a wave of the basis, at each of the side − 7 places: side · (side − 7) sums. */
function alongRows({ side, values }: Grid, frequency: number): Float32Array {
  const wave = waveOf(frequency);
  const { length } = wave;
  const positions = side - BLOCK + 1;
  const out = new Float32Array(side * positions);
  for (let y = 0; y < side; y++)
    for (let x = 0; x < positions; x++) {
      let sum = 0;
      for (let i = 0; i < length; i++) sum += wave[i]! * values[y * side + x + i]!;
      out[y * positions + x] = sum;
    }
  return out;
}

/** The sums of `alongRows` against a wave downwards: (side − 7)² coefficients. */
function downColumns(rows: Float32Array, side: number, frequency: number): Float32Array {
  const wave = waveOf(frequency);
  const { length } = wave;
  const positions = side - BLOCK + 1;
  const out = new Float32Array(positions * positions);
  for (let at = 0; at < out.length; at++) {
    let sum = 0;
    for (let i = 0; i < length; i++) sum += wave[i]! * rows[at + i * positions]!;
    out[at] = sum;
  }
  return out;
}

/** Score when the picture is the window of `side` grid pixels at (left, top): of the blocks that lie inside. */
function scoreAt(evidence: Evidence, side: number, layer: Layer, left: number, top: number): number {
  const { positions, values, squares } = evidence;
  const size = BLOCK; // loops are tight: an imported constant costs a call under the test runner's loader
  const [blocks, count] = [layer.side / size, layer.frequencies.length];
  let [sum, energy] = [0, 0];
  for (let by = Math.ceil(top / size); by * size + size <= top + side && by < blocks; by++)
    for (let bx = Math.ceil(left / size); bx * size + size <= left + side && bx < blocks; bx++) {
      const place = (by * size - top) * positions + bx * size - left;
      const [first, start] = [(by * blocks + bx) * count, place * count];
      for (let f = 0; f < count; f++) sum += layer.signs[first + f]! * values[start + f]!;
      energy += squares[place]!;
    }
  return normalised(sum, energy);
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
