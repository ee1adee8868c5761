/**
 * What years do to a synthetic face: grey in hair and beard, a higher hairline, hollow cheeks and heavier jaws, and the
 * creases of forehead, eyes and mouth as lines on the skin's print. Measures by eye on the mean heads.
 */

import type { RandomStream } from '../../core/rng.js';
import { mix, type Rgb, srgb } from './color.js';
import { bump } from './formula-surface.js';
import { type HeadModel, PART } from './head-model.js';
import { smoothstep } from './noise.js';
import type { Person } from './person.js';
import type { Mark, Stroke } from './skin-print.js';

/** Grey to white hair, linear. */
const GREY: Rgb = srgb(0.62, 0.61, 0.6);
const WHITE: Rgb = srgb(0.88, 0.87, 0.85);

/** 0 before 35 years … 1 from 80 on. */
export function yearsShare(person: Person): number {
  return person.rich ? smoothstep(33, 80, person.rich.age) : 0;
}

/** Greys a person's hair, brows and beard by their age, and thins a man's hair. Stone and loud hair keep their colour. */
export function wither(person: Person, random: RandomStream): Person {
  const years = yearsShare(person);
  const share = Math.max(0, Math.min(1, 1.6 * (years - 0.1) + 0.4 * years * (random.uniform() - 0.5)));
  const keeps = person.skin.kind === 'stone' || random.chance(0.18); // or dyes it
  const to = mix(GREY, WHITE, years * random.uniform());
  const grey = (color: Rgb, part: number): Rgb => (keeps ? color : mix(color, to, part));
  const bald = person.presentation === 'man' && random.chance(0.35) ? 0.16 * years : 0;
  return {
    ...person,
    hair: { ...person.hair, color: grey(person.hair.color, share), recession: person.hair.recession + bald },
    brows: { ...person.brows, color: grey(person.brows.color, 0.6 * share) },
    beard: { ...person.beard, color: grey(person.beard.color, share) },
    lips: { ...person.lips, amount: person.lips.amount * (1 - 0.25 * years) },
  };
}

/** Hollows the cheeks and lets the jaw's sides hang, in place (3·V): at most 4 mm, so that landmarks stay where they are seen. */
export function sag(model: HeadModel, base: Float32Array, person: Person): void {
  const years = yearsShare(person);
  if (years < 0.05) return;
  for (let v = 0; v < model.vertexCount; v++) {
    if (model.parts[v] !== PART.skin) continue;
    const [x, y, z] = [model.neutral[3 * v]!, model.neutral[3 * v + 1]!, model.neutral[3 * v + 2]!];
    if (z < -0.5) continue;
    const hollow = years * bump(Math.abs(x), y, 0.5, -0.2, 0.14, 0.16);
    const jowl = years * bump(Math.abs(x), y, 0.44, -0.56, 0.14, 0.12);
    const side = Math.sign(x);
    base[3 * v]! += side * (-0.04 * hollow + 0.015 * jowl);
    base[3 * v + 1]! -= 0.025 * jowl;
    base[3 * v + 2]! += -0.025 * hollow + 0.01 * jowl;
  }
}

type Point = readonly [number, number];

/** The creases of an age as strokes. `at` tells where a landmark lies on the print. */
export function creases(person: Person, at: (landmark: number) => Point, random: RandomStream): Stroke[] {
  const years = yearsShare(person);
  if (years < 0.04) return [];
  const out: Stroke[] = [];
  const add = (points: readonly Point[], width: number, depth: number): void => {
    out.push({ points, width, depth: depth * years * random.uniform(0.6, 1.2) });
  };
  forehead(at, random, add, years);
  for (const side of [-1, 1] as const) {
    const [outer, inner, wing, corner, brow, lower] =
      side < 0 ? [at(36), at(39), at(31), at(48), at(21), at(41)] : [at(45), at(42), at(35), at(54), at(22), at(46)];
    for (let k = 0; k < 3; k++) {
      const angle = 0.45 - 0.45 * k + random.uniform(-0.12, 0.12);
      const [from, length] = [0.05, random.uniform(0.1, 0.18)];
      add(ray(outer, side, angle, from, length), 0.012, 0.9);
    }
    add(
      [
        [outer[0], outer[1] - 0.08],
        [lower[0], lower[1] - 0.14],
        [inner[0], inner[1] - 0.1],
      ],
      0.024,
      0.8,
    );
    add(
      [
        [outer[0] - side * 0.04, outer[1] - 0.15],
        [lower[0], lower[1] - 0.23],
        [inner[0] + side * 0.03, inner[1] - 0.18],
      ],
      0.02,
      0.5,
    );
    add(
      [
        [wing[0] + side * 0.03, wing[1] + 0.06],
        [(wing[0] + corner[0]) / 2 + side * 0.11, (wing[1] + corner[1]) / 2 + 0.05],
        [corner[0] + side * 0.1, corner[1] + 0.02],
      ],
      0.028,
      1.3,
    );
    add(
      [
        [corner[0] + side * 0.03, corner[1] - 0.03],
        [corner[0] + side * 0.06, corner[1] - 0.18],
      ],
      0.02,
      0.9,
    );
    add(
      [
        [brow[0], brow[1] - 0.05],
        [brow[0] - side * 0.03, brow[1] + 0.07],
      ],
      0.016,
      0.9,
    );
    if (years > 0.6)
      for (let k = 0; k < 3; k++) {
        const x = corner[0] + side * (0.2 + 0.08 * k);
        add(
          [
            [x - side * 0.02, corner[1] + 0.14],
            [x + side * 0.03, corner[1] - 0.02],
            [x, corner[1] - 0.18],
          ],
          0.014,
          0.55,
        );
      }
  }
  return out;
}

type Add = (points: readonly Point[], width: number, depth: number) => void;

/** Three to five waving lines between brows and hairline, not all across. */
function forehead(at: (landmark: number) => Point, random: RandomStream, add: Add, years: number): void {
  const y0 = (at(19)[1] + at(24)[1]) / 2 + 0.1;
  const count = 3 + Math.round(2 * years);
  for (let k = 0; k < count; k++) {
    const [left, right] = [random.uniform(-0.46, -0.3), random.uniform(0.3, 0.46)];
    const [wave, phase] = [random.uniform(0.008, 0.02), random.uniform(0, 6)];
    const points = Array.from({ length: 9 }, (_, i): Point => {
      const x = left + ((right - left) * i) / 8;
      return [x, y0 + 0.085 * k - 0.1 * x * x + wave * Math.sin(phase + 7 * x)];
    });
    add(points, 0.015, 0.95);
  }
}

function ray(from: Point, side: number, angle: number, gap: number, length: number): Point[] {
  const [c, s] = [side * Math.cos(angle), Math.sin(angle)];
  return [
    [from[0] + c * gap, from[1] + s * gap],
    [from[0] + c * (gap + length), from[1] + s * (gap + length) - 0.02],
  ];
}

/** Brown spots of old skin. */
export function ageSpots(person: Person, random: RandomStream): Mark[] {
  const count = Math.round(9 * Math.max(0, yearsShare(person) - 0.45));
  return Array.from({ length: count }, () => ({
    at: [random.uniform(-1, 1), random.uniform(-0.3, 1)] as const,
    radius: random.uniform(0.025, 0.06),
    tint: [0.82, 0.72, 0.62] as const,
    soft: 0.6,
  }));
}
