/** Occupancy grid: what is dense stays, what is empty goes, what appears comes back. */
import { describe, expect, it } from 'vitest';
import { RandomStream, randomKey } from '../core/rng.js';
import { type DensityAt, fullOccupancy, markOccupied, updateOccupancy } from './occupancy.js';

/** Density 100 in a ball of radius 0.25 of the unit cube, 0 elsewhere. */
const ball: DensityAt = (points) =>
  Float32Array.from({ length: points.length / 3 }, (_, i) =>
    Math.hypot(points[i * 3]! - 0.5, points[i * 3 + 1]! - 0.5, points[i * 3 + 2]! - 0.5) < 0.25 ? 100 : 0,
  );
const nothing: DensityAt = (points) => new Float32Array(points.length / 3);
const stream = () => new RandomStream(randomKey(5));
const share = (occupied: Uint8Array) => occupied.reduce((s, x) => s + x, 0) / occupied.length;

describe('updateOccupancy', () => {
  it('keeps the cells of a ball', async () => {
    const grid = fullOccupancy(16);
    for (let i = 0; i < 8; i++) await updateOccupancy(grid, ball, stream(), { halfSide: 0.25, cells: 'all' });
    const volume = (4 / 3) * Math.PI * 0.25 ** 3; // 6.5 % of the cube; border cells add some
    expect(share(grid.occupied)).toBeGreaterThan(volume * 0.9);
    expect(share(grid.occupied)).toBeLessThan(volume * 1.7);
    expect(grid.occupied[8 + 16 * (8 + 16 * 8)]).toBe(1);
    expect(grid.occupied[0]).toBe(0);
  });
  it('forgets density that is gone: 0.95 per update', async () => {
    const grid = fullOccupancy(4);
    grid.values.fill(1);
    await updateOccupancy(grid, nothing, stream(), { halfSide: 0.25, cells: 'all' });
    for (const value of grid.values) expect(value).toBeCloseTo(0.95, 6);
  });
  it('decays a cell once per update even when it is drawn twice', async () => {
    const grid = fullOccupancy(4);
    grid.values.fill(1);
    await updateOccupancy(grid, nothing, stream(), { halfSide: 0.25, cells: 'some' });
    for (const value of grid.values) expect([1, Math.fround(0.95)]).toContain(value);
  });
  it('survives a grid in which nothing is occupied', async () => {
    const grid = fullOccupancy(8);
    await updateOccupancy(grid, nothing, stream(), { halfSide: 0.25, cells: 'all' });
    expect(share(grid.occupied)).toBe(0);
    for (let i = 0; i < 20; i++) await updateOccupancy(grid, ball, stream(), { halfSide: 0.25, cells: 'some' });
    expect(share(grid.occupied)).toBeGreaterThan(0);
  });
});

describe('markOccupied', () => {
  it('compares with the mean when that is below the threshold', () => {
    const grid = fullOccupancy(2);
    grid.values.set([0.004, 0, 0, 0, 0, 0, 0, 0.0001]);
    markOccupied(grid);
    expect([...grid.occupied]).toEqual([1, 0, 0, 0, 0, 0, 0, 0]);
  });
});
