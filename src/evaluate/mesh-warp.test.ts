/** The warping baseline: what stands still stays, what moves is carried, and the border never moves. */
import { expect, test } from 'vitest';
import type { Camera } from '../core/camera.js';
import { makeImage } from '../core/image.js';
import { type PosedSurface, warpOverMesh } from './mesh-warp.js';

const SIDE = 33; // odd, so that the pyramid has ragged levels
/** At depth 10 and a focal length of 100, a world unit is 10 pixels. */
const camera: Camera = {
  width: SIDE,
  height: SIDE,
  intrinsics: { fx: 100, fy: 100, cx: SIDE / 2, cy: SIDE / 2 },
  cameraToWorld: [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 10, 0, 0, 0, 1],
};
/** A square of 12×12 pixels around a point, counter-clockwise to the eye. */
function square(x: number, y: number): PosedSurface {
  const corners = [-1, -1, 1, -1, 1, 1, -1, 1].map((c) => 0.6 * c);
  const positions = [0, 1, 2, 3].flatMap((i) => [corners[2 * i]! + x, corners[2 * i + 1]! + y, 0]);
  return { positions: Float32Array.from(positions), camera };
}
const triangles = Uint32Array.of(0, 1, 2, 0, 2, 3);
/** Colours that tell where they come from: column and row. */
const picture = makeImage(SIDE, SIDE, 3);
for (let i = 0; i < SIDE * SIDE; i++) picture.data.set([(i % SIDE) / SIDE, Math.floor(i / SIDE) / SIDE, 0], 3 * i);

const place = (data: Float32Array, column: number, row: number) => [
  data[3 * (row * SIDE + column)]! * SIDE,
  data[3 * (row * SIDE + column) + 1]! * SIDE,
];

test('a face that does not move leaves the picture as it is', () => {
  const { data } = warpOverMesh(picture, square(0.1, 0.2), square(0.1, 0.2), triangles);
  for (const [i, value] of data.entries()) expect(Math.abs(value - picture.data[i]!)).toBeLessThan(1e-5); // float32 of 33
});

test('the face is carried, the border stays, and between them motion falls', () => {
  // 3 pixels to the right and 2 up on the picture
  const { data } = warpOverMesh(picture, square(0, 0), square(0.3, 0.2), triangles);
  const [column, row] = place(data, 16 + 3, 16 - 2);
  expect(column).toBeCloseTo(16, 3);
  expect(row).toBeCloseTo(16, 3);
  for (let i = 0; i < SIDE; i++)
    for (const [c, r] of [
      [i, 0],
      [0, i],
      [i, SIDE - 1],
      [SIDE - 1, i],
    ] as const) {
      expect(place(data, c, r)[0]).toBeCloseTo(c, 3);
      expect(place(data, c, r)[1]).toBeCloseTo(r, 3);
    }
  const shift = (c: number) => c - place(data, c, 14)[0]!;
  const shifts = [25, 27, 29, 31].map(shift); // the face ends at column 25
  for (const [i, value] of shifts.entries()) {
    expect(value).toBeGreaterThan(-1e-3);
    if (i > 0) expect(value).toBeLessThan(shifts[i - 1]! + 1e-3);
  }
  expect(shift(25)).toBeGreaterThan(1.5);
});
