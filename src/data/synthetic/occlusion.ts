/**
 * How much of the sky each vertex of a head sees: ambient occlusion, taken once on the neutral mean head by drawing it from
 * many directions and asking which vertices are the nearest there. Light under the chin, in the ears, nostrils and eye
 * corners falls off by it.
 *
 * An approximation: expressions and hair do not change it.
 */

import { vertexNormals } from '../../core/mesh.js';
import { clearRaster, makeRasterTarget, rasterize } from '../../core/raster.js';
import { type HeadModel, PART } from './head-model.js';

type Axis = readonly [number, number, number];

/** Directions over the sphere; 64 give steps of about 1/25 at a flat place, below what shows on a face. */
const DIRECTIONS = 64;
/** Side of the depth pictures in pixels: 2 mm of the head a pixel. */
const SIDE = 160;
/** A vertex counts as seen when nothing is nearer by more than 6 mm: hides the steps of the coarse depth picture. */
const TOLERANCE = 0.06;

/**
 * Share of the hemisphere about each vertex's normal that is open, cosine-weighted: 0 … 1, V values. Only skin and eye
 * sockets cast and receive; other parts get 1.
 */
export function openness(model: HeadModel): Float32Array {
  const { neutral, parts, triangles, vertexCount } = model;
  const normals = vertexNormals({ positions: neutral, triangles });
  const seen = new Float32Array(vertexCount);
  const total = new Float32Array(vertexCount);
  const target = makeRasterTarget(SIDE, SIDE);
  const projected = new Float32Array(vertexCount * 3);
  const extent = 2.6; // world units across the picture: the whole bust of either family
  const casting = castingTriangles(triangles, parts);
  for (let d = 0; d < DIRECTIONS; d++) {
    const [right, up, back] = spiralFrame(d);
    for (let v = 0; v < vertexCount; v++) {
      const [x, y, z] = [neutral[3 * v]!, neutral[3 * v + 1]!, neutral[3 * v + 2]! + 0.6];
      projected[3 * v] = SIDE / 2 + ((x * right[0] + y * right[1] + z * right[2]) * SIDE) / extent;
      projected[3 * v + 1] = SIDE / 2 - ((x * up[0] + y * up[1] + z * up[2]) * SIDE) / extent;
      projected[3 * v + 2] = 10 + x * back[0] + y * back[1] + z * back[2]; // larger is nearer, as 1/depth is
    }
    clearRaster(target);
    rasterize(target, projected, casting);
    for (let v = 0; v < vertexCount; v++) {
      const c = normals[3 * v]! * back[0] + normals[3 * v + 1]! * back[1] + normals[3 * v + 2]! * back[2];
      if (c <= 0) continue;
      total[v]! += c;
      const [column, row] = [Math.floor(projected[3 * v]!), Math.floor(projected[3 * v + 1]!)];
      const inside = column >= 0 && row >= 0 && column < SIDE && row < SIDE;
      if (!inside || target.inverseDepth[row * SIDE + column]! < projected[3 * v + 2]! + TOLERANCE) seen[v]! += c;
    }
  }
  return seen.map((s, v) => (parts[v] === PART.skin || parts[v] === PART.socket ? s / Math.max(total[v]!, 1e-6) : 1));
}

function castingTriangles(triangles: Uint32Array, parts: Uint8Array): Uint32Array {
  const out: number[] = [];
  for (let t = 0; t < triangles.length; t += 3)
    if (parts[triangles[t]!] === PART.skin) out.push(triangles[t]!, triangles[t + 1]!, triangles[t + 2]!);
  return Uint32Array.from(out);
}

/** Right, up and backward axes of a view from the d-th of evenly spread directions (Fibonacci spiral). */
function spiralFrame(d: number): [Axis, Axis, Axis] {
  const y = 1 - (2 * (d + 0.5)) / DIRECTIONS;
  const angle = d * Math.PI * (3 - Math.sqrt(5));
  const r = Math.sqrt(1 - y * y);
  const back: Axis = [r * Math.cos(angle), y, r * Math.sin(angle)];
  const right: Axis = [Math.sin(angle), 0, -Math.cos(angle)];
  const up: Axis = [
    back[1] * right[2] - back[2] * right[1],
    back[2] * right[0] - back[0] * right[2],
    back[0] * right[1] - back[1] * right[0],
  ];
  return [right, up, back];
}
