/**
 * Speed of the embedded prior's work: training steps of base and prior (pictures a second), and guided noise predictions of
 * views (evaluations a second, two branches each). Random weights and material: values do not change the time.
 *
 * One thread; the best of the repeated steps, since machines are shared. Nothing here asserts a time.
 *
 *   npx tsx bench/prior-step.ts [--batch 16] [--steps 8] [--views 4] [--threads 1] [--device cpu] [--only train] [--json]
 *
 * The losses of the first steps are printed too: devices must agree on them.
 */
import { cpus } from 'node:os';
import { parseArgs } from 'node:util';
import { makeImage } from '../src/core/image.js';
import { foldIn, RandomStream, randomKey } from '../src/core/rng.js';
import { adamW, compile, type Device, Graph, gradients } from '../src/graph/index.js';
import { initialise } from '../src/nets/index.js';
import { drawLatents, JokerPrior, priorParameters, rowKeys, tokenizerJson, trainBpe } from '../src/prior/index.js';
import { priorConfig } from '../src/run/train-prior.js';
import { baseTask } from '../src/train/base.js';
import { miniNetworks } from '../src/train/config.js';
import type { TrainingTask } from '../src/train/loop.js';
import type { PictureSet } from '../src/train/pictures.js';
import { type PriorMaterial, priorTask } from '../src/train/prior.js';

const { values } = parseArgs({
  options: {
    batch: { type: 'string', default: '16' },
    steps: { type: 'string', default: '8' },
    views: { type: 'string', default: '4' },
    threads: { type: 'string', default: '1' },
    device: { type: 'string', default: 'cpu' },
    only: { type: 'string' },
    json: { type: 'boolean', default: false },
  },
});
const [batch, steps, views, threads] = [values.batch, values.steps, values.views, values.threads].map(Number) as [
  number,
  number,
  number,
  number,
];
if (values.device !== 'cpu' && values.device !== 'webgpu')
  throw new Error(`--device cpu or webgpu, not ${values.device}`);
const device: Device = values.device;
const CAPTION = 'a person with the mouth wide open';
const [PEOPLE, FRAMES, VIEWS] = [2, 2, 2];
const random = new RandomStream(randomKey(0));

/** A training set of noise. */
function noiseMaterial(): PriorMaterial {
  const networks = miniNetworks(VOCABULARY);
  const size = networks.vae.sample_size!;
  const side = size / 4; // the autoencoder halves twice
  const latentShape = [networks.vae.latent_channels, side, side] as const;
  const length = latentShape.reduce((a, b) => a * b, 1);
  const count = PEOPLE * FRAMES * VIEWS;
  const bytes = () => Uint8Array.from({ length: count * size * size * 3 }, () => random.integer(256));
  const pictures: PictureSet = {
    size,
    people: PEOPLE,
    frames: FRAMES,
    views: VIEWS,
    images: bytes(),
    normals: bytes(),
    captions: new Array<string>(PEOPLE * FRAMES).fill(CAPTION),
  };
  const tokens = () => Int32Array.from({ length: networks.text.max_position_embeddings }, () => random.integer(500));
  const latents = { length, means: random.normals(count * length), deviations: new Float32Array(count * length) };
  return { pictures, latents, latentShape, prompts: Array.from({ length: count }, tokens), empty: tokens() };
}

/** As many entries as the embedded tokenizer has. */
const VOCABULARY = 768;

/** Milliseconds of the fastest step of a task, optimiser included; `losses` gets the steps' losses. */
async function stepTime(task: TrainingTask, losses: number[]): Promise<number> {
  const graph = new Graph({ wide: device === 'webgpu' });
  const { loss } = task.build(graph);
  const parameters = graph.parameters();
  const first = initialise(parameters, randomKey(1));
  const trained = parameters.filter((p) => task.trains(p.name));
  const state = adamW(graph, {
    parameters: trained,
    initial: trained.map((p) => first.get(p.name)!),
    gradients: gradients(loss, trained),
    learningRate: graph.input('learning_rate', []),
    step: graph.input('adam_step', []),
    clipNorm: 1,
  });
  const weights = (name: string) => ({ kind: 'memory' as const, data: first.get(name)! });
  const program = await compile({ outputs: { loss }, state, weights, threads, device });
  const best = await fastest(async (i) => {
    const inputs = { learning_rate: Float32Array.of(1e-4), adam_step: Float32Array.of(i + 1) };
    const result = await program.run({ ...task.batch(foldIn(randomKey(2), i), i + 1), ...inputs });
    losses.push(result['loss']![0]!);
  });
  await program.dispose();
  return best;
}

