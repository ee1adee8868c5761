/**
 * Virtual scans for the builtin face model: random people of a scanned head family are rendered, the tracker places its
 * landmarks on the picture, and each landmark is carried back to the point of the skin that is seen there.
 *
 * Part of scripts/build-face-model.ts.
 */
import type { Image } from '../src/core/image.js';
import { barycentrics, makeRasterTarget, projectVertices, rasterize } from '../src/core/raster.js';
import { foldIn, foldInName, type RandomKey, RandomStream } from '../src/core/rng.js';
import type { Expression } from '../src/data/synthetic/arkit.js';
import { turn } from '../src/data/synthetic/body.js';
import type { HeadModel } from '../src/data/synthetic/head-model.js';
import { type Person, samplePerson } from '../src/data/synthetic/person.js';
import type { PeopleRenderer } from '../src/data/synthetic/render.js';
import { sampleShot } from '../src/data/synthetic/shot.js';

/** Side of the scan pictures: the tracker's mesh network sees 192, so 512 leaves the face sharp. */
export const SCAN_SIZE = 512;

/** One scan: picture, projected vertices (column, row, 1/depth), and the skin triangle that each pixel shows (−1: none). */
export type Scan = { image: Image; projected: Float32Array; seen: Int32Array };

/** A person of plain skin, without what hides skin or misleads a tracker: the first such one of the key's people. */
export function plainPerson(model: HeadModel, key: RandomKey): Person {
  for (let i = 0; ; i++) {
    const person = samplePerson(model, foldIn(key, i));
    const hidden = person.glasses || person.beard.style !== 'none' || person.paint.pattern !== 'none';
    if (person.skin.kind === 'natural' && !hidden) return person;
  }
}

/** Renders a person nearly from the front in even light. `skin`: triangles that count as skin. */
export function scan(
  renderer: PeopleRenderer,
  person: Person,
  expression: Expression,
  skin: Uint32Array,
  key: RandomKey,
): Scan {
  const random = new RandomStream(foldInName(key, 'scan'));
  const pose = {
    yaw: random.uniform(-0.2, 0.2),
    pitch: random.uniform(-0.12, 0.12),
    roll: random.uniform(-0.08, 0.08),
  };
  const shot = { ...sampleShot(key, { setting: 'studio' }), expression, tongue: null, pose };
  const { image, truth } = renderer.render(person, shot, { size: SCAN_SIZE });
  const posed = new Float32Array(truth.vertices.length);
  turn(pose, truth.vertices, posed);
  const projected = new Float32Array(posed.length);
  projectVertices(truth.camera, posed, projected);
  const target = makeRasterTarget(SCAN_SIZE, SCAN_SIZE);
  rasterize(target, projected, skin, { cull: 'back' });
  return { image, projected, seen: target.triangle };
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
