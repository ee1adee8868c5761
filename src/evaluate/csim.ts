/**
 * CSIM: how alike two faces are, as the cosine of their descriptors (paper: ArcFace; ours are named by the descriptor).
 *
 * Policy of the released code: no face in the prediction counts as 0, no face in the picture it is compared with leaves the
 * pair out. Self protocol: prediction against truth; cross: prediction against the reference.
 */

/** Cosine of two vectors after `centre` is taken off both, −1 … 1; 0 when one of them is the centre itself. */
export function cosine(a: ArrayLike<number>, b: ArrayLike<number>, centre?: ArrayLike<number> | null): number {
  let [aa, bb, ab] = [0, 0, 0];
  for (let i = 0; i < a.length; i++) {
    const c = centre ? centre[i]! : 0;
    const [x, y] = [a[i]! - c, b[i]! - c];
    aa += x * x;
    bb += y * y;
    ab += x * y;
  }
  return aa > 0 && bb > 0 ? ab / Math.sqrt(aa * bb) : 0;
}

/** CSIM of a prediction; null leaves the pair out. Descriptors are null where no face was found. */
export function csim(
  prediction: ArrayLike<number> | null,
  other: ArrayLike<number> | null,
  centre?: ArrayLike<number> | null,
): number | null {
  if (!other) return null;
  return prediction ? cosine(prediction, other, centre) : 0;
}
