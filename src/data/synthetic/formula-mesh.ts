/**
 * The mesh of the `formula` head: a grid over the skin whose quads part at three slits (eyes and mouth) by doubled vertices,
 * and separate pieces for eyeballs, teeth and the bag of the mouth.
 */

import {
  ballFront,
  EYE_HALF,
  EYE_RADIUS,
  EYE_X,
  EYE_Y,
  EYE_Z,
  MOUTH_HALF,
  MOUTH_Y,
  skinPoint,
} from './formula-surface.js';
import { PART } from './head-model.js';

/** Which edge of a slit a vertex lies on; vertices beside the slits are told apart by their height alone. */
export type SlitSide = 0 | 1 | -1;

/** A mesh under construction. */
export type Draft = {
  readonly positions: number[];
  readonly triangles: number[];
  readonly parts: number[];
  /** 1: upper edge, −1: lower edge, 0: elsewhere */
  readonly sides: SlitSide[];
  /** moves fully with the jaw (lower teeth) or not at all (upper teeth); null: by place */
  readonly jaw: (0 | 1 | null)[];
};

/** Columns around and rows from crown to shoulders; three quarters of the columns are on the front half. */
const COLUMNS = 128;
const ROWS = 108;

/** How far lids and lips part at rest, world units: upper lid, lower lid. */
const UPPER_LID = 0.062;
const LOWER_LID = 0.042;

/** Piece by piece: skin, then mouth bag, teeth, eyeballs. */
export function draftHead(): {
  draft: Draft;
  eyes: [[number, number], [number, number]];
  lower: number[];
  upper: number[];
} {
  const draft: Draft = { positions: [], triangles: [], parts: [], sides: [], jaw: [] };
  addSkin(draft);
  addMouthBag(draft);
  const upper = addTeeth(draft, -0.27, -0.365, 0);
  const lower = addTeeth(draft, -0.5, -0.4, 1);
  const right = addEyeball(draft, -EYE_X);
  const left = addEyeball(draft, EYE_X);
  return { draft, eyes: [right, left], lower, upper };
}

function addVertex(
  draft: Draft,
  p: readonly number[],
  part: number,
  side: SlitSide = 0,
  jaw: 0 | 1 | null = null,
): number {
  draft.positions.push(p[0]!, p[1]!, p[2]!);
  draft.parts.push(part);
  draft.sides.push(side);
  draft.jaw.push(jaw);
  return draft.parts.length - 1;
}

/** Heights of the rows: denser in the face, and exact at the slits. */
function rowHeights(): number[] {
  const out: number[] = [];
  for (let i = 0; i <= ROWS; i++) {
    const t = i / ROWS;
    out.push(t < 0.2 ? 1.42 - 3.6 * t : t < 0.9 ? 0.7 - ((t - 0.2) / 0.7) * 1.62 : -0.92 - ((t - 0.9) / 0.1) * 0.58);
  }
  for (const y of [EYE_Y, MOUTH_Y]) {
    const nearest = out.reduce((best, h, i) => (Math.abs(h - y) < Math.abs(out[best]! - y) ? i : best), 0);
    out[nearest] = y;
  }
  return out;
}

/** Azimuth of a column: 0 at the back seam, then round by image left; front columns stand closer together. */
function columnAzimuth(j: number): number {
  const u = (2 * j) / COLUMNS - 1; // −1 … 1
  return Math.PI * Math.sign(u) * (0.62 * Math.abs(u) + 0.38 * Math.abs(u) ** 3);
}

function addSkin(draft: Draft): void {
  const heights = rowHeights();
  const upper: number[][] = [];
  const lower: number[][] = [];
  heights.forEach((y) => {
    const up: number[] = [];
    const down: number[] = [];
    for (let j = 0; j < COLUMNS; j++) {
      const p = skinPoint(y, columnAzimuth(j));
      const slit = y === EYE_Y || y === MOUTH_Y ? inSlit(p[0], y) && p[2] > -0.3 : false;
      up.push(addVertex(draft, shapeLids(p, slit ? 1 : 0), PART.skin, slit ? 1 : 0));
      down.push(slit ? addVertex(draft, shapeLids(p, -1), PART.skin, -1) : up[j]!);
    }
    upper.push(up);
    lower.push(down);
  });
  for (let i = 0; i + 1 < heights.length; i++)
    for (let j = 0; j < COLUMNS; j++) {
      const k = (j + 1) % COLUMNS;
      const [a, b, c, d] = [lower[i]![j]!, lower[i]![k]!, upper[i + 1]![j]!, upper[i + 1]![k]!];
      draft.triangles.push(a, c, b, b, c, d);
    }
}

