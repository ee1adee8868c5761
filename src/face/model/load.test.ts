import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { JokerError } from '../../core/errors.js';
import { assetPath } from '../../core/files/assets.js';
import {
  encodeSafetensors,
  openSafetensors,
  parseSafetensors,
  readIntegers,
  readTensor,
  type TensorToWrite,
} from '../../core/files/safetensors.js';
import { STANDARD_FACE } from '../../photo/align.js';
import { ARKIT_52 } from '../expression.js';
import { loadMorphableModel, morphableModelFrom, saveMorphableModel } from './load.js';
import { arkitFromExpression, expressionFromArkit, meshOf, shapeOf } from './model.js';

const path = assetPath('face', 'builtin.safetensors');
const model = loadMorphableModel(path);

describe('the builtin model', () => {
  it('is what its documentation says', () => {
    expect(model.vertexCount).toBeGreaterThan(1500);
    expect(model.expressionNames.every((name) => ARKIT_52.includes(name))).toBe(true);
    expect(model.expressionNames).not.toContain('tongueOut');
    expect(model.identityBasis.length).toBe(60);
    expect(model.reader?.weights.length).toBe(3 + 60 + model.expressionNames.length);
    expect(new Set(model.landmarks68).size).toBe(68);
  });

  it('has its five points at the standard face, within a population’s spread', () => {
    model.landmarks5.forEach((set, i) => {
      for (let c = 0; c < 3; c++) {
        const ours = set.reduce((s, v) => s + model.mean[3 * v + c]!, 0) / set.length;
        expect(Math.abs(ours - STANDARD_FACE[i]![c as 0 | 1 | 2])).toBeLessThan(0.06); // 6 mm between two mean faces
      }
    });
  });

  it('is a disc with three holes, every edge shared by at most two triangles that agree on the outside', () => {
    const edges = new Map<string, number>();
    const { triangles } = model;
    for (let t = 0; t < triangles.length; t += 3)
      for (let k = 0; k < 3; k++) {
        const key = `${triangles[t + k]},${triangles[t + ((k + 1) % 3)]}`;
        edges.set(key, (edges.get(key) ?? 0) + 1);
      }
    expect([...edges.values()].every((n) => n === 1)).toBe(true); // each direction once: consistent winding
    const undirected = new Set(
      [...edges.keys()].map((key) =>
        key
          .split(',')
          .map(Number)
          .sort((a, b) => a - b)
          .join(),
      ),
    );
    const euler = model.vertexCount - undirected.size + triangles.length / 3;
    expect(euler).toBe(1 - 3); // a disc has 1; each hole takes one
  });

  it('is symmetric: mirrored vertices exist for all', () => {
    const { mean } = model;
    for (let v = 0; v < model.vertexCount; v += 37) {
      let best = Infinity;
      for (let w = 0; w < model.vertexCount; w++)
        best = Math.min(
          best,
          Math.hypot(
            mean[3 * v]! + mean[3 * w]!,
            mean[3 * v + 1]! - mean[3 * w + 1]!,
            mean[3 * v + 2]! - mean[3 * w + 2]!,
          ),
        );
      expect(best).toBeLessThan(0.02); // 2 mm: points are laid onto the surface after mirroring
    }
  });

  it('opens the mouth downwards with jawOpen and nothing else moves the forehead', () => {
    const open = shapeOf(model, { identity: [], expression: expressionFromArkit(model, { jawOpen: 1 }) });
    const chin = model.landmarks68[8]! * 3 + 1;
    expect(open[chin]! - model.mean[chin]!).toBeLessThan(-0.15);
    const forehead = model.trackerVertices[10]! * 3 + 1;
    expect(Math.abs(open[forehead]! - model.mean[forehead]!)).toBeLessThan(0.01);
  });
});

