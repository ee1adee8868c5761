/** The kernels against their slow twins: marching, hash grid and rendering with gradients on the graph, density, AdamW. */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, describe, expect, it } from 'vitest';
import { randomHead } from '../../test/fixtures/random-head.js';
import { orbitCamera } from '../core/camera.js';
import { foldIn, RandomStream, randomKey } from '../core/rng.js';
import { add, compile, Graph, gradients, mul, type Program, reshape, sum } from '../graph/index.js';
import type { FieldEngineOptions } from './engine.js';
import { draftField, type FieldConfig, fieldLayout, networkShapes, paperField } from './field.js';
import { feedOf, makeFieldRun, raysOnGraph } from './field-graph.js';
import { FieldKernels } from './field-kernels.js';
import { scatterGradient } from './hash.js';
import type { Head } from './head.js';
import { makeSampleBatch, marchRays } from './march.js';
import { fillCameraRays, type Rays } from './rays.js';
import { sampleDensity } from './sample.js';

/** Dense and hashed levels; widths that are no multiple of four; more samples than one block, rays that end early. */
const config: FieldConfig = {
  ...draftField,
  levels: 5,
  log2TableSize: 10,
  baseResolution: 5,
  growth: 1.6,
  hidden: 7,
  biasHeight: 1,
};
const layout = fieldLayout(config);
const [SIZE, SAMPLES] = [13, 24];
const RAYS = SIZE * SIZE;
const camera = orbitCamera({
  azimuth: 0.3,
  elevation: -0.2,
  distance: 1.2,
  focal: 3 * SIZE,
  width: SIZE,
  height: SIZE,
});
const whole = { column: 0, row: 0, width: SIZE, height: SIZE };
const key = randomKey(11);

const open: FieldKernels[] = [];
afterAll(() => {
  for (const kernels of open) kernels.dispose();
});

async function kernelsOf(head: Head, more: Partial<FieldEngineOptions> = {}): Promise<FieldKernels> {
  const options = { rays: RAYS, samples: SAMPLES, training: true, points: 1000, threads: 1, ...more };
  const kernels = await FieldKernels.create(config, options);
  open.push(kernels);
  kernels.table.set(head.table);
  kernels.setNetworks(head.networks);
  kernels.setOccupancy(head.occupancy);
  fillCameraRays(camera, whole, kernels.rays);
  return kernels;
}

/** The twin's march with the kernels' jitter: each chunk of rays has a stream of its own. */
function marchChunks(head: Head, rays: Rays, perChunk: number, to: ReturnType<typeof makeSampleBatch>): void {
  for (let chunk = 0; chunk * perChunk < rays.count; chunk++) {
    const [from, end] = [chunk * perChunk, Math.min(rays.count, (chunk + 1) * perChunk)];
    const part = (x: Float32Array) => x.subarray(from * 3, end * 3);
    const some = {
      count: end - from,
      origins: part(rays.origins),
      directions: part(rays.directions),
      places: part(rays.places),
    };
    const batch = makeSampleBatch(some.count, SAMPLES);
    marchRays(some, config, head.occupancy, { samples: SAMPLES, stream: new RandomStream(foldIn(key, chunk)) }, batch);
    for (const name of ['points', 'distance', 'length', 'bias'] as const)
      to[name].set(batch[name], from * SAMPLES * (name === 'points' ? 3 : 1));
  }
}

/** Colour without background (its networks are zero: half grey), opacity, distance and all gradients, on the graph. */
async function twin(head: Head, perChunk: number, colorGradient: Float32Array, opacityGradient: Float32Array) {
  const run = makeFieldRun(config, RAYS, SAMPLES);
  fillCameraRays(camera, whole, run.rays);
  const silent = Object.fromEntries(
    Object.entries(head.networks).map(([name, x]) => [
      name,
      name.startsWith('background') ? new Float32Array(x.length) : x,
    ]),
  );
  const still = { ...head, networks: silent };
  marchChunks(head, run.rays, perChunk, run.batch);
  const feed = feedOf(still, layout, run, null);
  const g = new Graph();
  const rays = raysOnGraph(g, config, RAYS, SAMPLES);
  const c = g.input('colorGradient', [RAYS, 3]);
  const o = g.input('opacityGradient', [RAYS]);
  const seen = add(rays.color, mul(reshape(add(rays.opacity, -1), [RAYS, 1]), 0.5));
  const loss = add(sum(mul(seen, c)), sum(mul(rays.opacity, o)));
  const names = Object.keys(networkShapes(config)).filter((name) => !name.startsWith('background'));
  const all = gradients(loss, [rays.features, ...names.map((name) => rays.weights[name]!)]);
  const outputs = Object.fromEntries(names.map((name, i) => [name, all[i + 1]!]));
  const { opacity, distance } = rays;
  const program: Program = await compile({
    outputs: { seen, opacity, distance, features: all[0]!, ...outputs },
    threads: 1,
  });
  const out = await program.run({ ...feed, colorGradient, opacityGradient });
  await program.dispose();
  const table = new Float32Array(head.table.length);
  scatterGradient(layout, run.batch.points, RAYS * SAMPLES, out['features']!, table);
  return { out, table, names };
}

/** Largest difference, as a share of the largest value. */
function difference(a: Float32Array, b: Float32Array): number {
  expect(a.length).toBe(b.length);
  const scale = b.reduce((most, x) => Math.max(most, Math.abs(x)), 0);
  expect(scale).toBeGreaterThan(1e-4);
  return a.reduce((worst, x, i) => Math.max(worst, Math.abs(x - b[i]!)), 0) / scale;
}

