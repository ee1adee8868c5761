import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { projectPoint } from '../core/camera.js';
import {
  cropBox,
  type FivePoints,
  faceScale,
  fromCrop,
  intrinsicsToCrop,
  JOKER_CROP,
  MODEL_CROP,
  modelIntrinsics,
  STANDARD_FACE,
  toCrop,
} from './align.js';

/** The standard face as a frontal photo shows it: `scale` px a unit, its origin at column x, row y. */
const photograph = (scale: number, x: number, y: number): FivePoints =>
  STANDARD_FACE.map((p) => [x + scale * p[0], y - scale * p[1]] as const);

const anyFace = fc.record({
  scale: fc.double({ min: 40, max: 900, noNaN: true }),
  x: fc.double({ min: 100, max: 1500, noNaN: true }),
  y: fc.double({ min: 100, max: 1500, noNaN: true }),
});

describe('faceScale', () => {
  it('finds scale and origin of a frontal standard face exactly', () => {
    const found = faceScale(photograph(250, 640, 360), 720);
    // the flat face leaves the z column free in exact arithmetic only through rounding: 1e-9 relative
    expect(found.scale).toBeCloseTo(250, 6);
    expect(found.x).toBeCloseTo(640, 6);
    expect(found.yUp).toBeCloseTo(720 - 1 - 360, 6);
  });
});

describe('cropBox', () => {
  it('puts the face where the paper has it: 219.4 px a unit, origin in the middle', () => {
    const box = cropBox(photograph(250, 640, 360), 1280, 720);
    const [x, y] = toCrop(box, 512, 640, 360);
    // the frame starts at a whole pixel of the scaled picture, which is 1 px of 700 → 0.73 px of 512 on either axis,
    // and rows are counted from H − 1, which shifts by one source pixel more
    expect(Math.abs(x - 256)).toBeLessThan(1);
    expect(Math.abs(y - 256)).toBeLessThan(2);
    const unit = 512 / ((box.x1 - box.x0) / 250);
    expect(unit).toBeCloseTo((JOKER_CROP.unit * 512) / JOKER_CROP.kept, 0);
  });

  it('shows every frontal face alike, whatever its place and size in the photo', () => {
    fc.assert(
      fc.property(anyFace, ({ scale, x, y }) => {
        const points = photograph(scale, x, y);
        const box = cropBox(points, 1600, 1600);
        const seen = points.map((p) => toCrop(box, 512, p[0], p[1]));
        seen.forEach(([u, v], i) => {
          // whole-pixel frames: 0.73 px; sizes truncated to whole pixels: below 0.5 % of 512/2 for small faces; rows are
          // counted from H − 1, which lifts the crop by one source pixel
          expect(Math.abs(u - (256 + 219.43 * STANDARD_FACE[i]![0]))).toBeLessThan(2.5);
          expect(Math.abs(v - (256 - 219.43 * STANDARD_FACE[i]![1]))).toBeLessThan(2.5 + 219.43 / scale);
        });
      }),
      { numRuns: 200 },
    );
  });

  it('goes to the crop and back', () => {
    fc.assert(
      fc.property(anyFace, fc.double({ min: -50, max: 600, noNaN: true }), ({ scale, x, y }, u) => {
        const box = cropBox(photograph(scale, x, y), 1600, 1600);
        const [px, py] = fromCrop(box, 512, u, 512 - u);
        const [a, b] = toCrop(box, 512, px, py);
        expect(a).toBeCloseTo(u, 6);
        expect(b).toBeCloseTo(512 - u, 6);
      }),
    );
  });

  it('refuses five landmarks at one place as our own bug', () => {
    expect(() => cropBox(Array(5).fill([10, 10]), 64, 64)).toThrow(/^internal:/);
  });
});

describe('intrinsics', () => {
  it('of the 512 crop are those of EG3D: 4.2647 · 512', () => {
    const points = photograph(250, 640, 360);
    const box = cropBox(points, 1280, 720);
    const k = modelIntrinsics(
      points.map((p) => toCrop(box, 512, p[0], p[1])),
      512,
      512,
    );
    // 1015/102·300·512/700 = 2183.5; whole-pixel sizes move it by up to 0.5 %
    expect(k.fx / (4.2647 * 512)).toBeCloseTo(1, 2);
    expect(k.fx).toBeCloseTo(k.fy, 6);
    expect(Math.abs(k.cx - 256)).toBeLessThan(MODEL_CROP.target / 100); // one pixel of 224 is 2.15 px of 512
  });

  it('move with the crop: a projected point lands where the crop maps it', () => {
    const camera = {
      width: 800,
      height: 600,
      intrinsics: { fx: 900, fy: 880, cx: 410, cy: 290 },
      cameraToWorld: [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 10, 0, 0, 0, 1],
    };
    const box = { x0: -20.5, y0: 33, x1: 300, y1: 353.5 };
    const inside = { ...camera, width: 128, height: 128, intrinsics: intrinsicsToCrop(camera.intrinsics, box, 128) };
    const [x, y] = projectPoint(camera, 0.4, -0.2, 0.7);
    const [u, v] = projectPoint(inside, 0.4, -0.2, 0.7);
    const expected = toCrop(box, 128, x, y);
    expect(u).toBeCloseTo(expected[0], 9);
    expect(v).toBeCloseTo(expected[1], 9);
  });
});
