import { describe, expect, it } from 'vitest';
import { type Image, makeImage } from '../core/image.js';
import { RandomStream, randomKey } from '../core/rng.js';
import { cropImage, mirror } from './crop.js';

function noise(width: number, height: number): Image {
  const random = new RandomStream(randomKey(1));
  const image = makeImage(width, height, 3);
  for (let i = 0; i < image.data.length; i++) image.data[i] = random.uniform();
  return image;
}

const sinc = (x: number) => (x === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x));

/** The slow twin: every output pixel as a double sum over all pixels of a large plane, black outside of the picture. */
function slowPixel(
  image: Image,
  box: { x0: number; y0: number; x1: number; y1: number },
  size: number,
  i: number,
  j: number,
): number {
  const [sx, sy] = [(box.x1 - box.x0) / size, (box.y1 - box.y0) / size];
  const weight = (d: number, scale: number) => {
    const t = d / Math.max(1, scale);
    return Math.abs(t) < 3 ? sinc(t) * sinc(t / 3) : 0;
  };
  let [sum, total] = [0, 0];
  for (let y = -60; y < 120; y++)
    for (let x = -60; x < 120; x++) {
      const w = weight(x + 0.5 - box.x0 - (i + 0.5) * sx, sx) * weight(y + 0.5 - box.y0 - (j + 0.5) * sy, sy);
      total += w;
      const within = x >= 0 && y >= 0 && x < image.width && y < image.height;
      if (within) sum += w * image.data[(y * image.width + x) * 3]!;
    }
  return Math.max(0, Math.min(1, sum / total));
}

describe('cropImage', () => {
  it('leaves a picture alone when nothing changes', () => {
    const image = noise(20, 20);
    const same = cropImage(image, { x0: 0, y0: 0, x1: 20, y1: 20 }, 20);
    expect(Math.max(...same.data.map((v, i) => Math.abs(v - image.data[i]!)))).toBeLessThan(1e-6); // float32 rounding
  });

  it('agrees with a sum over the whole plane, shrinking and enlarging, across the border', () => {
    const image = noise(40, 30);
    for (const box of [
      { x0: -6.3, y0: 2.1, x1: 33.7, y1: 42.1 },
      { x0: 10.2, y0: 8, x1: 14.2, y1: 12 },
    ]) {
      const out = cropImage(image, box, 9);
      for (let j = 0; j < 9; j += 2)
        for (let i = 0; i < 9; i += 2) expect(out.data[(j * 9 + i) * 3]).toBeCloseTo(slowPixel(image, box, 9, i, j), 4); // float32 sums of ~600 terms
    }
  });

  it('averages a fine checkerboard to grey instead of aliasing it', () => {
    const image = makeImage(64, 64, 3);
    for (let i = 0; i < 64 * 64; i++) image.data.fill((i + (i >> 6)) % 2, 3 * i, 3 * i + 3);
    const out = cropImage(image, { x0: 8, y0: 8, x1: 56, y1: 56 }, 8);
    for (const v of out.data) expect(Math.abs(v - 0.5)).toBeLessThan(0.02); // the window's stop band is near 1 % of the swing
  });

  it('is black outside by default', () => {
    const white = { ...makeImage(10, 10, 3), data: new Float32Array(300).fill(1) };
    const out = cropImage(white, { x0: -20, y0: 0, x1: 10, y1: 30 }, 30);
    expect(out.data[(5 * 30 + 5) * 3]).toBe(0);
    expect(out.data[(5 * 30 + 25) * 3]).toBe(1);
  });

  it('with blur padding keeps the inside and fills the outside with the picture’s own colours', () => {
    const image = makeImage(100, 100, 3);
    for (let i = 0; i < 100 * 100; i++) image.data.set([0.2, 0.5, (i % 100) / 100], 3 * i);
    const box = { x0: -40, y0: 10, x1: 60, y1: 110 };
    const [plain, soft] = [cropImage(image, box, 50), cropImage(image, box, 50, 50, 'blur')];
    const middle = (20 * 50 + 42) * 3; // 44 px inside of the left border, beyond the tenth of the padding that is blended
    for (let c = 0; c < 3; c++) expect(soft.data[middle + c]).toBeCloseTo(plain.data[middle + c]!, 5);
    const outside = (20 * 50 + 3) * 3;
    expect(plain.data[outside]).toBe(0);
    expect(soft.data[outside]).toBeCloseTo(0.2, 2);
    expect(soft.data[outside + 1]).toBeCloseTo(0.5, 2);
  });

  it('with blur padding changes nothing when the crop lies inside', () => {
    const image = noise(40, 40);
    const box = { x0: 5, y0: 5, x1: 25, y1: 25 };
    expect(cropImage(image, box, 16, 16, 'blur').data).toEqual(cropImage(image, box, 16).data);
  });
});

describe('mirror', () => {
  it('reflects without repeating the edge', () => {
    expect([-3, -2, -1, 0, 1, 2, 3, 4, 5, 6].map((i) => mirror(i, 4))).toEqual([3, 2, 1, 0, 1, 2, 3, 2, 1, 0]);
    expect(mirror(-7, 1)).toBe(0);
  });
});
