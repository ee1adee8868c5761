/**
 * Albedo of each part at one point: the per-pixel half of a person's look. Thresholds on the anatomy fields give lips,
 * brows, lids, beard and clothes; noise in the coordinates of the neutral mean head gives freckles, hairs and stone grain.
 */

import type { Rgb } from './color.js';
import { FIELD } from './fields.js';
import type { Gloss, Sample } from './lighting.js';
import { noise3, smoothstep } from './noise.js';
import type { Person } from './person.js';

/** One point of the head: place on the neutral mean head, fields, and values that vary over the surface. */
export type SurfacePoint = {
  x: number;
  y: number;
  z: number;
  /** FIELD_COUNT values */
  readonly fields: Float32Array;
};

function blend(sample: Sample, color: Rgb, t: number): void {
  sample.r += (color[0] - sample.r) * t;
  sample.g += (color[1] - sample.g) * t;
  sample.b += (color[2] - sample.b) * t;
}

function darken(sample: Sample, factor: number): void {
  sample.r *= factor;
  sample.g *= factor;
  sample.b *= factor;
}

/** Skin, given its baked colour in `sample`: adds what is painted or grows on it, and sets the gloss. */
export function skinMaterial(person: Person, p: SurfacePoint, sample: Sample, gloss: Gloss): void {
  const f = p.fields;
  gloss.strength = 0.035 + 0.12 * person.skin.gloss;
  gloss.sharpness = 18;
  gloss.wrap = person.skin.kind === 'stone' ? 0.05 : 0.3;
  if (person.skin.kind === 'stone') {
    darken(sample, 0.8 + 0.4 * noise3(p.x * 30, p.y * 30, p.z * 30, person.seed + 31));
    gloss.strength *= 0.4;
  } else if (person.skin.freckles > 0) freckles(person, p, sample);
  eyeMakeUp(person, f, sample);
  if (f[FIELD.lip]! > -0.03) lips(person, p, sample, gloss);
  if (f[FIELD.brow]! < 2.5) brow(person, p, sample);
  scalp(person, p, sample);
  if (person.beard.style !== 'none') beard(person, p, sample, gloss);
  clothes(person, p, sample, gloss);
}

function freckles(person: Person, p: SurfacePoint, sample: Sample): void {
  const near = Math.exp(-((p.x / 0.5) ** 2) - ((p.y - 0.08) / 0.2) ** 2);
  const spot = smoothstep(0.66, 0.76, noise3(p.x * 38, p.y * 38, p.z * 38, person.seed + 32));
  darken(sample, 1 - 0.45 * person.skin.freckles * near * spot);
}

function eyeMakeUp(person: Person, f: Float32Array, sample: Sample): void {
  const rim = f[FIELD.rim]!;
  if (rim > 0.3) return;
  const lid = f[FIELD.lid]!;
  const { eyes } = person;
  if (eyes.shadowAmount > 0 && lid < 0.2)
    blend(sample, eyes.shadow, eyes.shadowAmount * (1 - smoothstep(0.07, 0.17, lid)));
  const lash = 1 - smoothstep(0.006 + 0.014 * eyes.liner, 0.024 + 0.02 * eyes.liner, lid);
  const lower = 1 - smoothstep(0.004, 0.018, rim);
  darken(sample, 1 - Math.max(0.82 * lash, (0.25 + 0.4 * eyes.liner) * lower));
}

function lips(person: Person, p: SurfacePoint, sample: Sample, gloss: Gloss): void {
  const inside = smoothstep(-0.022, 0.012, p.fields[FIELD.lip]!);
  const wrinkle = 0.9 + 0.2 * noise3(p.x * 60, p.y * 9, 3, person.seed + 33);
  const c = person.lips.color;
  const t = inside * person.lips.amount;
  sample.r += (c[0] * wrinkle - sample.r) * t;
  sample.g += (c[1] * wrinkle - sample.g) * t;
  sample.b += (c[2] * wrinkle - sample.b) * t;
  gloss.strength += 0.12 * inside;
}

function brow(person: Person, p: SurfacePoint, sample: Sample): void {
  const hairs = noise3(p.x * 34 + p.y * 20, p.y * 60, 1, person.seed + 34);
  const d = p.fields[FIELD.brow]! / person.brows.width + 0.4 * (hairs - 0.5);
  blend(sample, person.brows.color, person.brows.density * (1 - smoothstep(0.4, 1.15, d)));
}

