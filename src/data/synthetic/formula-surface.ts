/**
 * The skin of the `formula` head: heights and widths of a lathe-like skull from a small table, with nose, brow, eye sockets,
 * cheeks, lips and chin as smooth bumps on it. Our own measures by eye, in the usual frame of head-model.ts.
 */

import { smoothstep } from './noise.js';

/** Rows of the mouth and eye slits. */
export const MOUTH_Y = -0.375;
/** Height of the eye slits. */
export const EYE_Y = 0.29;
/** |x| of an eye's middle, half the length of its slit, half-length of the mouth's. */
export const EYE_X = 0.31;
/** Half the length of an eye slit. */
export const EYE_HALF = 0.145;
/** Half the length of the mouth slit. */
export const MOUTH_HALF = 0.25;
/** Eyeballs: radius and depth of the centre. */
export const EYE_RADIUS = 0.15;
/** Depth of the eyeballs' centres. */
export const EYE_Z = 0.0;

/** [height, half-width, front, back]: cross-sections from crown to shoulders; front and back are z of the middle line. */
const SECTIONS: readonly (readonly [number, number, number, number])[] = [
  [1.42, 0.0, -0.72, -0.78],
  [1.4, 0.2, -0.5, -1.0],
  [1.32, 0.42, -0.24, -1.28],
  [1.18, 0.57, -0.04, -1.47],
  [1.0, 0.66, 0.12, -1.6],
  [0.8, 0.71, 0.23, -1.66],
  [0.58, 0.735, 0.29, -1.68],
  [0.3, 0.74, 0.25, -1.64],
  [0.0, 0.72, 0.26, -1.52],
  [-0.2, 0.69, 0.28, -1.4],
  [-0.4, 0.63, 0.28, -1.28],
  [-0.6, 0.53, 0.24, -1.22],
  [-0.74, 0.43, 0.2, -1.2],
  [-0.82, 0.44, 0.08, -1.2],
  [-0.9, 0.47, -0.18, -1.21],
  [-1.02, 0.5, -0.24, -1.23],
  [-1.15, 0.56, -0.22, -1.27],
  [-1.3, 0.85, -0.12, -1.32],
  [-1.5, 1.2, 0.0, -1.35],
];

/** Smooth interpolation of the table (Catmull–Rom through the rows) at a height: [half-width, front, back]. */
export function section(y: number): [number, number, number] {
  let i = 0;
  while (i + 2 < SECTIONS.length && SECTIONS[i + 1]![0] > y) i++;
  const row = (k: number): readonly number[] => SECTIONS[Math.max(0, Math.min(SECTIONS.length - 1, k))]!;
  const t = Math.max(0, Math.min(1, (row(i)[0]! - y) / (row(i)[0]! - row(i + 1)[0]!)));
  const at = (k: number): number => {
    const [a, b, c, d] = [row(i - 1)[k]!, row(i)[k]!, row(i + 1)[k]!, row(i + 2)[k]!];
    return b + 0.5 * t * (c - a + t * (2 * a - 5 * b + 4 * c - d + t * (3 * (b - c) + d - a)));
  };
  return [Math.max(0, at(1)), at(2), at(3)];
}

/** A Gaussian bump of height 1. */
export function bump(x: number, y: number, cx: number, cy: number, sx: number, sy: number): number {
  return Math.exp(-(((x - cx) / sx) ** 2) - ((y - cy) / sy) ** 2);
}

/** Point of the skin at a height and an azimuth (0 = front middle, towards +x positive), before the slits are opened. */
export function skinPoint(y: number, azimuth: number): [number, number, number] {
  const [half, front, back] = section(y);
  const middle = (front + back) / 2;
  const depth = (front - back) / 2;
  const face = smoothstep(-0.95, -0.6, y) * (1 - smoothstep(0.75, 1.1, y));
  // A face is flatter in front than an ellipse: exponent 2.5 across instead of 2.
  const c = Math.cos(azimuth);
  const s = Math.sin(azimuth);
  const power = 2 / (2 + 0.5 * face * Math.max(0, c));
  const x = half * Math.sign(s) * Math.abs(s) ** power;
  const z = middle + depth * Math.sign(c) * Math.abs(c) ** power;
  return c > 0 ? [x, y, z + relief(x, y)] : [x, y, z];
}

/** What stands out of, or lies behind, the smooth face at a frontal place; world units along z. */
function relief(x: number, y: number): number {
  const ax = Math.abs(x);
  const bridge = smoothstep(-0.13, -0.06, y) * (1 - smoothstep(0.25, 0.5, y));
  const slope = Math.max(0, 0.29 - 0.58 * (y + 0.06)) + 0.05;
  const width = 0.085 + 0.05 * (1 - smoothstep(-0.1, 0.25, y));
  const nose = bridge * slope * Math.exp(-((x / width) ** 2)) + 0.06 * bump(ax, y, 0.12, -0.09, 0.06, 0.06);
  const socket = -0.15 * bump(ax, y, 0.29, 0.3, 0.2, 0.13);
  const brow = 0.05 * bump(ax, y, 0.28, 0.52, 0.25, 0.09);
  const cheek = 0.05 * bump(ax, y, 0.42, 0.02, 0.2, 0.18);
  const lipsAcross = Math.exp(-((x / 0.23) ** 4));
  const lips =
    lipsAcross * (0.075 * Math.exp(-(((y + 0.325) / 0.05) ** 2)) + 0.075 * Math.exp(-(((y + 0.435) / 0.05) ** 2)));
  const muzzle = 0.06 * bump(x, y, 0, -0.36, 0.3, 0.25);
  const crease = -0.035 * Math.exp(-(((y + 0.375) / 0.014) ** 2)) * lipsAcross;
  const underLip = -0.02 * bump(x, y, 0, -0.54, 0.2, 0.05);
  const chin = 0.07 * bump(x, y, 0, -0.7, 0.17, 0.11);
  const wall = 1 - smoothstep(0.5, 0.68, ax); // bumps end where the face turns to the side
  return (nose + socket + brow + cheek + lips + muzzle + crease + underLip + chin) * wall;
}

/** z of the front of an eyeball over a place, grown by `margin`; −9 beside it. */
export function ballFront(x: number, y: number, margin: number): number {
  const r = EYE_RADIUS + margin;
  const d = r * r - (Math.abs(x) - EYE_X) ** 2 - (y - EYE_Y) ** 2;
  return d > 0 ? EYE_Z + Math.sqrt(d) : -9;
}