function inSlit(x: number, y: number): boolean {
  return y === MOUTH_Y ? Math.abs(x) < MOUTH_HALF : Math.abs(Math.abs(x) - EYE_X) < EYE_HALF;
}

/** Opens the lids about the slit and lays them on the eyeball. */
function shapeLids(p: readonly [number, number, number], side: SlitSide): [number, number, number] {
  const [x, y, z] = p;
  const across = (Math.abs(x) - EYE_X) / EYE_HALF;
  if (z < -0.3 || Math.abs(across) > 1.6 || Math.abs(y - EYE_Y) > 0.3) return [x, y, z];
  const arch = Math.max(0, 1 - across * across) ** 0.7;
  const above = side === 1 || (side === 0 && y > EYE_Y);
  const fade = Math.exp(-((Math.abs(y - EYE_Y) / 0.09) ** 2));
  const open = y === EYE_Y && side === 0 ? 0 : (above ? UPPER_LID : -LOWER_LID) * arch * fade;
  const moved = y + open;
  return [x, moved, Math.max(z, ballFront(x, moved, 0.014))];
}

/** The inside of the mouth: a bag seen from within, open in front. */
function addMouthBag(draft: Draft): void {
  const [rings, sectors] = [10, 20];
  const first = draft.parts.length;
  for (let i = 0; i <= rings; i++)
    for (let j = 0; j < sectors; j++) {
      const [polar, around] = [(Math.PI / 2) * (i / rings), (2 * Math.PI * j) / sectors];
      const s = Math.cos(polar);
      const p = [0.3 * s * Math.cos(around), MOUTH_Y - 0.02 + 0.2 * s * Math.sin(around), 0.2 - 0.5 * Math.sin(polar)];
      addVertex(draft, p, PART.mouth);
    }
  for (let i = 0; i < rings; i++)
    for (let j = 0; j < sectors; j++) {
      const [a, b] = [first + i * sectors + j, first + i * sectors + ((j + 1) % sectors)];
      draft.triangles.push(a, b, a + sectors, b, b + sectors, a + sectors);
    }
}

/** A row of teeth from gum to edge height; returns the vertices of the edge in the middle. */
function addTeeth(draft: Draft, gum: number, edge: number, jaw: 0 | 1): number[] {
  const count = 33;
  const first = draft.parts.length;
  for (let j = 0; j < count; j++) {
    const angle = (j / (count - 1) - 0.5) * 2.3;
    const [x, z] = [0.235 * Math.sin(angle), -0.03 + 0.28 * Math.cos(angle)];
    const heights = [gum, edge + 0.15 * (gum - edge), edge];
    heights.forEach((y, r) => {
      addVertex(draft, [x, y, z - (r === 1 ? 0 : 0.012)], PART.teeth, 0, jaw);
    });
  }
  for (let j = 0; j + 1 < count; j++)
    for (let r = 0; r < 2; r++) {
      const [a, b] = [first + 3 * j + r, first + 3 * (j + 1) + r];
      if (jaw === 0) draft.triangles.push(a, a + 1, b, b, a + 1, b + 1);
      else draft.triangles.push(a, b, a + 1, b, b + 1, a + 1);
    }
  return Array.from({ length: 7 }, (_, i) => first + 3 * (13 + i) + 2);
}

/** A ball with its pole to the front; returns its vertex range. */
function addEyeball(draft: Draft, x: number): [number, number] {
  const [rings, sectors] = [14, 24];
  const first = draft.parts.length;
  for (let i = 0; i <= rings; i++)
    for (let j = 0; j < sectors; j++) {
      const [polar, around] = [(0.75 * Math.PI * i) / rings, (2 * Math.PI * j) / sectors];
      const [s, c] = [Math.sin(polar) * EYE_RADIUS, Math.cos(polar) * EYE_RADIUS];
      addVertex(draft, [x + s * Math.cos(around), EYE_Y + s * Math.sin(around), EYE_Z + c], PART.eye);
    }
  for (let i = 0; i < rings; i++)
    for (let j = 0; j < sectors; j++) {
      const [a, b] = [first + i * sectors + j, first + i * sectors + ((j + 1) % sectors)];
      draft.triangles.push(a, a + sectors, b, b, a + sectors, b + sectors);
    }
  return [first, draft.parts.length];
}
