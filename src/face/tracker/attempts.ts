/**
 * The order in which a picture is searched for faces. The detector was trained on faces of middling size and contrast; the later
 * attempts bring others into that range.
 */
import type { Image } from '../../core/image.js';
import type { Region } from './region.js';

/** A place to look: which picture (made when needed) and which squares of it. */
export type Attempt = { picture: () => Image; regions: Region[] };

/**
 * Where to look, in order, until something is found: the whole picture, with margins, with stretched contrast, in nine
 * overlapping parts. The factor 1.6 shows a frame-filling face at the size that the detector was trained for.
 */
export function attempts(image: Image): Attempt[] {
  const [x, y, size] = [image.width / 2, image.height / 2, Math.max(image.width, image.height)];
  const whole = { x, y, size, angle: 0 };
  const wide = { x, y, size: 1.6 * size, angle: 0 };
  const parts = [-1, 0, 1].flatMap((j) =>
    [-1, 0, 1].map((i) => ({ ...whole, x: x * (1 + i / 2), y: y * (1 + j / 2), size: size / 2 })),
  );
  const stretched = lazy(() => stretchContrast(image));
  const same = () => image;
  return [
    { picture: same, regions: [whole] },
    { picture: same, regions: [wide] },
    { picture: stretched, regions: [whole, wide] },
    { picture: same, regions: parts },
  ];
}

function lazy<T>(make: () => T): () => T {
  let value: T | undefined;
  return () => {
    value ??= make();
    return value;
  };
}

/** Spreads the middle 98 % of all values over [0, 1]. */
function stretchContrast(image: Image): Image {
  const step = Math.max(1, Math.floor(image.data.length / 50_000)); // 50 000 values place a percentile within 0.1 %
  const sample = Float32Array.from(
    { length: Math.floor(image.data.length / step) },
    (_, i) => image.data[i * step]!,
  ).sort();
  const low = sample[Math.floor(sample.length * 0.01)] ?? 0;
  const high = sample[Math.floor(sample.length * 0.99)] ?? 1;
  const gain = 1 / Math.max(1 / 255, high - low); // one grey level at least: a flat picture stays flat
  return { ...image, data: image.data.map((v) => Math.max(0, Math.min(1, (v - low) * gain))) };
}
