/**
 * Does a prior obey? The four figures that a trained prior must reach on people it has never seen, from measured pictures.
 *
 * Only the arithmetic and the limits: who draws and measures the pictures is scripts/gate-prior.ts. Not in the paper, which
 * shows obedience in pictures and by metrics against ground truth; control and words are what the two rows of its ablation are.
 */
import { foldInName, type RandomKey } from '../core/rng.js';
import { bootstrap, type Interval } from './bootstrap.js';
import type { SkinColour } from './face-measures.js';
import { correlationOf, meanOf } from './statistics.js';

/** One drawn picture and what was read off it; a null measure: the tracker found no face in it. */
export type GateSample =
  | { readonly kind: 'jaw'; readonly person: number; readonly asked: number; readonly opening: number | null }
  | { readonly kind: 'yaw'; readonly person: number; readonly asked: number; readonly seen: number | null }
  | { readonly kind: 'skin'; readonly person: number; readonly colours: { a: SkinColour; b: SkinColour } | null }
  | { readonly kind: 'tongue'; readonly person: number; readonly word: boolean; readonly present: boolean };

/** One line of the result. */
export type GateRow = {
  readonly name: string;
  readonly figure: Interval;
  /** the limit in words, e.g. `≥ 0.8` */
  readonly limit: string;
  readonly passed: boolean;
  /** pictures that were asked for, and those in which the measure could be taken */
  readonly pictures: number;
  readonly measured: number;
};

/** Least correlation of mouth opening with jawOpen, and of skin with the reference's. */
export const LEAST_CORRELATION = 0.8;
/** Largest mean error of the head's turn, degrees. */
export const MOST_YAW_ERROR = 5;
/** Least share of tongues with the word, largest share without. */
export const TONGUE_SHARES = { with: 0.7, without: 0.3 } as const;
/**
 * Pictures without a found face have no measure and are left out of the figure, so a prior could pass by drawing few faces:
 * the figure therefore only passes when this share could be measured.
 */
export const LEAST_MEASURED = 0.9;

const degrees = (radians: number): number => (radians * 180) / Math.PI;

/** The rows of the gate. @param key of the bootstrap. */
export function priorGate(samples: readonly GateSample[], key: RandomKey): GateRow[] {
  return [...jawRows(samples, key), ...skinRows(samples, key), ...yawRows(samples, key), ...tongueRows(samples, key)];
}

/** True when every row passed and every row had something to measure. */
export function gatePassed(rows: readonly GateRow[]): boolean {
  return rows.length > 0 && rows.every((row) => row.passed);
}

type Kind = GateSample['kind'];
const ofKind = <K extends Kind>(samples: readonly GateSample[], kind: K): Extract<GateSample, { kind: K }>[] =>
  samples.filter((s): s is Extract<GateSample, { kind: K }> => s.kind === kind);

/** Items by person, in the order in which people come. */
function byPerson<T extends { readonly person: number }>(items: readonly T[]): T[][] {
  const groups = new Map<number, T[]>();
  for (const item of items) groups.set(item.person, [...(groups.get(item.person) ?? []), item]);
  return [...groups.values()];
}

type Limit = { readonly text: string; readonly holds: (value: number) => boolean };
const atLeast = (limit: number): Limit => ({ text: `≥ ${limit}`, holds: (value) => value >= limit });
const atMost = (limit: number, unit = ''): Limit => ({ text: `≤ ${limit}${unit}`, holds: (value) => value <= limit });

function row<T extends { readonly person: number }>(
  name: string,
  items: readonly T[],
  usable: (item: T) => boolean,
  statistic: (items: readonly T[]) => number,
  limit: Limit,
  key: RandomKey,
): GateRow {
  const measured = items.filter(usable);
  const figure = bootstrap(byPerson(measured), statistic, foldInName(key, name));
  const enough = items.length > 0 && measured.length >= LEAST_MEASURED * items.length;
  const passed = enough && limit.holds(figure.value);
  return { name, figure, limit: limit.text, passed, pictures: items.length, measured: measured.length };
}

function jawRows(samples: readonly GateSample[], key: RandomKey): GateRow[] {
  const statistic = (items: readonly { asked: number; opening: number | null }[]) =>
    correlationOf(items.map((s) => [s.asked, s.opening!]));
  const jaws = ofKind(samples, 'jaw');
  return [
    row(
      'mouth opening follows jawOpen, r',
      jaws,
      (s) => s.opening !== null,
      statistic,
      atLeast(LEAST_CORRELATION),
      key,
    ),
  ];
}

function skinRows(samples: readonly GateSample[], key: RandomKey): GateRow[] {
  const channel = (items: readonly { colours: { a: SkinColour; b: SkinColour } | null }[], c: 0 | 1 | 2) =>
    correlationOf(items.map(({ colours }) => [colours!.a[c], colours!.b[c]]));
  const statistic = (items: Parameters<typeof channel>[0]) =>
    meanOf(([0, 1, 2] as const).map((c) => channel(items, c)));
  const skins = ofKind(samples, 'skin');
  const usable = (s: (typeof skins)[number]) => s.colours !== null;
  return [row('skin follows a swapped reference, r', skins, usable, statistic, atLeast(LEAST_CORRELATION), key)];
}

function yawRows(samples: readonly GateSample[], key: RandomKey): GateRow[] {
  const statistic = (items: readonly { asked: number; seen: number | null }[]) =>
    meanOf(items.map((s) => Math.abs(degrees(s.seen! - s.asked))));
  const yaws = ofKind(samples, 'yaw');
  return [row('yaw error, mean, degrees', yaws, (s) => s.seen !== null, statistic, atMost(MOST_YAW_ERROR, '°'), key)];
}

function tongueRows(samples: readonly GateSample[], key: RandomKey): GateRow[] {
  const statistic = (items: readonly { present: boolean }[]) => items.filter((s) => s.present).length / items.length;
  const tongues = ofKind(samples, 'tongue');
  const every = () => true; // the judge needs no tracker
  const [said, unsaid] = [tongues.filter((s) => s.word), tongues.filter((s) => !s.word)];
  return [
    row('tongue where the text has the word, share', said, every, statistic, atLeast(TONGUE_SHARES.with), key),
    row('tongue where it has not, share', unsaid, every, statistic, atMost(TONGUE_SHARES.without), key),
  ];
}
