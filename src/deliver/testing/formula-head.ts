/**
 * A head-like field by formula, and a plain renderer for it: what delivery's tests and measurements deliver.
 *
 * Not a product and not a synthetic subject (data/ makes those): ellipsoids for skull, neck, nose, ears, eyes and mouth.
 */

import { type Camera, cameraCenter, rayDirection } from '../../core/camera.js';
import { makeImage } from '../../core/image.js';
import type { FieldSampler, Frame } from '../field.js';

type Part = {
  readonly center: readonly [number, number, number];
  readonly radii: readonly [number, number, number];
  readonly color: readonly [number, number, number];
};

const SKIN = [0.86, 0.66, 0.55] as const;

/** Later parts paint over earlier ones. */
const PARTS: readonly Part[] = [
  { center: [0, -0.15, -0.03], radii: [0.055, 0.09, 0.055], color: SKIN },
  { center: [0, 0, 0], radii: [0.085, 0.12, 0.1], color: SKIN },
  { center: [0, 0.035, -0.02], radii: [0.092, 0.105, 0.1], color: [0.2, 0.12, 0.08] },
  { center: [0, -0.02, 0.012], radii: [0.078, 0.095, 0.092], color: SKIN },
  { center: [0.088, -0.01, -0.01], radii: [0.012, 0.028, 0.018], color: [0.85, 0.55, 0.48] },
  { center: [-0.088, -0.01, -0.01], radii: [0.012, 0.028, 0.018], color: [0.85, 0.55, 0.48] },
  { center: [0, -0.012, 0.105], radii: [0.013, 0.026, 0.018], color: [0.9, 0.6, 0.5] },
  { center: [0.032, 0.015, 0.088], radii: [0.016, 0.01, 0.012], color: [0.97, 0.97, 0.97] },
  { center: [-0.032, 0.015, 0.088], radii: [0.016, 0.01, 0.012], color: [0.97, 0.97, 0.97] },
  { center: [0.032, 0.015, 0.096], radii: [0.006, 0.006, 0.006], color: [0.1, 0.25, 0.5] },
  { center: [-0.032, 0.015, 0.096], radii: [0.006, 0.006, 0.006], color: [0.1, 0.25, 0.5] },
  { center: [0, -0.058, 0.085], radii: [0.03, 0.012, 0.018], color: [0.7, 0.15, 0.2] },
];

/** Density inside the parts, per world unit: a ray keeps 1/e of its light after 2.5 mm. */
const SOLID_DENSITY = 400;

/** Width of the soft edge of every part as a share of its radius. */
const EDGE = 0.06;

function distanceIn(part: Part, x: number, y: number, z: number): number {
  const { center: c, radii: r } = part;
  return Math.hypot((x - c[0]) / r[0], (y - c[1]) / r[1], (z - c[2]) / r[2]);
}

/** The field; its box has the half side 0.25 that heads have. */
export function formulaHead(): FieldSampler {
  return { box: { min: [-0.25, -0.25, -0.25], max: [0.25, 0.25, 0.25] }, sample: sampleHead };
}

function sampleHead(points: Float32Array) {
  const density = new Float32Array(points.length / 3);
  const color = new Float32Array(points.length);
  for (let i = 0; i < density.length; i++) {
    color.set(SKIN, 3 * i);
    for (const part of PARTS) {
      const outside = distanceIn(part, points[3 * i]!, points[3 * i + 1]!, points[3 * i + 2]!) - 1;
      if (outside < EDGE) color.set(part.color, 3 * i);
      density[i] = Math.max(density[i]!, SOLID_DENSITY * Math.max(0, Math.min(1, 0.5 - outside / EDGE)));
    }
  }
  return { density, color };
}

/** Renders any field by plain ray marching, `steps` samples a ray within its box: slow and obvious. */
export async function renderPlainly(field: FieldSampler, camera: Camera, steps = 96): Promise<Frame> {
  const { width, height } = camera;
  const frame = {
    color: makeImage(width, height, 3),
    opacity: makeImage(width, height, 1),
    depth: makeImage(width, height, 1),
  };
  for (let row = 0, pixel = 0; row < height; row++)
    for (let column = 0; column < width; column++, pixel++)
      await marchRay(field, camera, rayDirection(camera, column + 0.5, row + 0.5), steps, frame, pixel);
  return frame;
}

async function marchRay(
  field: FieldSampler,
  camera: Camera,
  d: readonly [number, number, number],
  steps: number,
  frame: Frame,
  pixel: number,
): Promise<void> {
  const eye = cameraCenter(camera);
  const [near, far] = boxSpan(field, eye, d);
  const dt = (far - near) / steps;
  if (!(dt > 0)) return void frame.color.data.set([0.2, 0.3, 0.4], 3 * pixel);
  const points = Float32Array.from(
    { length: 3 * steps },
    (_, i) => eye[i % 3]! + d[i % 3]! * (near + (Math.floor(i / 3) + 0.5) * dt),
  );
  const { density, color } = await field.sample(points);
  const m = camera.cameraToWorld;
  const cosine = -(d[0] * m[2]! + d[1] * m[6]! + d[2] * m[10]!);
  const sum = [0, 0, 0];
  let [light, depth] = [1, 0];
  for (let s = 0; s < steps; s++) {
    const weight = light * (1 - Math.exp(-density[s]! * dt));
    for (let c = 0; c < 3; c++) sum[c]! += weight * color[3 * s + c]!;
    depth += weight * (near + (s + 0.5) * dt) * cosine;
    light -= weight;
  }
  frame.color.data.set(
    sum.map((v, c) => v + light * [0.2, 0.3, 0.4][c]!),
    3 * pixel,
  );
  frame.opacity.data[pixel] = 1 - light;
  frame.depth.data[pixel] = light < 1 ? depth / (1 - light) : 0;
}

function boxSpan(field: FieldSampler, eye: readonly number[], d: readonly number[]): [number, number] {
  let [near, far] = [0, Number.POSITIVE_INFINITY];
  for (let a = 0; a < 3; a++) {
    const first = (field.box.min[a]! - eye[a]!) / d[a]!;
    const second = (field.box.max[a]! - eye[a]!) / d[a]!;
    near = Math.max(near, Math.min(first, second));
    far = Math.min(far, Math.max(first, second));
  }
  return [near, far];
}
