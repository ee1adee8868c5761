/**
 * The renderer's own tongue: a bent, tapering, flattened tube that is rooted behind the lower incisors, lies in the mouth or
 * comes out over the lower lip in one of six directions. Scanned head models have none that moves.
 */

import { type HeadModel, PART } from './head-model.js';
import type { Tongue } from './shot.js';

/** Rings along the tongue and corners of each ring: 2 mm of the surface a cell. */
const RINGS = 16;
const CORNERS = 16;

/** Vertices of the tongue: the rings and the tip. */
export const TONGUE_VERTICES = RINGS * CORNERS + 1;

/** Triangles of the tongue (3·T), counter-clockwise from outside, vertices counted from `first`. */
export function tongueTriangles(first: number): Uint32Array {
  const out: number[] = [];
  for (let i = 0; i + 1 < RINGS; i++)
    for (let j = 0; j < CORNERS; j++) {
      const [a, b] = [first + i * CORNERS + j, first + i * CORNERS + ((j + 1) % CORNERS)];
      out.push(a, b, a + CORNERS, b, b + CORNERS, a + CORNERS);
    }
  const last = first + (RINGS - 1) * CORNERS;
  for (let j = 0; j < CORNERS; j++) out.push(last + j, last + ((j + 1) % CORNERS), first + RINGS * CORNERS);
  return Uint32Array.from(out);
}

/** The opening that a tongue passes, of one expressed head, world units. */
type Mouth = { centre: number; floor: number; teeth: number; lip: number; upperLip: number; halfWidth: number };

function mouthOf(model: HeadModel, positions: Float32Array): Mouth {
  const mark = (i: number, axis: number): number => positions[3 * model.landmarks[i]! + axis]!;
  const mean = (list: readonly number[], axis: number): number =>
    list.reduce((sum, v) => sum + positions[3 * v + axis]!, 0) / list.length;
  const edge = mean(model.incisors.lower, 1);
  return {
    centre: (mark(66, 0) + mean(model.incisors.lower, 0)) / 2,
    floor: Math.max(edge, mark(66, 1)),
    teeth: mean(model.incisors.lower, 2),
    lip: Math.max(mark(57, 2), mark(66, 2)),
    upperLip: Math.max(mark(51, 2), mark(62, 2)),
    halfWidth: Math.abs(mark(64, 0) - mark(60, 0)) / 2,
  };
}

/**
 * Writes the tongue's vertices for one expressed head.
 * @param positions 3·(at least V + TONGUE_VERTICES): the head's V vertices, read; the tongue's, written after them.
 */
export function placeTongue(model: HeadModel, tongue: Tongue | null, positions: Float32Array): void {
  const mouth = mouthOf(model, positions);
  const path = tongue ? pathOut(tongue, mouth) : pathAtRest(mouth);
  const width = Math.min(tongue?.width ?? 0.15, 0.8 * mouth.halfWidth);
  const thickness = tongue ? 0.042 : 0.035;
  let at = 3 * model.vertexCount;
  path.forEach((point, i) => {
    const s = i / (RINGS - 1);
    const round = Math.sqrt(Math.max(0.02, 1 - (Math.max(0, s - 0.55) / 0.45) ** 2.4)); // full until 0.55, then a round tip
    const [w, h] = [width * round, Math.min(thickness, width * round * 0.6)];
    for (let j = 0; j < CORNERS; j++) {
      const angle = (2 * Math.PI * j) / CORNERS;
      const across = w * Math.cos(angle);
      const groove = Math.sin(angle) > 0 ? 0.35 * h * Math.exp(-((across / (0.3 * w)) ** 2)) * round : 0;
      const up = h * Math.sin(angle) - groove;
      for (let k = 0; k < 3; k++) positions[at++] = point.at[k]! + across * point.side[k]! + up * point.up[k]!;
    }
  });
  const tip = path[RINGS - 1]!;
  for (let k = 0; k < 3; k++) positions[at++] = tip.at[k]! + 0.012 * tip.along[k]!;
}

