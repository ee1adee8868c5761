/** sharpness(own): against its definition written out, and falling as a picture is blurred. */
import { expect, test } from 'vitest';
import { type Image, makeImage } from '../../core/image.js';
import { RandomStream, randomKey } from '../../core/rng.js';
import { gaussianBlur } from '../../photo/padding.js';
import { sharpness } from './sharpness.js';

function noise(width: number, height: number): Image {
  const random = new RandomStream(randomKey(3));
  const image = makeImage(width, height, 3);
  for (let i = 0; i < width * height; i++) image.data.fill(random.uniform(), 3 * i, 3 * i + 3); // gray: luma is the value
  return image;
}

/** Along rows only: differences before and after a mean of nine. */
function slowRows({ width, height, data }: Image): number {
  const at = (x: number, y: number) => data[3 * (y * width + Math.max(0, Math.min(width - 1, x)))]!;
  const soft = (x: number, y: number) => [-4, -3, -2, -1, 0, 1, 2, 3, 4].reduce((s, k) => s + at(x + k, y) / 9, 0);
  let [before, gone] = [0, 0];
  for (let y = 0; y < height; y++)
    for (let x = 1; x < width; x++) {
      const d = Math.abs(at(x, y) - at(x - 1, y));
      before += d;
      gone += Math.max(0, d - Math.abs(soft(x, y) - soft(x - 1, y)));
    }
  return gone / before;
}

function turned({ width, height, data }: Image): Image {
  const out = makeImage(height, width, 3);
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++)
      out.data.set(data.subarray(3 * (y * width + x), 3 * (y * width + x) + 3), 3 * (x * height + y));
  return out;
}

test('is the smaller share of rows and columns', () => {
  const image = noise(23, 17);
  expect(sharpness(image)).toBeCloseTo(100 * Math.min(slowRows(image), slowRows(turned(image))), 3); // float32 luma
});

test('falls with every blur, and does not care about contrast', () => {
  const image = noise(64, 64);
  const scores = [image, ...[0.7, 1.5, 3].map((sigma) => gaussianBlur(image, sigma))].map(sharpness);
  expect([...scores].sort((a, b) => b - a)).toEqual(scores);
  expect(scores[0]! / scores[3]!).toBeGreaterThan(2);
  const faint = { ...image, data: image.data.map((v) => 0.4 + 0.1 * v) };
  expect(sharpness(faint)).toBeCloseTo(scores[0]!, 3);
});

test('a plain picture has none', () => {
  expect(sharpness(makeImage(16, 16, 3))).toBe(0);
});
