/** A step in several runs is the step in one: same pictures bit by bit, same gradients but for the order of sums. */
import { expect, it } from 'vitest';
import { orbitCamera } from '../core/camera.js';
import { RandomStream, randomKey } from '../core/rng.js';
import { draftField, fillCameraRays, initialHead } from '../head/index.js';
import { FieldPass } from './field-pass.js';

const config = { ...draftField, levels: 3, log2TableSize: 9, hidden: 8 };
const SIZE = 32;
const SAMPLES = 16;

async function step(runSlots?: number) {
  const field = await FieldPass.create(
    config,
    { rays: SIZE * SIZE, samples: SAMPLES, points: 0, threads: 1 },
    runSlots,
  );
  const head = initialHead(config, randomKey(1));
  const stream = new RandomStream(randomKey(2));
  const { engine } = field;
  engine.table.set(head.table.map(() => stream.normal()));
  engine.setNetworks(head.networks);
  engine.setOccupancy(head.occupancy);
  const camera = orbitCamera({
    azimuth: 0.3,
    elevation: 0.1,
    distance: 1.2,
    focal: 4 * SIZE,
    width: SIZE,
    height: SIZE,
  });
  fillCameraRays(camera, { column: 0, row: 0, width: SIZE, height: SIZE }, field.rays);
  const options = { key: randomKey(3) };
  await field.forward(options);
  const [color, opacity] = [stream.normals(SIZE * SIZE * 3), stream.normals(SIZE * SIZE)];
  // without inertia the first moment is the table's gradient
  const adam = { beta1: 0, beta2: 0.99, epsilon: 1e-15, weightDecay: 0.01, rate: 0.01, step: 1 };
  const networks = await field.backward(options, color, opacity, adam);
  field.dispose();
  return { color: field.color, opacity: field.opacity, networks, table: engine.first.slice() };
}

it('sees the same in four runs and sums up to the same gradients', async () => {
  const [one, four] = [await step(), await step((SIZE * SIZE * SAMPLES) / 4)];
  expect(four.color).toEqual(one.color);
  expect(four.opacity).toEqual(one.opacity);
  expect(four.table).toEqual(one.table); // level by level in the order of samples, however they are cut
  for (const [name, gradient] of Object.entries(one.networks)) {
    const scale = Math.max(...gradient.map(Math.abs));
    for (const [i, x] of gradient.entries()) expect(Math.abs(four.networks[name]![i]! - x)).toBeLessThan(1e-5 * scale); // float32 sums of thousands of terms
  }
});
