/**
 * Graphs written for devices with thousands of cores compute what plain ones do; here both run on the CPU.
 */
import { describe, expect, test } from 'vitest';
import { RandomStream, randomKey } from '../core/rng.js';
import { adamW, compile, Graph, gradients, linear, mean, square } from './index.js';
import { gemm } from './ops/matmul.js';
import { buildCase, gradientCases } from './testing/gradient-cases.js';

/** Sums of some thousand float32 products in another order, of the largest value. */
const ROUNDING = 2e-5;

function expectAlike(actual: Record<string, Float32Array>, expected: Record<string, Float32Array>): void {
  for (const [name, values] of Object.entries(expected)) {
    const scale = Math.max(1e-3, ...values.map(Math.abs));
    values.forEach((value, i) => {
      expect(Math.abs(actual[name]![i]! - value) / scale, `${name}[${i}]`).toBeLessThan(ROUNDING);
    });
  }
}

describe('a wide graph', () => {
  test('has the gradients of a plain one, convolutions with strides included', async () => {
    for (const [name, example] of Object.entries(gradientCases)) {
      const results = [];
      for (const wide of [false, true]) {
        const { outputs, feeds } = buildCase(example, 7, { graph: new Graph({ wide }), prefix: `${name}: ` });
        const program = await compile({ outputs, threads: 1 });
        results.push(await program.run(feeds));
        await program.dispose();
      }
      expectAlike(results[1]!, results[0]!);
    }
  });

  test('splits products over many rows, in each of the four ways of turning the operands', async () => {
    const rows = 2304; // nine pieces
    const random = new RandomStream(randomKey(3));
    const [left, right] = [random.normals(rows * 3), random.normals(rows * 5)];
    const run = async (wide: boolean) => {
      const graph = new Graph({ wide });
      const outputs: Record<string, ReturnType<typeof gemm>> = {};
      for (const transposeA of [false, true])
        for (const transposeB of [false, true]) {
          const a = graph.input(`a${transposeA}${transposeB}`, transposeA ? [rows, 3] : [3, rows]);
          const b = graph.input(`b${transposeA}${transposeB}`, transposeB ? [5, rows] : [rows, 5]);
          outputs[`${transposeA} ${transposeB}`] = gemm(a, b, null, { transposeA, transposeB });
        }
      const program = await compile({ outputs, threads: 1 });
      const names = [false, true].flatMap((a) => [false, true].map((b) => `${a}${b}`));
      const feeds = names.flatMap((n) => [[`a${n}`, left] as const, [`b${n}`, right] as const]);
      const results = await program.run(Object.fromEntries(feeds));
      await program.dispose();
      return { results, products: graph.tensors.filter((t) => t.node?.operation.type === 'MatMul').length };
    };
    const [plain, split] = [await run(false), await run(true)];
    expect([plain.products, split.products]).toEqual([0, 4]);
    expectAlike(split.results, plain.results);
  });

  test('splits the gradient of a linear layer only', () => {
    const graph = new Graph({ wide: true });
    const weight = graph.parameter('w', [4, 3]);
    const y = linear(graph.input('x', [2048, 3]), weight);
    expect(y.node?.inputs[0]?.node?.operation.type ?? y.node?.operation.type).toBe('Gemm');
    const [slope] = gradients(mean(square(y)), [weight]);
    expect(slope!.shape).toEqual([4, 3]);
    expect(graph.tensors.some((t) => t.node?.operation.type === 'MatMul')).toBe(true);
  });

  test('updates many parameters at once', () => {
    const updates = (wide: boolean) => {
      const graph = new Graph({ wide });
      const parameters = ['a', 'b', 'c'].map((name) => graph.parameter(name, [40_000]));
      const initial = parameters.map(() => new Float32Array(40_000));
      const step = graph.input('step', []);
      return adamW(graph, { parameters, initial, gradients: parameters, learningRate: 1e-3, step }).length;
    };
    // A value and two moments a pack: two parameters of this size are more than a core's cache holds.
    expect([updates(false), updates(true)]).toEqual([9, 3]);
  });
});
