/** The chain of convolutions against a naive twin, its refusals, and the descriptor's square. */
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeImage } from '../core/image.js';
import { RandomStream, randomKey } from '../core/rng.js';
import { toRegion } from '../face/tracker/region.js';
import { compile, Graph } from '../graph/index.js';
import { faceCut, openDescriptor } from './descriptor.js';
import { buildChain, readGraphModel } from './graph-model.js';

const folder = mkdtempSync(join(tmpdir(), 'joker-descriptor-'));
const SIDE = 6;
const stream = new RandomStream(randomKey(11));
type Stored = { name: string; shape: number[]; data: Float32Array };
const stored: Stored[] = [
  { name: 'k', shape: [3, 3, 3, 4], data: stream.normals(108) },
  { name: 'shift', shape: [4], data: stream.normals(4) },
  { name: 'six', shape: [], data: Float32Array.of(0.5) },
  { name: 'zero', shape: [], data: Float32Array.of(0.1) },
  { name: 'd', shape: [3, 3, 4, 1], data: stream.normals(36) },
  { name: 'scale', shape: [4], data: stream.normals(4) },
];
const text = (value: string) => Buffer.from(value).toString('base64');
const conv = (name: string, op: string, input: string[], stride: number) => ({
  name,
  op,
  input,
  attr: { strides: { list: { i: ['1', `${stride}`, `${stride}`, '1'] } }, padding: { s: text('SAME') } },
});
const nodes = [
  { name: 'in', op: 'Placeholder' },
  { name: 'k', op: 'Const' },
  conv('c', 'Conv2D', ['in', 'k'], 2),
  { name: 'a', op: 'Add', input: ['c', 'shift'] },
  { name: 'r', op: 'Relu', input: ['a'] },
  { name: 'lo', op: 'Minimum', input: ['r', 'six'] },
  { name: 'hi', op: 'Maximum', input: ['lo', 'zero'] },
  conv('w', 'DepthwiseConv2dNative', ['hi', 'd'], 1),
  { name: 's', op: 'Mul', input: ['w', 'scale'] },
  { name: 'm', op: 'Mean', input: ['s', 'axes'] },
];

function write(
  name: string,
  list: readonly object[],
  bytes = Buffer.concat(stored.map((w) => Buffer.from(w.data.buffer))),
) {
  const weights = stored.map(({ name, shape }) => ({ name, shape, dtype: 'float32' }));
  const model = { modelTopology: { node: list }, weightsManifest: [{ weights }] };
  writeFileSync(join(folder, `${name}.json`), JSON.stringify(model));
  writeFileSync(join(folder, `${name}.bin`), bytes);
}

beforeAll(() => write('chain', nodes));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** The network of `nodes`, straight from the definition: SAME padding puts the odd pixel to the end. */
function twin(image: Float32Array): number[] {
  const [k, shift, , , d, scale] = stored.map((w) => w.data) as [
    Float32Array,
    Float32Array,
    0,
    0,
    Float32Array,
    Float32Array,
  ];
  const half = SIDE / 2;
  const middle = new Float32Array(4 * half * half);
  for (let o = 0; o < 4; o++)
    for (let y = 0; y < half; y++)
      for (let x = 0; x < half; x++) {
        let sum = shift[o]!;
        for (let v = 0; v < 3; v++)
          for (let u = 0; u < 3; u++)
            for (let i = 0; i < 3; i++) {
              const [row, column] = [2 * y + v, 2 * x + u]; // total padding 1, none of it before
              if (row < SIDE && column < SIDE)
                sum += image[(i * SIDE + row) * SIDE + column]! * k[((v * 3 + u) * 3 + i) * 4 + o]!;
            }
        middle[(o * half + y) * half + x] = Math.max(0.1, Math.min(0.5, Math.max(0, sum)));
      }
  return [0, 1, 2, 3].map((c) => {
    let sum = 0;
    for (let y = 0; y < half; y++)
      for (let x = 0; x < half; x++)
        for (let v = 0; v < 3; v++)
          for (let u = 0; u < 3; u++) {
            const [row, column] = [y + v - 1, x + u - 1];
            if (row < 0 || column < 0 || row >= half || column >= half) continue;
            sum += middle[(c * half + row) * half + column]! * d[(v * 3 + u) * 4 + c]! * scale[c]!;
          }
    return sum / (half * half);
  });
}

