/**
 * Trains the tongue judge on rendered people and writes its weights with its figures on unseen ones.
 *
 * Pictures are drawn from a seed of their own (default 3107), which no training of a prior uses; whole people are kept for
 * choosing the threshold and for the figures.
 *
 *   npx tsx scripts/train-tongue-judge.ts --ict ict-facekit-light.safetensors [--people 4500] [--steps 6000] [--seconds 1500]
 *     [--out assets/evaluate/tongue-judge.safetensors] [--start older.safetensors] [--from weights.safetensors]
 *
 * `--start`: goes on from the weights of an older judge of the same seed, whose kept people are the same.
 * `--from`: no training; only the threshold and the figures of these weights are made anew. Both are also taken on softened
 * pictures, since what a small prior draws is softer than what the renderer draws.
 */
import { rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { openSafetensors, readTensor, writeSafetensors } from '../src/core/files/safetensors.js';
import { type Image, resizeArea, resizeBilinear, toNetwork } from '../src/core/image.js';
import { foldIn, foldInName, RandomStream, randomKey } from '../src/core/rng.js';
import { openHeadModel } from '../src/data/sources/heads.js';
import { samplePerson } from '../src/data/synthetic/person.js';
import { PeopleRenderer } from '../src/data/synthetic/render.js';
import { sampleShot } from '../src/data/synthetic/shot.js';
import { TongueJudge, type TongueVerdict } from '../src/evaluate/tongue.js';
import { JUDGED_DIRECTIONS, type JudgedDirection, tongueLoss, WINDOW } from '../src/evaluate/tongue-network.js';
import { balancedThreshold, cutWindow, JUDGED_SIZE, mirrored, overlapOf } from '../src/evaluate/tongue-window.js';
import { train } from '../src/train/loop.js';
import type { OlderTensor } from '../src/train/warm-start.js';

const { values } = parseArgs({
  options: {
    ict: { type: 'string' },
    seed: { type: 'string', default: '3107' },
    people: { type: 'string', default: '4500' },
    steps: { type: 'string', default: '6000' },
    seconds: { type: 'string', default: '1500' },
    start: { type: 'string' },
    from: { type: 'string' },
    out: { type: 'string', default: 'assets/evaluate/tongue-judge.safetensors' },
  },
});
/** Shots of a person; pictures of one step. */
const SHOTS = 3;
const BATCH = 16;
/** Of ten people, which are for choosing the threshold (8) and for the figures (9). */
const partOf = (person: number) => (person % 10 === 8 ? 'choose' : person % 10 === 9 ? 'test' : 'train');

type Sample = { image: Image; truth: Image; direction: JudgedDirection | null };

function render(people: number): Record<'train' | 'choose' | 'test', Sample[]> {
  const sets = { train: [] as Sample[], choose: [] as Sample[], test: [] as Sample[] };
  const renderer = new PeopleRenderer(openHeadModel(values.ict));
  for (let person = 0; person < people; person++) {
    const part = partOf(person);
    if (values.from && part === 'train') continue;
    const key = foldIn(randomKey(Number(values.seed)), person);
    const who = samplePerson(renderer.anatomy.model, key);
    for (let i = 0; i < SHOTS; i++) {
      // Four of five mouths open, so that most pictures have either a tongue or what may be taken for one.
      const shot = sampleShot(foldIn(key, i + 1), { openChance: 0.8 });
      const { image, tongueMask } = renderer.render(who, shot, { size: JUDGED_SIZE });
      if (!shot.tongue) tongueMask.data.fill(0); // one that rests in the mouth is not out
      sets[part].push({ image, truth: tongueMask, direction: shot.tongue?.direction ?? null });
    }
  }
  return sets;
}

/** Mirrored, moved, blurred, tinted and noisy versions. */
function augmented(sample: Sample, random: RandomStream): Sample {
  const [dx, dy] = [random.integer(5) - 2, random.integer(5) - 2];
  const mirror = random.chance(0.5);
  const [image, truth] = [sample.image, sample.truth].map((i) => (mirror ? mirrored(i) : i)) as [Image, Image];
  const { direction } = sample;
  const turned = mirror && direction === 'left' ? 'right' : mirror && direction === 'right' ? 'left' : direction;
  return { image: disturbed(cutWindow(image, dx, dy), random), truth: cutWindow(truth, dx, dy), direction: turned };
}

function disturbed(image: Image, random: RandomStream): Image {
  const { width } = image;
  const half = resizeBilinear(resizeArea(image, width / 2, width / 2), width, width);
  const blur = random.chance(0.5) ? random.uniform() : 0;
  const noise = random.uniform(0, 0.03);
  const gain = [0, 1, 2].map(() => 1 + 0.08 * random.normal());
  const data = image.data.map((value, i) => {
    const soft = value + blur * (half.data[i]! - value);
    return Math.max(0, Math.min(1, soft * gain[i % 3]! + noise * random.normal()));
  });
  return { ...image, data };
}

function batchOf(samples: readonly Sample[], random: RandomStream): Record<string, Float32Array> {
  const window = new Float32Array(BATCH * 3 * WINDOW * WINDOW);
  const truth = new Float32Array(BATCH * WINDOW * WINDOW);
  const pointing = new Float32Array(BATCH * JUDGED_DIRECTIONS.length);
  for (let i = 0; i < BATCH; i++) {
    const sample = augmented(random.pick(samples), random);
    toNetwork(sample.image, window, i * 3 * WINDOW * WINDOW);
    truth.set(sample.truth.data, i * WINDOW * WINDOW);
    if (sample.direction) pointing[i * JUDGED_DIRECTIONS.length + JUDGED_DIRECTIONS.indexOf(sample.direction)] = 1;
  }
  return { window, truth, pointing };
}

/** Figures on samples: overlap over pictures with a tongue, shares of right presences, share of right directions. */
function figuresOf(samples: readonly Sample[], verdicts: readonly TongueVerdict[]): Record<string, number> {
  const indices = samples.map((_, i) => i);
  const out = indices.filter((i) => samples[i]!.direction);
  const none = indices.filter((i) => !samples[i]!.direction);
  const overlaps = out.map((i) => overlapOf(verdicts[i]!.map, cutWindow(samples[i]!.truth)));
  const share = (list: readonly number[], of: (i: number) => boolean) => list.filter(of).length / list.length;
  const sideways = out.filter((i) => samples[i]!.direction === 'left' || samples[i]!.direction === 'right');
  const correct = (i: number) => verdicts[i]!.direction === samples[i]!.direction;
  return {
    pictures: samples.length,
    with_tongue: out.length,
    iou_pooled: overlaps.reduce((s, o) => s + o.both, 0) / overlaps.reduce((s, o) => s + o.either, 0),
    iou_mean: overlaps.reduce((s, o) => s + o.both / Math.max(1, o.either), 0) / out.length,
    found: share(out, (i) => verdicts[i]!.present),
    false_alarms: share(none, (i) => verdicts[i]!.present),
    direction_right: share(out, correct),
    sideways_right: share(sideways, correct),
  };
}

/** The same pictures softened and noisy, always the same way. */
function softened(samples: readonly Sample[]): Sample[] {
  return samples.map((sample, i) => {
    const random = new RandomStream(foldIn(foldInName(randomKey(Number(values.seed)), 'soft'), i));
    return { ...sample, image: disturbed(sample.image, random) };
  });
}

type Weights = {
  readonly values: ReadonlyMap<string, Float32Array>;
  readonly shapes: ReadonlyMap<string, readonly number[]>;
};

async function trained(samples: readonly Sample[]): Promise<Weights & { trainedOn: string }> {
  const folder = join(tmpdir(), `tongue-judge-${process.pid}`);
  const { weights, shapes, step } = await train(
    {
      name: 'tongue judge',
      older: values.start === undefined ? undefined : olderJudge(values.start),
      build: (graph) => tongueLoss(graph, BATCH),
      trains: () => true,
      batch: (key) => batchOf(samples, new RandomStream(key)),
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
      folder,
      maximumSeconds: Number(values.seconds),
      threads: 1,
      now: clock,
      report: (m) => {
        if (m.kind === 'progress' && m.done % 100 === 0) console.log(m.done, JSON.stringify(m.figures));
      },
    },
  );
  rmSync(folder, { recursive: true, force: true });
  return {
    values: weights,
    shapes,
    trainedOn: `${values.start === undefined ? '' : `${stored(values.start).trainedOn}; then `}${samples.length} renders, seed ${values.seed}, ${step} steps of ${BATCH}`,
  };
}

function olderJudge(path: string): ReadonlyMap<string, OlderTensor> {
  const { values: tensors, shapes } = stored(path);
  return new Map([...tensors].map(([name, data]) => [name, { shape: shapes.get(name)!, data }]));
}

function stored(path: string): Weights & { trainedOn: string } {
  const file = openSafetensors(path);
  const names = [...file.entries.keys()];
  return {
    values: new Map(names.map((name) => [name, readTensor(file, name)])),
    shapes: new Map(names.map((name) => [name, file.entries.get(name)!.shape])),
    trainedOn: file.metadata['trained_on'] ?? 'unknown',
  };
}

/** Verdicts of the judge with a presence threshold. */
async function verdictsOf(weights: Weights, presence: number, samples: readonly Sample[]): Promise<TongueVerdict[]> {
  const source = (name: string) => ({ kind: 'memory' as const, data: weights.values.get(name)! });
  const judge = await TongueJudge.fromWeights(source, presence, 1);
  const verdicts = await judge.judge(samples.map((s) => s.image));
  await judge.dispose();
  return verdicts;
}

const clock = () => performance.now() / 1000;
const started = clock();
const sets = render(Number(values.people));
console.log(
  `rendered ${sets.train.length} + ${sets.choose.length} + ${sets.test.length} in ${(clock() - started).toFixed(0)} s`,
);
const weights = values.from ? stored(values.from) : await trained(sets.train);
const choose = [...sets.choose, ...softened(sets.choose)];
const { threshold } = balancedThreshold(
  (await verdictsOf(weights, 0, choose)).map((v) => v.area),
  choose.map((s) => s.direction !== null),
);
const figures = figuresOf(sets.test, await verdictsOf(weights, threshold, sets.test));
const soft = softened(sets.test);
const softFigures = figuresOf(soft, await verdictsOf(weights, threshold, soft));
const shown = Object.fromEntries([
  ...Object.entries(figures).map(([name, v]) => [name, v.toFixed(3)]),
  ...Object.entries(softFigures).map(([name, v]) => [`softened_${name}`, v.toFixed(3)]),
]);
console.log(`${(clock() - started).toFixed(0)} s in all, presence above ${threshold.toFixed(5)}`, shown);
const tensors = [...weights.values].map(([name, data]) => ({
  name,
  dtype: 'F16' as const,
  shape: weights.shapes.get(name)!,
  data,
}));
await writeSafetensors(values.out, tensors, {
  what: 'tongue judge: marks tongues that are out in aligned crops of rendered faces',
  trained_on: weights.trainedOn,
  presence_area: String(threshold),
  ...shown,
});
