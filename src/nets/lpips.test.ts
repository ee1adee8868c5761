/** LPIPS against a plain PyTorch twin (fixtures/make-lpips.py), its gradient against the twin's and against differences. */
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { openSafetensors, readTensor, type SafetensorsFile } from '../core/files/safetensors.js';
import { RandomStream, randomKey } from '../core/rng.js';
import { compile, Graph, gradients, type Program, sum } from '../graph/index.js';
import { LPIPS_SMALLEST, type LpipsConfig, lpipsDistance, lpipsFeatures } from './lpips.js';
import { scopeOf } from './scope.js';

const CASES: readonly LpipsConfig[] = [
  { backbone: 'alex', widths: [4, 6, 5, 3, 4] },
  { backbone: 'vgg', widths: [3, 4, 6, 5, 4] },
];

function golden({ backbone }: LpipsConfig): SafetensorsFile {
  return openSafetensors(fileURLToPath(new URL(`./fixtures/lpips-${backbone}.safetensors`, import.meta.url)));
}

/** Distances of pairs of a shape, and the gradient of their sum in the first picture. */
function program(
  config: LpipsConfig,
  values: (name: string) => Float32Array,
  shape: readonly number[],
): Promise<Program> {
  const g = new Graph();
  const [a, b] = [g.input('a', shape), g.input('b', shape)];
  const distance = lpipsDistance(scopeOf(g), config, a, b);
  const [gradient] = gradients(sum(distance), [a]);
  const weights = (name: string) => ({ kind: 'memory' as const, data: values(name) });
  return compile({ outputs: { distance, gradient: gradient! }, weights, threads: 1 });
}

describe.each(CASES)('LPIPS of $backbone', (config) => {
  const file = golden(config);
  const values = (name: string) => readTensor(file, name);
  const shape = file.entries.get('a')!.shape;

  it('is the distance of PyTorch, and so is its gradient', async () => {
    const run = await program(config, values, shape);
    const [a, b] = [values('a'), values('b')];
    const { distance, gradient } = await run.run({ a, b });
    values('distance').forEach((expected, i) => {
      expect(Math.abs(distance![i]! - expected)).toBeLessThan(1e-5 * expected); // float32 against float64
    });
    const wanted = values('gradient');
    const scale = Math.max(...wanted.map(Math.abs));
    gradient!.forEach((slope, i) => {
      expect(Math.abs(slope - wanted[i]!)).toBeLessThan(1e-4 * scale); // sums of a hundred products of either sign
    });
    const same = await run.run({ a, b: a });
    expect([...same['distance']!]).toEqual([0, 0]);
    expect(same['gradient']!.every((slope) => slope === 0)).toBe(true);
    await run.dispose();
  });

  it('has the slope of its differences', async () => {
    const run = await program(config, values, shape);
    const [a, b] = [values('a'), values('b')];
    const total = async (picture: Float32Array) => {
      const { distance } = await run.run({ a: picture, b });
      return distance![0]! + distance![1]!;
    };
    const { gradient } = await run.run({ a, b });
    // Where it rises most, and towards b; few kinks of ReLUs lie within steps this short.
    const length = Math.hypot(...gradient!);
    for (const direction of [gradient!.map((x) => x / length), b.map((x, i) => x - a[i]!)]) {
      const step = 1e-2 / Math.hypot(...direction);
      const moved = (by: number) => a.map((x, i) => x + by * direction[i]!);
      const numeric = ((await total(moved(step))) - (await total(moved(-step)))) / (2 * step);
      const analytic = direction.reduce((dot, x, i) => dot + x * gradient![i]!, 0);
      expect(Math.abs(numeric - analytic)).toBeLessThan(0.01 * length * Math.hypot(...direction));
    }
    await run.dispose();
  });

  it('has pixels on every level from its smallest size on', () => {
    const side = LPIPS_SMALLEST[config.backbone];
    const levels = (size: number) => {
      const g = new Graph();
      return lpipsFeatures(scopeOf(g), config, g.input('a', [1, 3, size, size])).map(({ shape }) => shape[3]!);
    };
    expect(Math.min(...levels(side))).toBe(1);
    expect(() => levels(side - 1)).toThrow(/internal/);
  });

  it('has a finite slope where no feature answers', async () => {
    const side = LPIPS_SMALLEST[config.backbone];
    const dark = (name: string) => (name.endsWith('bias') ? values(name).fill(-100) : values(name));
    const run = await program(config, dark, [1, 3, side, side]);
    const a = new RandomStream(randomKey(11)).normals(3 * side * side);
    const { distance, gradient } = await run.run({ a, b: a.map((x) => -x) });
    expect(distance![0]).toBe(0);
    expect(gradient!.every((slope) => slope === 0)).toBe(true);
    await run.dispose();
  });
});
