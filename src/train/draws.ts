/**
 * Which frame the prior's training draws: open mouths and tongues more often than they occur, and every direction of a tongue
 * as often as any other.
 *
 * Reads captions only, so that it serves any footage. The supplement, too, shows tongues more often; the shares and the evening
 * out of directions are ours. Not the batch itself: that is prior.ts.
 */
import type { RandomStream } from '../core/rng.js';
import { variantOf } from '../data/rendered.js';
import type { PictureSet } from './pictures.js';

/** Frames (person · F + frame) by what their captions say of the mouth. */
export type MouthFrames = {
  /** tongues that are out, by the direction in words; none of the lists is empty */
  readonly tongues: readonly (readonly number[])[];
  /** open mouths of which no tongue is said */
  readonly open: readonly number[];
  readonly isTongue: ReadonlySet<number>;
};

/** Where a caption says that the tongue goes; `out` where it says no more than that. */
export type SpokenDirection = 'out' | 'down' | 'up' | 'left' | 'right' | 'curled';

/** Words of a direction, looked for behind the tongue in its own phrase; `curled` also before it ("a curled tongue"). */
const DIRECTION_WORDS: readonly (readonly [SpokenDirection, RegExp])[] = [
  ['left', /\bto (the|his|her) left\b/],
  ['right', /\bto (the|his|her) right\b/],
  ['up', /\b(up|upwards|towards the nose)\b/],
  ['down', /\b(down|downwards|over the chin)\b/],
];
const CURLED = /\bcurl(ed|ing)\b/;

/** Starts of phrases that are not about the tongue any more: "tongue out, looking to the left", "tongue out and smiling". */
const NEXT_PHRASE =
  /,| and (?!up\b|down\b|curled\b|to (the|his|her)\b)| with (?!the tongue|his tongue|her tongue)| looking | in front of /;

/** Direction of the tongue in a caption's words; null where it names no tongue. */
export function spokenDirection(caption: string): SpokenDirection | null {
  const phrase = caption.split(NEXT_PHRASE).find((part) => part && /\btongue\b/.test(part));
  if (!phrase) return null;
  if (CURLED.test(phrase)) return 'curled';
  const behind = phrase.slice(phrase.indexOf('tongue'));
  return DIRECTION_WORDS.find(([, words]) => words.test(behind))?.[0] ?? 'out';
}

/** Directions of fewer than this share of a set's tongues are drawn among those of another: a handful must not be learned by heart. */
const RARE = 0.02;

/** Sorts the frames of a set. */
export function mouthFrames({ captions }: Pick<PictureSet, 'captions'>): MouthFrames {
  const byDirection = new Map<SpokenDirection, number[]>();
  const open: number[] = [];
  captions.forEach((caption, index) => {
    const direction = spokenDirection(caption);
    if (direction) {
      const frames = byDirection.get(direction) ?? [];
      frames.push(index);
      byDirection.set(direction, frames);
    } else if (/mouth/.test(caption)) open.push(index);
  });
  const all = [...byDirection.values()].flat();
  const common = [...byDirection.values()].filter((frames) => frames.length >= RARE * all.length);
  const rare = [...byDirection.values()].filter((frames) => frames.length < RARE * all.length).flat();
  const tongues = rare.length > 0 ? [[...common[0]!, ...rare], ...common.slice(1)] : common;
  return { tongues, open, isTongue: new Set(all) };
}

/**
 * Share of groups that are drawn from open mouths, more than half of them with a tongue, since only words tell the two apart:
 * the supplement, too, shows tongues more often. It was 0.55 until sets of pairs came, all of them open mouths: smiles and kisses, which need
 * closed lips, were then a quarter of what was seen.
 */
const OPEN_MOUTH_SHARE = 0.3;
const TONGUE_SHARE = 0.6;
/**
 * Of the tongues drawn for an empty prompt, the share that stays; the others become open mouths without. An empty prompt stands
 * for what is usual, and few open mouths in footage show a tongue: with all of them it drew one on 37 % of open mouths.
 */
const EMPTY_TONGUE_SHARE = 0.2;

/**
 * Draws a frame of a set (person · F + frame): uniformly, or from the open mouths.
 * @param captioned false when the group's prompt is the empty one.
 */
export function drawFrame(random: RandomStream, count: number, mouths: MouthFrames, captioned: boolean): number {
  const wanted = random.chance(OPEN_MOUTH_SHARE);
  const list = random.chance(TONGUE_SHARE) && mouths.tongues.length > 0 ? random.pick(mouths.tongues) : mouths.open;
  const drawn = wanted && list.length > 0 ? random.pick(list) : random.integer(count);
  const unusual = !captioned && mouths.isTongue.has(drawn) && mouths.open.length > 0;
  return unusual && !random.chance(EMPTY_TONGUE_SHARE) ? random.pick(mouths.open) : drawn;
}

/**
 * Of pairs, the share whose tongues go to opposite sides: nothing but one word tells them apart (docs/PITFALLS.md). With half of
 * all pairs, sides were told apart, but a curled tongue was drawn to a side (docs/RESULTS.md).
 */
const OPPOSITE_SHARE = 0.2;

/**
 * Two frames of one shot in a set whose frames come in runs of `variants`: without a tongue and with one in each direction
 * (data/rendered.ts).
 */
export function drawPair(random: RandomStream, count: number, variants: number): [number, number] {
  const shot = random.integer(count / variants) * variants;
  if (random.chance(OPPOSITE_SHARE)) return [shot + variantOf('left'), shot + variantOf('right')];
  const one = random.integer(variants);
  return [shot + one, shot + ((one + 1 + random.integer(variants - 1)) % variants)];
}
