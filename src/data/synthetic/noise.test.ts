/** Noise, skull directions and light: stated properties. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { hsv, srgb, toLinear, toSrgb } from './color.js';
import { illuminate, makeLamp, type Sample } from './lighting.js';
import { hash3, noise1, noise3, smoothstep } from './noise.js';
import { hairline, skullAngles, skullDirection } from './skull.js';

const coordinate = fc.double({ min: -50, max: 50, noNaN: true });

test('noise is in [0, 1), meets its grid values, and is continuous', () => {
  fc.assert(
    fc.property(coordinate, coordinate, coordinate, (x, y, z) => {
      const value = noise3(x, y, z, 7);
      expect(value >= 0 && value < 1).toBe(true);
      expect(Math.abs(noise3(x + 1e-4, y, z, 7) - value)).toBeLessThan(2e-4); // slope of the blend is at most 1.5
      expect(Math.abs(noise1(x + 1e-4, 7) - noise1(x, 7))).toBeLessThan(2e-4);
    }),
  );
  expect(noise3(3, -2, 5, 1)).toBe(hash3(3, -2, 5, 1));
  expect(hash3(3, -2, 5, 1)).not.toBe(hash3(3, -2, 5, 2));
  expect([smoothstep(0, 2, -1), smoothstep(0, 2, 1), smoothstep(0, 2, 3)]).toEqual([0, 0.5, 1]);
});

test('colours: sRGB and linear are inverse, hues land where they should', () => {
  for (let i = 0; i <= 255; i++) expect(toSrgb(toLinear(i / 255))).toBeCloseTo(i / 255, 6);
  expect(hsv(0, 1, 1)).toEqual(srgb(1, 0, 0));
  expect(hsv(2 / 3, 1, 1)[2]).toBeCloseTo(1, 6);
});

test('skull directions invert, and the hairline is the same on both sides and lower behind', () => {
  const skull = { x: 0, y: 0.4, z: -0.8 };
  fc.assert(
    fc.property(
      fc.double({ min: -3.1, max: 3.1, noNaN: true }),
      fc.double({ min: 0.05, max: 3, noNaN: true }),
      (a, p) => {
        const d = skullDirection(a, p);
        const [azimuth, polar, radius] = skullAngles(skull, skull.x + 2 * d[0], skull.y + 2 * d[1], skull.z + 2 * d[2]);
        expect(azimuth).toBeCloseTo(a, 9);
        expect(polar).toBeCloseTo(p, 9);
        expect(radius).toBeCloseTo(2, 9);
        expect(hairline(a)).toBe(hairline(-a));
      },
    ),
  );
  expect(hairline(Math.PI)).toBeGreaterThan(hairline(0));
});

test('light: none gives black, shadow leaves the sky, turning away darkens', () => {
  const light = (lamp: number, sky: number) =>
    makeLamp({
      direction: [0, 0, 1],
      lamp: [lamp, lamp, lamp],
      sky: [sky, sky, sky],
      ground: [sky, sky, sky],
      shadow: 1,
      soft: 0,
      lamps: [],
    });
  const shaded = (lamp: number, sky: number, nz: number, lit = 1): number => {
    const sample: Sample = { r: 0.5, g: 0.5, b: 0.5, cover: 1 };
    illuminate(
      sample,
      light(lamp, sky),
      { strength: 0, sharpness: 10, wrap: 0.3 },
      Math.sqrt(1 - nz * nz),
      0,
      nz,
      1,
      lit,
    );
    return sample.g;
  };
  expect(shaded(0, 0, 1)).toBe(0);
  expect(shaded(1, 0, 1)).toBeCloseTo(0.5, 6);
  expect(shaded(1, 0.4, 1, 0)).toBeCloseTo(0.2, 6);
  expect(shaded(1, 0, 0.2)).toBeLessThan(shaded(1, 0, 0.8));
  expect(shaded(1, 0, -1)).toBe(0);
});
