/**
 * The loop on a least-squares problem that has a known answer: it finds it, and a run that was stopped and resumed ends with
 * exactly the weights of an undisturbed one.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { newestCheckpoint } from '../core/files/checkpoints.js';
import { RandomStream } from '../core/rng.js';
import { linear, mean, square, sub } from '../graph/index.js';
import { learningRateAt, miniNetworks, type StageOptions } from './config.js';
import { type LoopOptions, type TrainingTask, train } from './loop.js';
import { trainsInPrior } from './prior.js';

const folder = mkdtempSync(join(tmpdir(), 'joker3d-loop-'));
afterAll(() => rmSync(folder, { recursive: true }));

const TRUE_WEIGHTS = [1.5, -2, 0.5];
const ROWS = 16;

/** y = x·w with random x: the only minimum of the loss is w itself. */
const task: TrainingTask = {
  name: 'regression',
  build: (graph) => {
    const prediction = linear(graph.input('x', [ROWS, 3]), graph.parameter('w', [1, 3]));
    return { loss: mean(square(sub(prediction, graph.input('y', [ROWS, 1])))) };
  },
  trains: () => true,
  batch: (key) => {
    const x = new RandomStream(key).normals(ROWS * 3);
    const y = Float32Array.from({ length: ROWS }, (_, r) => TRUE_WEIGHTS.reduce((s, w, c) => s + w * x[r * 3 + c]!, 0));
    return { x, y };
  },
};

const stage: StageOptions = {
  batch: ROWS,
  learningRate: 0.05,
  warmupSteps: 5,
  steps: 300,
  decayShare: 0.5,
  weightDecay: 0,
  clipNorm: 10,
  averageDecay: 0,
  seed: 3,
};

function options(name: string, changes: Partial<LoopOptions> = {}): LoopOptions {
  let clock = 0;
  return { ...stage, folder: join(folder, name), threads: 1, now: () => clock++, ...changes };
}

test('the loop finds the least-squares answer', async () => {
  const { weights, step } = await train(task, options('whole'));
  expect(step).toBe(300);
  // 300 steps at a falling rate: the remaining error is far below a percent of the weights
  weights.get('w')!.forEach((w, i) => {
    expect(w).toBeCloseTo(TRUE_WEIGHTS[i]!, 2);
  });
  const rows = readFileSync(join(folder, 'whole', 'log.jsonl'), 'utf8')
    .trim()
    .split('\n');
  expect(JSON.parse(rows.at(-1)!)).toMatchObject({ step: 300 });
});

test('stopped and resumed equals undisturbed, to the bit, averages included', async () => {
  const averaged = { averageDecay: 0.9, steps: 60 };
  const whole = await train(task, options('undisturbed', averaged));
  // the clock above ticks once a look, so this limit stops the run somewhere in the middle
  const first = await train(task, options('stopped', { ...averaged, maximumSeconds: 25 }));
  expect(first.step).toBeGreaterThan(0);
  expect(first.step).toBeLessThan(60);
  let drawn = 0;
  const counted = {
    ...task,
    batch: (...given: Parameters<TrainingTask['batch']>) => {
      drawn++;
      return task.batch(...given);
    },
  };
  const resumed = await train(counted, options('stopped', averaged));
  expect(drawn).toBe(60 - first.step);
  expect(resumed.step).toBe(60);
  expect(Array.from(resumed.weights.get('w')!)).toEqual(Array.from(whole.weights.get('w')!));
});

test('the learning rate warms up, stays, and falls to a tenth', () => {
  expect(learningRateAt(stage, 1)).toBeCloseTo(0.01, 10);
  expect(learningRateAt(stage, 100)).toBeCloseTo(0.05, 10);
  expect(learningRateAt(stage, 300)).toBeCloseTo(0.005, 10);
});

test('the prior trains what the paper trains', () => {
  const { unet } = miniNetworks(768);
  const trains = (name: string) => trainsInPrior(name, unet);
  for (const name of [
    'unet.mid_block.resnets.0.conv1.weight',
    'unet.up_blocks.0.resnets.0.conv1.weight',
    'controlnet.conv_in.weight',
  ])
    expect(trains(name), name).toBe(true);
  for (const name of [
    'unet.conv_in.weight',
    'unet.down_blocks.0.resnets.0.conv1.weight',
    'unet.conv_out.weight',
    'text_encoder.final_layer_norm.weight',
    'vae.encoder.conv_in.weight',
  ])
    expect(trains(name), name).toBe(false);
  const last = 'ref_unet.up_blocks.2.attentions.1';
  expect(trains(`${last}.transformer_blocks.0.norm1.weight`)).toBe(true);
  for (const rest of [
    'transformer_blocks.0.attn1.to_q.weight',
    'transformer_blocks.0.ff.net.2.weight',
    'proj_out.weight',
  ])
    expect(trains(`${last}.${rest}`), rest).toBe(false);
  expect(trains('ref_unet.up_blocks.1.attentions.1.transformer_blocks.0.attn1.to_q.weight')).toBe(true);
  expect(trains('ref_unet.conv_out.weight')).toBe(false);
  // deviations of `mini`
  expect(trainsInPrior('unet.conv_in.weight', unet, { wholeDenoiser: true })).toBe(true);
  expect(trainsInPrior('text_encoder.final_layer_norm.weight', unet, { textEncoder: true })).toBe(true);
});

test('a request to stop ends the run with a checkpoint of the step that was done', async () => {
  const controller = new AbortController();
  const report = (message: { kind: string }) => {
    if (message.kind === 'progress') controller.abort();
  };
  const stopped = await train(task, options('asked', { signal: controller.signal, report }));
  expect(stopped.step).toBe(25); // the first report comes after 25 steps
  expect(newestCheckpoint(join(folder, 'asked'))!.step).toBe(25);
  await expect(train(task, options('asked', { seed: 4 }))).rejects.toThrow(/made with seed 3, not 4/);
});
