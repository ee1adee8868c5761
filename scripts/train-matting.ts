/**
 * Trains the matte network on rendered people and writes its weights with its figures on unseen ones.
 *
 * Pictures are drawn from a seed of their own (default 3209), which no training of a prior uses; every tenth person is kept for the figures.
 *
 *   npx tsx scripts/train-matting.ts --ict ict-facekit-light.safetensors [--people 1500] [--steps 4000] [--seconds 900]
 *     [--out assets/matting/matting.safetensors]
 *
 * Figures are taken on plain pictures and on softened, noisy ones, since what a small prior draws is softer than what the renderer draws.
 */
import { parseArgs } from 'node:util';
import { openSafetensors, readTensor, writeSafetensors } from '../src/core/files/safetensors.js';
import { type Image, resizeArea, resizeBilinear, toNetwork } from '../src/core/image.js';
import { foldIn, foldInName, RandomStream, randomKey } from '../src/core/rng.js';
import { openHeadModel } from '../src/data/sources/heads.js';
import { samplePerson } from '../src/data/synthetic/person.js';
import { PeopleRenderer } from '../src/data/synthetic/render.js';
import { sampleShot } from '../src/data/synthetic/shot.js';
import { MATTE_SIDE, matteLoss } from '../src/nets/index.js';
import { Matting } from '../src/photo/matting.js';
import { train } from '../src/train/loop.js';

const { values } = parseArgs({
  options: {
    ict: { type: 'string' },
    seed: { type: 'string', default: '3209' },
    people: { type: 'string', default: '1500' },
    steps: { type: 'string', default: '4000' },
    seconds: { type: 'string', default: '900' },
    out: { type: 'string', default: 'assets/matting/matting.safetensors' },
  },
});
/** Shots of a person; pictures of one step; pixels of a render, which is moved about in a larger frame than the network sees. */
const [SHOTS, BATCH, MARGIN] = [3, 16, 4];
const RENDERED = MATTE_SIDE + 2 * MARGIN;

type Sample = { readonly image: Image; readonly truth: Image };

/** Wild and studio shots of plain and rich people, from all the sides that heads are seen from. */
function render(people: number): { train: Sample[]; test: Sample[] } {
  const sets = { train: [] as Sample[], test: [] as Sample[] };
  const renderer = new PeopleRenderer(openHeadModel(values.ict));
  for (let person = 0; person < people; person++) {
    const key = foldIn(randomKey(Number(values.seed)), person);
    const variety = person % 2 ? 'rich' : 'plain';
    const who = samplePerson(renderer.anatomy.model, key, variety);
    for (let i = 0; i < SHOTS; i++) {
      const setting = i === 0 ? 'studio' : 'wild';
      const shot = sampleShot(foldIn(key, i + 1), { setting, variety, yaw: 1 });
      const { image, mask } = renderer.render(who, shot, { size: RENDERED });
      sets[person % 10 === 9 ? 'test' : 'train'].push({ image, truth: mask });
    }
  }
  return sets;
}

/** The network's window of a render. */
function window({ image, truth }: Sample, dx: number, dy: number, mirror: boolean): Sample {
  const cut = (from: Image): Image => {
    const data = new Float32Array(MATTE_SIDE ** 2 * from.channels);
    for (let y = 0; y < MATTE_SIDE; y++)
      for (let x = 0; x < MATTE_SIDE; x++) {
        const column = MARGIN + dx + (mirror ? MATTE_SIDE - 1 - x : x);
        const at = ((MARGIN + dy + y) * RENDERED + column) * from.channels;
        data.set(from.data.subarray(at, at + from.channels), (y * MATTE_SIDE + x) * from.channels);
      }
    return { width: MATTE_SIDE, height: MATTE_SIDE, channels: from.channels, data };
  };
  return { image: cut(image), truth: cut(truth) };
}

/** Softened up to a quarter of the resolution, tinted and noisy. */
function disturbed(image: Image, random: RandomStream): Image {
  const { width } = image;
  const coarse = width / (random.chance(0.5) ? 2 : 4);
  const soft = resizeBilinear(resizeArea(image, coarse, coarse), width, width);
  const blur = random.chance(0.6) ? random.uniform() : 0;
  const noise = random.uniform(0, 0.05);
  const gain = [0, 1, 2].map(() => 1 + 0.1 * random.normal());
  const data = image.data.map((value, i) => {
    const mixed = value + blur * (soft.data[i]! - value);
    return Math.max(0, Math.min(1, mixed * gain[i % 3]! + noise * random.normal()));
  });
  return { ...image, data };
}

