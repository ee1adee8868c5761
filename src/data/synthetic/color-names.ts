/** Everyday names of colours, as captions use them. */

import { type Rgb, toSrgb } from './color.js';
import { HAIR_COLORS } from './person.js';

/** Everyday names of colours with a typical value in sRGB. */
const COLORS: readonly (readonly [string, number, number, number])[] = [
  ['black', 0.08, 0.08, 0.08],
  ['gray', 0.5, 0.5, 0.5],
  ['white', 0.92, 0.92, 0.9],
  ['red', 0.8, 0.12, 0.12],
  ['dark red', 0.45, 0.08, 0.1],
  ['orange', 0.92, 0.5, 0.1],
  ['yellow', 0.92, 0.85, 0.2],
  ['green', 0.15, 0.6, 0.2],
  ['light green', 0.55, 0.88, 0.5],
  ['dark green', 0.08, 0.3, 0.12],
  ['teal', 0.1, 0.6, 0.6],
  ['light blue', 0.5, 0.75, 0.95],
  ['blue', 0.15, 0.3, 0.85],
  ['dark blue', 0.08, 0.1, 0.4],
  ['purple', 0.5, 0.2, 0.7],
  ['pink', 0.95, 0.5, 0.72],
  ['brown', 0.4, 0.25, 0.14],
  ['beige', 0.85, 0.75, 0.6],
];

/** The everyday name nearest to a linear colour. */
export function colorName(color: Rgb): string {
  return nearestName(color, COLORS);
}

/** The name of hair nearest to a linear colour, natural or dyed. */
export function hairColorName(color: Rgb): string {
  const natural = HAIR_COLORS.map((h): readonly [string, number, number, number] => [h.name, ...h.rgb]);
  const loud = COLORS.filter(([name]) =>
    [
      'green',
      'teal',
      'blue',
      'dark blue',
      'purple',
      'pink',
      'orange',
      'yellow',
      'light green',
      'light blue',
      'dark green',
      'dark red',
    ].includes(name),
  );
  return nearestName(color, [...natural, ...loud]);
}

function nearestName(color: Rgb, names: readonly (readonly [string, number, number, number])[]): string {
  const [r, g, b] = color.map(toSrgb) as [number, number, number];
  const distance = (n: readonly [string, number, number, number]): number =>
    (n[1] - r) ** 2 + (n[2] - g) ** 2 + (n[3] - b) ** 2;
  return names.reduce((best, n) => (distance(n) < distance(best) ? n : best))[0];
}
