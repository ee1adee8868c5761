/**
 * Every operation's gradient against central differences, run on the real runtime with two threads.
 */
import { describe, expect, test } from 'vitest';
import { compile } from './index.js';
import { buildCase, type GradientCase, gradientCases } from './testing/gradient-cases.js';

/** float32 central differences: rounding of the loss (~1e-6 of its size) over 2·h leaves about 1e-3 relative. */
const STEP = 5e-3;
const TOLERANCE = 4e-3;

async function analyticAndNumeric(example: GradientCase, seed: number) {
  const { outputs, feeds, differentiated } = buildCase(example, seed);
  const program = await compile({ outputs, threads: 2 });
  const analytic = await program.run(feeds);
  const numeric: Record<string, Float32Array> = {};
  for (const name of differentiated) {
    const base = feeds[name]!;
    numeric[`d ${name}`] = new Float32Array(base.length);
    for (let i = 0; i < base.length; i++) {
      const at = async (delta: number) => {
        const moved = Float32Array.from(base);
        moved[i]! += delta;
        return (await program.run({ ...feeds, [name]: moved }))['loss']![0]!;
      };
      numeric[`d ${name}`]![i] = ((await at(STEP)) - (await at(-STEP))) / (2 * STEP);
    }
  }
  await program.dispose();
  return { analytic, numeric };
}

describe('gradients agree with central differences', () => {
  for (const [name, example] of Object.entries(gradientCases))
    test(name, async () => {
      const { analytic, numeric } = await analyticAndNumeric(example, 7);
      for (const [slope, expected] of Object.entries(numeric)) {
        const scale = Math.max(1, ...expected.map(Math.abs));
        expected.forEach((value, i) => {
          expect(Math.abs(analytic[slope]![i]! - value) / scale, `${name} ${slope}[${i}]`).toBeLessThan(TOLERANCE);
        });
      }
    });
});
