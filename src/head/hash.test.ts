/** Hash grid: layout against tiny-cuda-nn's parameter count, both directions against the graph version and by duality. */
import { describe, expect, it } from 'vitest';
import { RandomStream, randomKey } from '../core/rng.js';
import { compile, Graph, gradients, mul, sum } from '../graph/index.js';
import { draftField, type FieldConfig, fieldLayout, paperField } from './field.js';
import { encodePoints, scatterGradient } from './hash.js';
import { encodeOnGraph, gridCorners } from './hash-graph.js';

/** Two dense levels and two hashed ones. */
const small: FieldConfig = { ...draftField, levels: 4, log2TableSize: 10, baseResolution: 5, growth: 1.6 };
const layout = fieldLayout(small);
const COUNT = 200;

function setUp() {
  const stream = new RandomStream(randomKey(3));
  const table = stream.normals(layout.entries * 2);
  const points = new Float32Array(COUNT * 3).map(() => stream.uniform());
  points.set([0, 0, 0, 1, 1, 1, 1, 0, 1, 0.5, 0.5, 0.5, -0.2, 1.3, 0.5]); // corners, far faces, outside
  const gradient = stream.normals(COUNT * 8);
  return { table, points, gradient };
}

async function onGraph(table: Float32Array, points: Float32Array, gradient: Float32Array) {
  const g = new Graph();
  const corners = gridCorners(layout, points);
  const rows = COUNT * layout.levels.length;
  const tableInput = g.input('table', [layout.entries, 2]);
  const features = encodeOnGraph(tableInput, g.input('entries', [rows, 8], 'int64'), g.input('weights', [rows, 8]), 4);
  const loss = sum(mul(features, g.input('gradient', [COUNT, 8])));
  const outputs = { features, tableGradient: gradients(loss, [tableInput])[0]! };
  const program = await compile({ outputs, threads: 2 });
  const out = await program.run({ table, ...corners, gradient });
  await program.dispose();
  return out;
}

function largestDifference(a: Float32Array, b: Float32Array): number {
  return a.reduce((worst, x, i) => Math.max(worst, Math.abs(x - b[i]!)), 0);
}

describe('fieldLayout', () => {
  it('has the parameter count of tiny-cuda-nn for the paper grid', () => {
    expect(fieldLayout(paperField).entries * 2).toBe(12_599_920); // printed by threestudio for this configuration
    expect(fieldLayout(paperField).levels[15]!.resolution).toBe(4096);
  });
  it('mixes dense and hashed levels', () => {
    expect(layout.levels.map(({ hashed }) => hashed)).toEqual([false, false, true, true]);
  });
  it('refuses a config outside its ranges, naming the field', () => {
    expect(() => fieldLayout({ ...draftField, levels: 0 })).toThrow(/field\.levels is 0/);
    expect(() => fieldLayout({ ...draftField, growth: Number.NaN })).toThrow(/field\.growth is NaN/);
  });
});

describe('encodePoints and scatterGradient', () => {
  it('agree with the graph version', async () => {
    const { table, points, gradient } = setUp();
    const features = new Float32Array(COUNT * 8);
    const tableGradient = new Float32Array(table.length);
    encodePoints(layout, table, points, COUNT, features);
    scatterGradient(layout, points, COUNT, gradient, tableGradient);
    const twin = await onGraph(table, points, gradient);
    // Sums of 8 products of values ≈ 1, and of a few dozen in the gradient: float32 rounding is below 1e-6 and 1e-5.
    expect(largestDifference(features, twin['features']!)).toBeLessThan(2e-6);
    expect(largestDifference(tableGradient, twin['tableGradient']!)).toBeLessThan(2e-5);
  });
  it('are each other’s transposes', () => {
    const { table, points, gradient } = setUp();
    const features = new Float32Array(COUNT * 8);
    const back = new Float32Array(table.length);
    encodePoints(layout, table, points, COUNT, features);
    scatterGradient(layout, points, COUNT, gradient, back);
    const forward = features.reduce((s, x, i) => s + x * gradient[i]!, 0);
    const backward = back.reduce((s, x, i) => s + x * table[i]!, 0);
    expect(Math.abs(forward - backward)).toBeLessThan(1e-3); // sums of 1600 terms of size 1 in float32
  });
  it('interpolates: a constant table gives the constant', () => {
    const { points } = setUp();
    const features = new Float32Array(COUNT * 8);
    encodePoints(layout, new Float32Array(layout.entries * 2).fill(0.75), points, COUNT, features);
    for (const x of features) expect(x).toBeCloseTo(0.75, 6);
  });
});
