/**
 * The print of a rich person's skin: a small picture that is laid around the head and holds what is too fine for vertices and
 * too many for formulas at every sample: creases, pores, spots, veins, strokes. Colour as factors, relief as slopes.
 *
 * Place on it: u = 8.5 cm times the azimuth about an axis 6 cm behind the face, v = height, both on the neutral mean head, so
 * that a mole stays at its place of the anatomy. The back of the head has no print.
 */

import { RandomStream, randomKey } from '../../core/rng.js';
import type { HeadModel } from './head-model.js';
import { hash3, noise3, smoothstep } from './noise.js';
import type { Person } from './person.js';
import { printMarks, printStrokes } from './skin-marks.js';

/** A line on the print: a valley where `depth` is positive, 1 = an ordinary crease. Without `tint` it is dark as a crease. */
export type Stroke = {
  readonly points: readonly (readonly [number, number])[];
  /** world units */
  readonly width: number;
  readonly depth: number;
  /** factors at the middle line; a crease's own when left out */
  readonly tint?: readonly [number, number, number];
};

/** A disc on the print, multiplied by a tint. */
export type Mark = {
  readonly at: readonly [number, number];
  readonly radius: number;
  readonly tint: readonly [number, number, number];
  /** 0 hard edge … 1 soft from the middle on */
  readonly soft: number;
};

/** Factors and slopes at one place; neutral: 1, 1, 1, 0, 0. */
export type PrintSample = { r: number; g: number; b: number; slopeU: number; slopeV: number };

/** 5 values a cell: three factors, two slopes. */
export type SkinPrint = Float32Array;

/** 1.25 mm a cell: two samples of a picture at 128². */
const CELL = 0.0125;
const [U0, V0] = [-1.9, -1];
const [COLUMNS, ROWS] = [304, 196];
/** Depth of an ordinary crease in world units: 0.8 mm. */
const DEPTH = 0.008;

/** Place on the print of a point of the neutral mean head. */
export function printPlace(x: number, y: number, z: number): [number, number] {
  return [0.85 * Math.atan2(x, z + 0.6), y];
}

/** Places of all vertices, 2·V. */
export function printPlaces(model: HeadModel): Float32Array {
  const out = new Float32Array(2 * model.vertexCount);
  for (let v = 0; v < model.vertexCount; v++)
    out.set(printPlace(model.neutral[3 * v]!, model.neutral[3 * v + 1]!, model.neutral[3 * v + 2]!), 2 * v);
  return out;
}

/** The print of a person; null for plain people. About 10 ms. */
export function makePrint(model: HeadModel, person: Person): SkinPrint | null {
  const { rich } = person;
  if (!rich) return null;
  const random = new RandomStream(randomKey(person.seed));
  const at = (i: number): readonly [number, number] => {
    const v = 3 * model.landmarks[i]!;
    return printPlace(model.neutral[v]!, model.neutral[v + 1]!, model.neutral[v + 2]!);
  };
  const height = new Float32Array(COLUMNS * ROWS);
  const tint = new Float32Array(3 * COLUMNS * ROWS).fill(1);
  grain(person, rich.marks.pores, height, tint);
  for (const stroke of printStrokes(person, at, random)) draw(stroke, height, tint);
  for (const mark of printMarks(person, at, random)) stamp(mark, tint);
  return withSlopes(height, tint);
}

/** Reads the print between its cells; beside it, what lies at its edge, and below it, on the bust, nothing. */
export function readPrint(print: SkinPrint, u: number, v: number, out: PrintSample): void {
  if (v < V0) {
    out.r = out.g = out.b = 1;
    out.slopeU = out.slopeV = 0;
    return;
  }
  const x = Math.max(0, Math.min(COLUMNS - 1.001, (u - U0) / CELL));
  const y = Math.max(0, Math.min(ROWS - 1.001, (v - V0) / CELL));
  const [x0, y0] = [Math.floor(x), Math.floor(y)];
  const [fx, fy] = [x - x0, y - y0];
  const i = 5 * (y0 * COLUMNS + x0);
  const j = i + 5 * COLUMNS;
  const [a, b, c, d] = [(1 - fx) * (1 - fy), fx * (1 - fy), (1 - fx) * fy, fx * fy];
  out.r = a * print[i]! + b * print[i + 5]! + c * print[j]! + d * print[j + 5]!;
  out.g = a * print[i + 1]! + b * print[i + 6]! + c * print[j + 1]! + d * print[j + 6]!;
  out.b = a * print[i + 2]! + b * print[i + 7]! + c * print[j + 2]! + d * print[j + 7]!;
  out.slopeU = a * print[i + 3]! + b * print[i + 8]! + c * print[j + 3]! + d * print[j + 8]!;
  out.slopeV = a * print[i + 4]! + b * print[i + 9]! + c * print[j + 4]! + d * print[j + 9]!;
}