describe('model files', () => {
  it('come back as they were written, within fp16', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'joker-model-'));
    await saveMorphableModel(join(folder, 'copy.safetensors'), model, { licence: 'MIT' });
    const copy = loadMorphableModel(join(folder, 'copy.safetensors'));
    expect(copy.triangles).toEqual(model.triangles);
    expect(copy.mean).toEqual(model.mean);
    copy.expressionBasis.forEach((row, k) => {
      const largest = Math.max(...row.map(Math.abs));
      const worst = Math.max(...row.map((v, i) => Math.abs(v - model.expressionBasis[k]![i]!)));
      expect(worst).toBeLessThanOrEqual(largest / 1024); // fp16 keeps 11 bits
    });
    const { weights, ...exact } = model.reader!;
    const { weights: copied, ...same } = copy.reader!;
    expect(same).toEqual(exact);
    copied.forEach((row, c) => {
      const largest = Math.max(...weights[c]!.map(Math.abs));
      expect(Math.max(...row.map((v, i) => Math.abs(v - weights[c]![i]!)))).toBeLessThanOrEqual(largest / 1024);
    });
    await saveMorphableModel(join(folder, 'plain.safetensors'), { ...model, reader: null });
    expect(loadMorphableModel(join(folder, 'plain.safetensors')).reader).toBeNull();
    await rm(folder, { recursive: true });
  });

  it('are refused when a part is missing, misshapen or points nowhere', () => {
    const file = openSafetensors(path);
    const rebuilt = (change: (name: string) => { shape?: number[]; data?: Float32Array } | null) =>
      morphableModelFrom(
        parseSafetensors(
          encodeSafetensors(
            [...file.entries.values()].flatMap((entry): TensorToWrite[] => {
              const changed = change(entry.name);
              if (changed === null) return [];
              const shape = changed.shape ?? [...entry.shape];
              return entry.dtype === 'I32'
                ? [
                    {
                      name: entry.name,
                      dtype: 'I32' as const,
                      shape,
                      data: changed.data ? Int32Array.from(changed.data) : readIntegers(file, entry.name),
                    },
                  ]
                : [
                    {
                      name: entry.name,
                      dtype: 'F32' as const,
                      shape,
                      data: changed.data ?? readTensor(file, entry.name),
                    },
                  ];
            }),
            file.metadata,
          ),
          'changed',
        ),
      );
    expect(rebuilt(() => ({})).vertexCount).toBe(model.vertexCount);
    expect(() => rebuilt((name) => (name === 'mean' ? null : {}))).toThrow(JokerError);
    expect(() => rebuilt((name) => (name === 'mean' ? { shape: [3, model.vertexCount] } : {}))).toThrow(
      /mean has shape/,
    );
    expect(() => rebuilt((name) => (name === 'reader_centre' ? null : {}))).toThrow(/reader_centre/);
    expect(() => rebuilt((name) => (name === 'reader_reference' ? { shape: [3, 468] } : {}))).toThrow(
      /reader_reference has shape/,
    );
    const still = model.reader!.deviations.map((d, i) => (i === 7 ? 0 : d));
    expect(() => rebuilt((name) => (name === 'reader_deviations' ? { data: still } : {}))).toThrow(/not above 0/);
    const broken = model.reader!.centre.map((c, i) => (i === 1 ? Number.NaN : c));
    expect(() => rebuilt((name) => (name === 'reader_centre' ? { data: broken } : {}))).toThrow(
      /reader_centre has the value NaN at 1/,
    );
    const few = { shape: [40], data: new Float32Array(40).fill(1) };
    expect(() => rebuilt((name) => (name === 'identity_scale' ? few : {}))).toThrow(/identity_scale has shape \[40\]/);
    expect(() => rebuilt((name) => (name === 'expression_stds' ? few : {}))).toThrow(/expression_stds has shape/);
    const wild = Float32Array.from(model.triangles).fill(1e6, 0, 1);
    expect(() => rebuilt((name) => (name === 'triangles' ? { data: wild } : {}))).toThrow(/names vertex 1000000/);
  });
});

describe('coefficients', () => {
  it('go from ARKit names to columns and back', () => {
    const weights = { jawOpen: 0.5, mouthSmileLeft: 0.25 };
    expect(arkitFromExpression(model, expressionFromArkit(model, weights))).toEqual(weights);
    expect(arkitFromExpression(model, expressionFromArkit(model, { tongueOut: 1 }))).toEqual({});
  });

  it('add up linearly', () => {
    const a = shapeOf(model, { identity: [1], expression: [] });
    const b = meshOf(model, { identity: [2], expression: [] }).positions;
    for (let i = 0; i < a.length; i += 97) expect(b[i]! - model.mean[i]!).toBeCloseTo(2 * (a[i]! - model.mean[i]!), 5);
  });
});
