import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { JokerError } from '../core/errors.js';
import { assetPath } from '../core/files/assets.js';
import {
  ARKIT_52,
  asFitted,
  checkExpression,
  editDistance,
  nearestName,
  PRESETS,
  parseExpression,
} from './expression.js';
import { loadMorphableModel } from './model/load.js';

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

describe('asFitted', () => {
  const builtin = loadMorphableModel(assetPath('face', 'builtin.safetensors'));

  it('is rest plus response times what is asked, within 0 … 1, and leaves what no skin shows as it is', () => {
    const reader = { rest: Float32Array.of(0.1, 0.2), response: [Float32Array.of(0.5, -0.5), Float32Array.of(0, 2)] };
    const toy = {
      ...builtin,
      expressionNames: ['jawOpen', 'mouthPucker'],
      reader: { ...builtin.reader!, ...reader },
    };
    const fitted = asFitted({ jawOpen: 0.4, mouthPucker: 0.2, tongueOut: 1 }, toy);
    expect(fitted['jawOpen']).toBeCloseTo(0.2, 6); // 0.1 + 0.5·0.4 − 0.5·0.2
    expect(fitted['mouthPucker']).toBeCloseTo(0.6, 6);
    expect(fitted['tongueOut']).toBe(1);
    expect(asFitted({ mouthPucker: 1 }, toy)).toEqual({ mouthPucker: 1 }); // 2.2 bounded; −0.4 bounded to nothing
  });

  it('changes nothing for a model without a reader', () => {
    expect(asFitted(PRESETS.smile, { ...builtin, reader: null })).toEqual(PRESETS.smile);
  });

  it('with the builtin model grows with what is asked, less than in full, for what landmarks tell', () => {
    for (const name of ['jawOpen', 'mouthSmileLeft', 'eyeBlinkRight', 'browDownLeft']) {
      const at = (weight: number) => asFitted({ [name]: weight }, builtin)[name] ?? 0;
      expect(at(1)).toBeGreaterThan(at(0.5));
      expect(at(0.5)).toBeGreaterThan(at(0));
      expect(at(1) - at(0)).toBeLessThan(1);
    }
  });
});
