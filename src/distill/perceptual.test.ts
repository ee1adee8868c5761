/** LPIPS as a term: the mean of the distances that PyTorch finds, with its gradient, and none for the target. */
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { openSafetensors, readTensor } from '../core/files/safetensors.js';
import { compile, Graph, gradients } from '../graph/index.js';
import { LPIPS_WIDTHS } from '../nets/index.js';
import { openLpips } from '../run/lpips-files.js';
import { lpipsPerceptual } from './perceptual.js';

const path = fileURLToPath(new URL('../nets/fixtures/lpips-vgg.safetensors', import.meta.url));

it('is the mean over the batch, and moves the prediction only', async () => {
  const term = lpipsPerceptual(openLpips([path], { ...LPIPS_WIDTHS, vgg: [3, 4, 6, 5, 4] }));
  expect(term.name).toBe('lpips(vgg)');
  const file = openSafetensors(path);
  const values = (name: string) => readTensor(file, name);
  const g = new Graph();
  const shape = file.entries.get('a')!.shape;
  const [a, b] = [g.input('a', shape), g.input('b', shape)];
  const distance = term.build(g, a, b);
  expect(() => gradients(distance, [b])).toThrow(/'b' does not reach the loss/);
  const [up] = gradients(distance, [a]);
  const program = await compile({ outputs: { distance, up: up! }, weights: term.weights, threads: 1 });
  const out = await program.run({ a: values('a'), b: values('b') });
  const [first, second] = values('distance');
  expect(out['distance']![0]).toBeCloseTo((first! + second!) / 2, 5);
  const wanted = values('gradient');
  const scale = Math.max(...wanted.map(Math.abs));
  out['up']!.forEach((slope, i) => {
    expect(Math.abs(2 * slope - wanted[i]!)).toBeLessThan(1e-4 * scale); // as in nets/lpips.test.ts
  });
  await program.dispose();
});
