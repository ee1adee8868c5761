/**
 * Which views may be trained on: the tests of the paper's preparation, as far as they need no FLAME and no HyperIQA, and ours in
 * their places. A frame is dropped if one of its cameras fails one of them.
 *
 * | Paper | Here |
 * |---|---|
 * | FLAME found, its scale `cam_out[0]` ≥ 6 | a fit whose reprojection error is at most `fitError` (ours) |
 * | BFM found, identity not null | the same, of our model |
 * | five landmarks inside of a margin of int(0.045·side) in the uncropped picture | the same |
 * | HyperIQA ≥ 40 | the same if such a file lies there; `sharpness(own)` ≥ `sharpness` (ours) |
 * | captions implausible (no filter in the code) | plausible.ts (ours) |
 */
import { arkitOf, type FitJson, hasFace } from './fit-json.js';
import { implausible } from './plausible.js';

/** Limits of the tests that are ours; each has a default. */
export type ValidityOptions = {
  /** most mean reprojection error, percent of the distance between the eyes; default 10: a lost fit, not a rough one */
  readonly fitError?: number;
  /** least `sharpness(own)`; default 25: refuses pictures enlarged about six-fold, see sharpness.ts */
  readonly sharpness?: number;
};

/** Share of a side that landmarks must keep from the border. */
const MARGIN = 0.045;
/** Least HyperIQA score. */
const HYPERIQA = 40;

/** What is known of one camera of a frame. */
export type ViewFacts = {
  readonly fit: FitJson;
  /** null: no caption file */
  readonly caption: string | null;
  /** `sharpness(own)`, null when it was not measured */
  readonly sharpness: number | null;
  /** null when nobody measured it */
  readonly hyperiqa: number | null;
};

/** Why a view is not valid, the first reason in the order of the table above; null when it is. */
export function rejection(view: ViewFacts, options: ValidityOptions = {}): string | null {
  const { fit, caption, sharpness, hyperiqa } = view;
  const { fitError = 10, sharpness: least = 25 } = options;
  if (!hasFace(fit)) return 'no face';
  if (fit.error_percent !== null && fit.error_percent > fitError) return 'the fit is off';
  if (!insideMargin(fit)) return 'a landmark is near the border';
  if (hyperiqa !== null && hyperiqa < HYPERIQA) return 'HyperIQA below 40';
  if (hyperiqa === null && sharpness === null) return 'no quality score';
  if (sharpness !== null && sharpness < least) return 'not sharp';
  if (caption === null) return 'no caption';
  return implausible(caption, arkitOf(fit));
}

/** True when all five landmarks lie at least int(0.045·side) pixels inside of the uncropped picture. */
export function insideMargin({ lmks_uncropped: points, hw_uncropped: [height, width] }: FitJson): boolean {
  if (points === null) return false;
  const [dx, dy] = [Math.trunc(MARGIN * width), Math.trunc(MARGIN * height)];
  return points.every(([x, y]) => x >= dx && x <= width - dx && y >= dy && y <= height - dy);
}
