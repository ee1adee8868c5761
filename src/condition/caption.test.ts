import { describe, expect, it } from 'vitest';
import { KIND_WORDS } from '../data/synthetic/describe.js';
import { EXPRESSION_KINDS, type ExpressionKind } from '../data/synthetic/expressions.js';
import { OPEN_MOUTH } from '../data/synthetic/shot.js';
import { parseExpression } from '../face/expression.js';
import { captionOf, reenactCaption } from './caption.js';

describe('captionOf', () => {
  it('says what is visible and nothing else', () => {
    expect(captionOf({ expression: {} })).toBe('a person');
    expect(captionOf({ expression: { jawOpen: 0.1, mouthSmileLeft: 0.2 } })).toBe('a person');
    expect(captionOf({ expression: parseExpression('smile') })).toBe('a person smiling');
    expect(captionOf({ expression: { jawOpen: 0.8 }, subject: 'a woman' })).toBe('a woman with mouth wide open');
    expect(captionOf({ expression: parseExpression('surprise') })).toMatch(
      /with mouth open, with eyes wide open, with raised/,
    );
    expect(captionOf({ expression: { eyeBlinkLeft: 1 } })).toBe('a person winking');
  });

  it('names the tongue exactly when it is asked for', () => {
    expect(captionOf({ expression: parseExpression('tongue-out') })).toBe(
      'a person with mouth open, sticking the tongue out',
    );
    expect(captionOf({ expression: { jawOpen: 0.7 } })).not.toMatch(/tongue/);
    expect(captionOf({ expression: { jawOpen: 0.7 }, tongue: 'left' })).toMatch(/sticking the tongue out to the left/);
  });
});

describe('reenactCaption', () => {
  it('moves the reference’s person into the driving caption', () => {
    expect(reenactCaption('a woman with red hair', 'a man sticking his tongue out')).toBe(
      'a woman sticking her tongue out',
    );
    expect(reenactCaption('a boy', 'a man with his mouth open')).toBe('a boy with his mouth open');
  });

  it('keeps the driving caption when either names no person', () => {
    expect(reenactCaption('red hair', 'a man smiling')).toBe('a man smiling');
    expect(reenactCaption('a woman', 'someone smiling')).toBe('someone smiling');
    expect(reenactCaption('a woman', 'a manual on a table')).toBe('a manual on a table');
  });
});

describe('words for what a person asks', () => {
  it('call mouths open and wide open where the captions of the training set did', () => {
    const words = (jawOpen: number) => captionOf({ expression: { jawOpen } });
    expect(words(OPEN_MOUTH - 0.05)).toBe('a person');
    expect(words(OPEN_MOUTH + 0.05)).toBe('a person with mouth open');
    expect(words(0.6)).toBe('a person with mouth open');
    expect(words(0.7)).toBe('a person with mouth wide open'); // data/synthetic/describe.ts: above 0.65
    const shouting = (jawOpen: number) => captionOf({ expression: { jawOpen, browDownLeft: 0.4, browDownRight: 0.4 } });
    expect([shouting(0.65), shouting(0.7)].map((text) => /shouting/.test(text))).toEqual([false, true]);
  });

  it('are, for every kind of face that training shows, words that training has for it', () => {
    for (const kind of Object.keys(EXPRESSION_KINDS) as ExpressionKind[]) {
      const said = captionOf({ expression: EXPRESSION_KINDS[kind] });
      if (KIND_WORDS[kind].length === 0 || kind === 'neutral') continue; // open mouths have their own words; rest needs none
      expect(
        KIND_WORDS[kind].some((words) => said.includes(words)),
        `${kind}: ${said}`,
      ).toBe(true);
    }
  });
});
