/** AdamW on arrays against the graph's AdamW, written separately. */
import { describe, expect, it } from 'vitest';
import { RandomStream, randomKey } from '../core/rng.js';
import { adamW, compile, Graph, mul } from '../graph/index.js';
import { adamWStep, makeMoments } from './adamw.js';

const settings = { beta1: 0.9, beta2: 0.99, epsilon: 1e-15, weightDecay: 0.01 };

describe('adamWStep', () => {
  it('agrees with the optimiser on the graph over ten steps', async () => {
    const stream = new RandomStream(randomKey(1));
    const values = stream.normals(20);
    const g = new Graph();
    const parameter = g.parameter('w', [20]);
    const state = adamW(g, {
      parameters: [parameter],
      initial: [values],
      gradients: [mul(g.input('gradient', [20]), 1)],
      learningRate: 0.01,
      step: g.input('step', []),
      ...settings,
    });
    const program = await compile({ outputs: {}, state, threads: 1 });
    const moments = makeMoments(20);
    for (let step = 1; step <= 10; step++) {
      const gradient = stream.normals(20);
      await program.run({ gradient, step: Float32Array.of(step) });
      adamWStep(values, gradient, moments, step, 0.01, settings);
    }
    const twin = await program.readState('w');
    await program.dispose();
    // Ten float32 steps of 0.01 on values of size 1: a few units in the last place each.
    values.forEach((value, i) => {
      expect(Math.abs(value - twin[i]!)).toBeLessThan(3e-6);
    });
  });
  it('moves the first step by the rate against the gradient’s sign, and leaves entries without gradient alone', () => {
    const values = Float32Array.of(1, 1, 1);
    adamWStep(values, Float32Array.of(5, -1e-12, 0), makeMoments(3), 1, 0.1, { ...settings, weightDecay: 0 });
    expect(values[0]).toBeCloseTo(0.9, 6);
    // A gradient of 1e-12 has a square of 1e-24, still far above ε² = 1e-30.
    expect(values[1]).toBeCloseTo(1.1, 2);
    expect(values[2]).toBe(1);
  });
});
