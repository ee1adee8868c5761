/**
 * Does a prior obey? Draws pictures of rendered people that no training saw, measures them, and says whether the four figures
 * of src/evaluate/prior-gate.ts are reached. Exit code 1 when one is not.
 *
 *   npx tsx scripts/gate-prior.ts --weights assets/prior/mini.safetensors [--ict ict-facekit-light.safetensors] [--people 50]
 *     [--steps 20] [--guidance 3] [--seed 50021] [--words expression|none] [--sheet pictures.png] [--json]
 *     [--truth] [--coded]
 *
 * `--truth`: the renderer's own pictures in place of the prior's: what the measures reach with a perfect prior. `--coded`: those
 * after the autoencoder of the weights: what they reach with a perfect denoiser.
 *
 * `--words none`: the text says nothing of mouth openings, so that only the control image can. Pictures in which the tracker
 * finds no face are left out of a figure and counted; a figure needs 90 % of its pictures. Intervals: 95 %, bootstrap over
 * people.
 */
import { parseArgs } from 'node:util';
import sharp from 'sharp';
import { loadFaceTools } from '../src/condition/analyse-face.js';
import { assetPath } from '../src/core/files/assets.js';
import { type Image, toBytes } from '../src/core/image.js';
import { randomKey } from '../src/core/rng.js';
import { openHeadModel } from '../src/data/sources/heads.js';
import { PeopleRenderer } from '../src/data/synthetic/render.js';
import { mouthOpening, sharedSkin, skinPlaces } from '../src/evaluate/face-measures.js';
import { type GateSample, gatePassed, priorGate } from '../src/evaluate/prior-gate.js';
import { TongueJudge } from '../src/evaluate/tongue.js';
import { faceFromTracking } from '../src/face/analyse.js';
import { cropImage } from '../src/photo/crop.js';
import { photoFromImage } from '../src/photo/photo.js';
import { ddimSteps, drawLatents, JokerPrior, openPrior, walkDdim } from '../src/prior/index.js';
import { type Ask, asksOf, type HeldOut, heldOutPerson, truePicture } from './gate-prior-people.js';

const { values } = parseArgs({
  options: {
    weights: { type: 'string', default: assetPath('prior', 'mini.safetensors') },
    ict: { type: 'string' },
    people: { type: 'string', default: '50' },
    steps: { type: 'string', default: '20' },
    guidance: { type: 'string', default: '3' },
    seed: { type: 'string', default: '50021' },
    words: { type: 'string', default: 'expression' },
    sheet: { type: 'string' },
    truth: { type: 'boolean', default: false },
    coded: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
  },
});
const [people, steps, guidance, seed] = [values.people, values.steps, values.guidance, values.seed].map(Number) as [
  number,
  number,
  number,
  number,
];
/**
 * Side at which pictures are tracked: the tracker's networks were made for faces of this size. Enlarged with Lanczos: on true
 * renders of 64² the mouth then follows jawOpen with r = 0.90, bilinearly with 0.88, and with 0.91 on renders of 256².
 */
const TRACKED = 256;

const started = performance.now();
const tools = await loadFaceTools(undefined, { threads: 1 });
const judge = await TongueJudge.load(assetPath('evaluate', 'tongue-judge.safetensors'), { threads: 1 });
const prior = new JokerPrior(openPrior(values.weights), { threads: 1, batch: 4 });
const renderer = new PeopleRenderer(openHeadModel(values.ict));
const size = prior.config.image_size;
const time = { people: 0, drawing: 0, measuring: 0 };

/** Runs a part of the work and adds its seconds to its sum. */
async function timed<T>(part: keyof typeof time, work: () => Promise<T>): Promise<T> {
  const start = performance.now();
  const result = await work();
  time[part] += (performance.now() - start) / 1000;
  return result;
}

/** Pictures of all requests of a person; those with the same text are drawn together. */
async function draw(person: HeldOut, asks: readonly Ask[]): Promise<Image[]> {
  if (values.truth || values.coded) {
    const truth = asks.map((ask) => truePicture(renderer, person, ask, size));
    return values.coded ? prior.decodeLatents(await prior.encodeImages(truth, null)) : truth;
  }
  const pictures = new Map<Ask, Image>();
  for (const caption of new Set(asks.map((ask) => ask.caption))) {
    const group = asks.filter((ask) => ask.caption === caption);
    const condition = await prior.prepare(caption, person.reference, null);
    const control = await prior.controlFeatures(group.map((ask) => ask.control));
    const start = drawLatents(
      prior,
      group.map((ask) => ask.noise),
    );
    const batch = { condition, control, views: group.length };
    const drawn = await prior.decodeLatents(await walkDdim(prior, batch, start, ddimSteps(steps), { guidance }));
    for (const [i, ask] of group.entries()) pictures.set(ask, drawn[i]!);
  }
  return asks.map((ask) => pictures.get(ask)!);
}

