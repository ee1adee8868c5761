/**
 * Directions on the skull: azimuth (0 = forehead, ±π = back, positive towards +x) and polar angle (0 = crown) around a point
 * between the ears. Hairlines are curves in these two angles, in every family of heads.
 */

import type { HeadModel } from './head-model.js';

/** Point between the ears from which directions are taken, world units. */
export type Skull = { readonly x: number; readonly y: number; readonly z: number };

/** Skull centre by the landmarks: at brow height less 1 cm, 3.7 cm behind the upper end of the jaw line. */
export function skullOf(model: HeadModel): Skull {
  const at = (i: number, axis: number): number => model.neutral[3 * model.landmarks[i]! + axis]!;
  return { x: 0, y: (at(19, 1) + at(24, 1)) / 2 - 0.1, z: (at(0, 2) + at(16, 2)) / 2 - 0.37 };
}

/** [azimuth, polar, distance] of a point, radians and world units. */
export function skullAngles(skull: Skull, x: number, y: number, z: number): [number, number, number] {
  const [dx, dy, dz] = [x - skull.x, y - skull.y, z - skull.z];
  const across = Math.hypot(dx, dz);
  return [Math.atan2(dx, dz), Math.atan2(across, dy), Math.hypot(across, dy)];
}

/** Unit vector of a direction. */
export function skullDirection(azimuth: number, polar: number): [number, number, number] {
  return [Math.sin(polar) * Math.sin(azimuth), Math.cos(polar), Math.sin(polar) * Math.cos(azimuth)];
}

/** An ordinary hairline, degrees [azimuth, polar]: forehead, temple, sideburn, over the ear, behind it, nape. */
const HAIRLINE: readonly (readonly [number, number])[] = [
  [0, 56],
  [26, 56],
  [42, 55],
  [52, 64],
  [60, 88],
  [67, 98],
  [74, 90],
  [82, 76],
  [98, 76],
  [110, 96],
  [128, 120],
  [180, 128],
];

/** Polar angle (radians) of the ordinary hairline at an azimuth (radians, either side). */
export function hairline(azimuth: number): number {
  return alongTable(HAIRLINE, Math.abs(azimuth));
}

/** Linear interpolation in a table of degrees; argument and result in radians. */
export function alongTable(table: readonly (readonly [number, number])[], angle: number): number {
  const degrees = (angle * 180) / Math.PI;
  for (let i = 0; i + 1 < table.length; i++) {
    const [a, b] = [table[i]!, table[i + 1]!];
    if (degrees <= b[0]) {
      const t = Math.max(0, (degrees - a[0]) / (b[0] - a[0]));
      return ((a[1] + (b[1] - a[1]) * t) * Math.PI) / 180;
    }
  }
  return (table[table.length - 1]![1] * Math.PI) / 180;
}
