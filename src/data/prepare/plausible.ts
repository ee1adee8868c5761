/**
 * Captions that cannot be true. The paper's supplement says that frames with implausible captions are discarded; its code only
 * lists the words that a caption of a person holds. The rule here is ours: a person must be named, and what is said of mouth and
 * eyes must not contradict what was tracked.
 */

/** Words for a person: those of the released helper, their plurals, and no others. */
const PERSON =
  /\b(person|persons|people|man|men|woman|women|boy|boys|girl|girls|child|children|baby|babies|actor|actors|actress|actresses|priest|priests)\b/;

const OPEN_MOUTH = /\b(mouth (is )?(wide )?open|(wide )?open mouth|opening the mouth|tongue)\b/;
const CLOSED_MOUTH = /\b(mouth (is )?(closed|shut)|closed mouth|lips (pressed|closed)|pressing the lips)\b/;
const CLOSED_EYES = /\b(eyes (are )?(closed|shut)|closed eyes)\b/;
const OPEN_EYES = /\b(eyes (are )?wide open|wide eyes)\b/;

/**
 * Limits of ARKit weights. They leave room for a fit that is off by a quarter of a full shape: only a caption on the far side of
 * what was tracked is refused.
 */
const LIMITS = {
  /** jawOpen below which nothing can be seen inside of the mouth */
  shutJaw: 0.03,
  /** jawOpen above which lips do not meet */
  openJaw: 0.5,
  /** eyeBlink of the more closed eye below which an eye is open, and of both above which eyes are closed */
  openEye: 0.15,
  shutEye: 0.9,
} as const;

/** Why a caption cannot be that of a face with these ARKit weights; null when it can. Expects lower case. */
export function implausible(caption: string, weights: Readonly<Record<string, number>>): string | null {
  const jaw = weights['jawOpen'] ?? 0;
  const blinks = [weights['eyeBlinkLeft'] ?? 0, weights['eyeBlinkRight'] ?? 0];
  if (!PERSON.test(caption)) return 'the caption names no person';
  if (OPEN_MOUTH.test(caption) && jaw < LIMITS.shutJaw) return 'the caption opens a mouth that is shut';
  if (CLOSED_MOUTH.test(caption) && jaw > LIMITS.openJaw) return 'the caption shuts a mouth that is open';
  if (CLOSED_EYES.test(caption) && Math.max(...blinks) < LIMITS.openEye) return 'the caption shuts eyes that are open';
  if (OPEN_EYES.test(caption) && Math.min(...blinks) > LIMITS.shutEye) return 'the caption opens eyes that are shut';
  return null;
}
