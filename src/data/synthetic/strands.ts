/**
 * Rich hair: tone in fine streaks along the locks, a highlight across them as on fibres (J. T. Kajiya and T. L. Kay,
 * "Rendering fur with three dimensional textures", 1989), tufts, and an outline that single hairs leave.
 */

import { noise1, noise3, smoothstep } from './noise.js';
import type { Person } from './person.js';

/** Tone of a place on a lock: `u` around the head in columns, `v` along the lock 0 … 1. Mean about 0.9. */
export function strandTone(u: number, v: number, seed: number): number {
  const bend = 0.8 * noise1(v * 5 + 0.3 * u, seed + 81);
  const broad = noise1(u * 0.7 + bend, seed + 82);
  const fine = noise1(u * 4.2 + 2 * bend, seed + 83);
  const finest = noise1(u * 13 + 3 * bend, seed + 84);
  return 0.38 + 0.46 * broad + 0.4 * fine + 0.22 * finest;
}

/** Strength of the highlight across a fibre: (sin of the angle between fibre and half vector)^40, in patches along the lock. */
export function strandGlint(tangentOnHalf: number, tone: number): number {
  const squared = Math.max(0, 1 - (tangentOnHalf + 0.35 * (tone - 0.9)) ** 2);
  return squared > 0.7 ? squared ** 20 : 0;
}

/** True where the outline frays and the sample shows what is behind. `facing` is |n·view|: 0 on the outline. */
export function frayed(person: Person, u: number, v: number, facing: number): boolean {
  const wisps = person.rich?.strands.wisps ?? 0;
  if (facing > 0.3) return false;
  return noise3(u * 3.1, v * 34, 3, person.seed + 85) * (0.4 + wisps) > 0.3 + 2.6 * facing;
}

/** Factor of the hair's thickness: tufts that follow the locks. */
export function tufted(person: Person, azimuth: number, polar: number): number {
  const { rich, seed } = person;
  if (!rich) return 1;
  const n = noise3(7 * Math.sin(azimuth), 1.6 * polar, 7 * Math.cos(azimuth), seed + 86);
  const small = noise3(17 * Math.sin(azimuth), 2.5 * polar, 17 * Math.cos(azimuth), seed + 87);
  return 1 + rich.strands.tufts * (1.1 * (n - 0.5) + 0.6 * (small - 0.5));
}

/** Radians by which the front ends of a rich person's hair hang lower than their style's. */
export function fringeDrop(person: Person, azimuth: number, style: number): number {
  const { rich, seed } = person;
  if (!rich || rich.strands.fringe === 0) return 0;
  const { fringe, sweep } = rich.strands;
  const swept = 1 + 0.9 * sweep * Math.sin(1.4 * azimuth);
  const locks = 0.6 + 0.8 * noise1((azimuth + 4) * 6, seed + 88);
  const most = 0.4 - 1.3 * style; // ends stay above the brows with whatever the style adds
  return Math.max(0, Math.min(most, fringe * swept * locks)) * smoothstep(0, 0.02, most);
}