type Vector = readonly [number, number, number];
type PathPoint = { at: Vector; along: Vector; side: Vector; up: Vector };

/** Height of the tongue's middle above the teeth: half its thickness and a little. */
const CLEARANCE = 0.045;

function pathOut(tongue: Tongue, mouth: Mouth): PathPoint[] {
  const inside = 0.3 + (mouth.lip - mouth.teeth);
  const total = inside + tongue.length;
  const start: Vector = [mouth.centre, mouth.floor + CLEARANCE, mouth.teeth - 0.3];
  return walk(start, total, (distance) => {
    // A tongue that goes aside turns in the mouth already, towards the corner.
    const bent = sideOf(tongue.direction) === 0 ? 0.03 : 0.5 * inside;
    const beyond = Math.max(0, distance - inside + bent) / (tongue.length + bent);
    return heading(tongue.direction, Math.min(1, beyond));
  });
}

function pathAtRest(mouth: Mouth): PathPoint[] {
  return walk([mouth.centre, mouth.floor - 0.05, mouth.teeth - 0.42], 0.38, (d) => [-0.25 * (d / 0.38), 0, 0]);
}

/** −1 and 1 for tongues that go to a side, else 0. */
function sideOf(direction: Tongue['direction']): -1 | 0 | 1 {
  return direction === 'left' ? -1 : direction === 'right' ? 1 : 0;
}

/** Pitch (up positive), yaw and roll (towards +x positive) of the tongue at 0 … 1 of its bent part. */
function heading(direction: Tongue['direction'], t: number): Heading {
  const bend = Math.min(1, t * 2.2); // most of the bend is at the lip
  switch (direction) {
    case 'out':
      return [-0.15 - 0.55 * bend, 0, 0];
    case 'down':
      return [-0.2 - 1.1 * bend, 0, 0];
    case 'up':
      return [0.25 + 0.95 * bend, 0, 0];
    case 'left':
    case 'right': {
      // It rolls, so that its upper side is seen from the front, and hangs a little.
      const side = sideOf(direction);
      return [-0.35 * bend, 1.2 * bend * side, 0.9 * bend * side];
    }
    case 'curled':
      return [-0.1 + 2.6 * t * t, 0, 0];
    default:
      return direction satisfies never;
  }
}

type Heading = readonly [pitch: number, yaw: number, roll: number];

/** RINGS points at even steps along a path whose heading is given by distance, each with a frame. */
function walk(start: Vector, length: number, headingAt: (distance: number) => Heading): PathPoint[] {
  const step = length / (RINGS - 1);
  const out: PathPoint[] = [];
  let at = start;
  for (let i = 0; i < RINGS; i++) {
    const [pitch, yaw, roll] = headingAt(i * step);
    const [cp, sp, cy, sy] = [Math.cos(pitch), Math.sin(pitch), Math.cos(yaw), Math.sin(yaw)];
    const along: Vector = [cp * sy, sp, cp * cy];
    const [side, up]: [Vector, Vector] = [
      [cy, 0, -sy],
      [-sp * sy, cp, -sp * cy],
    ];
    out.push({ at, along, side: turned(side, up, roll), up: turned(up, side, -roll) });
    at = [at[0] + step * along[0], at[1] + step * along[1], at[2] + step * along[2]];
  }
  return out;
}

/** a·cos + b·sin of an angle. */
function turned(a: Vector, b: Vector, angle: number): Vector {
  const [c, s] = [Math.cos(angle), Math.sin(angle)];
  return [a[0] * c + b[0] * s, a[1] * c + b[1] * s, a[2] * c + b[2] * s];
}

/** Part labels of the tongue's vertices. */
export function tongueParts(): Uint8Array {
  return new Uint8Array(TONGUE_VERTICES).fill(PART.tongue);
}
