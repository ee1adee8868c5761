/** Views: numbers of the paper's sweeps, symmetry, and where cameras stand. */
import { describe, expect, it } from 'vitest';
import { cameraCenter, projectPoint } from '../core/camera.js';
import { paperView } from '../head/index.js';
import { gridAngles, PAPER_RANGE, spiralAngles, sweepAngles, viewCamera, WIDE_RANGE } from './orbit.js';

const degrees = (x: number) => (x * 180) / Math.PI;

describe('angles', () => {
  it('grid: 400 views, index azimuth·20 + elevation, corners at the ranges', () => {
    const views = gridAngles({ azimuths: 20, elevations: 20, ...WIDE_RANGE });
    expect(views.length).toBe(400);
    expect(degrees(views[0]!.azimuth)).toBeCloseTo(-45, 10);
    expect(degrees(views[0]!.elevation)).toBeCloseTo(-20, 10);
    expect(degrees(views[19]!.elevation)).toBeCloseTo(20, 10);
    expect(degrees(views[20]!.azimuth)).toBeCloseTo(-45 + 90 / 19, 10);
    expect(degrees(gridAngles({ azimuths: 2, elevations: 1, ...PAPER_RANGE })[1]!.azimuth)).toBeCloseTo(22.5, 10);
  });
  it('sweep: 15 views from −45° to 45° at elevation 0', () => {
    const views = sweepAngles();
    expect(views.length).toBe(15);
    expect(degrees(views[14]!.azimuth)).toBeCloseTo(45, 10);
    expect(views.every(({ elevation }) => elevation === 0)).toBe(true);
  });
  it('spiral: starts in front, is widest in the second turn, stays in range, ends near its start', () => {
    const views = spiralAngles(300);
    expect(views[0]).toEqual({ azimuth: 0, elevation: 0 });
    expect(degrees(views[100]!.azimuth)).toBeCloseTo(45, 6);
    expect(degrees(views[125]!.elevation)).toBeCloseTo(20, 6);
    expect(Math.abs(views[299]!.azimuth)).toBeLessThan(0.02 * Math.PI);
    for (const { azimuth, elevation } of views)
      expect(Math.hypot(degrees(azimuth) / 45, degrees(elevation) / 20)).toBeLessThanOrEqual(1 + 1e-9);
  });
});

describe('viewCamera', () => {
  it('stands at 1.2 on the side of positive angles and has the origin in the middle', () => {
    const camera = viewCamera({ azimuth: 0.3, elevation: 0.2 }, paperView, 64);
    const [x, y, z] = cameraCenter(camera);
    expect(Math.hypot(x, y, z)).toBeCloseTo(1.2, 12);
    expect(x > 0 && y > 0 && z > 0).toBe(true);
    const [column, row, depth] = projectPoint(camera, 0, 0, 0);
    expect([column, row, depth].map((v) => Number(v.toFixed(9)))).toEqual([32, 32, 1.2]);
  });
});
