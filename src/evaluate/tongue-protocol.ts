/**
 * Does the text bring the tongue that the 3DMM cannot say? Figures of judged pictures: the same normals and noise with the word,
 * with a caption that is silent about it, and with the empty prompt (Joker's claim; its paper shows it in pictures, the protocol is ours).
 *
 * Overlap is counted against what is possible: two true renders of the same words differ, too, since words say neither how long nor
 * how wide a tongue is. The judge reads renders and samples alike, so that its errors are in both. Sums only.
 */
import { foldInName, type RandomKey } from '../core/rng.js';
import { bootstrap, type Interval } from './bootstrap.js';
import { meanOf } from './statistics.js';
import type { TongueVerdict } from './tongue.js';
import { JUDGED_DIRECTIONS, type JudgedDirection } from './tongue-network.js';
import { overlapOf } from './tongue-window.js';

/** Pictures of one request: drawn with three texts, and two true renders of the words. */
export const TONGUE_PICTURES = ['word', 'silent', 'empty', 'truth', 'second'] as const;

/** One of them. */
export type TonguePicture = (typeof TONGUE_PICTURES)[number];

/** One request and what the judge said of its pictures. */
export type JudgedTongue = {
  readonly person: number;
  /** what the words ask for */
  readonly direction: JudgedDirection;
  readonly verdicts: Readonly<Record<TonguePicture, TongueVerdict>>;
};

/** One line of the result. */
export type TongueFigure = {
  readonly name: string;
  readonly figure: Interval;
  /** the same for the true renders where that makes sense: what the judge itself reaches */
  readonly ceiling: Interval | null;
  /** what is asked for, in words */
  readonly limit: string | null;
  /** null where nothing is asked for */
  readonly passed: boolean | null;
};

/** What is asked of a prior that was trained on studio data. */
export const TONGUE_LIMITS = { word: 0.85, empty: 0.2, direction: 0.7, overlap: 0.7 } as const;

/** All figures, shares in 0 … 1. @param key of the bootstrap over people. */
export function tongueFigures(judged: readonly JudgedTongue[], key: RandomKey): TongueFigure[] {
  const over = (name: string, statistic: (items: readonly JudgedTongue[]) => number): Interval =>
    bootstrap(byPerson(judged), statistic, foldInName(key, name));
  const present = (picture: TonguePicture) =>
    over(picture, (items) => shareOf(items, (item) => item.verdicts[picture].present));
  const right = (picture: TonguePicture) =>
    over(`direction of ${picture}`, (items) =>
      shareOf(items, (item) => item.verdicts[picture].direction === item.direction),
    );
  const atLeast = (name: string, figure: Interval, ceiling: Interval | null, limit: number): TongueFigure => ({
    name,
    figure,
    ceiling,
    limit: `≥ ${limit}`,
    passed: figure.value >= limit,
  });
  const empty = present('empty');
  const { word, empty: most, direction, overlap } = TONGUE_LIMITS;
  return [
    atLeast('tongue with the word', present('word'), present('truth'), word),
    { name: 'tongue, words silent about it', figure: present('silent'), ceiling: null, limit: null, passed: null },
    { name: 'tongue, empty prompt', figure: empty, ceiling: null, limit: `≤ ${most}`, passed: empty.value <= most },
    atLeast('direction right', right('word'), right('truth'), direction),
    atLeast(
      'overlap, share of the possible',
      over('overlap', overlapShare),
      over('possible overlap', possibleOverlap),
      overlap,
    ),
  ];
}

/** How often the judge read each direction where one was asked for, in the drawn pictures and in the true renders. */
export type DirectionReadings = {
  readonly asked: JudgedDirection;
  readonly word: Readonly<Partial<Record<JudgedDirection, number>>>;
  readonly truth: Readonly<Partial<Record<JudgedDirection, number>>>;
};

/** Readings by what was asked for, in the judge's order; pictures without a tongue are left out. */
export function directionReadings(judged: readonly JudgedTongue[]): DirectionReadings[] {
  const asked = JUDGED_DIRECTIONS.filter((direction) => judged.some((item) => item.direction === direction));
  return asked.map((direction) => {
    const items = judged.filter((item) => item.direction === direction);
    const counts = (picture: TonguePicture) => {
      const readings: Partial<Record<JudgedDirection, number>> = {};
      for (const { verdicts } of items) {
        const read = verdicts[picture].direction;
        if (read) readings[read] = (readings[read] ?? 0) + 1;
      }
      return readings;
    };
    return { asked: direction, word: counts('word'), truth: counts('truth') };
  });
}

/** Pooled intersection over union of two pictures' tongues. */
function pooledOverlap(items: readonly JudgedTongue[], a: TonguePicture, b: TonguePicture): number {
  const overlaps = items.map(({ verdicts }) => overlapOf(verdicts[a].map, verdicts[b].map));
  return overlaps.reduce((sum, o) => sum + o.both, 0) / overlaps.reduce((sum, o) => sum + o.either, 0);
}

const possibleOverlap = (items: readonly JudgedTongue[]): number => pooledOverlap(items, 'second', 'truth');
const overlapShare = (items: readonly JudgedTongue[]): number =>
  pooledOverlap(items, 'word', 'truth') / possibleOverlap(items);

function shareOf(items: readonly JudgedTongue[], holds: (item: JudgedTongue) => boolean): number {
  return meanOf(items.map((item) => (holds(item) ? 1 : 0)));
}

function byPerson(judged: readonly JudgedTongue[]): JudgedTongue[][] {
  const groups = new Map<number, JudgedTongue[]>();
  for (const item of judged) groups.set(item.person, [...(groups.get(item.person) ?? []), item]);
  return [...groups.values()];
}
