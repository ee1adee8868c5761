/** The rasteriser against analytic surfaces, a naive point-in-triangle twin, and the exactly-once rule of shared edges. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { orbitCamera, rayDirection } from './camera.js';
import {
  clearRaster,
  interpolateAttributes,
  makeRasterTarget,
  projectVertices,
  rasterize,
  resolveBarycentrics,
} from './raster.js';
import { RandomStream, randomKey } from './rng.js';

const SIZE = 64;
const camera = orbitCamera({ azimuth: 0.3, elevation: -0.2, distance: 4, focal: 100, width: SIZE, height: SIZE });

/** Unit sphere of rings × sectors quads; counter-clockwise from outside. */
function sphere(rings: number, sectors: number): { positions: Float32Array; triangles: Uint32Array } {
  const positions: number[] = [];
  const triangles: number[] = [];
  for (let i = 0; i <= rings; i++)
    for (let j = 0; j <= sectors; j++) {
      const [p, a] = [(Math.PI * i) / rings, (2 * Math.PI * j) / sectors];
      positions.push(Math.sin(p) * Math.sin(a), Math.cos(p), Math.sin(p) * Math.cos(a));
    }
  for (let i = 0; i < rings; i++)
    for (let j = 0; j < sectors; j++) {
      const a = i * (sectors + 1) + j;
      const b = a + sectors + 1;
      triangles.push(a, b, a + 1, a + 1, b, b + 1);
    }
  return { positions: new Float32Array(positions), triangles: new Uint32Array(triangles) };
}

test('a finely cut sphere has the depth and normals of the ray-traced one, and culling its back changes nothing', () => {
  const mesh = sphere(128, 256);
  const projected = new Float32Array(mesh.positions.length);
  projectVertices(camera, mesh.positions, projected);
  const target = makeRasterTarget(SIZE, SIZE);
  rasterize(target, projected, mesh.triangles);
  const both = target.triangle.slice();
  clearRaster(target);
  rasterize(target, projected, mesh.triangles, { cull: 'back' });
  expect(target.triangle).toEqual(both);
  const weights = resolveBarycentrics(target, projected, mesh.triangles);
  const normals = interpolateAttributes(target, mesh.triangles, weights, mesh.positions, 3);
  const m = camera.cameraToWorld;
  let compared = 0;
  for (let y = 0; y < SIZE; y++)
    for (let x = 0; x < SIZE; x++) {
      const d = rayDirection(camera, x + 0.5, y + 0.5);
      const o = [m[3]!, m[7]!, m[11]!];
      const half = d[0] * o[0]! + d[1] * o[1]! + d[2] * o[2]!;
      const inside = half * half - (o[0]! ** 2 + o[1]! ** 2 + o[2]! ** 2 - 1);
      const i = y * SIZE + x;
      if (Math.abs(inside) < 0.02) continue; // the silhouette: a polygon and a circle differ by its chord
      expect(target.triangle[i]! >= 0).toBe(inside > 0);
      if (inside <= 0) continue;
      const s = -half - Math.sqrt(inside);
      const depth = s * -(m[2]! * d[0] + m[6]! * d[1] + m[10]! * d[2]);
      expect(Math.abs(1 / target.inverseDepth[i]! - depth)).toBeLessThan(2e-3); // facets of 1.4–2.8° at grazing angles
      for (let k = 0; k < 3; k++) expect(Math.abs(normals[3 * i + k]! - (o[k]! + s * d[k]!))).toBeLessThan(6e-3);
      compared++;
    }
  expect(compared).toBeGreaterThan(1500);
});

test('attributes are linear on a slanted plane in space with perspective weights, and on the picture without', () => {
  const positions = new Float32Array([-1, -1, 0, 1, -1, 0, 0.2, 1, -3]);
  const triangles = new Uint32Array([0, 1, 2]);
  const projected = new Float32Array(9);
  projectVertices(camera, positions, projected);
  const target = makeRasterTarget(SIZE, SIZE);
  rasterize(target, projected, triangles);
  const space = interpolateAttributes(
    target,
    triangles,
    resolveBarycentrics(target, projected, triangles),
    positions,
    3,
  );
  const flat = resolveBarycentrics(target, projected, triangles, false);
  const seen = interpolateAttributes(target, triangles, flat, projected, 3);
  for (let i = 0; i < SIZE * SIZE; i++) {
    if (target.triangle[i]! < 0) continue;
    const again = new Float32Array(3);
    projectVertices(camera, space.subarray(3 * i, 3 * i + 3), again);
    expect(again[0]).toBeCloseTo((i % SIZE) + 0.5, 3);
    expect(again[1]).toBeCloseTo(Math.floor(i / SIZE) + 0.5, 3);
    expect(seen[3 * i]).toBeCloseTo((i % SIZE) + 0.5, 3);
    expect(again[2]).toBeCloseTo(target.inverseDepth[i]!, 3);
  }
});

const coordinate = fc.oneof(
  fc.double({ min: -8, max: 24, noNaN: true }),
  fc.integer({ min: -2, max: 18 }).map((x) => x + 0.5), // exactly on pixel centres: the ties that the fill rule decides
);
const vertex = fc.tuple(coordinate, coordinate, fc.double({ min: 0.1, max: 2, noNaN: true }));

