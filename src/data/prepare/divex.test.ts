/** Divex against a slow twin that follows the words of the paper's supplement, and the truths that any distance keeps. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { RandomStream, randomKey } from '../../core/rng.js';
import { rotationMatrix } from '../../face/rotation.js';
import { divexOrder, type FaceState, faceDistance, IDENTITY, rotationAngle } from './divex.js';

const angle = fc.double({ min: -1.5, max: 1.5, noNaN: true });
const rotation = fc.tuple(angle, angle, angle).map((angles) => Array.from(rotationMatrix(angles)));

/** d(p, q) from its definition, with matrices multiplied out and no clamp where none is needed. */
function slowDistance(p: FaceState, q: FaceState, norms: readonly number[]): number {
  const total = norms.reduce((a, b) => a + b, 0);
  const terms = norms.map((n, k) => ((p.expression[k]! - q.expression[k]!) * n) / total);
  return Math.hypot(...terms) + 0.5 * slowAngle(p.global, q.global) + slowAngle(p.jaw, q.jaw);
}

function slowAngle(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let trace = 0;
  for (let i = 0; i < 3; i++) for (let j = 0; j < 3; j++) trace += a[3 * i + j]! * b[3 * i + j]!; // (A·Bᵀ)_ii
  return Math.acos(Math.min(1, Math.max(-1, (trace - 1) / 2)));
}

/** The greedy ordering with every maximum and minimum taken anew from the whole matrix. */
function slowOrder(states: readonly FaceState[], norms: readonly number[], bonus: readonly number[]) {
  const zero = { expression: norms.map(() => 0), global: IDENTITY, jaw: IDENTITY };
  const taken: number[] = [];
  const scores: number[] = [];
  while (taken.length < states.length) {
    const score = states.map((state, i) => {
      if (taken.includes(i)) return -Infinity;
      const all = states.map((other) => slowDistance(state, other, norms));
      const most = Math.max(...all);
      const m = Math.min(most, ...taken.map((s) => all[s]!));
      return slowDistance(state, zero, norms) + bonus[i]! + 2 * m;
    });
    const next = score.indexOf(Math.max(...score));
    taken.push(next);
    scores.push(score[next]!);
  }
  return { taken, scores };
}

function randomStates(seed: number, count: number, expressions: number): FaceState[] {
  const random = new RandomStream(randomKey(seed));
  const turn = (size: number) =>
    rotationMatrix([size * random.normal(), size * random.normal(), size * random.normal()]);
  return Array.from({ length: count }, () => ({
    expression: random.normals(expressions),
    global: turn(0.3),
    jaw: turn(0.1),
  }));
}

describe('the angle between rotations', () => {
  test('is that of a rotation about one axis', () => {
    fc.assert(
      fc.property(angle, (a) => {
        expect(rotationAngle(rotationMatrix([a, 0, 0]), IDENTITY)).toBeCloseTo(Math.abs(a), 7);
      }),
    );
  });

  test('is a number for equal rotations, where rounding leaves the range of arccos', () => {
    fc.assert(
      fc.property(rotation, (r) => {
        expect(rotationAngle(r, r)).toBeLessThan(1e-7);
      }),
    );
    const slightlyMore = [1, 0, 0, 0, 1, 0, 0, 0, 1 + 1e-12];
    expect(rotationAngle(slightlyMore, slightlyMore)).toBe(0);
  });

  test('does not change when both are turned', () => {
    fc.assert(
      fc.property(rotation, rotation, (a, b) => {
        expect(rotationAngle(a, b)).toBeCloseTo(rotationAngle(b, a), 7);
      }),
    );
  });
});

describe('divex', () => {
  const norms = [3, 1, 0.5, 2];
  test.each([1, 2, 3, 4, 5])('orders like its slow twin (seed %i)', (seed) => {
    const states = randomStates(seed, 9, norms.length);
    const bonus = states.map((_, i) => (i % 4 === 0 ? 1 : 0));
    const order = divexOrder(states, norms, bonus);
    const slow = slowOrder(states, norms, bonus);
    expect(order.map(({ index }) => index)).toEqual(slow.taken);
    order.forEach(({ divex }, i) => {
      expect(divex).toBeCloseTo(slow.scores[i]!, 9);
    });
  });

  test('names the farthest frames first', () => {
    const states = randomStates(6, 8, norms.length);
    for (const { index, neighbours, distances } of divexOrder(states, norms)) {
      const far = states
        .map((state, i) => [i, slowDistance(states[index]!, state, norms)] as const)
        .filter(([i]) => i !== index)
        .sort((a, b) => b[1] - a[1])
        .slice(0, 5);
      expect(neighbours).toEqual(far.map(([i]) => i));
      far.forEach(([, d], i) => {
        expect(distances[i]).toBeCloseTo(d, 9);
      });
    }
  });

  test('takes a tongue earlier than the same face without', () => {
    const [plain] = randomStates(7, 1, norms.length) as [FaceState];
    const [first] = divexOrder([plain, plain, plain], norms, [0, 1, 0]);
    expect(first!.index).toBe(1);
  });

  test('ends with equal frames, with one and with none', () => {
    const [one] = randomStates(8, 1, norms.length) as [FaceState];
    expect(divexOrder([one, one, one], norms).map(({ index }) => index)).toEqual([0, 1, 2]);
    expect(divexOrder([one], norms)).toMatchObject([{ index: 0, neighbours: [], diversity: 0 }]);
    expect(divexOrder([], norms)).toEqual([]);
  });

  test('its distance is symmetric, zero for equal faces, and keeps the triangle inequality', () => {
    const [a, b, c] = randomStates(9, 3, norms.length) as [FaceState, FaceState, FaceState];
    const d = (p: FaceState, q: FaceState) => faceDistance(p, q, norms);
    expect(d(a, b)).toBe(d(b, a));
    expect(d(a, a)).toBeLessThan(1e-6);
    expect(d(a, c)).toBeLessThanOrEqual(d(a, b) + d(b, c));
  });
});
