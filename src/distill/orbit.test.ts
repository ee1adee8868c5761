/** Views: numbers of the paper's sweeps, symmetry, and where cameras stand. */
import { describe, expect, it } from 'vitest';
import { cameraCenter, projectPoint } from '../core/camera.js';
import { paperView } from '../head/index.js';
import { gridAngles, PAPER_RANGE, viewCamera, WIDE_RANGE } from './orbit.js';

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
