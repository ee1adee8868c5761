/**
 * The `formula` family: a simple parametric head of our own that needs no file; for tests, examples and people without scans.
 *
 * It has what the renderer asks of a family (eye and mouth openings, teeth, eyeballs, ARKit expressions, 68 landmarks), and
 * is smooth and plain where real heads are not: it has no ears and no wrinkles.
 */

import { ARKIT_NAMES, type ArkitName } from './arkit.js';
import { formulaOffset } from './formula-expressions.js';
import { type Draft, draftHead } from './formula-mesh.js';
import { bump, EYE_RADIUS, EYE_X, EYE_Y, EYE_Z, MOUTH_Y } from './formula-surface.js';
import { type HeadModel, PART, type SparseShape, sparsify } from './head-model.js';
import { smoothstep } from './noise.js';

/** Moves smaller than 0.01 mm are nothing. */
const NOTHING = 1e-4;

type Offset = readonly [number, number, number];

/** Ways in which formula people differ: offset of a place at coefficient 1, world units. */
const IDENTITY: readonly ((x: number, y: number, z: number) => Offset)[] = [
  (x) => [0.035 * x, 0, 0], // wide or narrow
  (_x, y) => [0, 0.03 * Math.min(0, y - 0.3), 0], // length of the face below the eyes
  (x, y) => [0.07 * x * (1 - smoothstep(-0.6, 0, y)) * smoothstep(-1, -0.7, y), 0, 0], // width of the jaw
  (x, y, z) => [0, 0, 0.035 * bump(x, y, 0, 0.0, 0.1, 0.14) * ahead(z)], // nose stands out
  (x, y, z) => [0.25 * x * bump(x, y, 0, -0.06, 0.16, 0.12) * ahead(z), 0, 0], // nose is wide
  (x, y, z) => [0, -0.03 * bump(x, y, 0, -0.05, 0.12, 0.16) * ahead(z), 0], // nose is long
  (x, y, z) => [0, 0, 0.03 * bump(Math.abs(x), y, 0.25, 0.52, 0.25, 0.1) * ahead(z)], // brow ridge
  (x, y, z) => [0.02 * Math.sign(x) * cheek(x, y, z), 0, 0.025 * cheek(x, y, z)], // cheeks
  (x, y, z) => [
    0,
    -0.02 * bump(x, y, 0, -0.72, 0.25, 0.15) * ahead(z),
    0.035 * bump(x, y, 0, -0.72, 0.25, 0.15) * ahead(z),
  ], // chin
  (x, y, z) => [0.16 * x * bump(x, y, 0, MOUTH_Y, 0.35, 0.16) * ahead(z), 0, 0], // mouth is wide
  (x, y, z) => [
    0,
    0.25 * (y - MOUTH_Y) * bump(x, y, 0, MOUTH_Y, 0.28, 0.1) * ahead(z),
    0.012 * bump(x, y, 0, MOUTH_Y, 0.25, 0.09) * ahead(z),
  ], // lips are full
  (_x, y) => [0, 0.05 * smoothstep(0.6, 1.3, y), 0], // forehead is high
  (_x, _y, z) => [0, 0, 0.05 * Math.min(0, z + 0.4)], // back of the head
];

function ahead(z: number): number {
  return smoothstep(-0.3, 0, z);
}

function cheek(x: number, y: number, z: number): number {
  return bump(Math.abs(x), y, 0.45, -0.05, 0.22, 0.25) * ahead(z);
}

/** Builds the family: about a third of a second. */
export function makeFormula(): HeadModel {
  const { draft, eyes, lower, upper } = draftHead();
  const neutral = Float32Array.from(draft.positions);
  const parts = Uint8Array.from(draft.parts);
  const modes = IDENTITY.map((mode) =>
    offsets(neutral, (x, y, z, v) => (parts[v] === PART.eye ? [0, 0, 0] : mode(x, y, z))),
  );
  return {
    family: 'formula',
    vertexCount: parts.length,
    neutral,
    triangles: Uint32Array.from(draft.triangles),
    parts,
    identityCount: IDENTITY.length,
    identityShape: (coefficients) => {
      const out = neutral.slice();
      modes.forEach((mode, m) => {
        const w = coefficients[m] ?? 0;
        if (w === 0) return;
        for (let i = 0; i < out.length; i++) out[i]! += w * mode[i]!;
      });
      return out;
    },
    expressions: expressionShapes(draft, neutral),
    landmarks: findLandmarks(draft, neutral),
    eyes: [
      { centre: [-EYE_X, EYE_Y, EYE_Z], radius: EYE_RADIUS, range: eyes[0] },
      { centre: [EYE_X, EYE_Y, EYE_Z], radius: EYE_RADIUS, range: eyes[1] },
    ],
    incisors: { lower, upper },
  };
}

function offsets(neutral: Float32Array, rule: (x: number, y: number, z: number, v: number) => Offset): Float32Array {
  const out = new Float32Array(neutral.length);
  for (let i = 0; i < out.length; i += 3) out.set(rule(neutral[i]!, neutral[i + 1]!, neutral[i + 2]!, i / 3), i);
  return out;
}

