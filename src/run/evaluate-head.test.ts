/** The evaluation in 3D: rows as configs, true views that agree with each other, and measures that know the truth. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadFaceTools } from '../condition/analyse-face.js';
import { projectPoint } from '../core/camera.js';
import type { Image } from '../core/image.js';
import { openHeadModel } from '../data/sources/heads.js';
import { PeopleRenderer } from '../data/synthetic/render.js';
import { gridAngles, tablePreset } from '../distill/index.js';
import { PUBLISHED_TABLES } from '../evaluate/published-heads.js';
import { shapeOf } from '../face/model/model.js';
import { configOfRow } from './evaluate-head.js';
import { evaluationAngles, type StudioOptions, type StudioPerson, studioPerson } from './evaluate-people.js';
import { headSheet } from './evaluate-sheet.js';

describe('configOfRow', () => {
  it('gives every row of every table its own value, and the paper’s plan twice', () => {
    const rows = Object.values(PUBLISHED_TABLES).flatMap(({ rows }) => rows.map(({ row }) => row));
    const configs = new Set([...new Set(rows)].map((row) => JSON.stringify(configOfRow(row, tablePreset))));
    expect(configs.size).toBe(new Set(rows).size - 1);
    expect(configOfRow('60/40', tablePreset)).toEqual(configOfRow('cfg 19', tablePreset));
    expect(configOfRow('30/70', tablePreset).target).toMatchObject({ lastSteps: 14 });
    expect(configOfRow('cfg 30', tablePreset).guidance).toBe(30);
    expect(configOfRow('dynamic, uncapped', tablePreset).target).toMatchObject({ schedule: 'uncapped' });
    expect(() => configOfRow('cfg', tablePreset)).toThrow(/internal/);
  });
});

describe('evaluationAngles', () => {
  it('stays inside the range and off every view of the table preset’s grid', () => {
    const { views } = tablePreset;
    for (const { azimuth, elevation } of evaluationAngles(views)) {
      expect(Math.abs(azimuth)).toBeLessThan(views.azimuthRange);
      expect(Math.abs(elevation)).toBeLessThan(views.elevationRange);
      const distance = gridAngles(views).map((g) => Math.hypot(g.azimuth - azimuth, g.elevation - elevation));
      expect(Math.min(...distance)).toBeGreaterThan(0.01); // radians: half a degree
    }
  });
});

describe('studioPerson', () => {
  let tools: StudioOptions['tools'];
  let person: StudioPerson;
  const SIZE = 64;
  beforeAll(async () => {
    tools = await loadFaceTools(undefined, { threads: 1 });
    const renderer = new PeopleRenderer(openHeadModel(undefined));
    const angles = [{ azimuth: 0, elevation: 0 }, ...evaluationAngles(tablePreset.views)];
    const found = await studioPerson(0, { renderer, tools, seed: 70021, size: SIZE, angles });
    person = found!;
  });
  afterAll(() => tools.tracker.dispose());

  it('tells the prior only what tracking tells: identity of the photo, expression of the other frame', () => {
    expect(person.target.identity).toEqual(person.reference.identity);
    expect(person.target.expression).not.toEqual(person.reference.expression);
    expect(person.target.landmarks).toEqual([]);
    expect(person.caption).toMatch(/^a person/);
  });

  it('places the fitted face where the true head is, in every view', () => {
    const shape = shapeOf(tools.model, person.target);
    for (const { camera, mask, depth } of person.views) {
      let inside = 0;
      const differences: number[] = [];
      for (let i = 0; i < shape.length; i += 3) {
        const [x, y, z] = [0, 1, 2].map((c) => 0.12 * shape[i + c]!);
        const [column, row, d] = projectPoint(camera, x!, y!, z!);
        const pixel = Math.floor(row) * SIZE + Math.floor(column);
        if (mask.data[pixel]! < 0.5) continue;
        inside++;
        differences.push((d / 0.12) * 100 - depth.data[pixel]!);
      }
      // The face of the model lies within the person's silhouette but for the rim of turned heads …
      expect(inside / (shape.length / 3)).toBeGreaterThan(0.9);
      // … and its surface within a centimetre of the true one for half of its points, after the shift that no photo tells
      const sorted = differences.sort((a, b) => a - b);
      const middle = sorted[sorted.length >> 1]!;
      const errors = sorted.map((d) => Math.abs(d - middle)).sort((a, b) => a - b);
      expect(errors[errors.length >> 1]!).toBeLessThan(10);
    }
  });

  it('keeps the light with the head: the frontal view is the frame that was fitted, turned ones differ', () => {
    const mean = ({ data }: Image) => data.reduce((sum, x) => sum + x, 0) / data.length;
    const levels = person.views.map(({ color }) => mean(color));
    for (const level of levels) expect(Math.abs(level - levels[0]!)).toBeLessThan(0.05); // even light from all sides
    expect(person.views[0]!.color.data).not.toEqual(person.views[3]!.color.data);
  });
});

describe('headSheet', () => {
  it('puts a tile per view between the photo and the depth, near is light', () => {
    const grey = (value: number, channels: number): Image => ({
      width: 64,
      height: 64,
      channels,
      data: new Float32Array(64 * 64 * channels).fill(value),
    });
    const depth = grey(0, 1);
    depth.data.fill(10, 0, 32 * 64);
    depth.data.fill(20, 32 * 64);
    const sheet = headSheet([{ first: null, views: [grey(0.5, 3)], depth }]);
    expect([sheet.width, sheet.height]).toEqual([3 * 128, 128]);
    const at = (x: number, y: number) => sheet.data[(y * sheet.width + x) * 3]!;
    expect(at(64, 64)).toBe(0);
    expect(at(128 + 64, 64)).toBe(0.5);
    expect(at(256 + 64, 10)).toBeCloseTo(1, 5);
    expect(at(256 + 64, 120)).toBeCloseTo(0.1, 5);
  });
});