async function measure(person: HeldOut, asks: readonly Ask[], pictures: readonly Image[]): Promise<GateSample[]> {
  const verdicts = await judge.judge(pictures);
  const samples: GateSample[] = [];
  for (const [i, ask] of asks.entries()) {
    const { kind, asked } = ask;
    if (ask.tongue)
      samples.push({ kind: 'tongue', person: person.index, word: kind === 'word', present: verdicts[i]!.present });
    if (kind === 'skin') samples.push({ kind, person: person.index, colours: skinOf(person, ask, pictures[i]!) });
    if (kind !== 'jaw' && kind !== 'yaw') continue;
    const enlarged = cropImage(pictures[i]!, { x0: 0, y0: 0, x1: size, y1: size }, TRACKED);
    const [tracked] = await tools.tracker.track(enlarged, { maxFaces: 1 });
    if (kind === 'jaw')
      samples.push({ kind, person: person.index, asked, opening: tracked ? mouthOpening(tracked.landmarks) : null });
    else {
      const face = tracked && faceFromTracking(tracked, photoFromImage(enlarged), tools.model);
      samples.push({ kind, person: person.index, asked, seen: face ? face.angle[1] : null });
    }
  }
  return samples;
}

function skinOf(person: HeldOut, ask: Ask, picture: Image) {
  const reference = { picture: person.reference, places: skinPlaces(person.face, tools.model) };
  return sharedSkin(reference, { picture, places: skinPlaces(ask.target, tools.model) });
}

async function writeSheet(path: string, rows: readonly (readonly Image[])[]): Promise<void> {
  const tiles = rows.flatMap((row, y) =>
    row.map((image, x) => ({
      input: Buffer.from(toBytes(image)),
      raw: { width: size, height: size, channels: 3 as const },
      left: x * size,
      top: y * size,
    })),
  );
  const sheet = { width: rows[0]!.length * size, height: rows.length * size, channels: 3 as const, background: '#000' };
  await sharp({ create: sheet }).composite(tiles).png().toFile(path);
}

const driver = await heldOutPerson(renderer, tools, seed, people, size);
if (!driver) throw new Error('the driver cannot be tracked: choose another --seed');
const samples: GateSample[] = [];
const sheet: Image[][] = [];
const missed: number[] = [];
for (let index = 0; index < people; index++) {
  const person = await timed('people', () => heldOutPerson(renderer, tools, seed, index, size));
  if (!person) {
    missed.push(index);
    continue;
  }
  const asks = asksOf(person, people, driver, tools.model, values.words !== 'none');
  const pictures = await timed('drawing', () => draw(person, asks));
  samples.push(...(await timed('measuring', () => measure(person, asks, pictures))));
  sheet.push([person.reference, ...asks.flatMap((ask, i) => [ask.control, pictures[i]!])]);
  if (process.stderr.isTTY) process.stderr.write(`\r${index + 1} of ${people} people`);
}
await Promise.all([tools.tracker.dispose(), judge.dispose(), prior.dispose()]);
if (values.sheet) await writeSheet(values.sheet, sheet);
const rows = priorGate(samples, randomKey(seed));
const passed = gatePassed(rows);
const seconds = (performance.now() - started) / 1000;
if (values.json)
  console.log(
    JSON.stringify({
      passed,
      weights: values.weights,
      family: renderer.anatomy.model.family,
      people,
      missed,
      steps,
      guidance,
      seed,
      words: values.words,
      truth: values.truth,
      coded: values.coded,
      rows,
      samples,
      seconds,
      time,
    }),
  );
else {
  for (const { name, figure, limit, passed: ok, pictures, measured } of rows)
    console.log(
      `${ok ? 'passed' : 'FAILED'}  ${name.padEnd(42)} ${figure.value.toFixed(3)} (${figure.low.toFixed(3)} … ${figure.high.toFixed(3)}; ${limit})  ${measured} of ${pictures} pictures, ${figure.count} people`,
    );
  console.log(
    `${people} people of family ${renderer.anatomy.model.family}, seed ${seed}, ${missed.length} not tracked; ${steps} DDIM steps, guidance ${guidance}, words: ${values.words}${values.coded ? '; true renders behind the autoencoder' : values.truth ? '; true renders, not the prior' : ''}`,
  );
  console.log(
    `${seconds.toFixed(0)} s: people ${time.people.toFixed(0)}, drawing ${time.drawing.toFixed(0)}, measuring ${time.measuring.toFixed(0)}`,
  );
}
if (!passed) process.exitCode = 1;