function expressionShapes(draft: Draft, neutral: Float32Array): Map<ArkitName, SparseShape> {
  const out = new Map<ArkitName, SparseShape>();
  for (const name of ARKIT_NAMES) {
    if (!formulaOffset(name, { x: 0, y: 0, z: 0, side: 0, jaw: null })) continue;
    const dense = new Float32Array(neutral.length);
    for (let v = 0; v < draft.parts.length; v++) {
      const [x, y, z, jaw] = [neutral[3 * v]!, neutral[3 * v + 1]!, neutral[3 * v + 2]!, draft.jaw[v]!];
      if (draft.parts[v] === PART.eye || (jaw === null && z < -0.6)) continue; // nothing moves behind the jaw's hinge
      dense.set(formulaOffset(name, { x, y, z, side: draft.sides[v]!, jaw })!, 3 * v);
    }
    out.set(name, sparsify(dense, NOTHING));
  }
  return out;
}

/** Places of the image-left half of the 68 points (and the middle ones): [index, x, y, z or NaN for "on the front", side]. */
const PLACES: readonly (readonly [number, number, number, number, -1 | 0 | 1])[] = [
  [0, -0.735, 0.27, -0.42, 0],
  [1, -0.73, 0.1, -0.4, 0],
  [2, -0.705, -0.045, -0.34, 0],
  [3, -0.68, -0.21, -0.28, 0],
  [4, -0.56, -0.5, -0.15, 0],
  [5, -0.42, -0.67, -0.04, 0],
  [6, -0.31, -0.71, 0.08, 0],
  [7, -0.15, -0.79, 0.2, 0],
  [8, 0, -0.8, 0.24, 0],
  [17, -0.56, 0.49, Number.NaN, 0],
  [18, -0.52, 0.55, Number.NaN, 0],
  [19, -0.42, 0.58, Number.NaN, 0],
  [20, -0.29, 0.59, Number.NaN, 0],
  [21, -0.155, 0.575, Number.NaN, 0],
  [27, 0, 0.32, Number.NaN, 0],
  [28, 0, 0.2, Number.NaN, 0],
  [29, 0, 0.08, Number.NaN, 0],
  [30, 0, -0.01, Number.NaN, 0],
  [31, -0.12, -0.15, Number.NaN, 0],
  [32, -0.06, -0.16, Number.NaN, 0],
  [33, 0, -0.165, Number.NaN, 0],
  [36, -0.455, 0.29, Number.NaN, 0],
  [37, -0.36, 0.35, Number.NaN, 1],
  [38, -0.26, 0.35, Number.NaN, 1],
  [39, -0.165, 0.29, Number.NaN, 0],
  [40, -0.25, 0.285, Number.NaN, -1],
  [41, -0.36, 0.25, Number.NaN, -1],
  [48, -0.25, MOUTH_Y, Number.NaN, 0],
  [49, -0.16, -0.31, Number.NaN, 0],
  [50, -0.07, -0.28, Number.NaN, 0],
  [51, 0, -0.285, Number.NaN, 0],
  [57, 0, -0.485, Number.NaN, 0],
  [58, -0.09, -0.475, Number.NaN, 0],
  [59, -0.17, -0.44, Number.NaN, 0],
  [60, -0.22, MOUTH_Y, Number.NaN, 1],
  [61, -0.1, MOUTH_Y, Number.NaN, 1],
  [62, 0, MOUTH_Y, Number.NaN, 1],
  [66, 0, MOUTH_Y, Number.NaN, -1],
  [67, -0.1, MOUTH_Y, Number.NaN, -1],
];

/** Index of the mirrored point in the 68-point order. */
function mirrorIndex(i: number): number {
  if (i <= 16) return 16 - i;
  if (i <= 26) return 43 - i;
  const pairs: Record<number, number> = {
    31: 35,
    32: 34,
    36: 45,
    37: 44,
    38: 43,
    39: 42,
    40: 47,
    41: 46,
    48: 54,
    49: 53,
    50: 52,
    58: 56,
    59: 55,
    60: 64,
    61: 63,
    67: 65,
  };
  return pairs[i] ?? i;
}

function findLandmarks(draft: Draft, neutral: Float32Array): number[] {
  const out = new Array<number>(68).fill(-1);
  for (const [index, x, y, z, side] of PLACES) {
    out[index] = nearest(draft, neutral, x, y, z, side);
    const other = mirrorIndex(index);
    if (other !== index) out[other] = nearest(draft, neutral, -x, y, z, side);
  }
  return out;
}

function nearest(draft: Draft, neutral: Float32Array, x: number, y: number, z: number, side: -1 | 0 | 1): number {
  let best = -1;
  let bestDistance = Number.POSITIVE_INFINITY;
  for (let v = 0; v < draft.parts.length; v++) {
    if (draft.parts[v] !== PART.skin || draft.sides[v] !== side) continue;
    const depth = neutral[3 * v + 2]!;
    if (Number.isNaN(z) && depth < -0.3) continue;
    const dz = Number.isNaN(z) ? 0 : depth - z;
    const d = Math.hypot(neutral[3 * v]! - x, neutral[3 * v + 1]! - y, dz);
    if (d < bestDistance) {
      bestDistance = d;
      best = v;
    }
  }
  return best;
}
