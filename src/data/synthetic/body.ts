/** One person ready to be posed: their shape, colours and hair, worked out once per person; and the posing itself. */

import { sag } from './age.js';
import type { Anatomy } from './anatomy.js';
import { ARKIT_NAMES } from './arkit.js';
import { placeGlasses } from './glasses.js';
import { growHair, type Hair } from './hair.js';
import { placeHat } from './hats.js';
import { addShape, type Pose, poseMatrix } from './head-model.js';
import type { Person } from './person.js';
import type { Shot } from './shot.js';
import { bakeSkin } from './skin.js';
import { makePrint, type SkinPrint } from './skin-print.js';
import { skullMap } from './skull-map.js';
import { unevenTeeth } from './teeth.js';
import { placeTongue } from './tongue.js';

/** A person's own arrays, in the head's space. */
export type Body = {
  readonly person: Person;
  /** 3·V without expression */
  readonly base: Float32Array;
  /** V×3 linear colours */
  readonly colors: Float32Array;
  readonly hair: Hair | null;
  /** 3·HAT_VERTICES, or null without a hat */
  readonly hat: Float32Array | null;
  /** of rich people */
  readonly print: SkinPrint | null;
  /** 3·GLASSES_VERTICES */
  readonly glasses: Float32Array;
};

/** Works out a person: about 15 ms on an ICT head, 30 ms for rich people. */
export function makeBody(anatomy: Anatomy, person: Person): Body {
  const base = anatomy.model.identityShape(person.identity);
  sag(anatomy.model, base, person);
  unevenTeeth(anatomy.model, base, person);
  const radius = skullMap(anatomy.skullGrid, anatomy.skull, base);
  const hat = person.rich?.hat ?? null;
  return {
    person,
    base,
    colors: bakeSkin(anatomy.model, anatomy.fields, person),
    hair: growHair(person, anatomy.skull, radius),
    hat: hat && placeHat(hat, anatomy.skull, radius, person.seed),
    print: makePrint(anatomy.model, person),
    glasses: placeGlasses(anatomy.model, base, person),
  };
}

/** Writes the expressed head with its tongue and glasses, in the head's space, to `out` (3 per vertex of the anatomy). */
export function expressBody(anatomy: Anatomy, body: Body, shot: Shot, out: Float32Array): void {
  out.set(body.base);
  const { expressions } = anatomy.model;
  for (const name of ARKIT_NAMES) {
    const weight = shot.expression[name];
    const shape = expressions.get(name);
    if (weight && shape) addShape(out, shape, weight);
  }
  placeTongue(anatomy.model, shot.tongue, out);
  out.set(body.glasses, out.length - body.glasses.length);
}

/** Turns points or directions (3·N) by a pose. */
export function turn(pose: Pose, points: Float32Array, out: Float32Array): void {
  const [a, b, c, d, e, f, g, h, i] = poseMatrix(pose);
  for (let k = 0; k < points.length; k += 3) {
    const [x, y, z] = [points[k]!, points[k + 1]!, points[k + 2]!];
    out[k] = a! * x + b! * y + c! * z;
    out[k + 1] = d! * x + e! * y + f! * z;
    out[k + 2] = g! * x + h! * y + i! * z;
  }
}

/** Vertex normals (area weights, unit length) of a mesh, or of a range of its triangles, into `out`, without allocating. */
export function normalsInto(
  positions: Float32Array,
  triangles: Uint32Array,
  out: Float32Array,
  { first, end } = { first: 0, end: triangles.length / 3 },
): void {
  const p = positions;
  out.fill(0);
  for (let t = 3 * first; t < 3 * end; t += 3) {
    const a = triangles[t]! * 3;
    const b = triangles[t + 1]! * 3;
    const c = triangles[t + 2]! * 3;
    const ux = p[b]! - p[a]!;
    const uy = p[b + 1]! - p[a + 1]!;
    const uz = p[b + 2]! - p[a + 2]!;
    const vx = p[c]! - p[a]!;
    const vy = p[c + 1]! - p[a + 1]!;
    const vz = p[c + 2]! - p[a + 2]!;
    const x = uy * vz - uz * vy;
    const y = uz * vx - ux * vz;
    const z = ux * vy - uy * vx;
    out[a]! += x;
    out[a + 1]! += y;
    out[a + 2]! += z;
    out[b]! += x;
    out[b + 1]! += y;
    out[b + 2]! += z;
    out[c]! += x;
    out[c + 1]! += y;
    out[c + 2]! += z;
  }
  for (let i = 0; i < out.length; i += 3) {
    const [x, y, z] = [out[i]!, out[i + 1]!, out[i + 2]!];
    const scale = 1 / (Math.sqrt(x * x + y * y + z * z) || 1); // 0 only for vertices of no triangle, which nobody sees
    out[i] = x * scale;
    out[i + 1] = y * scale;
    out[i + 2] = z * scale;
  }
}
