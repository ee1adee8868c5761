/** The formula family has what the renderer asks of a family, and its expressions do what their names say. */
import { describe, expect, test } from 'vitest';
import { ARKIT_52 } from '../../face/expression.js';
import { STANDARD_FACE } from '../../photo/align.js';
import { ARKIT_NAMES, type ArkitName, expressionVector, mirrored } from './arkit.js';
import { makeFormula } from './formula.js';
import { addShape, fivePoints, PART, poseMatrix, sparsify } from './head-model.js';

const model = makeFormula();
const mark = (positions: Float32Array, i: number): number[] => {
  const v = 3 * model.landmarks[i]!;
  return [positions[v]!, positions[v + 1]!, positions[v + 2]!];
};
const posed = (name: ArkitName, weight = 1): Float32Array => {
  const out = model.neutral.slice();
  addShape(out, model.expressions.get(name)!, weight);
  return out;
};
const distance = (a: number[], b: number[]): number => Math.hypot(a[0]! - b[0]!, a[1]! - b[1]!, a[2]! - b[2]!);

test('names: the same 52 as the rest of the project, and sides mirror to each other', () => {
  expect([...ARKIT_NAMES].sort()).toEqual([...ARKIT_52].sort());
  for (const name of ARKIT_NAMES) expect(mirrored(mirrored(name))).toBe(name);
  expect(mirrored('mouthLeft')).toBe('mouthRight');
  expect(mirrored('jawOpen')).toBe('jawOpen');
  expect(expressionVector({ jawOpen: 0.5 })[ARKIT_NAMES.indexOf('jawOpen')]).toBe(0.5);
});

describe('mean head', () => {
  test('its five alignment points lie on the standard face within 6 mm in the picture plane', () => {
    const points = fivePoints(Array.from({ length: 68 }, (_, i) => mark(model.neutral, i)));
    points.forEach((p, i) => {
      expect(Math.hypot(p[0] - STANDARD_FACE[i]![0], p[1] - STANDARD_FACE[i]![1])).toBeLessThan(0.06);
    });
  });

  test('landmarks are 68 vertices of the skin, mirrored about x = 0', () => {
    expect(model.landmarks).toHaveLength(68);
    for (const v of model.landmarks) expect(model.parts[v]).toBe(PART.skin);
    for (const [a, b] of [
      [0, 16],
      [36, 45],
      [39, 42],
      [48, 54],
      [60, 64],
      [17, 26],
      [31, 35],
    ] as const) {
      expect(mark(model.neutral, a)[0]).toBeCloseTo(-mark(model.neutral, b)[0]!, 5);
      expect(mark(model.neutral, a)[1]).toBeCloseTo(mark(model.neutral, b)[1]!, 5);
    }
  });

  test('skin faces outwards: it encloses a positive volume', () => {
    let volume = 0;
    const p = model.neutral;
    for (let t = 0; t < model.triangles.length; t += 3) {
      const [a, b, c] = [0, 1, 2].map((k) => 3 * model.triangles[t + k]!) as [number, number, number];
      if (model.parts[a / 3] !== PART.skin) continue;
      volume +=
        (p[a]! * (p[b + 1]! * p[c + 2]! - p[b + 2]! * p[c + 1]!) +
          p[a + 1]! * (p[b + 2]! * p[c]! - p[b]! * p[c + 2]!) +
          p[a + 2]! * (p[b]! * p[c + 1]! - p[b + 1]! * p[c]!)) /
        6;
    }
    expect(volume).toBeGreaterThan(1); // a head is about 4 litres = 4 cubic units
  });

  test('identity 0 is the mean, and coefficients add up linearly', () => {
    const n = model.identityCount;
    expect(model.identityShape(new Float32Array(n))).toEqual(model.neutral);
    const one = model.identityShape(new Float32Array(n).fill(0.5));
    const two = model.identityShape(new Float32Array(n).fill(1));
    const bent = two.map((x, i) => Math.abs(x - 2 * one[i]! + model.neutral[i]!));
    expect(Math.max(...bent)).toBeLessThan(1e-5);
  });
});

describe('expressions', () => {
  test('every name but tongueOut exists', () => {
    expect([...model.expressions.keys()].sort()).toEqual(ARKIT_NAMES.filter((n) => n !== 'tongueOut').sort());
  });

  test('jawOpen parts the lips by more than 2 cm, in proportion to its weight, and leaves the brows', () => {
    const gap = (p: Float32Array): number => distance(mark(p, 62), mark(p, 66));
    expect(gap(model.neutral)).toBeLessThan(0.01);
    expect(gap(posed('jawOpen'))).toBeGreaterThan(0.2);
    expect(gap(posed('jawOpen', 0.5))).toBeCloseTo(gap(posed('jawOpen')) / 2, 2);
    expect(distance(mark(posed('jawOpen'), 19), mark(model.neutral, 19))).toBe(0);
  });

  test('eyeBlinkLeft closes the left eye (image right) and only that', () => {
    const p = posed('eyeBlinkLeft');
    const opening = (q: Float32Array, up: number, low: number): number => mark(q, up)[1]! - mark(q, low)[1]!;
    expect(opening(model.neutral, 44, 46)).toBeGreaterThan(0.07);
    expect(Math.abs(opening(p, 44, 46))).toBeLessThan(0.015);
    expect(opening(p, 37, 41)).toBeCloseTo(opening(model.neutral, 37, 41), 5);
  });

  test('smiles lift and widen their own corner; puckers narrow the mouth and push it forward', () => {
    const smile = posed('mouthSmileRight');
    expect(mark(smile, 48)[1]! - mark(model.neutral, 48)[1]!).toBeGreaterThan(0.05);
    expect(mark(smile, 48)[0]!).toBeLessThan(mark(model.neutral, 48)[0]! - 0.05);
    expect(distance(mark(smile, 54), mark(model.neutral, 54))).toBeLessThan(0.01);
    const pucker = posed('mouthPucker');
    expect(mark(pucker, 54)[0]!).toBeLessThan(mark(model.neutral, 54)[0]! - 0.05);
    expect(mark(pucker, 51)[2]!).toBeGreaterThan(mark(model.neutral, 51)[2]! + 0.05);
  });
});

test('poses are rotations; positive yaw turns the nose to image right, positive pitch down', () => {
  const r = poseMatrix({ yaw: 0.4, pitch: -0.2, roll: 0.1 });
  for (let i = 0; i < 3; i++)
    for (let j = 0; j < 3; j++) {
      const dot = r[3 * i]! * r[3 * j]! + r[3 * i + 1]! * r[3 * j + 1]! + r[3 * i + 2]! * r[3 * j + 2]!;
      expect(dot).toBeCloseTo(i === j ? 1 : 0, 12);
    }
  expect(poseMatrix({ yaw: 0.4, pitch: 0, roll: 0 })[2]).toBeGreaterThan(0);
  expect(poseMatrix({ yaw: 0, pitch: 0.4, roll: 0 })[5]).toBeLessThan(0);
});

test('sparsify keeps exactly what moves', () => {
  const dense = new Float32Array(12);
  dense[7] = 0.5;
  expect(sparsify(dense, 1e-3)).toEqual({ vertices: Uint32Array.of(2), offsets: Float32Array.of(0, 0.5, 0) });
});
