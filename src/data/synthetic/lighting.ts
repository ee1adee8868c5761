/**
 * How a surface point answers to a shot's light: wrapped diffuse (the lamp reaches a little round the terminator, as in
 * skin), light from sky and ground by the normal's height, and a Blinn–Phong highlight. Linear light; one writer, no
 * allocation, since it runs for every sample of every picture.
 */

import type { Light } from './shot.js';

/** How a material answers. */
export type Gloss = {
  /** strength of the highlight, 0 … 1 */
  strength: number;
  /** Blinn–Phong exponent */
  sharpness: number;
  /** 0 = plain Lambert … 0.5 = light reaches 30° past the terminator */
  wrap: number;
};

/** A linear colour that is written in place. */
export type Sample = { r: number; g: number; b: number; cover: number };

/** A light prepared for shading: the half vector towards a far camera on +z. */
export type Lamp = {
  readonly light: Light;
  readonly half: readonly [number, number, number];
};

/** Prepares a light. */
export function makeLamp(light: Light): Lamp {
  const [x, y, z] = light.direction;
  const length = Math.hypot(x, y, z + 1) || 1; // 0 only when the lamp is exactly behind the head
  return { light, half: [x / length, y / length, (z + 1) / length] };
}

/**
 * Multiplies the albedo in `sample` by the light that arrives at a point and adds the highlight.
 * @param open share of the sky that the point sees, 0 … 1.
 * @param lit share of the lamp that is not in shadow, 0 … 1.
 */
export function illuminate(
  sample: Sample,
  lamp: Lamp,
  gloss: Gloss,
  nx: number,
  ny: number,
  nz: number,
  open: number,
  lit: number,
): void {
  const { light, half } = lamp;
  const d = light.direction;
  const cosine = nx * d[0] + ny * d[1] + nz * d[2];
  const w = gloss.wrap;
  const wrapped = Math.max(0, (cosine + w) / (1 + w));
  const diffuse = lit * wrapped;
  // Red travels farther under skin: near the terminator the green and blue of the lamp fade first.
  const edge = w > 0 ? lit * Math.max(0, (cosine + 0.6 * w) / (1 + 0.6 * w)) : diffuse;
  const up = 0.5 + 0.5 * ny;
  const { sky, ground } = light;
  const skyR = (ground[0] + (sky[0] - ground[0]) * up) * open;
  const skyG = (ground[1] + (sky[1] - ground[1]) * up) * open;
  const skyB = (ground[2] + (sky[2] - ground[2]) * up) * open;
  const facing = Math.max(0, nx * half[0] + ny * half[1] + nz * half[2]);
  // A highlight below 1/1000 is not worth its power: facing^sharpness < 1e-3 when sharpness·(1 − facing) > 7.
  const bright = cosine > 0 && gloss.sharpness * (1 - facing) < 7;
  const shine = bright ? gloss.strength * lit * facing ** gloss.sharpness : 0;
  const grazing = (1 - Math.max(0, nz)) ** 2;
  const rim = gloss.strength * 0.25 * grazing * grazing * open; // Fresnel: the sky on grazing surfaces
  sample.r = sample.r * (light.lamp[0] * diffuse + skyR) + light.lamp[0] * shine + sky[0] * rim;
  sample.g = sample.g * (light.lamp[1] * edge + skyG) + light.lamp[1] * shine + sky[1] * rim;
  sample.b = sample.b * (light.lamp[2] * edge + skyB) + light.lamp[2] * shine + sky[2] * rim;
}
