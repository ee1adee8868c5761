/**
 * The job behind `joker evaluate tongue`: the same open mouths drawn with the word, with words that are silent about the tongue, and
 * with the empty prompt, from the same noise; judged beside true renders.
 *
 * The order of the work only: people and figures are evaluate/'s.
 */
import { resolve } from 'node:path';
import { loadFaceTools } from '../condition/analyse-face.js';
import { controlImage } from '../condition/control.js';
import { JokerError } from '../core/errors.js';
import { assetPath } from '../core/files/assets.js';
import { writeFileAtomic } from '../core/files/atomic.js';
import { placeModelFiles } from '../core/files/model-folder.js';
import type { Image } from '../core/image.js';
import { foldIn, foldInName, randomKey } from '../core/rng.js';
import { openHeadModel } from '../data/sources/heads.js';
import { PeopleRenderer } from '../data/synthetic/render.js';
import { encodeImage } from '../deliver/index.js';
import { BENCH_SEED } from '../evaluate/bench.js';
import { TongueJudge } from '../evaluate/tongue.js';
import { type TongueItem, tongueItem } from '../evaluate/tongue-material.js';
import {
  type DirectionReadings,
  directionReadings,
  type JudgedTongue,
  TONGUE_PICTURES,
  type TongueFigure,
  type TonguePicture,
  tongueFigures,
} from '../evaluate/tongue-protocol.js';
import { DEFAULT_GUIDANCE, ddimSteps, drawLatents, JokerPrior, openPrior, walkDdim } from '../prior/index.js';
import { tiledLines } from './evaluate-prior-sheet.js';
import { priorVersion } from './evaluate-versions.js';
import { type JobContext, stopIfAsked } from './job.js';
import { embeddedPrior, warnOfOtherFaceModel } from './subject.js';

/** What to evaluate. */
export type EvaluateTongueOptions = {
  /** number of people, one request each; directions come in turn. Default 60 */
  readonly people?: number;
  /** prior: a folder or compact file; default: the embedded weights */
  readonly weights?: string;
  /** default 3, the paper's */
  readonly guidance?: number;
  /** DDIM steps, default 20 */
  readonly steps?: number;
  /** of people and noise */
  readonly seed?: number;
  /** safetensors copy of ICT-FaceKit Light; default: the formula family */
  readonly headModel?: string;
  /** PNG to write: photo, control image, the three drawn pictures and the two renders of the first people */
  readonly sheet?: string;
  readonly threads?: number;
};

/** What was found. */
export type EvaluateTongueResult = {
  readonly figures: readonly TongueFigure[];
  readonly directions: readonly DirectionReadings[];
  readonly people: number;
  readonly missed: readonly number[];
  readonly family: string;
  readonly weights: { readonly path: string; readonly version: string };
  readonly guidance: number;
  readonly steps: number;
  readonly seed: number;
  readonly sheet: string | null;
};

/** People whom the sheet shows. */
const SHOWN = 12;

/** Draws and judges. @throws JokerError for every problem that the person can solve. */
export async function evaluateTongue(
  options: EvaluateTongueOptions,
  context: JobContext,
): Promise<EvaluateTongueResult> {
  const { report, signal } = context;
  const { people = 60, weights = embeddedPrior(), seed = BENCH_SEED, threads } = options;
  const { guidance = DEFAULT_GUIDANCE, steps = 20 } = options;
  const renderer = new PeopleRenderer(openHeadModel(options.headModel));
  const model = openPrior(weights);
  const prior = new JokerPrior(model, { threads, placer: placeModelFiles, batch: 1 });
  const tools = await loadFaceTools(undefined, { threads });
  warnOfOtherFaceModel(model, tools.model, context);
  const judge = await TongueJudge.load(assetPath('evaluate', 'tongue-judge.safetensors'), { threads });
  const size = prior.config.image_size;
  const judged: JudgedTongue[] = [];
  const missed: number[] = [];
  const lines: Image[][] = [];
  report({ kind: 'stage', stage: 'evaluate', text: `Drawing and judging tongues (people: ${people})`, total: people });
  try {
    for (let person = 0; person < people; person++) {
      stopIfAsked(signal);
      const item = await tongueItem(person, { renderer, tools, seed, size });
      if (item) {
        const control = controlImage(item.face, tools.model, size);
        const drawn = await draw(prior, item, control, { guidance, steps, seed, signal });
        const pictures = { ...drawn, truth: item.truth, second: item.second };
        const verdicts = await judge.judge(TONGUE_PICTURES.map((name) => pictures[name]));
        const byName = Object.fromEntries(TONGUE_PICTURES.map((name, i) => [name, verdicts[i]!]));
        const { direction } = item;
        judged.push({ person, direction, verdicts: byName as JudgedTongue['verdicts'] });
        if (lines.length < SHOWN) lines.push([item.picture, control, ...TONGUE_PICTURES.map((name) => pictures[name])]);
      } else missed.push(person);
      report({ kind: 'progress', done: person + 1, total: people });
    }
  } finally {
    await Promise.all([prior.dispose(), tools.tracker.dispose(), judge.dispose()]);
  }
  if (judged.length === 0)
    throw new JokerError('no-face', 'none of the people could be tracked', 'Choose other people with --seed.');
  if (options.sheet)
    await writeFileAtomic(options.sheet, await encodeImage(tiledLines(lines), { generator: 'joker3d' }));
  return {
    figures: tongueFigures(judged, foldInName(randomKey(seed), 'bootstrap')),
    directions: directionReadings(judged),
    people: judged.length,
    missed,
    family: renderer.anatomy.model.family,
    weights: { path: options.weights ?? 'embedded', version: priorVersion(weights) },
    guidance,
    steps,
    seed,
    sheet: options.sheet ? resolve(options.sheet) : null,
  };
}

type Drawing = {
  readonly guidance: number;
  readonly steps: number;
  readonly seed: number;
  readonly signal: AbortSignal;
};

/** Three pictures of one request: one control image, one start noise, three texts. */
async function draw(
  prior: JokerPrior,
  { person, picture, words }: TongueItem,
  controlled: Image,
  { guidance, steps, seed, signal }: Drawing,
): Promise<Record<Exclude<TonguePicture, 'truth' | 'second'>, Image>> {
  const control = await prior.controlFeatures([controlled]);
  const noise = foldIn(foldInName(randomKey(seed), 'noise'), person);
  const one = async (text: string): Promise<Image> => {
    const condition = await prior.prepare(text, picture, null);
    const start = drawLatents(prior, [noise]);
    const latents = await walkDdim(prior, { condition, control, views: 1 }, start, ddimSteps(steps), {
      guidance,
      signal,
    });
    return (await prior.decodeLatents(latents))[0]!;
  };
  return { word: await one(words.word), silent: await one(words.silent), empty: await one('') };
}
