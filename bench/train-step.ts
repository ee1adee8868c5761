/**
 * Speed of one whole training step of eight residual blocks (GroupNorm, SiLU, 3×3 conv ×2; AdamW in the graph).
 *
 * Prints milliseconds and GFLOP/s. bench/train-step.py is the same step in PyTorch; bench/compare-train-step.sh runs both,
 * interleaved, one thread each, best of N. Not a test: nothing here asserts a time.
 *
 *   npx tsx bench/train-step.ts [batch=16] [channels=96] [size=16] [steps=20]
 */
import { RandomStream, randomKey } from '../src/core/rng.js';
import {
  adamW,
  add,
  compile,
  conv2d,
  Graph,
  gradients,
  groupNorm,
  mean,
  silu,
  sizeOf,
  square,
  sub,
  type Tensor,
} from '../src/graph/index.js';

const [batch = 16, channels = 96, size = 16, steps = 20] = process.argv.slice(2).map(Number);
const BLOCKS = 8;

function residualBlock(g: Graph, x: Tensor, name: string): Tensor {
  let h = x;
  for (const part of ['1', '2']) {
    const scale = g.parameter(`${name}.norm${part}.weight`, [channels]);
    const bias = g.parameter(`${name}.norm${part}.bias`, [channels]);
    const weight = g.parameter(`${name}.conv${part}.weight`, [channels, channels, 3, 3]);
    const shift = g.parameter(`${name}.conv${part}.bias`, [channels]);
    h = conv2d(silu(groupNorm(h, 8, scale, bias, 1e-5)), weight, shift, { padding: 1 });
  }
  return add(x, h);
}

const g = new Graph();
const shape = [batch, channels, size, size];
const x = g.input('x', shape);
let h = x;
for (let i = 0; i < BLOCKS; i++) h = residualBlock(g, h, `blocks.${i}`);
const loss = mean(square(sub(h, g.input('target', shape))));
const parameters = g.parameters();
const random = new RandomStream(randomKey(0));
const initial = parameters.map((p) => Float32Array.from(random.normals(sizeOf(p.shape)), (v) => v * 0.03));
const state = adamW(g, {
  parameters,
  initial,
  gradients: gradients(loss, parameters),
  learningRate: 1e-4,
  step: g.input('step', []),
  clipNorm: 1,
});
const threads = Number(process.env['THREADS'] ?? 1);
const program = await compile({ outputs: { loss }, state, threads, profile: process.env['PROFILE'] });
const feeds = { x: random.normals(sizeOf(shape)), target: random.normals(sizeOf(shape)) };
let best = Infinity;
for (let step = 1; step <= steps; step++) {
  const start = performance.now();
  await program.run({ ...feeds, step: Float32Array.of(step) });
  best = Math.min(best, performance.now() - start);
}
// forward 2·K·N flops a conv, backward twice that
const flops = 3 * 2 * BLOCKS * 2 * batch * size * size * channels * channels * 9;
console.log(JSON.stringify({ what: 'joker', ms: +best.toFixed(1), gflops: +(flops / best / 1e6).toFixed(1) }));
await program.dispose();
