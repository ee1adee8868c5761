/**
 * Virtual scans for the builtin face model: random people of a scanned head family are rendered plainly, the tracker places its
 * landmarks, and each landmark is carried back to the point of the skin that it was seen on.
 *
 * Part of scripts/build-face-model.ts. The plain colours here exist for the tracker only.
 */
import type { Camera } from '../src/core/camera.js';
import { type Image, makeImage } from '../src/core/image.js';
import { vertexNormals } from '../src/core/mesh.js';
import {
  barycentrics,
  interpolateAttributes,
  makeRasterTarget,
  projectVertices,
  rasterize,
  resolveBarycentrics,
} from '../src/core/raster.js';
import type { RandomStream } from '../src/core/rng.js';
import { type HeadModel, PART, poseMatrix } from '../src/data/synthetic/head-model.js';

/** Side of the scan pictures: the tracker's mesh network sees 192, so 512 leaves the face sharp. */
export const SCAN_SIZE = 512;

/** A camera as of the paper's preprocessing: 10 units away, the face about two thirds of the picture. */
export function scanCamera(): Camera {
  const focal = 4.2647 * SCAN_SIZE; // EG3D's crop camera
  return {
    width: SCAN_SIZE,
    height: SCAN_SIZE,
    intrinsics: { fx: focal, fy: focal, cx: SCAN_SIZE / 2, cy: SCAN_SIZE / 2 },
    cameraToWorld: [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 10, 0, 0, 0, 1],
  };
}

/** One scan: picture, and which skin point each pixel shows. */
export type Scan = { image: Image; projected: Float32Array; seen: Int32Array };

/** Colours of all vertices (3·V): skin with lips and brows, white eyes with a dark iris, dark hair and mouth. */
export function paint(head: HeadModel, random: RandomStream): Float32Array {
  const tone = random.uniform(0.35, 1);
  const skin = [0.9 * tone, 0.68 * tone, 0.56 * tone];
  const lips = [0.72 * tone, 0.34 * tone, 0.34 * tone];
  const hair = [0.16, 0.1, 0.06].map((v) => v * random.uniform(0.6, 3));
  const points = head.landmarks.map((v) => [...head.neutral.subarray(3 * v, 3 * v + 3)] as [number, number, number]);
  const colours = new Float32Array(head.vertexCount * 3);
  for (let v = 0; v < head.vertexCount; v++) {
    const [x, y, z] = head.neutral.subarray(3 * v, 3 * v + 3) as unknown as [number, number, number];
    const part = head.parts[v]!;
    let colour = part === PART.teeth ? [0.9, 0.88, 0.82] : part === PART.skin ? skin : [0.25, 0.08, 0.07];
    if (part === PART.skin && (y > 0.98 - 0.5 * x * x || z < 0.05)) colour = y > -0.4 ? hair : skin;
    else if (part === PART.skin && nearBrow(points, x, y)) colour = hair;
    else if (part === PART.skin && inside(points.slice(48, 60), x, y) && z > 0.1) colour = lips;
    else if (part === PART.eye) colour = eyeColour(head, v, x, y, z);
    colours.set(colour, 3 * v);
  }
  return colours;
}

function eyeColour(head: HeadModel, v: number, x: number, y: number, z: number): number[] {
  const eye = head.eyes.find(({ range }) => v >= range[0] && v < range[1]) ?? head.eyes[0];
  const off = Math.hypot(x - eye.centre[0], y - eye.centre[1]) / eye.radius;
  if (z < eye.centre[2] || off > 0.48) return [0.92, 0.9, 0.88];
  return off > 0.2 ? [0.25, 0.16, 0.1] : [0.02, 0.02, 0.02];
}

function nearBrow(points: readonly (readonly number[])[], x: number, y: number): boolean {
  for (const first of [17, 22])
    for (let i = first; i < first + 4; i++) {
      const [a, b] = [points[i]!, points[i + 1]!];
      const t = Math.max(
        0,
        Math.min(
          1,
          ((x - a[0]!) * (b[0]! - a[0]!) + (y - a[1]!) * (b[1]! - a[1]!)) /
            ((b[0]! - a[0]!) ** 2 + (b[1]! - a[1]!) ** 2),
        ),
      );
      if (Math.hypot(x - a[0]! - t * (b[0]! - a[0]!), y - a[1]! - t * (b[1]! - a[1]!)) < 0.038) return true;
    }
  return false;
}

function inside(polygon: readonly (readonly number[])[], x: number, y: number): boolean {
  let odd = false;
  for (let i = 0, j = polygon.length - 1; i < polygon.length; j = i++) {
    const [a, b] = [polygon[i]!, polygon[j]!];
    if (a[1]! > y !== b[1]! > y && x < ((b[0]! - a[0]!) * (y - a[1]!)) / (b[1]! - a[1]!) + a[0]!) odd = !odd;
  }
  return odd;
}

