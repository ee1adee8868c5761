/**
 * Cutting a square out of a picture at any scale, antialiased, with black or blurred surroundings.
 *
 * Not an aligner: `align.ts` says which square. The filter is Lanczos with 3 lobes, widened when shrinking, as in Pillow.
 */
import { type Image, makeImage } from '../core/image.js';
import type { Box } from './align.js';
import { blurSurroundings } from './padding.js';

/** How pixels outside of the picture look. `blur`: reflected, blurred and faded to the median colour (FFHQ's way). */
export type Padding = 'black' | 'blur';

/** Lobes of the Lanczos window. */
const LOBES = 3;

/**
 * The square (or rectangle) `box` of `image`, resampled to `width`×`height`. The result is clamped to [0, 1], since the
 * filter overshoots at edges. `padding` default `black`, as the released code does for distillation and demo.
 */
export function cropImage(image: Image, box: Box, width: number, height = width, padding: Padding = 'black'): Image {
  const reflect = padding === 'blur';
  const columns = taps(box.x0, box.x1, width, image.width, reflect);
  const rows = taps(box.y0, box.y1, height, image.height, reflect);
  const out = resample(image, columns, rows, width, height);
  return reflect ? blurSurroundings(out, box, image) : out;
}

/** For each output pixel: first weight's position in `weights`, count, and the source pixels. */
type Taps = { readonly start: Int32Array; readonly source: Int32Array; readonly weights: Float32Array };

function taps(from: number, to: number, count: number, limit: number, reflect: boolean): Taps {
  const scale = (to - from) / count;
  const reach = LOBES * Math.max(1, scale);
  const start = new Int32Array(count + 1);
  const source: number[] = [];
  const weights: number[] = [];
  for (let i = 0; i < count; i++) {
    start[i] = source.length;
    addTaps(from + (i + 0.5) * scale, reach, limit, reflect, source, weights);
  }
  start[count] = source.length;
  return { start, source: Int32Array.from(source), weights: Float32Array.from(weights) };
}

/** Weights sum to 1 over all pixels of the plane; those outside of the picture are black and drop out. */
function addTaps(centre: number, reach: number, limit: number, reflect: boolean, source: number[], weights: number[]) {
  const first = Math.ceil(centre - reach - 0.5);
  const last = Math.floor(centre + reach - 0.5);
  let sum = 0;
  const base = weights.length;
  for (let s = first; s <= last; s++) {
    const weight = lanczos(((s + 0.5 - centre) * LOBES) / reach);
    sum += weight;
    if (weight === 0 || (!reflect && (s < 0 || s >= limit))) continue;
    source.push(reflect ? mirror(s, limit) : s);
    weights.push(weight);
  }
  for (let k = base; k < weights.length; k++) weights[k]! /= sum;
}

function lanczos(x: number): number {
  if (Math.abs(x) < 1e-9) return 1; // sinc's limit at 0
  if (Math.abs(x) >= LOBES) return 0;
  const a = Math.PI * x;
  return (LOBES * Math.sin(a) * Math.sin(a / LOBES)) / (a * a);
}

/** Index folded back into [0, limit) by reflection without repeating the edge pixel. */
export function mirror(index: number, limit: number): number {
  if (limit === 1) return 0;
  const period = 2 * (limit - 1);
  const m = ((index % period) + period) % period;
  return m < limit ? m : period - m;
}

function resample(image: Image, columns: Taps, rows: Taps, width: number, height: number): Image {
  const { channels, data } = image;
  const used = rows.source.length > 0 ? rows.source.reduce((a, b) => Math.max(a, b), 0) + 1 : 0;
  const first = rows.source.reduce((a, b) => Math.min(a, b), used);
  const middle = new Float32Array(Math.max(0, used - first) * width * channels);
  for (let y = first; y < used; y++)
    for (let x = 0; x < width; x++)
      for (let k = columns.start[x]!; k < columns.start[x + 1]!; k++)
        for (let c = 0; c < channels; c++)
          middle[((y - first) * width + x) * channels + c]! +=
            columns.weights[k]! * data[(y * image.width + columns.source[k]!) * channels + c]!;
  const out = makeImage(width, height, channels);
  const line = width * channels;
  for (let y = 0; y < height; y++) {
    for (let k = rows.start[y]!; k < rows.start[y + 1]!; k++)
      for (let i = 0; i < line; i++)
        out.data[y * line + i]! += rows.weights[k]! * middle[(rows.source[k]! - first) * line + i]!;
    for (let i = 0; i < line; i++) out.data[y * line + i] = Math.max(0, Math.min(1, out.data[y * line + i]!));
  }
  return out;
}
