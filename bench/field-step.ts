/**
 * Speed of a distillation step of the draft preset's field on the ball scene, at 64², L1 alone; and where the time goes.
 *
 * Prints the best wall and processor milliseconds of N steps, rays and samples a second, the share of each part, and two
 * floors: bytes that must move at 10 GB/s and operations at 25 GFLOP/s a thread (four-lane multiplies and adds; WebAssembly
 * has no fused ones). With OUT=<folder> it writes weights, samples and loss for bench/field-step.py, which is the same step in
 * PyTorch; bench/compare-field.sh runs both in turns. Not a test: nothing here asserts a time.
 *
 *   THREADS=1 npx tsx bench/field-step.ts [steps=30] [warm=60]
 *
 * With DEVICE=webgpu (the package `webgpu` installed) field and loss run on the graphics card, and only whole steps are timed;
 * FIELD=paper takes the paper's field, batch and samples instead of the draft's.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { foldIn, RandomStream, randomKey } from '../src/core/rng.js';
import { renderBallHead } from '../src/distill/ball-head.js';
import { type DistillConfig, draftPreset, paperPreset } from '../src/distill/config.js';
import { gridAngles, viewCamera } from '../src/distill/orbit.js';
import { initialState } from '../src/distill/state.js';
import { chooseBatch, HeadTrainer } from '../src/distill/step.js';
import type { Device } from '../src/graph/index.js';
import { FieldKernels } from '../src/head/field-kernels.js';
import {
  directionHarmonics,
  fieldLayout,
  fillCameraRays,
  HARMONICS,
  makeSampleBatch,
  marchRays,
  paperView,
  updateOccupancy,
} from '../src/head/index.js';

const [steps = 30, warm = 60] = process.argv.slice(2).map(Number);
const threads = Number(process.env['THREADS'] ?? 1);
const device = (process.env['DEVICE'] ?? 'cpu') as Device;
const preset = process.env['FIELD'] === 'paper' ? paperPreset : draftPreset;
if (preset === paperPreset && device === 'cpu') throw new Error('FIELD=paper is for DEVICE=webgpu');
const SIZE = 64;
const config: DistillConfig = {
  ...preset,
  losses: { l1: 1, perceptual: 0, sparsity: 0, opaqueness: 0, coverage: 0, emptiness: 0 },
  decayFrom: 1,
};
const { field, samples, optimiser } = config;
const cameras = gridAngles(config.views).map((angles) => viewCamera(angles, paperView, SIZE));
const targets = cameras.map((camera) => renderBallHead(camera, 1).color);
const trainer = await HeadTrainer.create(config, { threads, device });
const start = initialState(config);
const { head, moments } = trainer.adopt(start.head, start.moments);

const processor = () => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
};
/** Best wall and processor milliseconds of `count` calls. Processor time hardly knows what else the machine does. */
async function best(count: number, what: (i: number) => unknown): Promise<{ wall: number; cpu: number }> {
  const found = { wall: Infinity, cpu: Infinity };
  for (let i = 0; i < count; i++) {
    const [wall, cpu] = [performance.now(), processor()];
    await what(i);
    found.cpu = Math.min(found.cpu, processor() - cpu);
    found.wall = Math.min(found.wall, performance.now() - wall);
  }
  return found;
}

const batchOf = (n: number) => chooseBatch(config.batch, cameras.length, SIZE, new RandomStream(randomKey(n)));
const step = (n: number) => trainer.step(head, moments, n, batchOf(n), { cameras, targets }, randomKey(n));
for (let n = 0; n < warm; n++) {
  if (n % 16 === 0)
    await updateOccupancy(head.occupancy, (points) => trainer.density(head, points), new RandomStream(randomKey(n)), {
      halfSide: field.halfSide,
      cells: 'all',
    });
  await step(n);
}
if (device !== 'cpu') {
  if (trainer.engine !== 'shaders') throw new Error('no WebGPU for the field: npm install webgpu, and a driver');
  const { wall } = await best(steps, (i) => step(warm + i));
  const { loss } = await step(warm + steps);
  const rays = config.batch.views * config.batch.patch ** 2;
  const perSecond = (count: number) => Math.round((count / wall) * 1000);
  console.log(
    JSON.stringify({
      what: 'joker',
      device,
      ms: +wall.toFixed(1),
      rays_per_s: perSecond(rays),
      samples_per_s: perSecond(rays * samples),
      loss: +loss.toFixed(6),
    }),
  );
  process.exit(0); // what follows takes the kernels' step apart
}
// What the compared step starts from: the next batch, its samples, and the weights as they are now.
const batch = batchOf(warm);
const table = head.table.slice();
const networks = Object.fromEntries(Object.entries(head.networks).map(([name, x]) => [name, x.slice()]));
const kernels = await FieldKernels.create(field, {
  rays: config.batch.views * config.batch.patch ** 2,
  samples,
  training: true,
  threads,
});
const { rays } = kernels;
batch.views.forEach((view, b) => {
  fillCameraRays(cameras[view]!, batch.place, rays, b * config.batch.patch ** 2);
});
kernels.table.set(table);
kernels.setNetworks(networks);
kernels.setOccupancy(head.occupancy);
const key = randomKey(warm); // what `step(warm)` hands to the trainer
if (process.env['OUT']) writeInputs(process.env['OUT']);
const { loss } = await step(warm);