/** Renders a head: soft light from the front and a random side, grey background. `skin`: triangles that count as skin. */
export function scan(
  head: HeadModel,
  shape: Float32Array,
  colours: Float32Array,
  skin: Uint32Array,
  random: RandomStream,
): Scan {
  const posed = pose(shape, random.uniform(-0.2, 0.2), random.uniform(-0.12, 0.12), random.uniform(-0.08, 0.08));
  const projected = new Float32Array(posed.length);
  projectVertices(scanCamera(), posed, projected);
  const target = makeRasterTarget(SCAN_SIZE, SCAN_SIZE);
  rasterize(target, projected, head.triangles);
  const weights = resolveBarycentrics(target, projected, head.triangles);
  const lit = shade(vertexNormals({ positions: posed, triangles: head.triangles }), colours, random);
  const data = interpolateAttributes(target, head.triangles, weights, lit, 3);
  const grey = random.uniform(0.2, 0.8);
  for (let i = 0; i < target.triangle.length; i++) if (target.triangle[i]! < 0) data.fill(grey, 3 * i, 3 * i + 3);
  const skinOnly = makeRasterTarget(SCAN_SIZE, SCAN_SIZE);
  rasterize(skinOnly, projected, skin, { cull: 'back' });
  return { image: { ...makeImage(SCAN_SIZE, SCAN_SIZE, 3), data }, projected, seen: skinOnly.triangle };
}

function pose(shape: Float32Array, yaw: number, pitch: number, roll: number): Float32Array {
  const r = poseMatrix({ yaw, pitch, roll });
  const out = new Float32Array(shape.length);
  for (let i = 0; i < shape.length; i += 3)
    for (let c = 0; c < 3; c++)
      out[i + c] = r[3 * c]! * shape[i]! + r[3 * c + 1]! * shape[i + 1]! + r[3 * c + 2]! * shape[i + 2]!;
  return out;
}

function shade(normals: Float32Array, colours: Float32Array, random: RandomStream): Float32Array {
  const side = random.uniform(-0.5, 0.5);
  const length = Math.hypot(side, 0.3, 1);
  const light = [side / length, 0.3 / length, 1 / length];
  const out = new Float32Array(colours.length);
  for (let i = 0; i < out.length; i += 3) {
    const diffuse = Math.max(0, normals[i]! * light[0]! + normals[i + 1]! * light[1]! + normals[i + 2]! * light[2]!);
    for (let c = 0; c < 3; c++) out[i + c] = Math.min(1, colours[i + c]! * (0.35 + 0.75 * diffuse));
  }
  return out;
}

/** A point of a surface: triangle and weights of its corners. */
export type SurfacePoint = { readonly triangle: number; readonly weights: readonly [number, number, number] };

/** The skin point at a pixel position, or at the nearest skin pixel within `reach` pixels; null when there is none. */
export function castPixel(result: Scan, skin: Uint32Array, x: number, y: number, reach = 12): SurfacePoint | null {
  let best: { distance: number; x: number; y: number } | null = null;
  for (let row = Math.floor(y) - reach; row <= Math.floor(y) + reach; row++)
    for (let column = Math.floor(x) - reach; column <= Math.floor(x) + reach; column++) {
      if (row < 0 || column < 0 || row >= SCAN_SIZE || column >= SCAN_SIZE) continue;
      if (result.seen[row * SCAN_SIZE + column]! < 0) continue;
      const distance = Math.hypot(column + 0.5 - x, row + 0.5 - y);
      if (!best || distance < best.distance) best = { distance, x: column, y: row };
    }
  if (!best) return null;
  const triangle = result.seen[best.y * SCAN_SIZE + best.x]!;
  const weights: [number, number, number] = [0, 0, 0];
  const corners = [...skin.subarray(3 * triangle, 3 * triangle + 3)] as [number, number, number];
  const inCell = best.distance < 0.71; // half a pixel's diagonal: the position itself is on skin
  barycentrics(result.projected, corners, inCell ? x : best.x + 0.5, inCell ? y : best.y + 0.5, weights);
  return { triangle, weights };
}

/** Position of a surface point on a shape. */
export function pointOn(shape: Float32Array, skin: Uint32Array, point: SurfacePoint): [number, number, number] {
  const out: [number, number, number] = [0, 0, 0];
  for (let k = 0; k < 3; k++) {
    const v = skin[3 * point.triangle + k]! * 3;
    for (let c = 0; c < 3; c++) out[c]! += point.weights[k]! * shape[v + c]!;
  }
  return out;
}
