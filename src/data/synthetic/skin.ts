/**
 * A person's own colours at each vertex of the head: skin with its slow variations, paint and patterns, and the base colours
 * of what is inside the mouth. Fine detail (pores, freckles, hairs of brows and beard, iris) is added per pixel by the shader.
 */

import { mix, type Rgb, scaled, srgb } from './color.js';
import { FIELD, FIELD_COUNT } from './fields.js';
import { type HeadModel, PART } from './head-model.js';
import { cloud3, noise3, smoothstep } from './noise.js';
import type { Person } from './person.js';

const MOUTH = srgb(0.42, 0.14, 0.13);
const SOCKET = srgb(0.75, 0.45, 0.42);
const GUMS = srgb(0.78, 0.42, 0.42);
const TEETH = srgb(0.93, 0.9, 0.83);
const TONGUE = srgb(0.86, 0.42, 0.45);
const EYE = srgb(0.93, 0.92, 0.9);

/** Base colour of a part that does not depend on the person. */
export function partColor(part: number): Rgb {
  switch (part) {
    case PART.mouth:
      return MOUTH;
    case PART.socket:
      return SOCKET;
    case PART.gums:
      return GUMS;
    case PART.teeth:
      return TEETH;
    case PART.tongue:
      return TONGUE;
    default:
      return EYE;
  }
}

/** Linear colours of a person's V vertices: V×3. */
export function bakeSkin(model: HeadModel, fields: Float32Array, person: Person): Float32Array {
  const out = new Float32Array(model.vertexCount * 3);
  for (let v = 0; v < model.vertexCount; v++) {
    const part = model.parts[v]!;
    const p = model.neutral.subarray(3 * v, 3 * v + 3);
    const color = part === PART.skin ? skinColor(person, fields, v, p[0]!, p[1]!, p[2]!) : partColor(part);
    out.set(person.skin.kind === 'stone' && part !== PART.skin ? mix(color, person.skin.tone, 0.55) : color, 3 * v);
  }
  return out;
}

function skinColor(person: Person, fields: Float32Array, v: number, x: number, y: number, z: number): Rgb {
  const { skin, seed } = person;
  const f = v * FIELD_COUNT;
  const patch = cloud3(x * 2.5, y * 2.5, z * 2.5, seed);
  let color: Rgb = scaled(skin.tone, 0.9 + 0.2 * patch);
  if (skin.kind !== 'stone') {
    const red =
      skin.blush * fields[f + FIELD.cheek]! +
      0.18 * Math.exp(-((x / 0.14) ** 2 + ((y + 0.02) / 0.16) ** 2)) * (z > 0.2 ? 1 : 0);
    color = mix(color, [skin.tone[0] * 1.02, skin.tone[1] * 0.55, skin.tone[2] * 0.55], Math.min(0.7, red));
    const rim = fields[f + FIELD.rim]!;
    if (rim < 0.2) color = mix(color, scaled(skin.tone, 0.7), 0.45 * (1 - rim / 0.2)); // thin, darker skin about the eyes
  }
  color = withWaves(person, color, x, y, z);
  return painted(person, color, x, y, z);
}

/** Slow colour waves: faint on natural skin, loud on patterned people. */
function withWaves(person: Person, color: Rgb, x: number, y: number, z: number): Rgb {
  const { skin, seed } = person;
  const loud = skin.kind === 'pattern';
  const s = loud ? 1.6 + 2 * ((seed % 97) / 97) : 1.2;
  const first = smoothstep(0.35, loud ? 0.6 : 0.9, cloud3(x * s, y * s, z * s, seed + 11));
  const second = smoothstep(0.4, loud ? 0.62 : 0.9, cloud3(x * s * 1.3, y * s * 1.3, z * s * 1.3, seed + 12));
  const strength = skin.kind === 'stone' ? skin.waves * 0.5 : skin.waves;
  const tint = skin.kind === 'stone' ? scaled(skin.tone, 0.6) : skin.waveColors[0];
  const other = skin.kind === 'stone' ? scaled(skin.tone, 1.2) : skin.waveColors[1];
  return mix(mix(color, tint, strength * first), other, strength * 0.8 * second);
}

function painted(person: Person, color: Rgb, x: number, y: number, z: number): Rgb {
  const { pattern, color: first, second } = person.paint;
  const face = smoothstep(-0.55, -0.4, z) * smoothstep(-0.95, -0.8, y);
  const noise = noise3(x * 5, y * 5, z * 5, person.seed + 21) - 0.5;
  switch (pattern) {
    case 'none':
      return color;
    case 'full':
      return mix(color, first, 0.9 * face);
    case 'half':
      return mix(color, first, 0.9 * face * smoothstep(-0.02, 0.02, x + 0.05 * noise));
    case 'cheek-stripes': {
      const band = Math.abs(y - 0.06) < 0.22 && Math.abs(x) > 0.2 && Math.abs(x) < 0.75 ? 1 : 0;
      return mix(color, first, band * smoothstep(0.1, 0.3, Math.sin(y * 50)) * 0.9 * face);
    }
    case 'mask':
      return mix(color, first, 0.9 * face * (1 - smoothstep(0.2, 0.25, Math.abs(y - 0.3))));
    case 'clown': {
      const mouth = 1 - smoothstep(0.85, 1, Math.hypot(x / 0.42, (y + 0.4) / 0.22));
      const nose = 1 - smoothstep(0.8, 1, Math.hypot(x / 0.17, (y + 0.05) / 0.16));
      return mix(mix(color, [0.85, 0.85, 0.83], 0.9 * face), first, 0.95 * face * Math.max(mouth, nose));
    }
    case 'spots': {
      const spot = smoothstep(0.62, 0.68, noise3(x * 7, y * 7, z * 7, person.seed + 22));
      return mix(mix(color, second, 0.8 * face), first, 0.95 * face * spot);
    }
    case 'tiger': {
      const stripe = smoothstep(
        0.25,
        0.5,
        Math.sin(y * 26 + 6 * noise + 5 * Math.abs(x)) * smoothstep(0.12, 0.3, Math.abs(x) + 0.2 * noise),
      );
      return mix(mix(color, second, 0.8 * face), first, 0.95 * face * stripe);
    }
    default:
      return pattern satisfies never;
  }
}
