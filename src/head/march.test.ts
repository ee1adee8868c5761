/** Marching: against a walk in tiny steps, and stated properties of samples. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RandomStream, randomKey } from '../core/rng.js';
import { draftField } from './field.js';
import { boxRange, type MarchOptions, makeSampleBatch, marchRays } from './march.js';
import { fullOccupancy, type Occupancy } from './occupancy.js';
import { makeRays, type Rays } from './rays.js';

const H = draftField.halfSide;

function rayOf(origin: readonly number[], towards: readonly number[]): Rays {
  const rays = makeRays(1);
  rays.origins.set(origin);
  const d = towards.map((x, i) => x - origin[i]!);
  const length = Math.hypot(...d);
  rays.directions.set(d.map((x) => x / length));
  return rays;
}

function randomOccupancy(seed: number, share: number): Occupancy {
  const stream = new RandomStream(randomKey(seed));
  const grid = fullOccupancy(8);
  for (let i = 0; i < grid.occupied.length; i++) grid.occupied[i] = stream.chance(share) ? 1 : 0;
  return grid;
}

/** 1 where the point is in an occupied cell. */
function occupiedAt(grid: Occupancy, rays: Rays, t: number): number {
  const r = grid.resolution;
  const cell = [0, 1, 2].map((a) => Math.floor(((rays.origins[a]! + rays.directions[a]! * t + H) / (2 * H)) * r));
  if (cell.some((c) => c < 0 || c >= r)) return 0;
  return grid.occupied[cell[0]! + r * (cell[1]! + r * cell[2]!)]!;
}

function march(rays: Rays, grid: Occupancy, options: Partial<MarchOptions> = {}) {
  const batch = makeSampleBatch(rays.count, options.samples ?? 32);
  marchRays(rays, draftField, grid, { samples: 32, stop: Infinity, ...options }, batch);
  return batch;
}

/** Off the borders between cells, where a ray belongs to either side: thousandths and a bit, never a multiple of 1/16. */
const coordinate = (limit: number) => fc.integer({ min: -limit, max: limit - 1 }).map((k) => (k + 0.137) / 1000);
const point = fc.tuple(coordinate(200), coordinate(200), coordinate(200));
const far = fc.tuple(coordinate(1000), coordinate(1000), fc.constantFrom(-1.2, 1.2));

describe('marchRays', () => {
  it('covers exactly the occupied length of any ray, inside occupied cells, near to far', () => {
    fc.assert(
      fc.property(far, point, fc.integer({ min: 0, max: 1e6 }), (origin, towards, seed) => {
        const rays = rayOf(origin, towards);
        const grid = randomOccupancy(seed, 0.4);
        const batch = march(rays, grid);
        let length = 0;
        const step = 1e-4;
        for (let t = 0; t < 3; t += step) length += step * occupiedAt(grid, rays, t + step / 2);
        const total = batch.length.reduce((s, x) => s + x, 0);
        // The walk in steps of 1e-4 is off by at most one step per border; a ray has at most 22 borders here.
        expect(Math.abs(total - length)).toBeLessThan(22 * step);
        const used = batch.length.indexOf(0);
        const count = used < 0 ? 32 : used;
        for (let i = 0; i < count; i++) {
          const t = batch.distance[i]!;
          if (i > 0) expect(t).toBeGreaterThan(batch.distance[i - 1]!);
          // A sample within 1e-6 of a border may round to the other side.
          expect(Math.max(occupiedAt(grid, rays, t - 1e-6), occupiedAt(grid, rays, t + 1e-6))).toBe(1);
        }
      }),
      { numRuns: 60, seed: 1 },
    );
  });
  it('takes steps of the wished length, longer ones only when slots run out', () => {
    const rays = rayOf([0, 0, 1.2], [0, 0, 0]);
    expect(march(rays, fullOccupancy(8), { samples: 64, step: 0.01 }).length[0]).toBeCloseTo(0.01, 6);
    expect(march(rays, fullOccupancy(8), { samples: 10, step: 0.01 }).length[9]).toBeCloseTo(0.05, 6);
  });
  it('jitters inside each step only', () => {
    const rays = rayOf([0, 0, 1.2], [0, 0, 0]);
    const batch = march(rays, fullOccupancy(8), { samples: 50, step: 0.01, stream: new RandomStream(randomKey(2)) });
    for (let i = 0; i < 50; i++) {
      expect(batch.distance[i]).toBeGreaterThan(0.95 + i * 0.01 - 1e-6);
      expect(batch.distance[i]).toBeLessThan(0.95 + (i + 1) * 0.01 + 1e-6);
    }
  });
  it('leaves rays that miss, and empty grids, without samples', () => {
    const empty = fullOccupancy(8);
    empty.occupied.fill(0);
    expect(march(rayOf([0, 0, 1.2], [0, 0, 0]), empty).length.every((x) => x === 0)).toBe(true);
    expect(march(rayOf([1, 1, 1.2], [1, 1, 0]), fullOccupancy(8)).length.every((x) => x === 0)).toBe(true);
  });
  it('stops behind what the grid calls opaque', () => {
    const grid = fullOccupancy(8);
    grid.values.fill(1); // opacity-like 1 per 0.00433: far beyond the limit within one cell
    const batch = march(rayOf([0, 0, 1.2], [0, 0, 0]), grid, { stop: 9 });
    expect(Math.max(...batch.distance)).toBeLessThan(0.95 + 0.0625 + 1e-6);
  });
});

describe('boxRange', () => {
  it('gives entry and exit of an axis-parallel ray, and misses', () => {
    const out = new Float64Array(2);
    boxRange(rayOf([0.1, 0.1, 1.2], [0.1, 0.1, 0]), 0, 0.25, out);
    expect(out[0]).toBeCloseTo(0.95, 6);
    expect(out[1]).toBeCloseTo(1.45, 6);
    boxRange(rayOf([0.3, 0, 1.2], [0.3, 0, 0]), 0, 0.25, out);
    expect(out[1]).toBeLessThan(out[0]!);
  });
});
