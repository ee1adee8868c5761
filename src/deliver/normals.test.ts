/** Normal maps: a ball whose normals are known, and the slopes of the depth map as a second way to the same directions. */
import { describe, expect, it } from 'vitest';
import { orbitCamera, projectPoint } from '../core/camera.js';
import type { FieldSampler } from './field.js';
import { normalMap } from './normals.js';
import { formulaHead, renderPlainly } from './testing/formula-head.js';

const RADIUS = 0.1;
/** A ball with a soft edge, somewhere beside the middle. */
const CENTER = [0.02, -0.01, 0.03] as const;
const ball: FieldSampler = {
  box: { min: [-0.25, -0.25, -0.25], max: [0.25, 0.25, 0.25] },
  sample: (points) => {
    const density = new Float32Array(points.length / 3);
    for (let i = 0; i < density.length; i++) {
      const r = Math.hypot(points[3 * i]! - CENTER[0], points[3 * i + 1]! - CENTER[1], points[3 * i + 2]! - CENTER[2]);
      density[i] = 1000 / (1 + Math.exp((r - RADIUS) / 0.004));
    }
    return { density, color: new Float32Array(points.length).fill(0.5) };
  },
};
const camera = orbitCamera({ azimuth: 0.5, elevation: 0.2, distance: 1, focal: 100, width: 40, height: 36 });

describe('normalMap', () => {
  it("is n/2 + 1/2 in the camera's axes on the head, and exactly 0 beside it", async () => {
    const frame = await renderPlainly(ball, camera, 200);
    const map = await normalMap(ball, camera, frame, { step: 0.001 });
    const [column, row, depth] = projectPoint(camera, ...CENTER);
    let seen = 0;
    for (let i = 0; i < 40 * 36; i++) {
      const pixel = map.data.subarray(3 * i, 3 * i + 3);
      if (frame.opacity.data[i]! < 0.5) {
        expect([...pixel]).toEqual([0, 0, 0]);
        continue;
      }
      seen++;
      // The true normal: from the centre to the seen point, in the camera's axes (y up, z towards the camera).
      const d = frame.depth.data[i]!;
      const x = ((i % 40) + 0.5 - 20) * (d / 100) - (column - 20) * (depth / 100);
      const y = -(Math.floor(i / 40) + 0.5 - 18) * (d / 100) + (row - 18) * (depth / 100);
      const n = [x, y, depth - d].map((v) => v / Math.hypot(x, y, depth - d));
      n.forEach((v, c) => {
        // differences of a profile of width 0.004 lean towards the axes by (step / width)²/6 = 1 %
        expect(Math.abs(2 * pixel[c]! - 1 - v)).toBeLessThan(0.02);
      });
    }
    expect(seen).toBeGreaterThan(250); // a disc of 10 pixels' radius
  });

  it('agrees with the slopes of the depth map on a head', async () => {
    const head = formulaHead();
    const close = orbitCamera({ azimuth: 0.3, elevation: 0.1, distance: 1, focal: 150, width: 48, height: 48 });
    const frame = await renderPlainly(head, close, 200);
    const map = await normalMap(head, close, frame, { step: 0.002 });
    const angles: number[] = [];
    const point = (i: number) => {
      const d = frame.depth.data[i]!;
      return [(((i % 48) + 0.5 - 24) * d) / 150, (-(Math.floor(i / 48) + 0.5 - 24) * d) / 150, -d] as const;
    };
    for (let y = 1; y < 47; y++)
      for (let x = 1; x < 47; x++) {
        const i = 48 * y + x;
        if ([i, i - 1, i + 1, i - 48, i + 48].some((k) => frame.opacity.data[k]! < 0.99)) continue;
        const [l, r, u, d] = [point(i - 1), point(i + 1), point(i - 48), point(i + 48)];
        const [ax, ay, az] = [r[0] - l[0], r[1] - l[1], r[2] - l[2]];
        const [bx, by, bz] = [u[0] - d[0], u[1] - d[1], u[2] - d[2]];
        const n = [ay * bz - az * by, az * bx - ax * bz, ax * by - ay * bx];
        const m = [0, 1, 2].map((c) => 2 * map.data[3 * i + c]! - 1);
        const cosine = n.reduce((sum, v, c) => sum + v * m[c]!, 0) / (Math.hypot(...n) * Math.hypot(...m));
        angles.push((Math.acos(Math.max(-1, Math.min(1, cosine))) * 180) / Math.PI);
      }
    angles.sort((a, b) => a - b);
    expect(angles.length).toBeGreaterThan(300);
    expect(angles[angles.length >> 1]!).toBeLessThan(6); // degrees; differences of two pixels cut across edges of its parts
  });

  it('leaves out what lies behind the head, and flat density', async () => {
    const frame = await renderPlainly(ball, camera, 100);
    const cut = await normalMap(ball, camera, frame, { step: 0.002, far: 0.5 });
    expect(cut.data.every((value) => value === 0)).toBe(true);
    const flat = {
      ...ball,
      sample: (p: Float32Array) => ({ density: new Float32Array(p.length / 3).fill(9), color: p }),
    };
    expect((await normalMap(flat, camera, frame, { step: 0.002 })).data.every((value) => value === 0)).toBe(true);
  });
});
