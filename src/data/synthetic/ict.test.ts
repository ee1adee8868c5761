/** The reader of ICT-FaceKit on a file of the right shapes with made-up numbers: units, parts, names; and what it refuses. */
import { expect, test } from 'vitest';
import { JokerError } from '../../core/errors.js';
import { encodeSafetensors, parseSafetensors } from '../../core/files/safetensors.js';
import { RandomStream, randomKey } from '../../core/rng.js';
import { STANDARD_FACE } from '../../photo/align.js';
import { fivePoints, PART } from './head-model.js';
import { readIct } from './ict.js';

const COUNT = 26719;

function madeUp(vertices: number): Uint8Array {
  const random = new RandomStream(randomKey(1));
  const neutral = Float32Array.from({ length: vertices * 3 }, () => random.uniform(-9, 9));
  const identity = new Float32Array(2 * vertices * 3).fill(1);
  const expression = new Float32Array(3 * vertices * 3);
  expression[0] = 10; // browInnerUp_L moves vertex 0 by 10 cm in x
  expression[vertices * 3 + 4] = 5; // browInnerUp_R moves vertex 1 by 5 cm in y
  expression[2 * vertices * 3 + 30] = 1; // eyeBlink_L moves vertex 10
  return encodeSafetensors(
    [
      { name: 'neutral', dtype: 'F32', shape: [vertices, 3], data: neutral },
      { name: 'identity', dtype: 'F32', shape: [2, vertices, 3], data: identity },
      { name: 'expression', dtype: 'F32', shape: [3, vertices, 3], data: expression },
      {
        name: 'triangles',
        dtype: 'I32',
        shape: [3, 3],
        data: Int32Array.of(0, 1, 2, 0, 1, 25000, 22300, 22301, 22302),
      },
    ],
    { expression_names: 'browInnerUp_L,browInnerUp_R,eyeBlink_L' },
  );
}

test('units, origin, parts, names of both sides, and the unused vertices left out', () => {
  const model = readIct(parseSafetensors(madeUp(COUNT), 'made-up.safetensors'));
  expect(model.vertexCount).toBe(24591);
  expect([...model.triangles]).toEqual([0, 1, 2]); // lashes and inner eye shells are dropped
  expect(model.parts[100]).toBe(PART.skin);
  expect(model.parts[20000]).toBe(PART.teeth);
  const both = model.expressions.get('browInnerUp')!;
  expect([...both.vertices]).toEqual([0, 1]);
  expect([...both.offsets].map((x) => Number(x.toFixed(6)))).toEqual([1, 0, 0, 0, 0.5, 0]); // 10 cm = 1 unit
  expect([...model.expressions.get('eyeBlinkLeft')!.vertices]).toEqual([10]);
  expect(model.expressions.has('jawOpen')).toBe(false);
  const moved = model.identityShape(Float32Array.of(1, 1));
  expect(moved[0]! - model.neutral[0]!).toBeCloseTo(0.2, 5);
  const points = model.landmarks.map((v) => [model.neutral[3 * v]!, model.neutral[3 * v + 1]!]);
  const mean = (list: readonly (readonly number[])[]): number => list.reduce((s, p) => s + p[1]!, 0) / list.length;
  expect(mean(fivePoints(points))).toBeCloseTo(mean(STANDARD_FACE), 5); // the origin's rule
});

test('another topology is refused with a remedy', () => {
  const file = parseSafetensors(madeUp(50), 'other.safetensors');
  expect(() => readIct(file)).toThrow(JokerError);
  expect(() => readIct(file)).toThrow(/26719/);
});
