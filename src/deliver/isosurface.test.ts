import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Mesh } from '../core/mesh.js';
import type { FieldGrid } from './field.js';
import { cellCenter } from './field.js';
import { isosurface } from './isosurface.js';
import { CUBE_CASES } from './isosurface-table.js';

function gridOf(n: number, half: number, density: (x: number, y: number, z: number) => number): FieldGrid {
  const grid: FieldGrid = {
    size: [n, n, n],
    box: { min: [-half, -half, -half], max: [half, half, half] },
    density: new Float32Array(n ** 3),
    color: new Float32Array(3 * n ** 3),
  };
  for (let z = 0, i = 0; z < n; z++)
    for (let y = 0; y < n; y++)
      for (let x = 0; x < n; x++, i++)
        grid.density[i] = density(cellCenter(grid, 0, x), cellCenter(grid, 1, y), cellCenter(grid, 2, z));
  return grid;
}

/** Closed and manifold along edges: every directed edge occurs once, and so does its reverse. */
function expectClosed(mesh: Mesh): void {
  const directed = new Set<number>();
  const count = mesh.positions.length / 3;
  for (let t = 0; t < mesh.triangles.length; t += 3)
    for (let k = 0; k < 3; k++) {
      const [a, b] = [mesh.triangles[t + k]!, mesh.triangles[t + ((k + 1) % 3)]!];
      if (a === b || directed.has(a * count + b)) throw new Error(`edge ${a}→${b} occurs twice or is a point`);
      directed.add(a * count + b);
    }
  for (const key of directed) {
    const reverse = (key % count) * count + Math.floor(key / count);
    if (!directed.has(reverse)) throw new Error(`edge ${Math.floor(key / count)}→${key % count} is open`);
  }
}

/** Area, and signed volume by the divergence theorem (positive when triangles face outwards). */
function measure({ positions: p, triangles }: Mesh): { area: number; volume: number } {
  let [area, volume] = [0, 0];
  for (let t = 0; t < triangles.length; t += 3) {
    const [a, b, c] = [0, 1, 2].map((k) => Array.from(p.subarray(3 * triangles[t + k]!, 3 * triangles[t + k]! + 3)));
    const [u, v] = [b!, c!].map((q) => q.map((value, i) => value - a![i]!));
    const cross = [
      u![1]! * v![2]! - u![2]! * v![1]!,
      u![2]! * v![0]! - u![0]! * v![2]!,
      u![0]! * v![1]! - u![1]! * v![0]!,
    ];
    area += Math.hypot(...cross) / 2;
    volume += (a![0]! * cross[0]! + a![1]! * cross[1]! + a![2]! * cross[2]!) / 6;
  }
  return { area, volume };
}

describe('case table', () => {
  it('has triangles in every case but the two uniform ones', () => {
    CUBE_CASES.forEach((edges, inside) => {
      expect(edges.length % 3).toBe(0);
      expect(edges.length === 0).toBe(inside === 0 || inside === 255);
    });
  });

  it('cuts one corner off with one triangle', () => {
    for (let corner = 0; corner < 8; corner++) expect(CUBE_CASES[1 << corner]!).toHaveLength(3);
  });
});

describe('isosurface', () => {
  it('of a sphere is closed, faces outwards, and has its area and volume', () => {
    const radius = 0.7;
    const mesh = isosurface(
      gridOf(40, 1, (x, y, z) => 100 * (1 + radius - Math.hypot(x, y, z))),
      100,
    );
    expectClosed(mesh);
    const { area, volume } = measure(mesh);
    // Chords of a sphere with cells of r/14 lie inside it: measured −0.2 % area, −0.3 % volume.
    expect(area / (4 * Math.PI * radius ** 2)).toBeCloseTo(1, 2);
    expect(volume / ((4 / 3) * Math.PI * radius ** 3)).toBeCloseTo(1, 2);
    const radii = Array.from({ length: mesh.positions.length / 3 }, (_, i) =>
      Math.hypot(...mesh.positions.subarray(3 * i, 3 * i + 3)),
    );
    expect(Math.min(...radii)).toBeCloseTo(radius, 2);
    expect(Math.max(...radii)).toBeCloseTo(radius, 2);
  });

  it('has genus 1 for a torus (Euler characteristic 0)', () => {
    const torus = (x: number, y: number, z: number) => 2 - Math.hypot(Math.hypot(x, y) - 0.6, z);
    const mesh = isosurface(gridOf(32, 1, torus), 2 - 0.25);
    expectClosed(mesh);
    expect(mesh.positions.length / 3 - mesh.triangles.length / 6).toBe(0); // V − E + F with E = 3F/2
  });

  it('is closed where the density reaches the border of the grid, and empty below the level', () => {
    const full = gridOf(6, 1, () => 50);
    const mesh = isosurface(full, 25);
    expectClosed(mesh);
    expect(measure(mesh).volume).toBeGreaterThan(0);
    expect(isosurface(full, 51).triangles).toHaveLength(0);
  });

  it('is closed and manifold for any values, exact hits of the level included', () => {
    const values = fc.array(fc.constantFrom(0, 0.5, 0.999, 1, 1.001, 2, 7), { minLength: 64, maxLength: 64 });
    fc.assert(
      fc.property(values, (list) => {
        let next = 0;
        const mesh = isosurface(
          gridOf(4, 1, () => list[next++]!),
          1,
        );
        expectClosed(mesh);
        expect(mesh.positions.every(Number.isFinite)).toBe(true);
      }),
      { numRuns: 300, seed: 1 },
    );
  });
});
