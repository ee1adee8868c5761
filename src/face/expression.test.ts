import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { JokerError } from '../core/errors.js';
import { ARKIT_52, checkExpression, editDistance, nearestName, PRESETS, parseExpression } from './expression.js';

const failure = (text: string): string => {
  try {
    return `accepted ${JSON.stringify(parseExpression(text))}`;
  } catch (error) {
    return error instanceof JokerError ? `${error.code}: ${error.message}` : `wrong error ${String(error)}`;
  }
};

describe('names', () => {
  it('are 52, each once', () => {
    expect(new Set(ARKIT_52).size).toBe(52);
    expect(ARKIT_52.length).toBe(52);
  });

  it('are all that presets use', () => {
    for (const preset of Object.values(PRESETS)) expect(checkExpression(preset)).toEqual(preset);
  });
});

describe('parseExpression', () => {
  it('reads lists, presets, mixes and JSON', () => {
    expect(parseExpression('jawOpen=0.8, mouthSmileLeft=0.6')).toEqual({ jawOpen: 0.8, mouthSmileLeft: 0.6 });
    expect(parseExpression('surprise')).toEqual(PRESETS.surprise);
    expect(parseExpression('smile,jawOpen=0.5')).toEqual({ ...PRESETS.smile, jawOpen: 0.5 });
    expect(parseExpression('jawOpen')).toEqual({ jawOpen: 1 });
    expect(parseExpression('{"jawOpen": 0.25, "cheekPuff": 0}')).toEqual({ jawOpen: 0.25 });
    expect(parseExpression('{"arkit": {"jawOpen": 1}}')).toEqual({ jawOpen: 1 });
    expect(parseExpression('')).toEqual({});
  });

  it('says what is wrong and suggests the nearest name', () => {
    expect(failure('jawopen=1')).toMatch(/bad-argument: unknown expression "jawopen".*Did you mean jawOpen\?/);
    expect(failure('mouthSmile=1')).toMatch(/Did you mean mouthSmileLeft\?/);
    expect(failure('suprise')).toMatch(/Did you mean surprise\?/);
    expect(failure('jawOpen=2')).toMatch(/bad-argument.*weight of jawOpen is 2/);
    expect(failure('jawOpen=')).toMatch(/bad-argument/);
    expect(failure('jawOpen=1=2')).toMatch(/more than one/);
    expect(failure('{"jawOpen": "wide"}')).toMatch(/bad-argument/);
    expect(failure('{"jawOpen": ')).toMatch(/not valid JSON/);
    expect(failure('{"jaw": 1}')).toMatch(/unknown expression "jaw"/);
  });

  it('gives weights or a JokerError for any text', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.json(),
          fc.string().map((s) => `{${s}`),
          fc.string().map((s) => `jawOpen=${s}`),
        ),
        (text) => {
          expect(failure(text)).toMatch(/^(accepted|bad-argument)/);
        },
      ),
    );
  });
});

describe('editDistance', () => {
  it('knows the textbook pair, and is a metric', () => {
    expect(editDistance('kitten', 'sitting')).toBe(3);
    fc.assert(
      fc.property(
        fc.string({ maxLength: 12 }),
        fc.string({ maxLength: 12 }),
        fc.string({ maxLength: 12 }),
        (a, b, c) => {
          expect(editDistance(a, a)).toBe(0);
          expect(editDistance(a, b)).toBe(editDistance(b, a));
          expect(editDistance(a, c)).toBeLessThanOrEqual(editDistance(a, b) + editDistance(b, c));
        },
      ),
    );
  });

  it('finds the nearest name', () => {
    expect(nearestName('eyeblinkleft', ARKIT_52)).toBe('eyeBlinkLeft');
  });
});
