/**
 * Who is held out: people, never frames, so that no face of the validation set has been trained on (Joker, supplement).
 *
 * For clips nobody says who is in them, so faces that look alike are held out together; NeRSemble's list is fixed.
 */
import type { SubjectSplit } from './metas.js';

/** Cosine of two ArcFace embeddings above which the paper counts two clips as one person. */
export const ARCFACE_SAME = 0.4;

/** The 23 people of NeRSemble that the paper holds out, first and last of each run of numbers. */
const NERSEMBLE_RUNS = [
  [316, 326],
  [329, 333],
  [368, 371],
  [373, 375],
] as const;

/** True for NeRSemble's validation ids. */
export function isNersembleValidation(subject: string): boolean {
  const id = /^\d{3}$/.test(subject) ? Number(subject) : -1;
  return NERSEMBLE_RUNS.some(([first, last]) => id >= first && id <= last);
}

/** NeRSemble's fixed split of these subjects. */
export function nersembleSplit(subjects: readonly string[]): SubjectSplit {
  return split(subjects, new Set(subjects.filter(isNersembleValidation)));
}

/** How to hold people out. */
export type IdentitySplitOptions = {
  /** share of subjects to hold out, rounded down; default 0.1 (the paper's) */
  readonly share?: number;
  /** similarity above which two subjects count as one person; default 0.4, right for ArcFace only */
  readonly same?: number;
  /** similarity of two subjects by index, e.g. the cosine of unit embeddings; default: everybody is somebody else */
  readonly similarity?: (a: number, b: number) => number;
};

/**
 * Walks from the last subject to the first; each is held out with everybody left who looks like it, like them, and so on, until
 * the count is reached. So the count may be exceeded, but nobody in training looks like anybody held out by one of those links.
 */
export function identitySplit(subjects: readonly string[], options: IdentitySplitOptions = {}): SubjectSplit {
  const { share = 0.1, same = ARCFACE_SAME, similarity = () => -1 } = options;
  const count = Math.trunc(share * subjects.length);
  const left = new Set(subjects.keys());
  const held = new Set<string>();
  for (let last = subjects.length - 1; last >= 0 && held.size < count; last--) {
    if (!left.has(last)) continue;
    const queue = [last];
    left.delete(last);
    for (let index = queue.pop(); index !== undefined; index = queue.pop()) {
      held.add(subjects[index]!);
      for (const other of left)
        if (similarity(index, other) > same) {
          left.delete(other);
          queue.push(other);
        }
    }
  }
  return split(subjects, held);
}

function split(subjects: readonly string[], held: ReadonlySet<string>): SubjectSplit {
  return { train: subjects.filter((s) => !held.has(s)), val: subjects.filter((s) => held.has(s)) };
}

/** Cosine of two vectors of one length; 0 when one of them is all zeros. */
export function cosine(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let [dot, aa, bb] = [0, 0, 0];
  for (let i = 0; i < a.length; i++) {
    dot += a[i]! * b[i]!;
    aa += a[i]! * a[i]!;
    bb += b[i]! * b[i]!;
  }
  return aa > 0 && bb > 0 ? dot / Math.sqrt(aa * bb) : 0;
}
