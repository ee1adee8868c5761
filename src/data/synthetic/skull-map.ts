/**
 * The skull's radius by direction, for one person: which vertices of the head lie near each direction is found once per
 * family; a person's radius is then a weighted mean over their vertices.
 */

import { type HeadModel, PART } from './head-model.js';
import { type Skull, skullAngles, skullDirection } from './skull.js';

/** Radius in world units of the skull at (azimuth, polar), bilinear between grid directions. */
export type SkullMap = (azimuth: number, polar: number) => number;

/** Vertices and weights of each grid direction. */
export type SkullGrid = { readonly vertices: readonly Uint32Array[]; readonly weights: readonly Float32Array[] };

/** 5° steps: finer than the skull's own bumps; polar angles reach the nape. */
const AZIMUTHS = 72;
const POLARS = 31;
const STEP = Math.PI / 36;
/** Width of the mean in radians: the spacing of vertices at the back of the coarser family. */
const WIDTH = 0.06;

/** Finds the vertices near each direction on the neutral mean head. */
export function skullGrid(model: HeadModel, skull: Skull): SkullGrid {
  const owners = Uint32Array.from(model.parts.keys()).filter((v) => model.parts[v] === PART.skin);
  const directions = new Float32Array(3 * owners.length);
  owners.forEach((v, i) => {
    const [azimuth, polar] = skullAngles(
      skull,
      model.neutral[3 * v]!,
      model.neutral[3 * v + 1]!,
      model.neutral[3 * v + 2]!,
    );
    directions.set(skullDirection(azimuth, polar), 3 * i);
  });
  const vertices: Uint32Array[] = [];
  const weights: Float32Array[] = [];
  for (let a = 0; a < AZIMUTHS; a++)
    for (let p = 0; p < POLARS; p++) {
      const near = nearest(directions, skullDirection(a * STEP - Math.PI, p * STEP));
      const sum = near.reduce((total, [, w]) => total + w, 0);
      vertices.push(Uint32Array.from(near, ([i]) => owners[i]!));
      weights.push(Float32Array.from(near, ([, w]) => w / sum));
    }
  return { vertices, weights };
}

/** Indices and Gaussian weights of the directions about `d`; the single nearest one when none is close. */
function nearest(directions: Float32Array, d: readonly [number, number, number]): [number, number][] {
  const [x, y, z] = d;
  const out: [number, number][] = [];
  let best = -2;
  let bestIndex = 0;
  for (let i = 0, j = 0; j < directions.length; i++, j += 3) {
    const cosine = x * directions[j]! + y * directions[j + 1]! + z * directions[j + 2]!;
    if (cosine > best) {
      best = cosine;
      bestIndex = i;
    }
    const squared = 2 * (1 - cosine); // chord², ≈ angle²
    if (squared < (2 * WIDTH) ** 2) out.push([i, Math.exp(-squared / (2 * WIDTH * WIDTH))]);
  }
  return out.length ? out : [[bestIndex, 1]];
}

/** The map of one person's head (3·V positions without expression). */
export function skullMap(grid: SkullGrid, skull: Skull, positions: Float32Array): SkullMap {
  const radii = new Float32Array(AZIMUTHS * POLARS);
  for (let i = 0; i < radii.length; i++) {
    const [vertices, weights] = [grid.vertices[i]!, grid.weights[i]!];
    for (let k = 0; k < vertices.length; k++) {
      const v = vertices[k]! * 3;
      radii[i]! +=
        weights[k]! * Math.hypot(positions[v]! - skull.x, positions[v + 1]! - skull.y, positions[v + 2]! - skull.z);
    }
  }
  return (azimuth, polar) => {
    const a = (azimuth + Math.PI) / STEP;
    const p = Math.max(0, Math.min(POLARS - 1.001, polar / STEP));
    const [a0, p0] = [Math.floor(a), Math.floor(p)];
    const [fa, fp] = [a - a0, p - p0];
    const at = (i: number, j: number): number => radii[(((i % AZIMUTHS) + AZIMUTHS) % AZIMUTHS) * POLARS + j]!;
    return (
      (at(a0, p0) * (1 - fa) + at(a0 + 1, p0) * fa) * (1 - fp) +
      (at(a0, p0 + 1) * (1 - fa) + at(a0 + 1, p0 + 1) * fa) * fp
    );
  };
}
