/**
 * Hair as one sheet of locks: columns that start at the crown, follow the skull to the hairline and, in longer styles, hang
 * down from there. Ends are ragged by a cut-out that the shader decides per pixel, so that hair does not look like a helmet.
 *
 * Not strands, and no simulation: hair stays with the skull when the face moves.
 */

import { pressed } from './hats.js';
import { noise1, noise3, smoothstep } from './noise.js';
import type { HairStyle, Person } from './person.js';
import { hairline, type Skull, skullDirection } from './skull.js';
import type { SkullMap } from './skull-map.js';
import { fringeDrop, tufted } from './strands.js';

/** Columns around the head and points along each. */
export const HAIR_COLUMNS = 144;
const ROWS = 24;

/** Vertices of the hair sheet. The first and last column coincide, at the back. */
export const HAIR_VERTICES = (HAIR_COLUMNS + 1) * ROWS;

/** Hair of one person in the head's space. */
export type Hair = {
  /** 3·HAIR_VERTICES, world units */
  readonly positions: Float32Array;
  /** HAIR_VERTICES×2: place around the head in columns, place along the lock 0 … 1 */
  readonly along: Float32Array;
  /** how far the ends are ragged, share of the lock's length */
  readonly ragged: number;
};

type Style = {
  /** thickness over the skull at crown, side and front edge, world units */
  readonly thickness: readonly [crown: number, side: number, edge: number];
  /** lumps: share of the thickness, and their size in world units */
  readonly lumps: number;
  readonly lumpSize: number;
  /** radians by which the ends pass the hairline at the forehead */
  readonly fringe: number;
  /** world units that hair hangs below the ears, shortest and longest; null: ends at the hairline */
  readonly hang: readonly [number, number] | null;
  readonly ragged: number;
};

/** Measures by eye on the mean head. */
const STYLES: Record<Exclude<HairStyle, 'bald' | 'buzz'>, Style> = {
  short: { thickness: [0.16, 0.06, 0.02], lumps: 0.25, lumpSize: 0.25, fringe: 0.02, hang: null, ragged: 0.1 },
  swept: { thickness: [0.22, 0.06, 0.01], lumps: 0.2, lumpSize: 0.4, fringe: 0, hang: null, ragged: 0.08 },
  fringe: { thickness: [0.17, 0.1, 0.05], lumps: 0.15, lumpSize: 0.3, fringe: 0.3, hang: null, ragged: 0.16 },
  curly: { thickness: [0.36, 0.2, 0.12], lumps: 0.4, lumpSize: 0.13, fringe: 0.04, hang: null, ragged: 0.12 },
  bob: { thickness: [0.16, 0.16, 0.02], lumps: 0.1, lumpSize: 0.4, fringe: 0, hang: [0.35, 0.75], ragged: 0.06 },
  long: { thickness: [0.15, 0.15, 0.02], lumps: 0.15, lumpSize: 0.4, fringe: 0, hang: [1, 1.5], ragged: 0.1 },
  bun: { thickness: [0.08, 0.05, 0.01], lumps: 0.1, lumpSize: 0.3, fringe: 0, hang: null, ragged: 0.05 },
};

/** Triangles of the sheet (3·T) with vertices counted from 0; seen from both sides. */
export function hairTriangles(): Uint32Array {
  const out: number[] = [];
  for (let c = 0; c < HAIR_COLUMNS; c++)
    for (let r = 0; r + 1 < ROWS; r++) {
      const a = c * ROWS + r;
      out.push(a, a + 1, a + ROWS, a + ROWS, a + 1, a + ROWS + 1);
    }
  return Uint32Array.from(out);
}

/** The hair of a person on their own skull; null where it is paint on the scalp (bald, buzz) or under a headscarf. */
export function growHair(person: Person, skull: Skull, radius: SkullMap): Hair | null {
  const { style, length } = person.hair;
  if (style === 'bald' || style === 'buzz' || person.rich?.hat?.kind === 'headscarf') return null;
  const shape = STYLES[style];
  const positions = new Float32Array(HAIR_VERTICES * 3);
  const along = new Float32Array(HAIR_VERTICES * 2);
  for (let c = 0; c <= HAIR_COLUMNS; c++) {
    const azimuth = -Math.PI + (2 * Math.PI * c) / HAIR_COLUMNS;
    for (let r = 0; r < ROWS; r++) {
      const v = c * ROWS + r;
      positions.set(lockPoint(person, shape, skull, radius, azimuth, r / (ROWS - 1), length), 3 * v);
      along[2 * v] = c;
      along[2 * v + 1] = r / (ROWS - 1);
    }
  }
  return { positions, along, ragged: shape.ragged };
}

