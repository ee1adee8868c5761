/**
 * Which views a head is distilled from and looked at from: grids, sweeps and spirals of angles, and their cameras.
 *
 * Angles only turn into conditions elsewhere (condition/). Source: Joker, paper (range of views) and supplement. Letters: V views.
 */

import { type Camera, orbitCamera } from '../core/camera.js';
import type { HeadView } from '../head/index.js';

/** One view's angles, radians: azimuth towards +x, elevation upwards. */
export type ViewAngles = { readonly azimuth: number; readonly elevation: number };

/** A grid of views. */
export type OrbitGrid = {
  /** number of azimuths and of elevations; V = azimuths·elevations */
  readonly azimuths: number;
  readonly elevations: number;
  /** half-ranges in radians: angles run from −range to +range */
  readonly azimuthRange: number;
  readonly elevationRange: number;
};

const DEGREE = Math.PI / 180;

/** Ranges of the paper: ±22.5° and ±10°. */
export const PAPER_RANGE = { azimuthRange: 22.5 * DEGREE, elevationRange: 10 * DEGREE } as const;

/** Ranges of the released script's sweep: ±45° and ±20°. */
export const WIDE_RANGE = { azimuthRange: 45 * DEGREE, elevationRange: 20 * DEGREE } as const;

/** `count` values evenly from −range to range; a single value is 0. */
function spread(count: number, range: number): number[] {
  return Array.from({ length: count }, (_, i) => (count === 1 ? 0 : -range + (2 * range * i) / (count - 1)));
}

/** The grid's views; view i_az·elevations + i_el, as in the paper's training sweep. */
export function gridAngles(grid: OrbitGrid): ViewAngles[] {
  const elevations = spread(grid.elevations, grid.elevationRange);
  return spread(grid.azimuths, grid.azimuthRange).flatMap((azimuth) =>
    elevations.map((elevation) => ({ azimuth, elevation })),
  );
}

/** Camera of a view on the orbit of a head, looking at the origin; `size` pixels wide and high. */
export function viewCamera(angles: ViewAngles, view: Pick<HeadView, 'distance' | 'focal'>, size: number): Camera {
  return orbitCamera({ ...angles, distance: view.distance, focal: view.focal * size, width: size, height: size });
}
