/**
 * Geometry helpers of scripts/build-face-model.ts: nearest points on a triangle mesh and on its rims.
 */
import type { SurfacePoint } from './face-model-scans.js';

type Point = readonly [number, number, number];
const sub = (a: Point, b: Point): [number, number, number] => [a[0] - b[0], a[1] - b[1], a[2] - b[2]];
const dot = (a: Point, b: Point): number => a[0] * b[0] + a[1] * b[1] + a[2] * b[2];

/** Vertex v of a position array. */
export const vertexAt = (shape: Float32Array, v: number): [number, number, number] => [
  shape[3 * v]!,
  shape[3 * v + 1]!,
  shape[3 * v + 2]!,
];

/** The point of the mesh nearest to p (all triangles tried). */
export function nearestOnMesh(shape: Float32Array, triangles: Uint32Array, p: Point): SurfacePoint {
  let best: SurfacePoint = { triangle: 0, weights: [1, 0, 0] };
  let distance = Infinity;
  for (let t = 0; t < triangles.length / 3; t++) {
    const a = vertexAt(shape, triangles[3 * t]!);
    if (dot(sub(a, p), sub(a, p)) > 0.16) continue; // corners farther than 0.4 units cannot belong to the nearest triangle
    const b = vertexAt(shape, triangles[3 * t + 1]!);
    const c = vertexAt(shape, triangles[3 * t + 2]!);
    const weights = nearestInTriangle(a, b, c, p);
    const q = [0, 1, 2].map((i) => weights[0] * a[i]! + weights[1] * b[i]! + weights[2] * c[i]!) as unknown as Point;
    const d = dot(sub(q, p), sub(q, p));
    if (d < distance) [best, distance] = [{ triangle: t, weights }, d];
  }
  return best;
}

/** Barycentric weights of the point of triangle abc nearest to p (C. Ericson, Real-Time Collision Detection, 5.1.5). */
export function nearestInTriangle(a: Point, b: Point, c: Point, p: Point): [number, number, number] {
  const [ab, ac, ap] = [sub(b, a), sub(c, a), sub(p, a)];
  const [d1, d2] = [dot(ab, ap), dot(ac, ap)];
  if (d1 <= 0 && d2 <= 0) return [1, 0, 0];
  const bp = sub(p, b);
  const [d3, d4] = [dot(ab, bp), dot(ac, bp)];
  if (d3 >= 0 && d4 <= d3) return [0, 1, 0];
  const vc = d1 * d4 - d3 * d2;
  if (vc <= 0 && d1 >= 0 && d3 <= 0) return [1 - d1 / (d1 - d3), d1 / (d1 - d3), 0];
  const cp = sub(p, c);
  const [d5, d6] = [dot(ab, cp), dot(ac, cp)];
  if (d6 >= 0 && d5 <= d6) return [0, 0, 1];
  const vb = d5 * d2 - d1 * d6;
  if (vb <= 0 && d2 >= 0 && d6 <= 0) return [1 - d2 / (d2 - d6), 0, d2 / (d2 - d6)];
  const va = d3 * d6 - d5 * d4;
  if (va <= 0 && d4 - d3 >= 0 && d5 - d6 >= 0) {
    const w = (d4 - d3) / (d4 - d3 + (d5 - d6));
    return [0, 1 - w, w];
  }
  const sum = va + vb + vc;
  return [va / sum, vb / sum, vc / sum];
}

/** A boundary edge as a triangle and its two corners on the boundary. */
export type RimEdge = { readonly triangle: number; readonly from: 0 | 1 | 2; readonly to: 0 | 1 | 2 };

/** Boundary edges of a mesh: edges that no second triangle runs the other way. */
export function rimEdges(triangles: Uint32Array): RimEdge[] {
  const seen = new Set<string>();
  for (let t = 0; t < triangles.length; t += 3)
    for (let k = 0; k < 3; k++) seen.add(`${triangles[t + k]},${triangles[t + ((k + 1) % 3)]}`);
  const out: RimEdge[] = [];
  for (let t = 0; t < triangles.length; t += 3)
    for (let k = 0; k < 3; k++) {
      const to = ((k + 1) % 3) as 0 | 1 | 2;
      if (!seen.has(`${triangles[t + to]},${triangles[t + k]}`))
        out.push({ triangle: t / 3, from: k as 0 | 1 | 2, to });
    }
  return out;
}

/** The point of the rim nearest to p. */
export function nearestOnRim(
  shape: Float32Array,
  triangles: Uint32Array,
  rim: readonly RimEdge[],
  p: Point,
): SurfacePoint {
  let best: SurfacePoint = { triangle: 0, weights: [1, 0, 0] };
  let distance = Infinity;
  for (const edge of rim) {
    const a = vertexAt(shape, triangles[3 * edge.triangle + edge.from]!);
    const b = vertexAt(shape, triangles[3 * edge.triangle + edge.to]!);
    const ab = sub(b, a);
    const t = Math.max(0, Math.min(1, dot(sub(p, a), ab) / Math.max(1e-12, dot(ab, ab)))); // a rim edge without length
    const off = sub([a[0] + t * ab[0], a[1] + t * ab[1], a[2] + t * ab[2]], p);
    const d = dot(off, off);
    if (d >= distance) continue;
    const weights: [number, number, number] = [0, 0, 0];
    weights[edge.from] = 1 - t;
    weights[edge.to] = t;
    [best, distance] = [{ triangle: edge.triangle, weights }, d];
  }
  return best;
}