function randomGradients() {
  const stream = new RandomStream(randomKey(5));
  return { color: stream.normals(RAYS * 3), opacity: stream.normals(RAYS) };
}

const adam = { beta1: 0.9, beta2: 0.99, epsilon: 1e-15, weightDecay: 0.01, rate: 0.01, step: 1 };

/** Everything that a step computes. */
function step(kernels: FieldKernels, earlyStop: number) {
  const { color, opacity } = randomGradients();
  kernels.forward({ key, earlyStop });
  kernels.colorGradient.set(color);
  kernels.opacityGradient.set(opacity);
  const networks = kernels.backward();
  kernels.updateTable(adam);
  const { table, first, second, tableGradient } = kernels;
  const copies = { table, first, second, tableGradient, color: kernels.color, opacity: kernels.opacity };
  return {
    networks,
    distance: kernels.distance.slice(),
    kept: kernels.keptSamples,
    ...(Object.fromEntries(Object.entries(copies).map(([name, x]) => [name, x.slice()])) as typeof copies),
  };
}

describe('FieldKernels', () => {
  it('sees and learns what the graph does', async () => {
    const head = randomHead(config);
    const kernels = await kernelsOf(head);
    const { color, opacity } = randomGradients();
    const found = step(kernels, 0);
    const { out, table, names } = await twin(head, kernels.raysPerChunk, color, opacity);
    // float32 on both sides, sums of up to a few thousand terms in another order
    expect(difference(found.color, out['seen']!)).toBeLessThan(2e-5);
    expect(difference(found.opacity, out['opacity']!)).toBeLessThan(2e-5);
    expect(difference(found.distance, out['distance']!)).toBeLessThan(2e-5);
    for (const name of names) expect(difference(found.networks[name]!, out[name]!), name).toBeLessThan(1e-4);
    expect(difference(found.tableGradient, table)).toBeLessThan(1e-4);
  });

  it('gives the same bits with one thread and with three', async () => {
    const head = randomHead(config);
    const one = step(await kernelsOf(head), 1e-4);
    expect(step(await kernelsOf(head, { threads: 3 }), 1e-4)).toEqual(one);
  });

  it('ends rays where next to nothing passes', async () => {
    const head = randomHead(config);
    const kernels = await kernelsOf(head);
    const stop = 0.1; // large, so that many samples are left out
    const [all, some] = [step(kernels, 0), step(await kernelsOf(head), stop)];
    expect(some.kept).toBeLessThan(0.9 * all.kept);
    // What is left out weighs at most what would have passed.
    expect(Math.max(...some.color.map((x, i) => Math.abs(x - all.color[i]!)))).toBeLessThan(1.001 * stop);
  });

  it('takes the AdamW step of adamw.ts', async () => {
    const head = randomHead(config);
    const kernels = await kernelsOf(head);
    const { tableGradient, table, first, second } = step(kernels, 0);
    for (let i = 0; i < table.length; i++) {
      const g = tableGradient[i]!;
      const [m, v] = [0.1 * g, 0.01 * g * g];
      const moved = head.table[i]! * (1 - 1e-4) - (0.01 * (m / 0.1)) / (Math.sqrt(v / 0.01) + 1e-15);
      // float32 on values of size 1 to 4
      if (Math.abs(table[i]! - moved) > 1e-6) expect(`${i}: ${table[i]}`).toBe(`${i}: ${moved}`);
      if (Math.abs(first[i]! - m) > 1e-6 * Math.abs(m)) expect(first[i]).toBe(m);
      if (Math.abs(second[i]! - v) > 1e-6 * v + 1e-38) expect(second[i]).toBe(v);
    }
  });

  it('knows the density at points, of any number', async () => {
    const head = randomHead(config);
    const kernels = await kernelsOf(head);
    const stream = new RandomStream(randomKey(6));
    for (const count of [1, 127, 128, 1000]) {
      const points = new Float32Array(count * 3).map(() => stream.uniform(-0.1, 1.1)); // some outside
      expect(difference(kernels.density(points), sampleDensity(head, points))).toBeLessThan(1e-5);
    }
  });

  it('stays finite with extreme densities', async () => {
    for (const size of [1e4, -1e4, 1e15]) {
      const head = randomHead(config);
      head.table.fill(size);
      const { networks, table, first, second, tableGradient, color, opacity, distance } = step(
        await kernelsOf(head),
        0,
      );
      for (const values of [table, first, tableGradient, color, opacity, distance, ...Object.values(networks)])
        expect(values.every(Number.isFinite)).toBe(true);
      expect(second.every((x) => x >= 0)).toBe(true);
    }
  });

  it('refuses rooms that WebAssembly cannot address', async () => {
    const kernels = FieldKernels.create(paperField, { rays: 2 ** 18, samples: 200, training: true, threads: 1 });
    await expect(kernels).rejects.toThrow(/need \d+\.\d GB/);
  });
});

describe('the compiled kernels', () => {
  it('are what the sources say', async () => {
    const script = fileURLToPath(new URL('../../scripts/build-kernels.mjs', import.meta.url));
    const { stdout } = await promisify(execFile)(process.execPath, [script, '--check']);
    expect(stdout).toMatch(/as its sources say/);
  }, 600_000); // the compiler is a large program: 5 s on an idle machine, minutes on a very busy one
});
