/** Picture and feature metrics against slow definitions, closed forms and stated properties. */
import { describe, expect, it } from 'vitest';
import { type Image, makeImage } from '../core/image.js';
import { RandomStream, randomKey } from '../core/rng.js';
import { frechetDistance } from './frechet.js';
import { meanSquaredError, peakSignalToNoise, structuralSimilarity } from './image-metrics.js';

const stream = new RandomStream(randomKey(5));
function noise(width: number, height: number, channels: number): Image {
  const image = makeImage(width, height, channels);
  for (let i = 0; i < image.data.length; i++) image.data[i] = stream.uniform();
  return image;
}

describe('picture metrics', () => {
  it('are right on constant offsets', () => {
    const a = makeImage(12, 12, 3);
    const b = { ...a, data: a.data.map(() => 0.1) };
    expect(meanSquaredError(a, b)).toBeCloseTo(0.01, 8);
    expect(peakSignalToNoise(a, b)).toBeCloseTo(20, 5);
    expect(peakSignalToNoise(a, a)).toBe(Infinity);
    expect(structuralSimilarity(a, a)).toBe(1);
    // flat pictures: only the luminance term is left, (2·0·0.1 + C1) / (0 + 0.01 + C1)
    expect(structuralSimilarity(a, b)).toBeCloseTo(1e-4 / (0.01 + 1e-4), 6);
  });

  it('compute SSIM window by window', () => {
    const [a, b] = [noise(13, 12, 1), noise(13, 12, 1)];
    let [sum, count] = [0, 0];
    for (let r = 5; r < 7; r++)
      for (let c = 5; c < 8; c++) {
        sum += windowSimilarity(a, b, r, c);
        count++;
      }
    expect(structuralSimilarity(a, b)).toBeCloseTo(sum / count, 10);
    expect(structuralSimilarity(a, b)).toBeCloseTo(structuralSimilarity(b, a), 12);
  });

  it('refuse pictures that cannot be compared', () => {
    expect(() => meanSquaredError(noise(3, 3, 1), noise(3, 4, 1))).toThrow(/cannot be compared/);
    expect(() => structuralSimilarity(noise(10, 30, 1), noise(10, 30, 1))).toThrow(/11×11/);
  });
});

/** SSIM of the 11×11 window around a pixel, straight from Wang et al. */
function windowSimilarity(a: Image, b: Image, row: number, column: number): number {
  const weights: [number, number][] = [];
  for (let i = -5; i <= 5; i++)
    for (let j = -5; j <= 5; j++)
      weights.push([(row + i) * a.width + column + j, Math.exp(-(i * i + j * j) / (2 * 1.5 * 1.5))]);
  const total = weights.reduce((s, [, w]) => s + w, 0);
  const mean = (of: (at: number) => number): number => weights.reduce((s, [at, w]) => s + (w / total) * of(at), 0);
  const [x, y] = [mean((i) => a.data[i]!), mean((i) => b.data[i]!)];
  const covariance = (p: Image, mp: number, q: Image, mq: number): number =>
    mean((i) => (p.data[i]! - mp) * (q.data[i]! - mq));
  const top = (2 * x * y + 1e-4) * (2 * covariance(a, x, b, y) + 9e-4);
  return top / ((x * x + y * y + 1e-4) * (covariance(a, x, a, x) + covariance(b, y, b, y) + 9e-4));
}

describe('Fréchet distance', () => {
  const features = (count: number, of: (i: number) => number) => ({
    values: Float32Array.from({ length: count * 4 }, (_, i) => of(i)),
    dimensions: 4,
  });

  it('is the closed form for a shift and a scale', () => {
    const base = features(300, () => stream.normal());
    const shifted = { ...base, values: base.values.map((x) => x + 2) };
    expect(frechetDistance(base, base)).toBeCloseTo(0, 6);
    expect(frechetDistance(base, shifted)).toBeCloseTo(4 * 4, 4);
    // doubling every value quadruples Σ: tr(Σ + 4Σ − 2·2Σ) = tr Σ, and the mean moves by itself
    const doubled = { ...base, values: base.values.map((x) => 2 * x) };
    let expected = 0;
    for (let j = 0; j < 4; j++) {
      const column = Array.from({ length: 300 }, (_, i) => base.values[i * 4 + j]!);
      const mean = column.reduce((s, x) => s + x, 0) / 300;
      expected += mean * mean + column.reduce((s, x) => s + (x - mean) ** 2, 0) / 299;
    }
    expect(frechetDistance(base, doubled)).toBeCloseTo(expected, 4);
  });

  it('is symmetric and does not change under rotation of all features', () => {
    const [a, b] = [features(50, () => stream.normal()), features(60, (i) => stream.normal() * (1 + (i % 4)))];
    const rotate = ({ values, dimensions }: typeof a) => ({
      dimensions,
      values: values.map((x, i) => {
        if (i % 4 > 1) return x;
        const [p, q] = [values[i - (i % 4)]!, values[i - (i % 4) + 1]!];
        return i % 4 === 0 ? 0.6 * p - 0.8 * q : 0.8 * p + 0.6 * q;
      }),
    });
    expect(frechetDistance(a, b)).toBeCloseTo(frechetDistance(b, a), 6);
    expect(frechetDistance(rotate(a), rotate(b))).toBeCloseTo(frechetDistance(a, b), 4);
  });

  it('refuses sets that have no covariance', () => {
    expect(() =>
      frechetDistance(
        features(1, () => 1),
        features(3, () => 1),
      ),
    ).toThrow(/two vectors/);
  });
});
