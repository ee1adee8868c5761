import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Angles, anglesOf, rotationDerivatives, rotationMatrix } from './rotation.js';

type Matrix = number[][];
const multiply = (a: Matrix, b: Matrix): Matrix =>
  a.map((row) => b[0]!.map((_, j) => row.reduce((s, v, k) => s + v * b[k]![j]!, 0)));
const aboutX = (t: number): Matrix => [
  [1, 0, 0],
  [0, Math.cos(t), -Math.sin(t)],
  [0, Math.sin(t), Math.cos(t)],
];
const aboutY = (t: number): Matrix => [
  [Math.cos(t), 0, Math.sin(t)],
  [0, 1, 0],
  [-Math.sin(t), 0, Math.cos(t)],
];
const aboutZ = (t: number): Matrix => [
  [Math.cos(t), -Math.sin(t), 0],
  [Math.sin(t), Math.cos(t), 0],
  [0, 0, 1],
];
const angles = fc.tuple(...[0, 1, 2].map(() => fc.double({ min: -3, max: 3, noNaN: true }))) as fc.Arbitrary<
  [number, number, number]
>;

describe('anglesOf', () => {
  it('inverts rotationMatrix where the angles are unique', () => {
    fc.assert(
      fc.property(angles, ([x, y, z]) => {
        const within: Angles = [x, y / 2, z]; // |y| ≤ 1.5 < π/2
        for (const [i, angle] of anglesOf(rotationMatrix(within)).entries()) expect(angle).toBeCloseTo(within[i]!, 9);
      }),
    );
  });
});

describe('rotation', () => {
  it('is Rz·Ry·Rx', () => {
    fc.assert(
      fc.property(angles, ([x, y, z]) => {
        const expected = multiply(aboutZ(z), multiply(aboutY(y), aboutX(x))).flat();
        [...rotationMatrix([x, y, z])].forEach((v, i) => {
          expect(v).toBeCloseTo(expected[i]!, 12);
        });
      }),
    );
  });

  it('turns the nose to the image right for positive y and down for positive x', () => {
    const nose = (a: Angles) => [2, 5, 8].map((i) => rotationMatrix(a)[i]!);
    expect(nose([0, 0.3, 0])[0]).toBeGreaterThan(0.2);
    expect(nose([0.3, 0, 0])[1]).toBeLessThan(-0.2);
  });

  it('has the derivatives that differences give', () => {
    const h = 1e-6; // central differences err by h²·third derivative ≈ 1e-12, rounding by 1e-16/h = 1e-10
    fc.assert(
      fc.property(angles, (at) => {
        const exact = rotationDerivatives(at);
        for (let a = 0; a < 3; a++) {
          const moved = (d: number) => rotationMatrix(at.map((v, i) => (i === a ? v + d : v)) as unknown as Angles);
          const [up, down] = [moved(h), moved(-h)];
          for (let i = 0; i < 9; i++) expect(exact[9 * a + i]).toBeCloseTo((up[i]! - down[i]!) / (2 * h), 8);
        }
      }),
      { numRuns: 30 },
    );
  });
});