/** Pores as grain of single cells; on painted canvas, strokes of a brush in slowly turning directions. */
function grain(person: Person, pores: number, height: Float32Array, tint: Float32Array): void {
  const { seed } = person;
  const brushed = person.rich?.surface === 'strokes';
  const strength = person.skin.kind === 'stone' ? 0.03 : 0.07 * pores;
  for (let row = 0, i = 0; row < ROWS; row++)
    for (let column = 0; column < COLUMNS; column++, i++) {
      const speck = hash3(column, row, 5, seed) - 0.5;
      let tone = 1 + strength * speck;
      height[i] = 1.2 * strength * speck;
      if (brushed) {
        const [u, v] = [column * CELL, row * CELL];
        // Patches of a brush's width, each with bristles in a direction of its own.
        const angle = 6.3 * noise3(2.2 * u, 2.2 * v, 0, seed + 50);
        const [c, s] = [Math.cos(angle), Math.sin(angle)];
        const bristle = noise3(4 * (c * u + s * v), 20 * (c * v - s * u), 0, seed + 51) - 0.5;
        tone *= 1 + 0.36 * bristle;
        height[i]! += 1.1 * bristle;
      }
      for (let k = 0; k < 3; k++) tint[3 * i + k] = tone;
    }
}

/** A crease keeps more red than green and blue. */
const CREASE = [0.76, 0.64, 0.62] as const;

function draw({ points, width, depth, tint: own = CREASE }: Stroke, height: Float32Array, tint: Float32Array): void {
  const reach = 2.2 * width;
  const strength = Math.min(1.4, Math.abs(depth));
  forCells(points, reach, (i, u, v) => {
    const [distance, along] = nearest(points, u, v);
    if (distance > reach) return;
    const ends = smoothstep(0, 0.25, along) * (1 - smoothstep(0.75, 1, along));
    const h = strength * Math.exp(-((distance / width) ** 2)) * (0.25 + 0.75 * ends);
    if (depth > 0) height[i] = Math.max(height[i]!, h);
    else height[i] = Math.min(height[i]!, -h);
    for (let k = 0; k < 3; k++) tint[3 * i + k]! *= 1 + (own[k as 0 | 1 | 2] - 1) * Math.min(1, h);
  });
}

function stamp({ at, radius, tint: own, soft }: Mark, tint: Float32Array): void {
  forCells([at], radius, (i, u, v) => {
    const d = Math.hypot(u - at[0], v - at[1]) / radius;
    const cover = 1 - smoothstep(Math.min(0.95, 1 - soft), 1, d);
    for (let k = 0; k < 3; k++) tint[3 * i + k]! *= 1 + (own[k as 0 | 1 | 2] - 1) * cover;
  });
}

/** Calls back for each cell within `reach` of the points' bounding box. */
function forCells(
  points: readonly (readonly [number, number])[],
  reach: number,
  visit: (index: number, u: number, v: number) => void,
): void {
  const us = points.map(([u]) => u);
  const vs = points.map(([, v]) => v);
  const first = (low: number, start: number): number => Math.max(0, Math.floor((low - reach - start) / CELL));
  const last = (high: number, start: number, count: number): number =>
    Math.min(count - 1, Math.ceil((high + reach - start) / CELL));
  for (let row = first(Math.min(...vs), V0); row <= last(Math.max(...vs), V0, ROWS); row++)
    for (let column = first(Math.min(...us), U0); column <= last(Math.max(...us), U0, COLUMNS); column++)
      visit(row * COLUMNS + column, U0 + column * CELL, V0 + row * CELL);
}

/** Distance to an open line and where along it, 0 … 1. */
function nearest(points: readonly (readonly [number, number])[], u: number, v: number): [number, number] {
  let [best, along] = [Infinity, 0];
  for (let i = 0; i + 1 < points.length; i++) {
    const [a, b] = [points[i]!, points[i + 1]!];
    const [du, dv] = [b[0] - a[0], b[1] - a[1]];
    const t = Math.max(0, Math.min(1, ((u - a[0]) * du + (v - a[1]) * dv) / (du * du + dv * dv)));
    const squared = (u - a[0] - t * du) ** 2 + (v - a[1] - t * dv) ** 2;
    if (squared < best) [best, along] = [squared, (i + t) / (points.length - 1)];
  }
  return [Math.sqrt(best), along];
}

function withSlopes(height: Float32Array, tint: Float32Array): SkinPrint {
  const out = new Float32Array(5 * COLUMNS * ROWS);
  const scale = DEPTH / (2 * CELL);
  for (let row = 0, i = 0; row < ROWS; row++)
    for (let column = 0; column < COLUMNS; column++, i++) {
      for (let k = 0; k < 3; k++) out[5 * i + k] = tint[3 * i + k]!;
      if (row === 0 || column === 0 || row === ROWS - 1 || column === COLUMNS - 1) continue;
      out[5 * i + 3] = scale * (height[i + 1]! - height[i - 1]!);
      out[5 * i + 4] = scale * (height[i + COLUMNS]! - height[i - COLUMNS]!);
    }
  return out;
}
