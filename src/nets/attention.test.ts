/** Attention, residual block and transformer pieces against loops that anyone can read. */
import { describe, expect, it } from 'vitest';
import { RandomStream, randomKey } from '../core/rng.js';
import { compile, Graph, type Tensor } from '../graph/index.js';
import { attention } from './attention.js';
import { repeatBatch } from './ops.js';
import { resnet } from './resnet.js';
import { scopeOf } from './scope.js';

const stream = new RandomStream(randomKey(11));
/** float32 sums of a few dozen terms around 1. */
const TOLERANCE = 1e-5;

type Weights = Map<string, Float32Array>;
type Row = number[];

async function run(graph: Graph, out: Tensor, feeds: Record<string, Float32Array>): Promise<[Float32Array, Weights]> {
  const weights: Weights = new Map(
    graph.parameters().map((p) => [p.name, stream.normals(p.shape.reduce((a, b) => a * b, 1))]),
  );
  const source = (name: string) => ({ kind: 'memory' as const, data: weights.get(name)! });
  const program = await compile({ outputs: { out }, weights: source, threads: 1 });
  const result = (await program.run(feeds)).out!;
  await program.dispose();
  return [result, weights];
}

function expectClose(ours: ArrayLike<number>, theirs: ArrayLike<number>): void {
  expect(ours.length).toBe(theirs.length);
  const scale = Math.max(...Array.from(theirs, Math.abs));
  for (let i = 0; i < theirs.length; i++) expect(Math.abs(ours[i]! - theirs[i]!)).toBeLessThan(TOLERANCE * scale);
}

const rowsOf = (data: Float32Array, width: number): Row[] =>
  Array.from({ length: data.length / width }, (_, i) => [...data.subarray(i * width, (i + 1) * width)]);
const project = (weight: Float32Array, x: Row): Row =>
  rowsOf(weight, x.length).map((row) => row.reduce((sum, w, i) => sum + w * x[i]!, 0));

/** One image: every token asks every other, head by head. */
function obviousAttention(x: Row[], seen: Row[], heads: number, weights: Weights): Row[] {
  const [q, k, v] = ['to_q', 'to_k', 'to_v'].map((name) => weights.get(`${name}.weight`)!) as [
    Float32Array,
    Float32Array,
    Float32Array,
  ];
  const width = x[0]!.length;
  const d = width / heads;
  return x.map((token) => {
    const query = project(q, token);
    const mixed: Row = [];
    for (let h = 0; h < heads; h++) {
      const part = (row: Row): Row => row.slice(h * d, (h + 1) * d);
      const scores = seen.map((other) => {
        const key = part(project(k, other));
        return Math.exp(part(query).reduce((sum, value, i) => sum + value * key[i]!, 0) / Math.sqrt(d));
      });
      const total = scores.reduce((a, b) => a + b, 0);
      for (let i = 0; i < d; i++)
        mixed.push(seen.reduce((sum, other, j) => sum + (scores[j]! / total) * part(project(v, other))[i]!, 0));
    }
    return project(weights.get('to_out.0.weight')!, mixed).map((y, i) => y + weights.get('to_out.0.bias')![i]!);
  });
}

describe('attention', () => {
  it('looks at own and reference tokens through its own projections', async () => {
    const graph = new Graph();
    const [x, extra] = [graph.input('x', [4, 3, 8]), graph.input('extra', [2, 5, 8])];
    const out = attention(scopeOf(graph), x, { heads: 2, extra });
    const feeds = { x: stream.normals(96), extra: stream.normals(80) };
    const [ours, weights] = await run(graph, out, feeds);
    for (let b = 0; b < 4; b++) {
      const own = rowsOf(feeds.x.subarray(b * 24, (b + 1) * 24), 8);
      const reference = Math.floor(b / 2); // two images share a reference
      const seen = [...own, ...rowsOf(feeds.extra.subarray(reference * 40, (reference + 1) * 40), 8)];
      expectClose(ours.subarray(b * 24, (b + 1) * 24), obviousAttention(own, seen, 2, weights).flat());
    }
  });

  it('looks at a context of another width', async () => {
    const graph = new Graph();
    const out = attention(scopeOf(graph), graph.input('x', [2, 3, 8]), {
      heads: 4,
      context: graph.input('text', [1, 4, 6]),
    });
    const feeds = { x: stream.normals(48), text: stream.normals(24) };
    const [ours, weights] = await run(graph, out, feeds);
    const expected = rowsOf(feeds.x, 8).map(
      (token) => obviousAttention([token], rowsOf(feeds.text, 6), 4, weights)[0]!,
    );
    expectClose(ours, expected.flat());
  });

  it('refuses heads that do not divide the width', () => {
    const graph = new Graph();
    expect(() => attention(scopeOf(graph), graph.input('x', [1, 2, 8]), { heads: 3 })).toThrow(/3 heads/);
  });
});

