import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { projectPoint } from '../core/camera.js';
import { JokerError } from '../core/errors.js';
import { assetPath } from '../core/files/assets.js';
import { cropCamera, type Face, faceFromJson, faceToJson, headCamera, posedShape } from './face.js';
import { loadMorphableModel } from './model/load.js';
import { shapeOf } from './model/model.js';
import { reenact, withExpression } from './reenact.js';

const model = loadMorphableModel(assetPath('face', 'builtin.safetensors'));
const face: Face = {
  model: 'builtin-2',
  identity: [0.5, -1, 0.25],
  expression: [0, 0.5],
  arkit: { eyeBlinkLeft: 0.5 },
  angle: [0.1, -0.4, 0.2],
  translation: [0.05, -0.1, 0.3],
  intrinsics: { fx: 2180, fy: 2180, cx: 250, cy: 260 },
  crop: { x0: 1, y0: 2, x1: 301, y1: 302 },
  landmarks: [1, 2, 3],
  errorPercent: 1.5,
  confidence: 0.9,
};

describe('faces as JSON', () => {
  it('come back as they were', () => {
    expect(faceFromJson(faceToJson(face))).toEqual(face);
  });

  it('are refused with the field that is wrong', () => {
    expect(() => faceFromJson(faceToJson(face).replace('"angle"', '"angles"'), 'a.json')).toThrow(
      /a\.json is no face file/,
    );
    expect(() => faceFromJson('nothing')).toThrow(JokerError);
  });

  it('never fail in another way', () => {
    fc.assert(
      fc.property(fc.nat(faceToJson(face).length), fc.string({ maxLength: 3 }), (at, put) => {
        const text = faceToJson(face);
        try {
          faceFromJson(text.slice(0, at) + put + text.slice(at + 2));
        } catch (error) {
          expect(error).toBeInstanceOf(JokerError);
        }
      }),
    );
  });
});

describe('cameras of a face', () => {
  it('see the same pixels whether the head turns or the camera does', () => {
    const posed = posedShape(face, model);
    const still = shapeOf(model, face).map((v) => v * 0.12);
    const [turned, around] = [cropCamera(face), headCamera(face, 512, 0.12)];
    for (let v = 0; v < model.vertexCount; v += 100) {
      const a = projectPoint(turned, posed[3 * v]!, posed[3 * v + 1]!, posed[3 * v + 2]!);
      const b = projectPoint(around, still[3 * v]!, still[3 * v + 1]!, still[3 * v + 2]!);
      expect(b[0]).toBeCloseTo(a[0], 3); // float32 positions times a focal of 2180
      expect(b[1]).toBeCloseTo(a[1], 3);
      expect(b[2]).toBeCloseTo(a[2] * 0.12, 5);
    }
  });

  it('stand 1.2 world units away for a centred face', () => {
    const { cameraToWorld: m } = headCamera({ ...face, angle: [0, 0, 0], translation: [0, 0, 0] });
    expect([m[3], m[7], m[11]]).toEqual([expect.closeTo(0, 9), expect.closeTo(0, 9), expect.closeTo(1.2, 9)]);
  });

  it('refuse another model', () => {
    expect(() => posedShape({ ...face, model: 'bfm09' }, model)).toThrow(/bfm09/);
  });
});

describe('composing', () => {
  it('takes only the identity from the reference', () => {
    const driving = { ...face, identity: [2], angle: [0, 0, 0] as const };
    expect(reenact(face, driving)).toEqual({ ...driving, identity: face.identity, landmarks: [], errorPercent: null });
    expect(() => reenact(face, { ...driving, model: 'other' })).toThrow(JokerError);
  });

  it('sets an expression by names and keeps the tongue as a word', () => {
    const made = withExpression(face, model, { jawOpen: 0.8, tongueOut: 1 });
    expect(made.arkit).toEqual({ jawOpen: expect.closeTo(0.8, 6), tongueOut: 1 });
    expect(made.expression[model.expressionNames.indexOf('jawOpen')]).toBeCloseTo(0.8, 6);
  });
});