/** Where hanging locks begin beside the face, degrees of azimuth: 0 before the first, full from the second. */
const CURTAIN = [58, 74] as const;

function lockPoint(
  person: Person,
  style: Style,
  skull: Skull,
  radius: SkullMap,
  azimuth: number,
  t: number,
  length: number,
): [number, number, number] {
  const side = Math.abs(azimuth);
  const degrees = (side * 180) / Math.PI;
  const front = 1 - smoothstep(50, 75, degrees);
  const jitter = (noise1((azimuth + 4) * 9, person.seed) - 0.5) * (style.fringe ? 0.14 : 0.05);
  const end =
    hairline(azimuth) +
    (style.fringe * (0.7 + 0.6 * length) - person.hair.recession) * front +
    jitter * (0.4 + front) +
    fringeDrop(person, azimuth, style.fringe) * front;
  const curtain = style.hang ? smoothstep(CURTAIN[0], CURTAIN[1], degrees) : 0;
  const hang = style.hang && curtain > 0 ? (style.hang[0] + (style.hang[1] - style.hang[0]) * length) * curtain : 0;
  const turn = hang > 0 ? end + (1.35 - end) * curtain : end; // hanging locks leave the skull at ear height
  const onSkull = (turn * 1) / (turn + hang * 1);
  const polar = Math.min(1, t / onSkull) * turn;
  const below = Math.max(0, t - onSkull) * (turn + hang);
  const over = thickness(person, style, azimuth, polar, turn, front, skull);
  const [dx, dy, dz] = skullDirection(azimuth, polar);
  const r = radius(azimuth, polar) + over;
  const wave =
    below > 0
      ? 0.03 * Math.sin(below * 9 + 6 * noise1((azimuth + 4) * 5, person.seed + 3)) * smoothstep(0, 0.5, below)
      : 0;
  const flare = 1 + 0.1 * below + wave;
  return [skull.x + r * dx * flare, skull.y + r * dy - below, skull.z + r * dz * flare];
}

function thickness(
  person: Person,
  style: Style,
  azimuth: number,
  polar: number,
  end: number,
  front: number,
  skull: Skull,
): number {
  const [crown, side, edge] = style.thickness;
  const down = smoothstep(0.5, 1.3, polar);
  const body = (crown + (side - crown) * down) * (0.75 + 0.5 * person.hair.length);
  const taper = smoothstep(0, style.fringe > 0.2 ? 0.2 : 0.45, end - polar) * front + (1 - front);
  const [x, y, z] = skullDirection(azimuth, polar);
  const s = 1 / style.lumpSize;
  const lump = 1 + style.lumps * 2 * (noise3(x * s + skull.x, y * s, z * s, person.seed + 1) - 0.5);
  const parted = person.hair.parting * 0.5;
  const groove =
    1 - 0.35 * Math.exp(-(((x - parted * 0.4) / 0.05) ** 2)) * smoothstep(-0.2, 0.5, z) * (style.hang ? 1 : 0);
  const bun = person.hair.style === 'bun' ? bunHeight(azimuth, polar) : 0;
  const own = (edge + (body - edge) * taper) * lump * groove + bun;
  const { rich } = person;
  return rich ? own * tufted(person, azimuth, polar) * pressed(rich.hat, azimuth, polar) : own;
}

/** A ball of 9 cm behind the crown. */
function bunHeight(azimuth: number, polar: number): number {
  const [x, y, z] = skullDirection(azimuth, polar);
  const centre = skullDirection(Math.PI, 0.5);
  const cosine = x * centre[0] + y * centre[1] + z * centre[2];
  const d = Math.acos(Math.max(-1, Math.min(1, cosine))) / 0.36;
  return d < 1 ? 0.5 * Math.sqrt(1 - d * d) : 0;
}
