import { describe, expect, it } from 'vitest';
import { RandomStream, randomKey } from '../core/rng.js';
import { canonicalLandmarks, readLandmarks } from './reading.js';
import { type Angles, rotationMatrix } from './rotation.js';

const LENGTH = 3 * 468;

/** A random cloud, centred, +y up. */
function cloud(seed: number): Float64Array {
  const random = new RandomStream(randomKey(seed));
  const out = Float64Array.from({ length: LENGTH }, (_, i) => random.normal() * [1, 1.3, 0.5][i % 3]!);
  for (let c = 0; c < 3; c++) {
    let mean = 0;
    for (let i = c; i < LENGTH; i += 3) mean += out[i]! / 468;
    for (let i = c; i < LENGTH; i += 3) out[i]! -= mean;
  }
  return out;
}

/** The cloud as a tracker would give it: turned, scaled, moved, rows down. */
function tracked(points: Float64Array, angle: Angles, scale: number, shift: readonly number[]): Float64Array {
  const r = rotationMatrix(angle);
  const out = new Float64Array(LENGTH);
  for (let i = 0; i < LENGTH; i += 3)
    for (let c = 0; c < 3; c++) {
      const turned = r[3 * c]! * points[i]! + r[3 * c + 1]! * points[i + 1]! + r[3 * c + 2]! * points[i + 2]!;
      out[i + c] = (c === 1 ? -1 : 1) * (scale * turned + shift[c]!);
    }
  return out;
}

describe('canonicalLandmarks', () => {
  it('takes back any turn, size and place', () => {
    const points = cloud(1);
    for (const angle of [
      [0, 0, 0],
      [0.3, -0.8, 0.4],
      [2.5, 0.3, -3],
    ] as const) {
      const { points: back, turn } = canonicalLandmarks(tracked(points, angle, 37, [120, 80, -9]), points);
      back.forEach((v, i) => {
        expect(Math.abs(v - points[i]!)).toBeLessThan(1e-9);
      });
      rotationMatrix(angle).forEach((v, i) => {
        expect(turn[i]!).toBeCloseTo(v, 9);
      });
    }
  });

  it('never mirrors: of a mirrored cloud it makes the best turn only', () => {
    const points = cloud(2);
    const mirrored = points.map((v, i) => (i % 3 === 0 ? -v : v));
    const { points: back } = canonicalLandmarks(tracked(mirrored, [0, 0, 0], 1, [0, 0, 0]), points);
    const error = back.reduce((sum, v, i) => sum + (v - points[i]!) ** 2, 0);
    expect(error).toBeGreaterThan(0.1 * points.reduce((sum, v) => sum + v * v, 0));
  });

  it('finds no worse a place than small changes of it would be (least squares)', () => {
    const [points, other] = [cloud(3), cloud(4)];
    const seen = points.map((v, i) => v + 0.3 * other[i]!);
    const at = (angle: Angles, scale: number) => {
      const { points: out } = canonicalLandmarks(tracked(seen, [0, 0, 0], 1, [0, 0, 0]), points);
      const r = rotationMatrix(angle);
      let sum = 0;
      for (let i = 0; i < LENGTH; i += 3)
        for (let c = 0; c < 3; c++) {
          const moved = r[3 * c]! * out[i]! + r[3 * c + 1]! * out[i + 1]! + r[3 * c + 2]! * out[i + 2]!;
          sum += (scale * moved - points[i + c]!) ** 2;
        }
      return sum;
    };
    const best = at([0, 0, 0], 1);
    for (const d of [-0.01, 0.01]) {
      for (const angle of [
        [d, 0, 0],
        [0, d, 0],
        [0, 0, d],
      ] as const)
        expect(at(angle, 1)).toBeGreaterThan(best);
      expect(at([0, 0, 0], 1 + d)).toBeGreaterThan(best);
    }
  });

  it('gives numbers for landmarks that are all in one place', () => {
    expect(canonicalLandmarks(new Float64Array(LENGTH).fill(5), cloud(5)).points.every(Number.isFinite)).toBe(true);
  });
});

describe('readLandmarks', () => {
  it('is the linear function that the reader states, of coefficients whatever the pose, of angles on top of the pose', () => {
    const reference = Float32Array.from(cloud(6));
    const random = new RandomStream(randomKey(7));
    const centre = Float32Array.of(0.1, 0.2, -0.1, 0.5, -1);
    const weights = Array.from(centre, () => Float32Array.from({ length: LENGTH }, () => 0.01 * random.normal()));
    const reader = { reference, centre, weights, deviations: centre };
    const angle = [0.1, 0.5, -0.2] as const;
    const expected = (k: number) => centre[k]! + (angle[k] ?? 0);
    readLandmarks(reader, tracked(Float64Array.from(reference), angle, 20, [3, 4, 5])).forEach((v, k) => {
      expect(v).toBeCloseTo(expected(k), 5); // at the reference itself
    });
    const other = cloud(8);
    const moved = Float64Array.from(reference, (v, i) => v + 0.02 * other[i]!);
    const { points } = canonicalLandmarks(tracked(moved, [0, 0, 0], 1, [0, 0, 0]), reference);
    const direct = weights.map((row, c) => row.reduce((s, w, i) => s + w * (points[i]! - reference[i]!), centre[c]!));
    const read = readLandmarks(reader, tracked(moved, [0.4, -0.3, 0.2], 9, [1, 2, 3]));
    for (const c of [3, 4]) expect(read[c]!).toBeCloseTo(direct[c]!, 4);
  });
});