const whole = await best(steps, (i) => step(warm + 1 + i));
const forward = await best(steps, () => kernels.forward({ key }));
const kept = kernels.keptSamples;
const random = new RandomStream(key);
const back: { wall: number; cpu: number } = { wall: Infinity, cpu: Infinity };
for (let i = 0; i < steps; i++) {
  kernels.forward({ key });
  kernels.colorGradient.set(random.normals(rays.count * 3));
  const { wall, cpu } = await best(1, () => kernels.backward());
  back.wall = Math.min(back.wall, wall);
  back.cpu = Math.min(back.cpu, cpu);
}
const tables = await best(steps, () => kernels.updateTable({ ...optimiser, rate: 1e-4, step: warm }));
const rest = {
  wall: whole.wall - forward.wall - back.wall - tables.wall,
  cpu: whole.cpu - forward.cpu - back.cpu - tables.cpu,
};
const share = (part: { cpu: number }) => +(part.cpu / whole.cpu).toFixed(2);

// Floor: every slot is encoded and its density made; kept samples have colour, and everything back (twice as much).
const slots = rays.count * samples;
const features = field.levels * 2;
const one = 2 * field.hidden * features;
const flops = slots * one + kept * (one + 2 * field.hidden * 4 + 2 * (2 * one + 2 * field.hidden * 4));
const bytes =
  7 * table.length * 4 + slots * field.levels * 8 * 8 + 2 * kept * field.levels * 8 * 8 + 4 * kept * features * 4;
console.log(
  JSON.stringify({
    what: 'joker',
    threads,
    ms: +whole.wall.toFixed(1),
    cpu_ms: +whole.cpu.toFixed(1),
    rays_per_s: Math.round((rays.count / whole.cpu) * 1000 * threads),
    samples_per_s: Math.round((slots / whole.cpu) * 1000 * threads),
    kept: +(kept / slots).toFixed(2),
    loss: +loss.toFixed(6),
    shares: {
      march_and_forward: share(forward),
      backward: share(back),
      tables: share(tables),
      background_and_loss: share(rest),
    },
    floor_ms: { operations: +(flops / 25e6 / threads).toFixed(1), bytes: +(bytes / 10e6).toFixed(1) },
  }),
);
kernels.dispose();
await trainer.dispose();

/** Everything that PyTorch needs, as raw little-endian floats, and a description. */
function writeInputs(folder: string): void {
  const all = makeSampleBatch(rays.count, samples);
  const jitter = randomSamples(all);
  const harmonics = new Float32Array(rays.count * HARMONICS);
  directionHarmonics(rays.places, rays.count, harmonics); // the draft's background is a function of the place
  const target = new Float32Array(rays.count * 3);
  const { patch } = config.batch;
  batch.views.forEach((view, b) => {
    for (let y = 0; y < patch; y++) {
      const from = ((batch.place.row + y) * SIZE + batch.place.column) * 3;
      target.set(targets[view]!.data.subarray(from, from + patch * 3), (b * patch * patch + y * patch) * 3);
    }
  });
  const arrays: Record<string, Float32Array> = { table, ...networks, ...jitter, harmonics, target };
  for (const [name, data] of Object.entries(arrays)) writeFileSync(join(folder, `${name}.f32`), data);
  const layout = fieldLayout(field).levels;
  writeFileSync(
    join(folder, 'field.json'),
    JSON.stringify({ rays: rays.count, samples, field, layout, optimiser, rates: config.rates }),
  );
}

/** The samples of the step: march.ts with the kernels' jitter, chunk by chunk. */
function randomSamples(to: ReturnType<typeof makeSampleBatch>): Record<string, Float32Array> {
  const per = kernels.raysPerChunk;
  for (let chunk = 0; chunk * per < rays.count; chunk++) {
    const count = Math.min(per, rays.count - chunk * per);
    const part = (x: Float32Array) => x.subarray(chunk * per * 3, (chunk * per + count) * 3);
    const some = { count, origins: part(rays.origins), directions: part(rays.directions), places: part(rays.places) };
    const found = makeSampleBatch(count, samples);
    marchRays(some, field, head.occupancy, { samples, stream: new RandomStream(foldIn(key, chunk)) }, found);
    to.points.set(found.points, chunk * per * samples * 3);
    for (const name of ['distance', 'length', 'bias'] as const) to[name].set(found[name], chunk * per * samples);
  }
  const { points, length, bias } = to;
  return { points, length, bias };
}
