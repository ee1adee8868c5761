/** Carrying colours over a surface: nothing to say about a painted surface, much about pictures that drift. */
import { describe, expect, it } from 'vitest';
import { type Camera, rayDirection } from '../core/camera.js';
import { makeImage } from '../core/image.js';
import { reprojection, type SurfaceFrame, sweepError } from './consistency.js';

const SIZE = 48;
const TRIANGLES = Uint32Array.of(0, 1, 2, 0, 2, 3);

/** A camera on the z axis, shifted sideways, that looks along −z. */
function cameraAt(x: number): Camera {
  const intrinsics = { fx: 60, fy: 60, cx: SIZE / 2, cy: SIZE / 2 };
  return { width: SIZE, height: SIZE, intrinsics, cameraToWorld: [1, 0, 0, x, 0, 1, 0, 0, 0, 0, 1, 3, 0, 0, 0, 1] };
}

/** Square −1 … 1 at depth z, counter-clockwise. */
const square = (z = 0) => Float32Array.of(-1, -1, z, 1, -1, z, 1, 1, z, -1, 1, z);

/** What the camera sees of a plane z = 0 that is painted with `paint(x, y)`. */
function painted(x: number, paint: (x: number, y: number) => number): SurfaceFrame {
  const camera = cameraAt(x);
  const color = makeImage(SIZE, SIZE, 3);
  for (let row = 0, i = 0; row < SIZE; row++)
    for (let column = 0; column < SIZE; column++, i++) {
      const [dx, dy, dz] = rayDirection(camera, column + 0.5, row + 0.5);
      const t = -3 / dz;
      color.data.fill(paint(x + t * dx, t * dy), 3 * i, 3 * i + 3);
    }
  return { color, camera, positions: square() };
}

/** The painted plane behind a black screen over x 0 … 1 at z = 1.2. */
function screened(x: number): SurfaceFrame {
  const frame = painted(x, waves);
  for (let row = 0, i = 0; row < SIZE; row++)
    for (let column = 0; column < SIZE; column++, i++) {
      const [dx, dy, dz] = rayDirection(frame.camera, column + 0.5, row + 0.5);
      const t = (1.2 - 3) / dz;
      const [u, v] = [x + t * dx, t * dy];
      if (u >= 0 && u <= 1 && Math.abs(v) <= 1) frame.color.data.fill(0, 3 * i, 3 * i + 3);
    }
  return frame;
}

/** Slow enough for bilinear sampling. */
const waves = (x: number, y: number) => 0.5 + 0.3 * Math.sin(3 * x) * Math.cos(2 * y);

describe('reprojection', () => {
  it('finds next to nothing in true pictures of a painted surface', () => {
    const found = reprojection(painted(-0.2, waves), painted(0.2, waves), TRIANGLES);
    expect(found.pixels).toBeGreaterThan(2 * 1000); // of 2 · 40² of the square, those that both see
    expect(found.error).toBeLessThan(2e-3); // bilinear sampling of the waves at 20 pixels a unit
  });

  it('measures what is painted differently', () => {
    const lighter = (x: number, y: number) => waves(x, y) + 0.1;
    expect(reprojection(painted(-0.2, waves), painted(0.2, lighter), TRIANGLES).error).toBeCloseTo(0.1, 2);
  });

  it('sees a picture that stays with the camera in place of the surface', () => {
    const still = painted(0.2, (x, y) => waves(x - 0.4, y));
    expect(reprojection(painted(-0.2, waves), still, TRIANGLES).error).toBeGreaterThan(0.05);
  });

  it('leaves out what one of them does not see', () => {
    // A black screen before the right half hides other parts of the plane from each camera.
    const positions = new Float32Array([...square(), 0, -1, 1.2, 1, -1, 1.2, 1, 1, 1.2, 0, 1, 1.2]);
    const triangles = Uint32Array.of(...TRIANGLES, 4, 5, 6, 4, 6, 7);
    const [a, b] = [-0.3, 0.3].map((x) => ({ ...screened(x), positions }));
    const found = reprojection(a!, b!, triangles);
    expect(found.pixels).toBeGreaterThan(500);
    // Only pixels across the screen's edge can mix black and paint (mean 0.5): a few columns of 24 in 48 rows.
    expect(found.error).toBeLessThan(0.05);
    // The same pictures on the plane alone: black against paint.
    expect(
      reprojection({ ...a!, positions: square() }, { ...b!, positions: square() }, TRIANGLES).error,
    ).toBeGreaterThan(0.09);
  });

  it('says NaN where nothing is in common', () => {
    const away = Float32Array.from(square(), (value, i) => (i % 3 === 0 ? value + 50 : value));
    const frame = painted(0, waves);
    expect(reprojection(frame, { ...frame, positions: away }, TRIANGLES).error).toBeNaN();
  });
});

describe('sweepError', () => {
  it('is the mean of the neighbours', () => {
    const frames = [-0.2, 0, 0.2].map((x) => painted(x, (u, v) => waves(u, v) + x));
    const [first, second] = [0, 1].map((i) => reprojection(frames[i]!, frames[i + 1]!, TRIANGLES).error);
    expect(sweepError(frames, TRIANGLES)).toBeCloseTo((first! + second!) / 2, 12);
  });
});