/** Milliseconds of the fastest of the repeated runs. */
async function fastest(run: (i: number) => Promise<void>): Promise<number> {
  let best = Infinity;
  for (let i = 0; i < steps; i++) {
    const start = performance.now();
    await run(i);
    best = Math.min(best, performance.now() - start);
  }
  return best;
}

/** Milliseconds of one guided noise prediction of all views, reference features apart. */
async function guidedTimes(pictures: PictureSet): Promise<{ reference: number; denoise: number; bytes: number }> {
  const networks = miniNetworks(VOCABULARY);
  const { size } = pictures;
  const tokenizer = tokenizerJson(trainBpe([CAPTION], 600)); // 600: the 514 of the alphabet, and a few words
  const config = priorConfig({ networks, tokenizer, pictures });
  const parameters = priorParameters(config);
  const first = initialise(parameters, randomKey(1));
  const weights = (name: string) => ({ kind: 'memory' as const, data: first.get(name)! });
  const prior = new JokerPrior(
    { config, weights, names: [...first.keys()], path: 'bench' },
    { threads, batch: views, device },
  );
  const condition = await prior.prepare(CAPTION, makeImage(size, size, 3), null);
  const control = await prior.controlFeatures(Array.from({ length: views }, () => makeImage(size, size, 3)));
  const latents = drawLatents(prior, rowKeys(randomKey(3), views));
  const features = await prior.referenceFeatures(condition, 500, 2);
  const denoise = await fastest(async () => {
    await prior.predictNoise(condition, { latents, control, features, guidance: 3 });
  });
  const reference = await fastest(async () => {
    await prior.referenceFeatures(condition, 500, 2);
  });
  await prior.dispose();
  return { reference, denoise, bytes: [...first.values()].reduce((sum, w) => sum + 2 * w.length, 0) };
}

const material = noiseMaterial();
const networks = miniNetworks(VOCABULARY);
const losses: { base: number[]; prior: number[] } = { base: [], prior: [] };
const base = await stepTime(baseTask(networks, batch, material), losses.base);
const prior = await stepTime(priorTask(networks, batch / VIEWS, [material], new Map()), losses.prior);
const guided = values.only === 'train' ? null : await guidedTimes(material.pictures);
const figures = {
  baseMs: base,
  basePicturesPerSecond: (1000 * batch) / base,
  priorMs: prior,
  priorPicturesPerSecond: (1000 * batch) / prior,
  ...(guided && {
    guidedMsPerView: guided.denoise / views,
    guidedViewsPerSecond: (1000 * views) / guided.denoise,
    referenceMs: guided.reference,
    halfBytes: guided.bytes,
  }),
};
if (values.json)
  console.log(JSON.stringify({ batch, steps, views, threads, device, cpu: cpus()[0]?.model, ...figures, losses }));
else {
  console.log(`${cpus()[0]?.model}, Node ${process.version}, ${threads} threads, device ${device}, best of ${steps}`);
  console.log(`first losses: base ${losses.base.slice(0, 3)}, prior ${losses.prior.slice(0, 3)}`);
  console.log(
    `base:  ${base.toFixed(0)} ms a step of ${batch}, ${figures.basePicturesPerSecond.toFixed(1)} pictures a second`,
  );
  console.log(
    `prior: ${prior.toFixed(0)} ms a step of ${batch}, ${figures.priorPicturesPerSecond.toFixed(1)} pictures a second`,
  );
  if (guided)
    console.log(
      `guided view evaluations (${views} at once): ${((1000 * views) / guided.denoise).toFixed(1)} a second, ${(guided.denoise / views).toFixed(1)} ms each; reference features ${guided.reference.toFixed(1)} ms a timestep`,
    );
}