describe('a chain of convolutions', () => {
  it('computes what its layers say', async () => {
    const g = new Graph();
    const image = g.input('image', [1, 3, SIDE, SIDE]);
    const { output, weights } = buildChain(g, readGraphModel(folder, 'chain'), image);
    const source = (name: string) => ({ kind: 'memory' as const, data: weights.get(name)! });
    const program = await compile({ outputs: { output }, weights: source, threads: 1 });
    const pixels = stream.normals(3 * SIDE * SIDE);
    const found = [...(await program.run({ image: pixels })).output!];
    await program.dispose();
    const wanted = twin(pixels);
    found.forEach((value, i) => {
      expect(value).toBeCloseTo(wanted[i]!, 4); // sums of 36 float32 products of size 1
    });
  });

  it('refuses what is none, by path and place', () => {
    const build = (name: string) => {
      const g = new Graph();
      return () => buildChain(g, readGraphModel(folder, name), g.input('image', [1, 3, SIDE, SIDE]));
    };
    write(
      'branch',
      nodes.map((n) => (n.name === 'r' ? { ...n, input: ['in'] } : n)),
    );
    expect(build('branch')).toThrow(/branch\.json.*r does not follow a/);
    write(
      'other',
      nodes.map((n) => (n.name === 'r' ? { ...n, op: 'Softmax' } : n)),
    );
    expect(build('other')).toThrow(/operation Softmax/);
    write('endless', nodes.slice(0, -1));
    expect(build('endless')).toThrow(/no global mean/);
    write('short', nodes, Buffer.alloc(100));
    expect(build('short')).toThrow(/ends outside/);
    writeFileSync(join(folder, 'text.json'), '{"modelTopology": 3}');
    expect(build('text')).toThrow(/modelTopology/);
    expect(build('absent')).toThrow(/no such file/);
  });
});

/** 478 points: the outer eye corners, a chin and a forehead; all others in their middle. */
function fourPoints(turn: number): Float32Array {
  const [c, s] = [Math.cos(turn), Math.sin(turn)];
  const points = new Float32Array(478 * 3);
  const put = (i: number, x: number, y: number) => points.set([100 + c * x - s * y, 90 + s * x + c * y, 0], 3 * i);
  for (let i = 0; i < 478; i++) put(i, 0, 0);
  put(33, -30, -10);
  put(263, 30, -10);
  put(152, 0, 50);
  put(10, 0, -50);
  return points;
}

describe('the descriptor', () => {
  it('looks at a square that turns with the eyes', () => {
    for (const turn of [0, 0.4, -0.9]) {
      const landmarks = fourPoints(turn);
      const cut = faceCut(landmarks, 1);
      expect(cut.angle).toBeCloseTo(turn, 5);
      expect(cut.size).toBeCloseTo(100, 3); // chin to forehead
      const [u, v] = toRegion(cut, landmarks[3 * 152]!, landmarks[3 * 152 + 1]!);
      expect([u, v]).toEqual([expect.closeTo(0.5, 5), expect.closeTo(1, 5)]);
    }
  });

  const models = join('node_modules', '@vladmandic', 'human', 'models');
  it.skipIf(!existsSync(join(models, 'faceres.json')))(
    'agrees with TensorFlow.js, where the models are there',
    async () => {
      const g = new Graph();
      const image = g.input('image', [1, 3, 224, 224]);
      const { output, weights } = buildChain(g, readGraphModel(models, 'faceres'), image);
      const source = (name: string) => ({ kind: 'memory' as const, data: weights.get(name)! });
      const program = await compile({ outputs: { output }, weights: source, threads: 1 });
      const pixels = Float32Array.from(
        { length: 3 * 224 * 224 },
        (_, i) => 127 + 100 * Math.sin(i * 0.013) + 20 * Math.cos(i * 0.37),
      );
      const found = (await program.run({ image: pixels })).output!;
      await program.dispose();
      // Computed by TensorFlow.js 4.22 (CPU backend) from the same two files and the same pixels. The largest error over all
      // 1024 values was 5e-7; these are the largest value and some zeros.
      expect(found[7]).toBeCloseTo(0.4115387, 5);
      expect(Math.max(...found)).toBe(found[7]);
      for (const zero of [0, 1, 2, 100, 511, 777, 1023]) expect(found[zero]).toBeCloseTo(0, 5);
      const descriptor = await openDescriptor(models, { threads: 1 });
      expect((await descriptor.describe(makeImage(64, 64, 3), fourPoints(0))).length).toBe(1024);
      await descriptor.dispose();
    },
  );
});
