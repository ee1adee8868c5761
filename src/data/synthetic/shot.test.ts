/** Shots and captions: deterministic, the tongue independent of the face, and the word "tongue" exactly when it is out. */
import fc from 'fast-check';
import { expect, describe as group, test } from 'vitest';
import { foldIn, RandomStream, randomKey } from '../../core/rng.js';
import { ARKIT_NAMES } from './arkit.js';
import { describe } from './describe.js';
import { makeFormula } from './formula.js';
import { samplePerson } from './person.js';
import { OPEN_MOUTH, sampleShot, TONGUE_DIRECTIONS } from './shot.js';

const model = makeFormula();
const shots = Array.from({ length: 3000 }, (_, i) => sampleShot(foldIn(randomKey(3), i)));
const open = shots.filter((s) => (s.expression.jawOpen ?? 0) >= OPEN_MOUTH);

group('sampleShot', () => {
  test('the same key gives the same shot', () => {
    expect(sampleShot(randomKey(9))).toEqual(sampleShot(randomKey(9)));
    expect(sampleShot(randomKey(9))).not.toEqual(sampleShot(randomKey(10)));
  });

  test('weights are ARKit weights in [0, 1], never tongueOut', () => {
    const weights = shots.flatMap((s) => Object.values(s.expression));
    expect(weights.every((w) => w >= 0 && w <= 1)).toBe(true);
    const names = new Set(shots.flatMap((s) => Object.keys(s.expression)));
    expect([...names].filter((name) => !ARKIT_NAMES.some((n) => n === name && n !== 'tongueOut'))).toEqual([]);
  });

  test('tongues are out in half of the open mouths and in no closed one', () => {
    const out = open.filter((s) => s.tongue).length / open.length;
    expect(Math.abs(out - 0.5)).toBeLessThan(3 * Math.sqrt(0.25 / open.length)); // three deviations of a fair coin
    expect(shots.filter((s) => s.tongue && (s.expression.jawOpen ?? 0) < OPEN_MOUTH)).toHaveLength(0);
    expect(new Set(shots.flatMap((s) => (s.tongue ? [s.tongue.direction] : []))).size).toBe(TONGUE_DIRECTIONS.length);
  });

  test('no expression weight tells whether the tongue is out: correlations are chance', () => {
    for (const name of ARKIT_NAMES) {
      const x = open.map((s) => s.expression[name] ?? 0);
      const y = open.map((s) => (s.tongue ? 1 : 0));
      const mean = (v: number[]): number => v.reduce((a, b) => a + b, 0) / v.length;
      const [mx, my] = [mean(x), mean(y)];
      const covariance = mean(x.map((a, i) => (a - mx) * (y[i]! - my)));
      const scale = Math.sqrt(mean(x.map((a) => (a - mx) ** 2)) * mean(y.map((b) => (b - my) ** 2)));
      expect(Math.abs(covariance) / (scale || 1)).toBeLessThan(4 / Math.sqrt(open.length)); // 51 names: four deviations
    }
  });

  test('poses stay within the asked-for limits', () => {
    for (let i = 0; i < 300; i++) {
      const { pose } = sampleShot(foldIn(randomKey(4), i), { yaw: 0.1, pitch: 0.05 });
      expect(Math.abs(pose.yaw)).toBeLessThanOrEqual(0.1);
      expect(Math.abs(pose.pitch)).toBeLessThanOrEqual(0.05);
    }
  });
});

group('describe', () => {
  test('lower case, no double spaces, "tongue" exactly when it is out, for any person, shot and words', () => {
    fc.assert(
      fc.property(fc.nat(1e6), fc.nat(1e6), fc.nat(1e6), (who, what, words) => {
        const person = samplePerson(model, randomKey(who));
        const shot = sampleShot(randomKey(what));
        const caption = describe(person, shot, new RandomStream(randomKey(words)));
        expect(caption.includes('tongue')).toBe(shot.tongue !== null);
        expect(caption).toMatch(/^[a-z][a-z, ]+[a-z]$/);
        expect(caption).not.toMatch(/ {2}|,,/);
      }),
      { numRuns: 500 },
    );
  });

  test('a tongue to one side is never said to point to the other', () => {
    const sideways = shots.filter((s) => s.tongue?.direction === 'left' && Math.abs(s.pose.yaw) < 0.3);
    const person = samplePerson(model, randomKey(1));
    for (const [i, shot] of sideways.entries()) {
      const caption = describe(person, shot, new RandomStream(foldIn(randomKey(2), i)));
      expect(caption).toContain('left');
      expect(caption).not.toContain('right');
    }
  });
});

test('people: deterministic, coefficients within 2.5 deviations, about half of natural skin', () => {
  const people = Array.from({ length: 600 }, (_, i) => samplePerson(model, foldIn(randomKey(8), i)));
  expect(samplePerson(model, foldIn(randomKey(8), 5))).toEqual(people[5]);
  for (const p of people) for (const c of p.identity) expect(Math.abs(c)).toBeLessThanOrEqual(2.5);
  const natural = people.filter((p) => p.skin.kind === 'natural').length / people.length;
  expect(natural).toBeGreaterThan(0.45);
  expect(natural).toBeLessThan(0.65);
  expect(people.every((p) => p.presentation === 'man' || p.beard.style === 'none')).toBe(true);
});