test('random triangles: the naive twin sees the same pixels and depths', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(vertex, vertex, vertex), { minLength: 1, maxLength: 6 }), (list) => {
      const projected = new Float32Array(list.flat(2));
      const triangles = Uint32Array.from({ length: list.length * 3 }, (_, i) => i);
      const target = makeRasterTarget(16, 16);
      rasterize(target, projected, triangles);
      const twin = naive(projected, list.length, 16);
      expect([...target.triangle]).toEqual(twin.triangle);
      expect(Math.max(...target.inverseDepth.map((w, i) => Math.abs(w - twin.inverseDepth[i]!)))).toBeLessThan(1e-6);
    }),
    { numRuns: 150 },
  );
});

/** Point in triangle pixel by pixel, with corners snapped and ties decided as documented. */
function naive(p: Float32Array, count: number, size: number): { triangle: number[]; inverseDepth: number[] } {
  const triangle = new Array<number>(size * size).fill(-1);
  const inverseDepth = new Array<number>(size * size).fill(0);
  const snap = (x: number): number => Math.round(x * 256) / 256;
  for (let i = 0; i < size * size; i++)
    for (let t = 0; t < count; t++) {
      const q = [0, 1, 2].map((k) => [snap(p[9 * t + 3 * k]!), snap(p[9 * t + 3 * k + 1]!), p[9 * t + 3 * k + 2]!]);
      const cross = (a: number[], b: number[], x: number, y: number): number =>
        (b[0]! - a[0]!) * (y - a[1]!) - (b[1]! - a[1]!) * (x - a[0]!);
      const area = cross(q[0]!, q[1]!, q[2]![0]!, q[2]![1]!);
      if (area === 0) continue;
      if (area < 0) [q[1], q[2]] = [q[2]!, q[1]!];
      const [x, y] = [(i % size) + 0.5, Math.floor(i / size) + 0.5];
      let w = 0;
      const inside = [0, 1, 2].every((k) => {
        const [a, b] = [q[(k + 1) % 3]!, q[(k + 2) % 3]!];
        const e = cross(a, b, x, y);
        w += (e / Math.abs(area)) * q[k]![2]!;
        return e > 0 || (e === 0 && (b[1]! < a[1]! || (b[1] === a[1] && b[0]! > a[0]!)));
      });
      if (inside && Math.fround(w) > inverseDepth[i]!) {
        inverseDepth[i] = Math.fround(w);
        triangle[i] = t;
      }
    }
  return { triangle, inverseDepth };
}

describe('shared edges', () => {
  test('a random fan of triangles around a point covers every pixel of its polygon exactly once', () => {
    const random = new RandomStream(randomKey(5));
    for (let trial = 0; trial < 200; trial++) {
      const corners = 5 + random.integer(5); // fewer could leave the centre outside
      const centre = [8 + random.uniform(-1, 1), 8 + random.uniform(-1, 1)];
      if (random.chance(0.5)) centre.splice(0, 2, 8.5, 8.5);
      const ring = Array.from({ length: corners }, (_, i) => {
        const angle = (2 * Math.PI * (i + random.uniform(0, 0.5))) / corners;
        return [8 + 7.4 * Math.cos(angle), 8 + 7.4 * Math.sin(angle)];
      });
      const count = new Int32Array(256);
      for (let i = 0; i < corners; i++) {
        const one = [centre, ring[i]!, ring[(i + 1) % corners]!];
        const target = makeRasterTarget(16, 16);
        rasterize(target, new Float32Array(one.flatMap((v) => [v[0]!, v[1]!, 1])), new Uint32Array([0, 1, 2]));
        for (let k = 0; k < 256; k++) if (target.triangle[k] === 0) count[k]!++;
      }
      expect(Math.max(...count)).toBeLessThanOrEqual(1);
      expect(count[8 * 16 + 8]).toBe(1); // the middle pixel is inside every such polygon: no holes between triangles
    }
  });

  test('a grid of quads on pixel centres leaves neither holes nor doubles', () => {
    const positions: number[] = [];
    const triangles: number[] = [];
    for (let y = 0; y <= 8; y++) for (let x = 0; x <= 8; x++) positions.push(2 * x + 0.5, 2 * y + 0.5, 1);
    for (let y = 0; y < 8; y++)
      for (let x = 0; x < 8; x++) {
        const a = y * 9 + x;
        triangles.push(a, a + 1, a + 9, a + 9, a + 1, a + 10);
      }
    const total = new Int32Array(18 * 18);
    for (let t = 0; t < triangles.length / 3; t++) {
      const target = makeRasterTarget(18, 18);
      rasterize(target, new Float32Array(positions), new Uint32Array(triangles), { first: t, end: t + 1 });
      for (let k = 0; k < total.length; k++) if (target.triangle[k] === t) total[k]!++;
    }
    for (let y = 0; y < 18; y++) for (let x = 0; x < 18; x++) expect(total[y * 18 + x]).toBe(x < 16 && y < 16 ? 1 : 0);
  });
});

test('poison: NaN, infinities, points behind the camera and far outside draw nothing and break nothing', () => {
  const target = makeRasterTarget(8, 8);
  for (const bad of [Number.NaN, Number.POSITIVE_INFINITY, -1e30, 1e9])
    rasterize(target, new Float32Array([bad, 1, 1, 6, 1, 1, 3, 6, 1]), new Uint32Array([0, 1, 2]));
  rasterize(target, new Float32Array([1, 1, 0, 6, 1, 1, 3, 6, 1]), new Uint32Array([0, 1, 2]));
  expect(target.triangle.every((t) => t === -1)).toBe(true);
});
