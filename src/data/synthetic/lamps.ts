/** A fill and a rim light beside the key: what a photographer adds, and what windows and walls do by themselves. */

import type { RandomStream } from '../../core/rng.js';
import { hsv, mix, type Rgb, scaled } from './color.js';
import type { Gloss, Sample } from './lighting.js';
import type { Light } from './shot.js';

/** A further lamp, without cast shadow. */
export type FurtherLamp = {
  /** unit vector towards the lamp */
  readonly direction: readonly [number, number, number];
  /** linear */
  readonly color: Rgb;
  /** how far round the terminator it reaches, as Gloss.wrap */
  readonly wrap: number;
};

/** Adds fill and rim to a light, softens its shadow, and takes from the sky what the fill gives. */
export function withLamps(light: Light, random: RandomStream): Light {
  const soft = random.uniform(0.5, 4.5);
  const side = Math.sign(light.direction[0]) || 1;
  if (random.chance(0.2)) return { ...light, soft };
  const lamps: FurtherLamp[] = [];
  if (random.chance(0.75)) {
    const power = random.uniform(0.12, 0.4);
    const tint = hsv(random.uniform(), random.uniform(0, 0.3), 1);
    lamps.push({ direction: unit(-side * 0.8, random.uniform(-0.2, 0.4), 0.6), color: scaled(tint, power), wrap: 0.5 });
  }
  if (random.chance(0.7)) {
    const power = random.uniform(0.6, 1.8);
    const white = mix([1, 0.92, 0.8], [0.85, 0.93, 1], random.uniform());
    const color = random.chance(0.35) ? hsv(random.uniform(), random.uniform(0.5, 0.95), 1) : white;
    const from = random.chance(0.7) ? -side : side;
    lamps.push({
      direction: unit(from * random.uniform(0.5, 0.9), random.uniform(0, 0.5), -0.6),
      color: scaled(color, power),
      wrap: 0.1,
    });
  }
  const dim = random.uniform(0.55, 0.95);
  return { ...light, soft, sky: scaled(light.sky, dim), ground: scaled(light.ground, dim), lamps };
}

function unit(x: number, y: number, z: number): [number, number, number] {
  const length = Math.hypot(x, y, z);
  return [x / length, y / length, z / length];
}

/** Adds what the further lamps give to a lit sample. @param r, g, b albedo. @param open share of the sky that is seen. */
export function addLamps(
  sample: Sample,
  lamps: readonly FurtherLamp[],
  gloss: Gloss,
  r: number,
  g: number,
  b: number,
  nx: number,
  ny: number,
  nz: number,
  open: number,
): void {
  for (const { direction, color, wrap } of lamps) {
    const cosine = nx * direction[0] + ny * direction[1] + nz * direction[2];
    const w = wrap + 0.3 * gloss.wrap;
    if (cosine <= -w) continue;
    const grazing = direction[2] < 0 ? 1 + 2 * gloss.strength * (1 - Math.max(0, nz)) : 1; // skin shines at grazing angles
    const diffuse = ((cosine + w) / (1 + w)) * open * grazing;
    sample.r += r * color[0] * diffuse;
    sample.g += g * color[1] * diffuse;
    sample.b += b * color[2] * diffuse;
  }
}
