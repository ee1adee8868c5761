/** Glasses: two rims, a bridge and two temples of bent wire, placed by the landmarks of a person's face at rest. */

import type { HeadModel } from './head-model.js';
import type { Frame, Person } from './person.js';

/** Points along each wire and corners of its section. */
const RIM = 28;
const BAR = 5;
const CORNERS = 6;
/** Half-thickness of each frame's wire, world units. */
const THICKNESS: Record<Frame, number> = { ordinary: 0.02, wire: 0.011, thick: 0.034, half: 0.022 };
/** Of the lower half of a half rim: a thread that holds the glass. */
const THREAD = 0.004;

/** Vertices: two rims, the bridge, two temples. */
export const GLASSES_VERTICES = (2 * (RIM + 1) + 3 * BAR) * CORNERS;

type Vector = readonly [number, number, number];

/** Triangles (3·T), vertices counted from `first`. */
export function glassesTriangles(first: number): Uint32Array {
  const out: number[] = [];
  let base = first;
  for (const points of [RIM + 1, RIM + 1, BAR, BAR, BAR]) {
    for (let i = 0; i + 1 < points; i++)
      for (let j = 0; j < CORNERS; j++) {
        const [a, b] = [base + i * CORNERS + j, base + i * CORNERS + ((j + 1) % CORNERS)];
        out.push(a, b, a + CORNERS, b, b + CORNERS, a + CORNERS);
      }
    base += points * CORNERS;
  }
  return Uint32Array.from(out);
}

/**
 * Positions (3·GLASSES_VERTICES) in the head's space; without glasses all vertices lie in one point, so that nothing is drawn.
 * @param base 3·V: the person's head without expression.
 */
export function placeGlasses(model: HeadModel, base: Float32Array, person: Person): Float32Array {
  const out = new Float32Array(3 * GLASSES_VERTICES);
  const { glasses } = person;
  if (!glasses) return out;
  const mark = (i: number): Vector => {
    const v = 3 * model.landmarks[i]!;
    return [base[v]!, base[v + 1]!, base[v + 2]!];
  };
  const bridge = mark(27);
  const lines: Vector[][] = [];
  const centres = (
    [
      [36, 39],
      [42, 45],
    ] as const
  ).map(([a, b]): Vector => {
    const [p, q] = [mark(a), mark(b)];
    return [(p[0] + q[0]) / 2, (p[1] + q[1]) / 2 - 0.02, Math.max(p[2], q[2], bridge[2] - 0.06) + 0.09];
  });
  const [width, height] = [0.225 * glasses.size, (glasses.round ? 0.215 : 0.165) * glasses.size];
  for (const c of centres) lines.push(rim(c, width, height, glasses.round ? 2 : 3.4));
  const [right, left] = [centres[0]!, centres[1]!];
  lines.push(bar([right[0] + width, right[1] + 0.04, right[2]], [left[0] - width, left[1] + 0.04, left[2]], 0.03));
  const ears = [mark(0), mark(16)] as const;
  for (const side of [0, 1] as const) {
    const c = centres[side]!;
    const ear = ears[side];
    const sign = side === 0 ? -1 : 1;
    lines.push(
      bar([c[0] + sign * width, c[1] + 0.05, c[2] - 0.03], [ear[0] + sign * 0.08, c[1] + 0.02, ear[2] - 0.3], 0),
    );
  }
  let at = 0;
  const thickness = THICKNESS[glasses.frame];
  lines.forEach((line, i) => {
    // Points of a rim run from the outer or inner side upwards, so that the second half lies below.
    const below = glasses.frame === 'half' && i < 2 ? RIM / 2 : Infinity;
    at = tube(line, out, at, (point) => (point > below && point < RIM ? THREAD : thickness));
  });
  return out;
}

/** A closed superellipse about a centre, bent back a little at the outside. */
function rim(c: Vector, width: number, height: number, power: number): Vector[] {
  return Array.from({ length: RIM + 1 }, (_, i): Vector => {
    const angle = (2 * Math.PI * i) / RIM;
    const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
    const x = width * Math.sign(cos) * Math.abs(cos) ** (2 / power);
    const outward = x * Math.sign(c[0]);
    return [
      c[0] + x,
      c[1] + height * Math.sign(sin) * Math.abs(sin) ** (2 / power),
      c[2] - 0.12 * Math.max(0, outward),
    ];
  });
}

function bar(a: Vector, b: Vector, arch: number): Vector[] {
  return Array.from({ length: BAR }, (_, i): Vector => {
    const t = i / (BAR - 1);
    const rise = arch * 4 * t * (1 - t);
    return [a[0] + (b[0] - a[0]) * t, a[1] + (b[1] - a[1]) * t + rise, a[2] + (b[2] - a[2]) * t + rise];
  });
}

/** Writes a tube about a line from value `at` on; returns where the next one begins. */
function tube(line: readonly Vector[], out: Float32Array, at: number, thickness: (point: number) => number): number {
  line.forEach((p, i) => {
    const [a, b] = [line[Math.max(0, i - 1)]!, line[Math.min(line.length - 1, i + 1)]!];
    const along = unit([b[0] - a[0], b[1] - a[1], b[2] - a[2]]);
    const helper: Vector = Math.abs(along[2]) > 0.8 ? [0, 1, 0] : [0, 0, 1];
    const side = unit(cross(helper, along));
    const up = cross(along, side);
    const radius = thickness(i);
    for (let j = 0; j < CORNERS; j++) {
      const [c, s] = [radius * Math.cos((2 * Math.PI * j) / CORNERS), radius * Math.sin((2 * Math.PI * j) / CORNERS)];
      for (let k = 0; k < 3; k++) out[at++] = p[k]! + c * side[k]! + s * up[k]!;
    }
  });
  return at;
}

function cross(a: Vector, b: Vector): Vector {
  return [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]];
}

function unit(a: Vector): Vector {
  const scale = 1 / (Math.hypot(...a) || 1); // 0 only at a doubled point of a line
  return [a[0] * scale, a[1] * scale, a[2] * scale];
}
