/** Directions are read from captions as captioners write them, and frames are drawn in the shares that draws.ts names. */
import { expect, describe as suite, test } from 'vitest';
import { RandomStream, randomKey } from '../core/rng.js';
import { describe as caption } from '../data/synthetic/describe.js';
import { makeFormula } from '../data/synthetic/formula.js';
import { samplePerson } from '../data/synthetic/person.js';
import { sampleShot, TONGUE_DIRECTIONS } from '../data/synthetic/shot.js';
import { drawFrame, drawPair, mouthFrames, spokenDirection } from './draws.js';

suite('the direction in a caption', () => {
  test.each([
    ['a woman with curly hair sticking out the tongue and looking to the left', 'out'],
    ['a man with his tongue out, glancing to the right', 'out'],
    ['a person with the tongue out and curled with a black hat', 'curled'],
    ['a girl, curling her tongue', 'curled'],
    ['a man showing the tongue to the left side and with eyes wide open', 'left'],
    ['a woman, sticking her tongue out to the right and looking up', 'right'],
    ['a person sticking the tongue out and up', 'up'],
    ['a person with makeup with the tongue out over the chin', 'down'],
    ['a close up of a woman with her hair up sticking her tongue out', 'out'],
    ['a man with his tongue out and to the left', 'left'],
    ['a person with the mouth wide open', null],
  ])('%s: %s', (text, direction) => {
    expect(spokenDirection(text)).toBe(direction);
  });

  test.each(['plain', 'rich'] as const)('is what was drawn, in the words of %s people', (variety) => {
    const model = makeFormula();
    let wrong = 0;
    for (let i = 0; i < 600; i++) {
      const person = samplePerson(model, randomKey(i), variety);
      const shot = sampleShot(randomKey(i), { variety, openChance: 1, tongueChance: 1 });
      const direction = TONGUE_DIRECTIONS[i % TONGUE_DIRECTIONS.length]!;
      const text = caption(person, { ...shot, tongue: { ...shot.tongue!, direction } }, new RandomStream(randomKey(i)));
      if (spokenDirection(text) !== direction) wrong++;
    }
    expect(wrong).toBe(0);
  });
});

suite('draws', () => {
  // Many closed mouths, and three times as many tongues straight out as to the left.
  const captions = [
    ...Array.from({ length: 60 }, () => 'a person'),
    ...Array.from({ length: 20 }, () => 'a person, mouth open'),
    ...Array.from({ length: 15 }, () => 'a person with the tongue out'),
    ...Array.from({ length: 5 }, () => 'a person with the tongue out to the left'),
  ];
  const frames = mouthFrames({ captions });
  const shares = (captioned: boolean) => {
    const random = new RandomStream(randomKey(3));
    const counts = new Map<string, number>();
    for (let i = 0; i < 20_000; i++) {
      const said = captions[drawFrame(random, captions.length, frames, captioned)]!;
      counts.set(said, (counts.get(said) ?? 0) + 1 / 20_000);
    }
    return (said: string) => counts.get(said)!;
  };

  test('draw directions evenly from open mouths, beside what there is', () => {
    const share = shares(true);
    // 0.3 · 0.6 / 2 each, and 0.7 of what there is; deviation 0.003
    expect(share('a person with the tongue out')).toBeCloseTo(0.09 + 0.7 * 0.15, 1.5);
    expect(share('a person with the tongue out to the left')).toBeCloseTo(0.09 + 0.7 * 0.05, 1.5);
    expect(share('a person')).toBeCloseTo(0.7 * 0.6, 1.5);
  });

  test('a fifth of the tongues stays for an empty prompt', () => {
    const [worded, empty] = [shares(true), shares(false)];
    const ratio =
      empty('a person with the tongue out to the left') / worded('a person with the tongue out to the left');
    expect(ratio).toBeGreaterThan(0.17);
    expect(ratio).toBeLessThan(0.23);
  });

  test('a direction of a few frames is not drawn as often as the others', () => {
    const few = mouthFrames({ captions: [...captions, ...captions, ...captions, 'a person curling her tongue'] });
    expect(few.tongues.length).toBe(2);
    expect(few.tongues.flat().length).toBe(61);
  });

  test('without tongues or open mouths in the set everything is uniform', () => {
    const plain = mouthFrames({ captions: ['a', 'b', 'c', 'd'] });
    const random = new RandomStream(randomKey(1));
    const seen = new Set(Array.from({ length: 200 }, () => drawFrame(random, 4, plain, true)));
    expect(seen.size).toBe(4);
  });

  test('pairs are two frames of one shot, a fifth of them and some by chance left and right', () => {
    const random = new RandomStream(randomKey(4));
    const pairs = Array.from({ length: 2000 }, () => drawPair(random, 70, 7));
    for (const [a, b] of pairs) {
      expect(a).not.toBe(b);
      expect(Math.floor(a / 7)).toBe(Math.floor(b / 7));
    }
    const [left, right] = [1 + TONGUE_DIRECTIONS.indexOf('left'), 1 + TONGUE_DIRECTIONS.indexOf('right')];
    const opposite = pairs.filter(([a, b]) => a % 7 === left && b % 7 === right).length;
    // a fifth of 2 000 and 1 in 42 of the others: deviation 19
    expect(Math.abs(opposite - 438)).toBeLessThan(90);
  });
});
