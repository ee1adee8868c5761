/**
 * A text encoder before any training: its rows must tell words apart, or nothing that is trained on them ever will. (Numbers of
 * trained encoders are checked against outside references by verify.)
 */
import { expect, test } from 'vitest';
import { randomKey } from '../core/rng.js';
import { compile, Graph } from '../graph/index.js';
import { clipText, clipTextConfigSchema, initialise, scopeOf } from './index.js';

test('a fresh encoder gives different words different rows, also behind the same beginning', async () => {
  const config = clipTextConfigSchema.parse({
    hidden_size: 64,
    num_attention_heads: 4,
    num_hidden_layers: 2,
    intermediate_size: 256,
    vocab_size: 100,
    max_position_embeddings: 8,
  });
  const graph = new Graph();
  const out = clipText(scopeOf(graph, 'text_encoder.'), config, graph.input('ids', [1, 8], 'int64'));
  const weights = initialise(graph.parameters(), randomKey(3));
  const program = await compile({
    outputs: { out },
    weights: (name) => ({ kind: 'memory', data: weights.get(name)! }),
    threads: 1,
  });
  const rows = async (ids: number[]) => (await program.run({ ids: BigInt64Array.from(ids, BigInt) }))['out']!;
  const [a, b] = [await rows([0, 5, 6, 7, 1, 1, 1, 1]), await rows([0, 5, 6, 42, 1, 1, 1, 1])];
  await program.dispose();
  const cosine = (x: Float32Array, y: Float32Array) => {
    const dot = (p: Float32Array, q: Float32Array) => p.reduce((sum, v, i) => sum + v * q[i]!, 0);
    return dot(x, y) / Math.sqrt(dot(x, x) * dot(y, y));
  };
  const row = (x: Float32Array, i: number) => x.subarray(64 * i, 64 * (i + 1));
  expect(cosine(row(a, 2), row(b, 2))).toBeCloseTo(1, 5); // causal: what stands before a word does not see it
  // 64 random directions: two words' cosines are 0 ± 0.125; layers add something common. Alike would be above 0.95.
  expect(cosine(row(a, 3), row(b, 3))).toBeLessThan(0.7);
  expect(cosine(row(a, 1), row(a, 2))).toBeLessThan(0.7);
});
