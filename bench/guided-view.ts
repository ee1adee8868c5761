/**
 * One guided noise prediction of a few views by the embedded prior, reference features given: what a teacher repeats most.
 * The partner of bench/guided-view.py, which does the same in PyTorch on the numbers that this program writes.
 *
 *   npx tsx bench/guided-view.ts [--views 4] [--repeat 10] [--threads 1] [--write FILE]
 *
 * `--write`: weights, inputs and the result as safetensors, so that the partner can show that it computes the same.
 */
import { performance } from 'node:perf_hooks';
import { parseArgs } from 'node:util';
import { assetPath } from '../src/core/files/assets.js';
import { openSafetensors, readTensor, writeSafetensors } from '../src/core/files/safetensors.js';
import { makeImage } from '../src/core/image.js';
import { randomKey } from '../src/core/rng.js';
import { drawLatents, JokerPrior, openPrior, priorParameters, rowKeys } from '../src/prior/index.js';

const { values } = parseArgs({
  options: {
    views: { type: 'string', default: '4' },
    repeat: { type: 'string', default: '10' },
    threads: { type: 'string', default: '1' },
    write: { type: 'string' },
  },
});
const [views, repeat, threads] = [values.views, values.repeat, values.threads].map(Number) as [number, number, number];
const [TIMESTEP, GUIDANCE] = [501, 3];
const WEIGHTS = assetPath('prior', 'mini.safetensors');

const prior = new JokerPrior(openPrior(WEIGHTS), { threads, batch: views });
const { config } = prior;
const side = config.image_size;
const condition = await prior.prepare('a woman sticking her tongue out', makeImage(side, side, 3), null);
const control = await prior.controlFeatures(Array.from({ length: views }, () => makeImage(side, side, 3)));
const latents = drawLatents(prior, rowKeys(randomKey(1), views));
const features = await prior.referenceFeatures(condition, TIMESTEP, 2);
const query = { latents, control, features, guidance: GUIDANCE };
const noise = await prior.predictNoise(condition, query);
let best = Number.POSITIVE_INFINITY;
for (let i = 0; i < repeat; i++) {
  const start = performance.now();
  await prior.predictNoise(condition, query);
  best = Math.min(best, performance.now() - start);
}
await prior.dispose();
if (values.write) await writeForPartner(values.write);
console.log(JSON.stringify({ what: 'joker', views, threads, ms: +best.toFixed(1) }));

async function writeForPartner(path: string): Promise<void> {
  const file = openSafetensors(WEIGHTS);
  const weights = priorParameters(config)
    .filter(({ name }) => /^(unet|controlnet)\./.test(name))
    .map(({ name, shape }) => ({ name, shape, data: readTensor(file, name) }));
  const [channels, height, width] = prior.latentShape;
  const token = (name: string, data: Float32Array) => ({ name: `inject.${name}`, shape: [data.length], data });
  const tensors = [
    ...weights,
    ...Object.entries(features.tokens).map(([name, data]) => token(name, data)),
    { name: 'in.latents', shape: [views, channels, height, width], data: latents },
    { name: 'in.control', shape: [views, control.length / (views * height * width), height, width], data: control },
    { name: 'in.text', shape: [2, config.text_encoder.max_position_embeddings, -1], data: condition.text },
    { name: 'out.noise', shape: [views, channels, height, width], data: noise },
  ].map(({ shape, ...rest }) => ({
    ...rest,
    shape: shape.map((n) => (n < 0 ? rest.data.length / (2 * config.text_encoder.max_position_embeddings) : n)),
    dtype: 'F32' as const,
  }));
  const settings = { unet: config.unet, controlnet: config.controlnet, timestep: TIMESTEP, guidance: GUIDANCE };
  const alpha = prior.schedule.alphasCumprod[TIMESTEP]!;
  await writeSafetensors(path, tensors, { settings: JSON.stringify({ ...settings, alpha }) });
}