/** Scalp under the hair: shaved heads show it, others need it dark where locks part. */
function scalp(person: Person, p: SurfacePoint, sample: Sample): void {
  const style = person.hair.style;
  const s = p.fields[FIELD.scalp]! + person.hair.recession * (p.z > 0 ? -1 : 0); // recession ≥ −0.08
  if (s < -0.12) return;
  const grain = noise3(p.x * 45, p.y * 45, p.z * 45, person.seed + 35);
  const cover = smoothstep(-0.05, 0.12, s + 0.08 * (grain - 0.5));
  const strength = style === 'bald' ? 0.06 : style === 'buzz' ? 0.6 + 0.3 * person.hair.length : 0.92;
  const c = person.hair.color;
  const speckle = 0.8 + 0.4 * grain;
  blend(sample, [c[0] * speckle, c[1] * speckle, c[2] * speckle], cover * strength);
}

function beard(person: Person, p: SurfacePoint, sample: Sample, gloss: Gloss): void {
  const { style, color } = person.beard;
  const f = p.fields;
  const chin = style === 'goatee' ? Math.min(f[FIELD.beard]!, 0.26 - Math.abs(p.x), 0.3 + p.z) : f[FIELD.beard]!;
  const jaw = style === 'moustache' ? -1 : chin;
  const region = Math.max(jaw, f[FIELD.moustache]!);
  if (region < -0.08) return;
  const hairs = noise3(p.x * 55, p.y * 24, p.z * 40, person.seed + 36);
  const cover = smoothstep(-0.03, 0.07, region + 0.09 * (hairs - 0.5));
  const amount = style === 'stubble' ? 0.28 : 0.88;
  const speckle = 0.6 + 0.8 * hairs;
  blend(sample, [color[0] * speckle, color[1] * speckle, color[2] * speckle], cover * amount);
  gloss.strength *= 1 - 0.6 * cover;
}

function clothes(person: Person, p: SurfacePoint, sample: Sample, gloss: Gloss): void {
  const line = -0.8 - person.clothes.collar + 0.22 * Math.max(0, -p.z - 0.2);
  if (p.y > line + 0.01) return;
  const cover = 1 - smoothstep(line - 0.01, line + 0.01, p.y);
  const striped = person.clothes.stripes && Math.sin(p.y * 60) > 0;
  const weave = 0.9 + 0.2 * noise3(p.x * 70, p.y * 70, p.z * 70, person.seed + 37);
  const c = striped ? person.clothes.second : person.clothes.color;
  blend(sample, [c[0] * weave, c[1] * weave, c[2] * weave], cover);
  gloss.strength = 0.01;
  gloss.wrap = 0;
}

/**
 * An eyeball: sclera, iris with limbal ring and pupil about the gaze, and the shade of the upper lid.
 * @param d unit direction from the eye's centre, in the eye's own axes.
 * @param gaze unit direction of the gaze.
 * @param closed weight of the blink, 0 … 1: what is still seen between closing lids lies in the shade of the lashes.
 */
export function eyeMaterial(
  person: Person,
  d: readonly [number, number, number],
  gaze: readonly [number, number, number],
  closed: number,
  sample: Sample,
  gloss: Gloss,
): void {
  const cosine = d[0] * gaze[0] + d[1] * gaze[1] + d[2] * gaze[2];
  const angle = Math.acos(Math.max(-1, Math.min(1, cosine)));
  const size = 0.4 * person.eyes.irisSize; // 5.9 mm of iris on a ball of 15 mm
  const corner = smoothstep(0.35, 0.8, Math.abs(d[0]));
  sample.r *= 1 - 0.06 * corner;
  sample.g *= 1 - 0.26 * corner;
  sample.b *= 1 - 0.24 * corner;
  if (angle < size * 1.1) {
    const round = Math.atan2(d[1] - gaze[1], d[0] - gaze[0]);
    const fibre = 0.75 + 0.5 * noise3(round * 4, angle * 12, 2, person.seed + 38);
    const ring = 1 - 0.65 * smoothstep(0.75 * size, size, angle);
    const c = person.eyes.iris;
    const t = 1 - smoothstep(0.94 * size, 1.08 * size, angle);
    blend(sample, [c[0] * fibre * ring, c[1] * fibre * ring, c[2] * fibre * ring], t);
    darken(sample, 1 - 0.97 * (1 - smoothstep(0.36 * size, 0.44 * size, angle)));
  }
  darken(sample, (1 - 0.55 * smoothstep(0.02, 0.34, d[1])) * (1 - 0.9 * smoothstep(0.5, 0.95, closed)));
  gloss.strength = 0.6 * (1 - smoothstep(0.5, 0.9, closed));
  gloss.sharpness = 160;
  gloss.wrap = 0.2;
}

/** Wet parts inside the mouth, given their base colour; `behind` is the distance behind the lips in world units. */
export function mouthMaterial(behind: number, wet: number, sample: Sample, gloss: Gloss): void {
  darken(sample, Math.exp(-Math.max(0, behind) / 0.22));
  gloss.strength = wet * Math.exp(-Math.max(0, behind) / 0.1);
  gloss.sharpness = 45;
  gloss.wrap = 0.3;
}
