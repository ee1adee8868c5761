/**
 * Where on a head things grow or are painted: lips, brows, lashes, scalp, beard, cheeks, as smooth numbers at each vertex of
 * the neutral mean head. A person's own brows or hairline are then a threshold on them, so that edges stay sharp at any
 * picture size and features sit in the same place of the anatomy in every family and person.
 *
 * All of them derive from the 68 landmarks; distances are in world units (10 cm), positive inside.
 */

import { vertexNormals } from '../../core/mesh.js';
import { type HeadModel, PART } from './head-model.js';
import { hairline, type Skull, skullAngles, skullOf } from './skull.js';

/** Channels of a vertex's fields, in storage order. */
export const FIELD = {
  /** signed distance into the outer lip line */
  lip: 0,
  /** 0 on the brow's middle line, growing to 1 at the edge of a brow of ordinary width, beyond 1 outside */
  brow: 1,
  /** signed distance above the eye opening's upper edge: small and positive on the upper lid; large elsewhere */
  lid: 2,
  /** distance from the eye opening, either lid; large elsewhere */
  rim: 3,
  /** signed distance into the scalp behind an ordinary hairline */
  scalp: 4,
  /** signed distance into the beard's region on jaw, chin and under the mouth */
  beard: 5,
  /** signed distance into the moustache's region */
  moustache: 6,
  /** 1 at the middle of a cheek, falling to 0 */
  cheek: 7,
} as const;

/** Number of channels. */
export const FIELD_COUNT = 8;

/** A value outside of every threshold, in world units. */
const FAR = 2;

type Point = readonly [number, number];

/** Fields of every vertex: V×FIELD_COUNT. Vertices other than skin hold FAR outside values. */
export function anatomyFields(model: HeadModel): Float32Array {
  const { neutral, landmarks, vertexCount, parts } = model;
  const marks = landmarks.map((v): Point => [neutral[3 * v]!, neutral[3 * v + 1]!]);
  const depths = landmarks.map((v) => neutral[3 * v + 2]!);
  const skull = skullOf(model);
  const normals = vertexNormals({ positions: neutral, triangles: model.triangles });
  const out = new Float32Array(vertexCount * FIELD_COUNT);
  for (let v = 0; v < vertexCount; v++) {
    const at = v * FIELD_COUNT;
    const [x, y, z] = [neutral[3 * v]!, neutral[3 * v + 1]!, neutral[3 * v + 2]!];
    const skin = parts[v] === PART.skin;
    const front = skin && z > depths[48]! - 0.15 && normals[3 * v + 2]! > -0.6;
    out[at + FIELD.lip] = front ? signedDistance(marks.slice(48, 60), x, y) : -FAR;
    out[at + FIELD.brow] = skin && z > depths[17]! - 0.3 ? browField(marks, x, y) : FAR;
    const eye = skin && z > depths[36]! - 0.25;
    out[at + FIELD.lid] = eye ? lidField(marks, x, y) : FAR;
    out[at + FIELD.rim] = eye ? rimField(marks, x, y) : FAR;
    out[at + FIELD.scalp] = skin ? scalpField(skull, x, y, z) : -FAR;
    out[at + FIELD.beard] = skin ? beardField(marks, depths, x, y, z) : -FAR;
    out[at + FIELD.moustache] = front ? moustacheField(marks, x, y) : -FAR;
    out[at + FIELD.cheek] = skin ? cheekField(marks, depths, x, y, z) : 0;
  }
  return out;
}

/** Distance to a closed polygon, positive inside. */
function signedDistance(polygon: readonly Point[], x: number, y: number): number {
  let inside = false;
  for (let i = 0, j = polygon.length - 1; i < polygon.length; j = i++) {
    const [a, b] = [polygon[i]!, polygon[j]!];
    if (a[1] > y !== b[1] > y && x < ((b[0] - a[0]) * (y - a[1])) / (b[1] - a[1]) + a[0]) inside = !inside;
  }
  const distance = lineDistance([...polygon, polygon[0]!], x, y).distance;
  return inside ? distance : -distance;
}

/** Distance to an open line of points, and where along it (0 … 1) the nearest point is. */
function lineDistance(line: readonly Point[], x: number, y: number): { distance: number; along: number } {
  let best = { distance: FAR * FAR, along: 0 };
  for (let i = 0; i + 1 < line.length; i++) {
    const [a, b] = [line[i]!, line[i + 1]!];
    const [dx, dy] = [b[0] - a[0], b[1] - a[1]];
    const t = Math.max(0, Math.min(1, ((x - a[0]) * dx + (y - a[1]) * dy) / (dx * dx + dy * dy)));
    const distance = Math.hypot(x - a[0] - t * dx, y - a[1] - t * dy);
    if (distance < best.distance) best = { distance, along: (i + t) / (line.length - 1) };
  }
  return best;
}

