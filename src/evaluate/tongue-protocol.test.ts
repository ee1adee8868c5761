/** Figures of tongues from verdicts that are known. */
import { describe, expect, it } from 'vitest';
import { makeImage } from '../core/image.js';
import { randomKey } from '../core/rng.js';
import type { TongueVerdict } from './tongue.js';
import { WINDOW } from './tongue-network.js';
import { directionReadings, type JudgedTongue, tongueFigures } from './tongue-protocol.js';

/** A tongue of `rows` rows from the window's top; none for 0. */
function verdict(rows: number, direction: TongueVerdict['direction'] = rows > 0 ? 'out' : null): TongueVerdict {
  const map = makeImage(WINDOW, WINDOW, 1);
  map.data.fill(1, 0, rows * WINDOW);
  return { present: rows > 0, area: (rows * WINDOW) / 64 ** 2, direction, map };
}

function judged(person: number, word: TongueVerdict, silent = verdict(0), empty = verdict(0)): JudgedTongue {
  return { person, direction: 'out', verdicts: { word, silent, empty, truth: verdict(8), second: verdict(4) } };
}

const figures = (list: readonly JudgedTongue[]) =>
  Object.fromEntries(tongueFigures(list, randomKey(1)).map((row) => [row.name, row]));

describe('tongueFigures', () => {
  it('counts shares, and overlap against what two renders of the words have in common', () => {
    // Truth has 8 rows, the second render 4: possible 1/2. Drawn: 8 and 2 rows, so (8 + 2) of (8 + 8).
    const found = figures([judged(0, verdict(8)), judged(1, verdict(2, 'left'), verdict(3))]);
    const value = (name: string) => found[name]!.figure.value;
    expect(value('tongue with the word')).toBe(1);
    expect(value('tongue, words silent about it')).toBe(0.5);
    expect(value('tongue, empty prompt')).toBe(0);
    expect(value('direction right')).toBe(0.5);
    expect(found['overlap, share of the possible']!.ceiling!.value).toBeCloseTo(0.5, 12);
    expect(value('overlap, share of the possible')).toBeCloseTo(10 / 16 / 0.5, 12);
    expect(Object.values(found).map(({ passed }) => passed)).toEqual([true, null, true, false, true]);
  });

  it('fails a prior that shows a tongue whatever the words are', () => {
    const always = verdict(8);
    const found = figures([0, 1, 2].map((person) => judged(person, always, always, always)));
    expect(found['tongue with the word']!.passed).toBe(true);
    expect(found['tongue, empty prompt']!.passed).toBe(false);
  });

  it('fails a prior that shows none', () => {
    const found = figures([0, 1, 2].map((person) => judged(person, verdict(0))));
    expect(found['tongue with the word']!.passed).toBe(false);
    expect(found['direction right']!.passed).toBe(false);
    expect(found['overlap, share of the possible']!.passed).toBe(false);
  });
});

it('directionReadings counts what was read where, without pictures that show none', () => {
  const sideways = { ...judged(2, verdict(3, 'left')), direction: 'left' as const };
  const list = [judged(0, verdict(8)), judged(1, verdict(8, 'left')), sideways, judged(3, verdict(0))];
  expect(directionReadings(list)).toEqual([
    { asked: 'out', word: { out: 1, left: 1 }, truth: { out: 3 } },
    { asked: 'left', word: { left: 1 }, truth: { out: 1 } },
  ]);
});