function batchOf(samples: readonly Sample[], random: RandomStream): Record<string, Float32Array> {
  const pixels = MATTE_SIDE ** 2;
  const [picture, truth] = [new Float32Array(BATCH * 3 * pixels), new Float32Array(BATCH * pixels)];
  const shift = () => random.integer(2 * MARGIN + 1) - MARGIN;
  for (let i = 0; i < BATCH; i++) {
    const sample = window(random.pick(samples), shift(), shift(), random.chance(0.5));
    toNetwork(disturbed(sample.image, random), picture, i * 3 * pixels);
    truth.set(sample.truth.data, i * pixels);
  }
  return { picture, truth };
}

/** Overlap of the binary mattes over all pictures, the mean error, and how much of what is surely background is called so. */
async function figuresOf(matting: Matting, samples: readonly Sample[]): Promise<Record<string, number>> {
  const mattes = await matting.mattes(samples.map(({ image }) => image));
  let [both, either, error, away, rightly, wrongly, inside] = [0, 0, 0, 0, 0, 0, 0];
  for (const [i, { truth }] of samples.entries())
    for (const [at, share] of truth.data.entries()) {
      const found = mattes[i]!.data[at]!;
      both += Number(found > 0.5 && share > 0.5);
      either += Number(found > 0.5 || share > 0.5);
      error += Math.abs(found - share);
      if (share === 0) [away, rightly] = [away + 1, rightly + Number(found < 0.25)];
      if (share > 0.9) [inside, wrongly] = [inside + 1, wrongly + Number(found < 0.25)];
    }
  const pixels = samples.length * MATTE_SIDE ** 2;
  return {
    pictures: samples.length,
    iou: both / either,
    mean_error: error / pixels,
    background_found: rightly / away,
    person_lost: wrongly / inside,
  };
}

const clock = () => performance.now() / 1000;
const sets = render(Number(values.people));
console.log(`rendered ${sets.train.length} + ${sets.test.length} in ${clock().toFixed(0)} s`);
const { weights, shapes, step } = await train(
  {
    name: 'matting',
    build: (graph) => matteLoss(graph, BATCH),
    trains: () => true,
    batch: (key) => batchOf(sets.train, new RandomStream(key)),
  },
  {
    batch: BATCH,
    learningRate: 3e-3,
    warmupSteps: 50,
    steps: Number(values.steps),
    decayShare: 0.5,
    weightDecay: 1e-4,
    clipNorm: 1,
    averageDecay: 0.99,
    seed: Number(values.seed),
    maximumSeconds: Number(values.seconds),
    threads: 1,
    now: clock,
    report: (m) => {
      if (m.kind === 'progress' && m.done % 100 === 0) console.log(m.done, JSON.stringify(m.figures));
    },
  },
);
const tensors = [...weights].map(([name, data]) => ({ name, dtype: 'F16' as const, shape: shapes.get(name)!, data }));
const what = { what: 'matte of people in pictures that the embedded prior draws', licence: 'MIT' };
await writeSafetensors(values.out, tensors, what);
const matting = await Matting.load(values.out, { threads: 1 });
const centred = sets.test.map((sample) => window(sample, 0, 0, false));
const soft = centred.map(({ image, truth }, i) => {
  const random = new RandomStream(foldIn(foldInName(randomKey(Number(values.seed)), 'soft'), i));
  return { image: disturbed(image, random), truth };
});
const shown = [await figuresOf(matting, centred), await figuresOf(matting, soft)].flatMap((figures, which) =>
  Object.entries(figures).map(([name, value]) => [`${which ? 'softened_' : ''}${name}`, value.toFixed(4)]),
);
await matting.dispose();
console.log(`${clock().toFixed(0)} s in all`, Object.fromEntries(shown));
// The figures belong to the weights as they are stored, so they are written into the file that they were taken from.
const file = openSafetensors(values.out);
const stored = tensors.map((tensor) => ({ ...tensor, data: readTensor(file, tensor.name) }));
await writeSafetensors(values.out, stored, {
  ...what,
  ...Object.fromEntries(shown),
  trained_on: `${sets.train.length} renders, seed ${values.seed}, ${step} steps of ${BATCH}`,
});
