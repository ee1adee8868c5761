import { describe, expect, it } from 'vitest';
import { JokerError } from '../../core/errors.js';
import { encodeSafetensors, parseSafetensors, readTensor } from '../../core/files/safetensors.js';
import { RandomStream, randomKey } from '../../core/rng.js';
import { compile, Graph } from '../../graph/index.js';
import { buildProgram, type LayerProgram, readProgram, samePadding } from './program.js';

const random = new RandomStream(randomKey(5));
const weight = (name: string, shape: number[]) => ({
  name,
  dtype: 'F32' as const,
  shape,
  data: random.normals(shape.reduce((a, b) => a * b, 1)),
});
const layer = { kind: 'conv' as const, from: 0, stride: 2, same: true, depthwise: false, weight: 'k', bias: 'b' };
const network: LayerProgram = {
  size: 6,
  layers: [
    { ...layer, activation: 'prelu', slope: 's' },
    { kind: 'padChannels', from: 1, channels: 2 },
    { kind: 'conv', from: 2, stride: 1, same: true, depthwise: true, weight: 'd', bias: null, activation: 'none' },
    { kind: 'add', from: 2, other: 3 },
  ],
  outputs: { out: 4 },
};
const tensors = [weight('k', [2, 3, 3, 3]), weight('b', [2]), weight('s', [2]), weight('d', [4, 1, 3, 3])];
const fileOf = (program: unknown) =>
  parseSafetensors(encodeSafetensors(tensors, { program: JSON.stringify(program) }), 'net');

/** TensorFlow's SAME convolution written out: output o sees input s·o + k − before. */
function slowConv(
  x: number[][][],
  k: Float32Array,
  bias: Float32Array | null,
  out: number,
  stride: number,
  depthwise: boolean,
): number[][][] {
  const size = x[0]!.length;
  const [before] = samePadding(size, 3, stride);
  const side = Math.ceil(size / stride);
  return Array.from({ length: out }, (_, o) =>
    Array.from({ length: side }, (_, i) =>
      Array.from({ length: side }, (_, j) => {
        let sum = bias?.[o] ?? 0;
        for (let c = 0; c < (depthwise ? 1 : x.length); c++)
          for (let a = 0; a < 3; a++)
            for (let b = 0; b < 3; b++) {
              const value = x[depthwise ? o : c]?.[stride * i + a - before]?.[stride * j + b - before] ?? 0;
              sum += value * k[((o * (depthwise ? 1 : x.length) + c) * 3 + a) * 3 + b]!;
            }
        return sum;
      }),
    ),
  );
}

describe('layer programs', () => {
  it('pad like TensorFlow: the odd pixel goes to the end', () => {
    expect(samePadding(6, 3, 2)).toEqual([0, 1]);
    expect(samePadding(7, 3, 2)).toEqual([1, 1]);
    expect(samePadding(8, 5, 1)).toEqual([2, 2]);
    expect(samePadding(8, 1, 1)).toEqual([0, 0]);
  });

  it('compute what the layers say', async () => {
    const file = fileOf(network);
    const g = new Graph();
    const { out } = buildProgram(g, file, readProgram(file), g.input('image', [1, 3, 6, 6]));
    const program = await compile({
      outputs: { out: out! },
      weights: (n) => ({ kind: 'memory', data: readTensor(file, n) }),
    });
    const image = random.normals(108);
    const got = (await program.run({ image }))['out']!;
    await program.dispose();
    const x = [0, 1, 2].map((c) =>
      [0, 1, 2, 3, 4, 5].map((i) => [...image.subarray((c * 6 + i) * 6, (c * 6 + i + 1) * 6)]),
    );
    const first = slowConv(x, tensors[0]!.data, tensors[1]!.data, 2, 2, false).map((plane, c) =>
      plane.map((row) => row.map((v) => (v > 0 ? v : tensors[2]!.data[c]! * v))),
    );
    const padded = [...first, ...[0, 1].map(() => [0, 1, 2].map(() => [0, 0, 0]))];
    const second = slowConv(padded, tensors[3]!.data, null, 4, 1, true);
    second.flat(2).forEach((v, i) => {
      expect(got[i]).toBeCloseTo(v + padded.flat(2)[i]!, 4); // sums of 27 float32 products
    });
  });

  it('are refused when they are malformed', () => {
    for (const bad of [null, {}, { ...network, size: -1 }, { ...network, layers: [{ kind: 'magic', from: 0 }] }])
      expect(() => readProgram(fileOf(bad))).toThrow(JokerError);
    const early = fileOf({ ...network, layers: [{ kind: 'relu', from: 3 }] });
    const g = new Graph();
    expect(() => buildProgram(g, early, readProgram(early), g.input('image', [1, 3, 6, 6]))).toThrow(/too early/);
  });
});
