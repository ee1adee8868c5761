import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { makeImage } from '../../core/image.js';
import { fromRegion, sampleRegion, toRegion } from './region.js';

/** Red grows by 0.01 a column, green by 0.01 a row: a sample tells where it was taken. */
function ramp(width: number, height: number) {
  const image = makeImage(width, height, 3);
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) image.data.set([0.01 * (x + 0.5), 0.01 * (y + 0.5), 1], (y * width + x) * 3);
  return image;
}
const whole = { scale: 1, shift: 0 };

describe('regions', () => {
  it('go there and back', () => {
    const number = fc.double({ min: -500, max: 500, noNaN: true });
    fc.assert(
      fc.property(
        number,
        number,
        fc.double({ min: 1, max: 900, noNaN: true }),
        fc.double({ min: -4, max: 4, noNaN: true }),
        (x, y, size, angle) => {
          const region = { x, y, size, angle };
          const [u, v] = toRegion(region, ...fromRegion(region, 0.2, 0.9));
          expect(u).toBeCloseTo(0.2, 8);
          expect(v).toBeCloseTo(0.9, 8);
        },
      ),
    );
  });

  it('turn clockwise as seen: the x axis of a quarter turn points down', () => {
    const [x, y] = fromRegion({ x: 10, y: 10, size: 4, angle: Math.PI / 2 }, 1, 0.5);
    expect(x).toBeCloseTo(10, 12);
    expect(y).toBeCloseTo(12, 12);
  });

  it('sample the picture where they say, turned, shrunk and mirrored', () => {
    const image = ramp(90, 80);
    for (const region of [
      { x: 40, y: 35, size: 8, angle: 0.4 },
      { x: 45, y: 40, size: 40, angle: -1 },
    ])
      for (const flip of [false, true]) {
        const out = new Float32Array(3 * 64);
        sampleRegion(image, region, 8, whole, out, { flip });
        for (let row = 0; row < 8; row++)
          for (let column = 0; column < 8; column++) {
            const [x, y] = fromRegion(region, (column + 0.5) / 8, (row + 0.5) / 8);
            const at = row * 8 + (flip ? 7 - column : column);
            expect(out[at]).toBeCloseTo(0.01 * x, 5); // a linear picture is its own average
            expect(out[64 + at]).toBeCloseTo(0.01 * y, 5);
          }
      }
  });

  it('are black outside of the picture, in the range of the network', () => {
    const out = new Float32Array(3 * 16);
    sampleRegion(ramp(10, 10), { x: -50, y: 5, size: 4, angle: 0 }, 4, { scale: 2, shift: -1 }, out);
    expect([...out].every((v) => v === -1)).toBe(true);
  });
});
