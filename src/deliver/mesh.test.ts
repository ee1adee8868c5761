import { describe, expect, it } from 'vitest';
import { JokerError } from '../core/errors.js';
import { bakeField, cellCenter, type FieldSampler } from './field.js';
import { isolateHead } from './isolate.js';
import { extractMesh, largestComponent } from './mesh.js';
import { formulaHead } from './testing/formula-head.js';

/** Two balls: a red one of radius 0.1 and a small floater. */
const balls: FieldSampler = {
  box: { min: [-0.25, -0.25, -0.25], max: [0.25, 0.25, 0.25] },
  sample(points) {
    const density = new Float32Array(points.length / 3);
    const color = new Float32Array(points.length);
    for (let i = 0; i < density.length; i++) {
      const [x, y, z] = [points[3 * i]!, points[3 * i + 1]!, points[3 * i + 2]!];
      const inside = Math.max(0.1 - Math.hypot(x, y, z), 0.02 - Math.hypot(x - 0.2, y, z));
      density[i] = Math.max(0, Math.min(400, 69 + 40_000 * inside));
      color.set([0.8, 0.2, 0.1], 3 * i);
    }
    return { density, color };
  },
};

describe('extractMesh', () => {
  it('keeps the largest piece, with its colour and outward normals', async () => {
    const mesh = await extractMesh(balls, await bakeField(balls, { resolution: 48 }));
    const worst = { radius: 0, turn: 1, red: 0, green: 0 };
    for (let i = 0; i < mesh.positions.length; i += 3) {
      const p = mesh.positions.subarray(i, i + 3);
      const along = p.reduce((sum, value, k) => sum + value * mesh.normals[i + k]!, 0) / 0.1;
      worst.radius = Math.max(worst.radius, Math.abs(Math.hypot(...p) - 0.1));
      worst.turn = Math.min(worst.turn, along);
      worst.red = Math.max(worst.red, Math.abs(mesh.colors[i]! - 0.8));
      worst.green = Math.max(worst.green, Math.abs(mesh.colors[i + 1]! - 0.2));
    }
    expect(worst.radius).toBeLessThan(0.004); // a cell is 0.008
    expect(worst.turn).toBeGreaterThan(0.8); // cosine to the true normal
    expect(Math.max(worst.red, worst.green)).toBeLessThan(1e-5);
  });

  it('finds the eyes of the formula head where they are', async () => {
    const field = formulaHead();
    const mesh = await extractMesh(field, await bakeField(field, { resolution: 96 }));
    const blue: number[] = [];
    for (let i = 0; i < mesh.positions.length; i += 3)
      if (mesh.colors[i + 2]! > mesh.colors[i]! + 0.2) blue.push(mesh.positions[i + 1]!, mesh.positions[i + 2]!);
    expect(blue.length).toBeGreaterThan(8);
    for (let i = 0; i < blue.length; i += 2) {
      expect(Math.abs(blue[i]! - 0.015)).toBeLessThan(0.012);
      expect(blue[i + 1]).toBeGreaterThan(0.08);
    }
  });

  it('refuses a field without a surface', async () => {
    const fog: FieldSampler = {
      ...balls,
      sample: (p) => ({ density: new Float32Array(p.length / 3).fill(2), color: p }),
    };
    const grid = await bakeField(fog, { resolution: 16 });
    await expect(extractMesh(fog, grid)).rejects.toThrow(JokerError);
  });
});

describe('largestComponent', () => {
  it('drops what the largest piece does not use', () => {
    const positions = Float32Array.from({ length: 27 }, (_, i) => i);
    const mesh = largestComponent({ positions, triangles: Uint32Array.of(0, 1, 2, 4, 5, 6, 6, 5, 7) });
    expect(Array.from(mesh.triangles)).toEqual([0, 1, 2, 2, 1, 3]);
    expect(Array.from(mesh.positions)).toEqual(Array.from(positions.subarray(12, 24)));
  });
});

describe('bakeField', () => {
  it('agrees with sampling every cell of its own grid', async () => {
    const field = formulaHead();
    const grid = await bakeField(field, { resolution: 40 });
    const [sx, sy] = grid.size;
    const points = Float32Array.from({ length: 3 * grid.density.length }, (_, k) => {
      const i = Math.floor(k / 3);
      const at = [i % sx, Math.floor(i / sx) % sy, Math.floor(i / (sx * sy))][k % 3]!;
      const [low, high] = [grid.box.min[(k % 3) as 0 | 1 | 2], grid.box.max[(k % 3) as 0 | 1 | 2]];
      return low + ((at + 0.5) / grid.size[(k % 3) as 0 | 1 | 2]) * (high - low);
    });
    const { density } = await field.sample(points);
    // 0.5 of 400: the edges are steep, and the two ways of computing a cell's centre round differently.
    const worst = density.reduce((most, value, i) => Math.max(most, Math.abs(grid.density[i]! - value)), 0);
    expect(worst).toBeLessThan(0.5);
  });

  it('treats NaN and infinity as empty and very dense', async () => {
    const bad: FieldSampler = {
      box: balls.box,
      sample: (p) => ({
        density: new Float32Array(p.length / 3).map((_, i) => [Number.NaN, Number.POSITIVE_INFINITY, -3][i % 3]!),
        color: new Float32Array(p.length).fill(Number.NaN),
      }),
    };
    const grid = await bakeField(bad, { resolution: 8 });
    expect(grid.density.every(Number.isFinite)).toBe(true);
    expect(grid.color.every((v) => v >= 0 && v <= 1)).toBe(true);
  });

  it('refuses an empty field and a wild resolution', async () => {
    const none: FieldSampler = { ...balls, sample: (p) => ({ density: new Float32Array(p.length / 3), color: p }) };
    await expect(bakeField(none)).rejects.toThrow(/empty/);
    await expect(bakeField(balls, { resolution: 1e6 })).rejects.toThrow(/resolution/);
  });
});

describe('isolateHead', () => {
  it('empties the floater, keeps the head and its soft edge, and leaves an unsolid grid alone', async () => {
    const grid = await bakeField(balls, { resolution: 48 });
    const alone = isolateHead(grid, 69);
    const [sx] = grid.size;
    let [kept, dropped] = [0, 0];
    grid.density.forEach((value, i) => {
      if (value === 0) return;
      const x = cellCenter(grid, 0, i % sx);
      if (alone.density[i] === value && x < 0.11) kept++;
      else if (alone.density[i] === 0 && x > 0.15) dropped++;
      else throw new Error(`cell ${i} at x ${x}: ${value} became ${alone.density[i]}`);
    });
    expect(Math.min(kept, dropped)).toBeGreaterThan(0);
    expect(isolateHead(grid, 1e6)).toBe(grid);
  });
});