/** Half-width of an ordinary brow: 4.5 mm at the inner end, tapering to 1.5 mm at the outer. */
function browField(marks: readonly Point[], x: number, y: number): number {
  const side = x < 0 ? marks.slice(17, 22).reverse() : marks.slice(22, 27); // from the inner end outwards
  const { distance, along } = lineDistance(side, x, y);
  return distance / (0.045 - 0.03 * along ** 2);
}

function eyeOf(marks: readonly Point[], x: number): Point[] {
  return x < 0 ? marks.slice(36, 42) : marks.slice(42, 48);
}

function rimField(marks: readonly Point[], x: number, y: number): number {
  const eye = eyeOf(marks, x);
  return Math.max(0, -signedDistance(eye, x, y));
}

function lidField(marks: readonly Point[], x: number, y: number): number {
  const eye = eyeOf(marks, x);
  const { distance, along } = lineDistance(eye.slice(0, 4), x, y); // outer or inner corner, two upper points, other corner
  const middle = (eye[0]![1] + eye[3]![1]) / 2;
  return y > middle - 0.02 && along > 0 && along < 1 ? distance : FAR;
}

/** Distance above the ordinary hairline, along the skull. */
function scalpField(skull: Skull, x: number, y: number, z: number): number {
  const [azimuth, polar, radius] = skullAngles(skull, x, y, z);
  return (hairline(azimuth) - polar) * radius;
}

/** Below a line from the sideburn to the mouth corner and around the mouth, above the throat. */
function beardField(marks: readonly Point[], depths: readonly number[], x: number, y: number, z: number): number {
  const ear = marks[x < 0 ? 0 : 16]!;
  const corner = marks[x < 0 ? 48 : 54]!;
  const t = Math.max(0, Math.min(1.2, (Math.abs(ear[0]) - Math.abs(x)) / (Math.abs(ear[0]) - Math.abs(corner[0]))));
  const line = ear[1] - 0.25 + (corner[1] + 0.02 - ear[1] + 0.25) * t ** 0.6;
  const throat = y - (marks[8]![1] - 0.12) + 0.35 * Math.max(0, depths[8]! - 0.1 - z);
  const behind = z - depths[0]! + 0.12;
  const lips = -signedDistance(marks.slice(48, 60), x, y) - 0.03;
  return Math.min(line - y, throat, behind, z > depths[48]! - 0.15 ? lips : 1);
}

/** A band between nose and upper lip that bends down past the corners. */
function moustacheField(marks: readonly Point[], x: number, y: number): number {
  const line: Point[] = [marks[48]!, marks[49]!, marks[50]!, marks[52]!, marks[53]!, marks[54]!].map((p, i) => [
    p[0] * (i === 0 || i === 5 ? 1.18 : 1),
    p[1] + (i === 0 || i === 5 ? -0.02 : 0.07),
  ]);
  return 0.07 - lineDistance(line, x, y).distance;
}

function cheekField(marks: readonly Point[], depths: readonly number[], x: number, y: number, z: number): number {
  const side = x < 0 ? -1 : 1;
  const centre = [side * 0.46, (marks[30]![1] + marks[36]![1]) / 2 - 0.05, depths[36]!];
  const d = ((x - centre[0]!) / 0.22) ** 2 + ((y - centre[1]!) / 0.17) ** 2 + ((z - centre[2]!) / 0.4) ** 2;
  return Math.exp(-d);
}

/** A point that no field touches. */
export const PLAIN_FIELDS: readonly number[] = [-FAR, FAR, FAR, FAR, -FAR, -FAR, -FAR, 0];

/**
 * 1 for vertices that lie outside of everything that the shader draws by fields (it looks no farther than these limits), so
 * that most of a face needs no interpolation of them; V values.
 */
export function plainVertices(fields: Float32Array): Uint8Array {
  return Uint8Array.from({ length: fields.length / FIELD_COUNT }, (_, v) => {
    const at = (field: number): number => fields[v * FIELD_COUNT + field]!;
    const eyes = at(FIELD.brow) > 2.5 && at(FIELD.rim) > 0.3;
    return eyes &&
      at(FIELD.lip) < -0.03 &&
      at(FIELD.scalp) < -0.25 &&
      Math.max(at(FIELD.beard), at(FIELD.moustache)) < -0.08
      ? 1
      : 0;
  });
}
