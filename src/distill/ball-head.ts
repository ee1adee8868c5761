/**
 * A head made of a few coloured ellipsoids, with pictures and depth by exact ray casting: the known truth for tests and
 * the gate of distillation. Not used by the product's main job.
 */

import { type Camera, cameraCenter, rayDirection } from '../core/camera.js';
import { type Image, makeImage } from '../core/image.js';

type Vector = readonly [number, number, number];
type Ellipsoid = { readonly center: Vector; readonly radii: Vector; readonly color: Vector };

/** Skull, nose, eyes with pupils, lips, ears, neck, in world units (head ≈ 0.23 high). */
const PARTS: readonly Ellipsoid[] = [
  { center: [0, 0, 0], radii: [0.08, 0.11, 0.09], color: [0.8, 0.58, 0.46] },
  { center: [0, -0.012, 0.09], radii: [0.014, 0.02, 0.022], color: [0.85, 0.55, 0.45] },
  { center: [-0.03, 0.02, 0.075], radii: [0.015, 0.01, 0.012], color: [0.95, 0.95, 0.95] },
  { center: [0.03, 0.02, 0.075], radii: [0.015, 0.01, 0.012], color: [0.95, 0.95, 0.95] },
  { center: [-0.03, 0.02, 0.084], radii: [0.006, 0.006, 0.005], color: [0.1, 0.2, 0.4] },
  { center: [0.03, 0.02, 0.084], radii: [0.006, 0.006, 0.005], color: [0.1, 0.2, 0.4] },
  { center: [0, -0.055, 0.07], radii: [0.028, 0.009, 0.015], color: [0.7, 0.2, 0.22] },
  { center: [-0.082, 0, 0], radii: [0.01, 0.028, 0.018], color: [0.75, 0.5, 0.4] },
  { center: [0.082, 0, 0], radii: [0.01, 0.028, 0.018], color: [0.75, 0.5, 0.4] },
  { center: [0, -0.14, -0.02], radii: [0.05, 0.07, 0.05], color: [0.72, 0.5, 0.4] },
  { center: [0, 0.035, -0.015], radii: [0.085, 0.095, 0.088], color: [0.25, 0.15, 0.08] },
];

/** Direction towards the light; front, above, to the right. */
const LIGHT: Vector = [0.4, 0.5, 0.768];

/**
 * Colour H×W×3 and depth H×W×1 (along the viewing direction, 0 = background) of a view. Colours are shaded and striped.
 * @param grid rays per pixel and axis, averaged; depth is that of the pixel's centre. Default 2.
 */
export function renderBallHead(camera: Camera, grid = 2): { color: Image; depth: Image } {
  const color = makeImage(camera.width, camera.height, 3);
  const depth = makeImage(camera.width, camera.height, 1);
  const origin = cameraCenter(camera);
  const m = camera.cameraToWorld;
  for (let row = 0; row < camera.height; row++)
    for (let column = 0; column < camera.width; column++) {
      const at = row * camera.width + column;
      const middle = rayDirection(camera, column + 0.5, row + 0.5);
      const hit = cast(origin, middle);
      if (hit) depth.data[at] = -hit.t * (m[2]! * middle[0] + m[6]! * middle[1] + m[10]! * middle[2]);
      for (let k = 0; k < grid * grid; k++) {
        const u = column + ((k % grid) + 0.5) / grid;
        const v = row + (Math.floor(k / grid) + 0.5) / grid;
        const seen = shade(origin, rayDirection(camera, u, v));
        for (let c = 0; c < 3; c++) color.data[at * 3 + c]! += seen[c as 0 | 1 | 2] / (grid * grid);
      }
    }
  return { color, depth };
}

function cast(origin: Vector, direction: Vector): { t: number; part: Ellipsoid } | null {
  let best: { t: number; part: Ellipsoid } | null = null;
  for (const part of PARTS) {
    const t = intersect(origin, direction, part);
    if (t !== null && (!best || t < best.t)) best = { t, part };
  }
  return best;
}

/** Nearest intersection of a ray with an ellipsoid: the unit sphere after scaling. */
function intersect(origin: Vector, direction: Vector, { center, radii }: Ellipsoid): number | null {
  const axes = [0, 1, 2] as const;
  const o = axes.map((i) => (origin[i] - center[i]) / radii[i]);
  const d = axes.map((i) => direction[i] / radii[i]);
  const dot = (a: number[], b: number[]) => a[0]! * b[0]! + a[1]! * b[1]! + a[2]! * b[2]!;
  const a = dot(d, d);
  const b = dot(o, d);
  const under = b * b - a * (dot(o, o) - 1);
  return under < 0 ? null : (-b - Math.sqrt(under)) / a;
}

function shade(origin: Vector, direction: Vector): Vector {
  const hit = cast(origin, direction);
  if (!hit) return [0.35 + 0.8 * direction[0], 0.45 + 0.9 * direction[1], 0.55];
  const { center, radii, color } = hit.part;
  const axes = [0, 1, 2] as const;
  const p = axes.map((i) => origin[i] + direction[i] * hit.t);
  const n = axes.map((i) => (p[i]! - center[i]) / (radii[i] * radii[i]));
  const length = Math.hypot(n[0]!, n[1]!, n[2]!);
  const facing = (n[0]! * LIGHT[0] + n[1]! * LIGHT[1] + n[2]! * LIGHT[2]) / length;
  const light = 0.55 + 0.45 * Math.max(0, facing);
  const stripes = 1 + 0.08 * Math.sin(90 * p[0]!) * Math.sin(80 * p[1]! + 40 * p[2]!);
  return [color[0] * light * stripes, color[1] * light * stripes, color[2] * light * stripes];
}
