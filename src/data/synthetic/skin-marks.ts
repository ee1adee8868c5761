/** What is drawn on a rich person's print: creases of age, make-up, moles, freckles, blemishes, veins of marble. */

import type { RandomStream } from '../../core/rng.js';
import { ageSpots, creases } from './age.js';
import type { Person } from './person.js';
import type { Mark, Stroke } from './skin-print.js';

type Point = readonly [number, number];
type Landmark = (index: number) => Point;

/** Lines on a person's print. */
export function printStrokes(person: Person, at: Landmark, random: RandomStream): Stroke[] {
  const carved = person.skin.kind === 'stone' ? 0.6 : 1; // a sculptor leaves the finest creases out
  const lines = creases(person, at, random).map((line) => ({ ...line, depth: line.depth * carved }));
  return [...lines, ...wings(person, at), ...(person.rich?.surface === 'veins' ? veins(random) : [])];
}

/** Discs on a person's print. */
export function printMarks(person: Person, at: Landmark, random: RandomStream): Mark[] {
  const { rich } = person;
  if (!rich) return [];
  const natural = person.skin.kind === 'natural';
  return [
    ...freckles(rich.marks.freckles, random),
    ...moles(rich.marks.moles, random),
    ...blemishes(rich.marks.blemishes, random),
    ...(natural ? ageSpots(person, random) : []),
    ...(natural ? shadeUnderEyes(rich.age, at) : []),
    ...rouge(rich.makeUp.rouge, rich.makeUp.contour, at),
  ];
}

/** A drawn line that prolongs the upper lid outwards and up. */
function wings({ rich }: Person, at: Landmark): Stroke[] {
  const length = rich?.makeUp.wing ?? 0;
  if (length === 0) return [];
  return ([36, 45] as const).map((corner): Stroke => {
    const [u, v] = at(corner);
    const side = Math.sign(u);
    return {
      points: [
        [u - side * 0.05, v + 0.03],
        [u, v + 0.012],
        [u + side * length, v + 0.02 + 0.5 * length],
      ],
      width: 0.014,
      depth: 0.01,
      tint: [0.1, 0.1, 0.1],
    };
  });
}

/** Marble: dark or light branching lines over everything. */
function veins(random: RandomStream): Stroke[] {
  const light = random.chance(0.3);
  const warm = random.chance(0.4);
  const tone = light ? 1.35 : random.uniform(0.35, 0.65);
  const tint = [tone * (warm ? 1.15 : 1), tone, tone * (warm ? 0.8 : 1)] as const;
  return Array.from({ length: 7 + random.integer(8) }, (): Stroke => {
    let [u, v, heading] = [random.uniform(-1.3, 1.3), random.uniform(-0.9, 1.3), random.uniform(0, 6.3)];
    const points = Array.from({ length: 7 }, (): Point => {
      heading += random.uniform(-0.7, 0.7);
      u += 0.16 * Math.cos(heading);
      v += 0.16 * Math.sin(heading);
      return [u, v];
    });
    return { points, width: random.uniform(0.008, 0.03), depth: 0.9, tint };
  });
}

function freckles(count: number, random: RandomStream): Mark[] {
  return Array.from({ length: count }, () => {
    const tone = random.uniform(0.55, 0.85);
    return {
      at: [0.42 * random.normal(), 0.08 + 0.2 * random.normal()] as const,
      radius: random.uniform(0.012, 0.024),
      tint: [tone + 0.1, tone * 0.9, tone * 0.75] as const,
      soft: 0.8,
    };
  });
}

function moles(count: number, random: RandomStream): Mark[] {
  return Array.from({ length: count }, () => ({
    at: [random.uniform(-0.6, 0.6), random.uniform(-0.7, 0.9)] as const,
    radius: random.uniform(0.018, 0.034),
    tint: [0.3, 0.2, 0.16] as const,
    soft: 0.4,
  }));
}

function blemishes(count: number, random: RandomStream): Mark[] {
  return Array.from({ length: count }, () => ({
    at: [0.38 * random.normal(), random.uniform(-0.65, 0.85)] as const,
    radius: random.uniform(0.02, 0.045),
    tint: [0.95, random.uniform(0.55, 0.75), random.uniform(0.55, 0.75)] as const,
    soft: 0.9,
  }));
}

/** Bluish rings that come with the years, and with short nights before. */
function shadeUnderEyes(age: number, at: Landmark): Mark[] {
  const tone = 1 - 0.0022 * age;
  return ([40, 47] as const).map((lid) => ({
    at: [at(lid)[0], at(lid)[1] - 0.07] as const,
    radius: 0.15,
    tint: [tone * 0.99, tone * 0.96, tone] as const,
    soft: 1,
  }));
}

/** Cheeks reddened and, below their bones, darkened. */
function rouge(red: number, contour: number, at: Landmark): Mark[] {
  return ([36, 45] as const).flatMap((corner): Mark[] => {
    const [u, v] = at(corner);
    const side = Math.sign(u);
    const high: Mark = {
      at: [u + side * 0.06, v - 0.28],
      radius: 0.24,
      tint: [1, 1 - 0.42 * red, 1 - 0.36 * red],
      soft: 1,
    };
    const low: Mark = {
      at: [u + side * 0.14, v - 0.46],
      radius: 0.2,
      tint: [1 - 0.25 * contour, 1 - 0.34 * contour, 1 - 0.38 * contour],
      soft: 1,
    };
    return [high, low];
  });
}