describe('repeatBatch', () => {
  it('gives item ⌊b/n⌋, and refuses what does not divide', async () => {
    const graph = new Graph();
    const x = graph.input('x', [2, 2]);
    const [ours] = await run(graph, repeatBatch(x, 6), { x: Float32Array.of(1, 2, 3, 4) });
    expect([...ours]).toEqual([1, 2, 1, 2, 1, 2, 3, 4, 3, 4, 3, 4]);
    expect(() => repeatBatch(x, 5)).toThrow(/cannot serve/);
  });
});

/** 3×3 convolution of one image [C][H·W], zero padding. */
function obviousConvolution(x: Row[], side: number, weight: Float32Array, bias: Float32Array): Row[] {
  return [...bias].map((b, o) =>
    Array.from({ length: side * side }, (_, at) => {
      const [row, column] = [Math.floor(at / side), at % side];
      let sum = b;
      x.forEach((channel, c) => {
        for (let i = -1; i <= 1; i++)
          for (let j = -1; j <= 1; j++) {
            const inside = row + i >= 0 && row + i < side && column + j >= 0 && column + j < side;
            if (inside)
              sum += channel[(row + i) * side + column + j]! * weight[((o * x.length + c) * 3 + i + 1) * 3 + j + 1]!;
          }
      });
      return sum;
    }),
  );
}

function obviousGroupNorm(x: Row[], groups: number, epsilon: number, scale: Float32Array, bias: Float32Array): Row[] {
  const size = x.length / groups;
  return x.map((channel, c) => {
    const group = x.slice(Math.floor(c / size) * size, (Math.floor(c / size) + 1) * size).flat();
    const mean = group.reduce((a, b) => a + b, 0) / group.length;
    const variance = group.reduce((a, b) => a + (b - mean) ** 2, 0) / group.length;
    return channel.map((v) => ((v - mean) / Math.sqrt(variance + epsilon)) * scale[c]! + bias[c]!);
  });
}

const obviousSilu = (x: number): number => x / (1 + Math.exp(-x));

describe('resnet', () => {
  it('is norm, SiLU, conv, time, norm, SiLU, conv, shortcut', async () => {
    const graph = new Graph();
    const options = { channels: 6, groups: 2, epsilon: 1e-5, time: graph.input('time', [1, 5]) };
    const out = resnet(scopeOf(graph, 'r.'), graph.input('x', [1, 4, 3, 3]), options);
    const feeds = { x: stream.normals(36), time: stream.normals(5) };
    const [ours, weights] = await run(graph, out, feeds);
    const get = (name: string): Float32Array => weights.get(`r.${name}`)!;
    const block = (input: Row[], n: 1 | 2): Row[] => {
      const normed = obviousGroupNorm(input, 2, 1e-5, get(`norm${n}.weight`), get(`norm${n}.bias`));
      const active = normed.map((channel) => channel.map(obviousSilu));
      return obviousConvolution(active, 3, get(`conv${n}.weight`), get(`conv${n}.bias`));
    };
    const x = rowsOf(feeds.x, 9);
    const shift = project(get('time_emb_proj.weight'), [...feeds.time].map(obviousSilu));
    const first = block(x, 1).map((channel, c) => channel.map((v) => v + shift[c]! + get('time_emb_proj.bias')[c]!));
    const shortcut = get('conv_shortcut.weight');
    const expected = block(first, 2).map((channel, o) =>
      channel.map(
        (v, i) =>
          v + get('conv_shortcut.bias')[o]! + x.reduce((sum, row, c) => sum + row[i]! * shortcut[o * 4 + c]!, 0),
      ),
    );
    expectClose(ours, expected.flat());
  });
});

it('many tokens are asked a few rows at a time, with the same result', async () => {
  // 6144² scores of one head are 37.7 million: more than exist at once. The twin asks a sample of the rows.
  const [tokens, width] = [6144, 4];
  const graph = new Graph();
  const x = graph.input('x', [1, tokens, width]);
  const out = attention(scopeOf(graph), x, { heads: 1 });
  const values = stream.normals(tokens * width).map((v) => 0.3 * v); // small, so that no single token takes all the weight
  const [result, weights] = await run(graph, out, { x: values });
  const seen = rowsOf(values, width);
  for (const row of [0, 5460, 5461, 5462, 6143]) {
    // 5461 = 2^25 / 6144 is where the second part begins
    const [mixed] = obviousAttention([seen[row]!], seen, 1, weights);
    expectClose(result.subarray(row * width, (row + 1) * width), mixed!);
  }
});
