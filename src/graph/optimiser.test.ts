/**
 * AdamW in the graph against a slow obvious twin in double precision, several steps, with clipping that acts and that does not.
 */
import { expect, test } from 'vitest';
import { RandomStream, randomKey } from '../core/rng.js';
import { adamW, compile, Graph, gradients, momentName, mul, square, sub, sum } from './index.js';

type Settings = { rate: number; decay: number; clip: number };

/** Textbook AdamW on Σ (scale·w − target)². */
function twin(
  initial: Float32Array,
  target: Float32Array,
  scale: number,
  steps: number,
  { rate, decay, clip }: Settings,
) {
  const w = Array.from(initial);
  const m = w.map(() => 0);
  const v = w.map(() => 0);
  for (let t = 1; t <= steps; t++) {
    const g = w.map((x, i) => 2 * scale * (scale * x - target[i]!));
    const factor = Math.min(1, clip / (Math.hypot(...g) + 1e-6));
    g.forEach((raw, i) => {
      const gradient = raw * factor;
      m[i] = 0.9 * m[i]! + 0.1 * gradient;
      v[i] = 0.999 * v[i]! + 0.001 * gradient * gradient;
      w[i] =
        w[i]! * (1 - rate * decay) - (rate * (m[i]! / (1 - 0.9 ** t))) / (Math.sqrt(v[i]! / (1 - 0.999 ** t)) + 1e-8);
    });
  }
  return { w, m, v };
}

for (const clip of [0.5, 1e6])
  test(`AdamW equals its twin over 20 steps, clipping at ${clip}`, async () => {
    const random = new RandomStream(randomKey(3));
    const initial = random.normals(12);
    const target = random.normals(12);
    const settings = { rate: 0.05, decay: 0.1, clip };
    const graph = new Graph();
    const w = graph.parameter('w', [3, 4]);
    const loss = sum(square(sub(mul(w, 1.5), graph.constant(target, [3, 4]))));
    const state = adamW(graph, {
      parameters: [w],
      initial: [initial],
      gradients: gradients(loss, [w]),
      learningRate: settings.rate,
      weightDecay: settings.decay,
      clipNorm: clip,
      step: graph.input('step', []),
    });
    const program = await compile({ outputs: { loss }, state, threads: 1 });
    for (let step = 1; step <= 20; step++) await program.run({ step: Float32Array.of(step) });
    const expected = twin(initial, target, 1.5, 20, settings);
    // float32 against float64 over 20 steps of size 0.05: rounding stays below 1e-5
    (await program.readState('w')).forEach((value, i) => {
      expect(value).toBeCloseTo(expected.w[i]!, 4);
    });
    (await program.readState(momentName('w', 'first'))).forEach((value, i) => {
      expect(value).toBeCloseTo(expected.m[i]!, 4);
    });
    (await program.readState(momentName('w', 'second'))).forEach((value, i) => {
      expect(value).toBeCloseTo(expected.v[i]!, 4);
    });
    await program.dispose();
  });

test('a weight that does not reach the loss is refused', () => {
  const graph = new Graph();
  const used = graph.parameter('used', [2]);
  const unused = graph.parameter('unused', [2]);
  expect(() => gradients(sum(used), [used, unused])).toThrow(/'unused' does not reach the loss/);
});

test('state is carried over runs and can be read and replaced', async () => {
  const graph = new Graph();
  const counter = graph.parameter('counter', [1]);
  const state = [{ tensor: counter, next: mul(counter, 2), initial: Float32Array.of(1) }];
  const program = await compile({ outputs: { before: counter }, state, threads: 1 });
  for (let i = 0; i < 3; i++) expect((await program.run({}))['before']![0]).toBe(2 ** i);
  expect((await program.readState('counter'))[0]).toBe(8);
  await program.writeState('counter', Float32Array.of(5));
  await program.run({});
  expect((await program.readState('counter'))[0]).toBe(10);
  await program.dispose();
});
