/**
 * Depth maps as files: 16-bit PNG for programs, a coloured preview for people.
 *
 * Depth is along the viewing direction (as in `projectPoint`), not along the ray.
 */

import sharp from 'sharp';
import { type Image, makeImage } from '../core/image.js';
import type { Frame } from './field.js';
import { type Maker, syntheticXmp } from './marks.js';
import { withPngXmp } from './png-text.js';

/** World units per step of a 16-bit depth map: 0.1 mm of a real head; the farthest depth is then 6.55 world units. */
export const DEPTH_UNIT = 1e-4;

/** Opacity from which a pixel counts as head: half of its light comes from the head. */
const SOLID = 0.5;

/** 16-bit greyscale PNG: depth / `DEPTH_UNIT` rounded and clamped to 1 … 65535; 0 where the head is not. */
export async function encodeDepth(frame: Frame, maker: Maker): Promise<Uint8Array> {
  const { width, height, data } = frame.depth;
  const values = Uint16Array.from(data, (depth, i) =>
    isSolid(frame, i) ? Math.max(1, Math.min(65535, Math.round(depth / DEPTH_UNIT))) : 0,
  );
  const png = await sharp(values, { raw: { width, height, channels: 1 } })
    .toColourspace('grey16')
    .png({ compressionLevel: 9 })
    .toBuffer();
  return withPngXmp(png, syntheticXmp(maker, `Depth in steps of ${DEPTH_UNIT} world units, 0 = nothing`));
}

/** Whether a pixel shows the head: half of its light comes from there, and its depth is a number. */
export function isSolid(frame: Frame, pixel: number): boolean {
  return frame.opacity.data[pixel]! >= SOLID && Number.isFinite(frame.depth.data[pixel]!);
}

/**
 * Coloured depth, H×W×3: near is light, far is dark, black where the head is not. The colours are spread over the depths of this
 * picture, all but the outermost few, so that a wisp before or behind the head does not use them up.
 * @param limit depth beyond which nothing is drawn. Default: none.
 */
export function depthPreview(frame: Frame, limit = Number.POSITIVE_INFINITY): Image {
  const { width, height, data } = frame.depth;
  const isDrawn = (depth: number, i: number) => isSolid(frame, i) && depth <= limit;
  const [near, far] = spreadOf(data.filter(isDrawn));
  const span = far > near ? far - near : 1; // a flat depth map has no range: all near
  const out = makeImage(width, height, 3);
  data.forEach((depth, i) => {
    const share = Math.max(0, Math.min(1, (depth - near) / span));
    if (isDrawn(depth, i)) out.data.set(cubehelix(0.95 - 0.8 * share), 3 * i);
  });
  return out;
}

/** Share of the pixels at either end that does not count; chosen by eye on the demo's head. */
const OUTERMOST = 0.02;

function spreadOf(depths: Float32Array): [number, number] {
  const sorted = depths.sort();
  const last = sorted.length - 1;
  return [sorted[Math.floor(OUTERMOST * last)] ?? 0, sorted[Math.ceil((1 - OUTERMOST) * last)] ?? 0];
}

/** Colour of a lightness in [0, 1]: the cubehelix of Green 2011 (start 0.5, −1.5 turns, hue 1), even in brightness. */
function cubehelix(lightness: number): [number, number, number] {
  const angle = 2 * Math.PI * (0.5 / 3 + 1 - 1.5 * lightness);
  const amplitude = (lightness * (1 - lightness)) / 2;
  const [c, s] = [amplitude * Math.cos(angle), amplitude * Math.sin(angle)];
  const clamp = (v: number) => Math.max(0, Math.min(1, v));
  return [
    clamp(lightness - 0.14861 * c + 1.78277 * s),
    clamp(lightness - 0.29227 * c - 0.90649 * s),
    clamp(lightness + 1.97294 * c),
  ];
}
