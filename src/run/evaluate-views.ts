/**
 * What distillation makes of the prior's views: heads and the prior's own pictures of the same rendered people, from the same
 * cameras, against the truth and against their neighbours in a sweep.
 *
 * The order of the work only: people are evaluate-people.ts's, heads distill-face.ts's, the measure of a sweep consistency.ts's.
 */
import { resolve } from 'node:path';
import { referenceCrop } from '../condition/condition.js';
import { controlImage } from '../condition/control.js';
import { JokerError } from '../core/errors.js';
import { writeFileAtomic } from '../core/files/atomic.js';
import { type Image, makeImage } from '../core/image.js';
import { foldIn, foldInName, randomKey } from '../core/rng.js';
import { encodeImage } from '../deliver/index.js';
import type { OrbitGrid, ViewAngles } from '../distill/index.js';
import { bootstrap, type Interval } from '../evaluate/bootstrap.js';
import { sweepError } from '../evaluate/consistency.js';
import type { Instrument } from '../evaluate/figures.js';
import { meanOf } from '../evaluate/statistics.js';
import { cropCamera, posedShape } from '../face/face.js';
import { sample } from '../prior/index.js';
import { evaluationAngles, type StudioPerson, studioPerson, type TrueView } from './evaluate-people.js';
import { headSheet, type SheetRow } from './evaluate-sheet.js';
import {
  closeStudio,
  openStudio,
  peopleOptions,
  type Studio,
  type StudioRequest,
  studioHead,
} from './evaluate-studio.js';
import { headConfig, type PresetOptions } from './head-config.js';
import { type JobContext, stopIfAsked } from './job.js';

/** What to evaluate. */
export type EvaluateViewsOptions = PresetOptions &
  StudioRequest & {
    /** number of people; default 5 */
    readonly people?: number;
    /** PNG file to write: per person the sweep as it is true, in the head, and as the prior draws it */
    readonly sheet?: string;
  };

/** Who made the pictures. */
export type ViewMaker = 'truth' | 'head' | 'prior';

/** One maker's pictures of one person. */
export type ViewFigures = {
  /** dB inside the true matte, mean over the evaluation's views; Infinity for the truth */
  readonly psnr: number;
  /** mean perceptual distance of the same pictures */
  readonly perceptual: number;
  /** reprojection error of the sweep's neighbours, colours in [0, 1] */
  readonly sweep: number;
};

/** One person. */
export type EvaluatedViews = { readonly person: number; readonly makers: Readonly<Record<ViewMaker, ViewFigures>> };

/** What was found. */
export type EvaluateViewsResult = {
  readonly people: readonly EvaluatedViews[];
  /** means over people */
  readonly means: Readonly<Record<ViewMaker, Readonly<Record<keyof ViewFigures, Interval>>>>;
  /** head minus prior, paired by person */
  readonly gain: Readonly<Record<keyof ViewFigures, Interval>>;
  /** people whose face the tracker did not find: left out */
  readonly missed: readonly number[];
  readonly preset: string;
  readonly guidance: { readonly head: number; readonly prior: number };
  /** what the perceptual distance was measured with */
  readonly perceptual: Instrument;
  readonly sheet: string | null;
};

/** The prior alone is asked as `joker sample` asks it: the paper's guidance, a fast sampler. */
const OWN_VIEWS = { steps: 20, sampler: 'ddim', guidance: 3 } as const;
/** Frames of the sweep: at the paper's range of azimuths neighbours then differ by about nine degrees. */
const SWEEP_FRAMES = 9;
const MAKERS = ['truth', 'head', 'prior'] as const satisfies readonly ViewMaker[];
const FIGURES = ['psnr', 'perceptual', 'sweep'] as const satisfies readonly (keyof ViewFigures)[];

/** Views on a level line through the middle of the range, from one side to the other. */
export function sweepAngles({ azimuthRange }: OrbitGrid): ViewAngles[] {
  const at = (i: number) => ((2 * i) / (SWEEP_FRAMES - 1) - 1) * azimuthRange;
  return Array.from({ length: SWEEP_FRAMES }, (_, i) => ({ azimuth: at(i), elevation: 0 }));
}

/** Makes heads and pictures and compares them. @throws JokerError for every problem that the person can solve. */
export async function evaluateViews(options: EvaluateViewsOptions, context: JobContext): Promise<EvaluateViewsResult> {
  const studio = await openStudio(options, headConfig(options), context);
  const people: EvaluatedViews[] = [];
  const missed: number[] = [];
  const rows: SheetRow[] = [];
  const total = options.people ?? 5;
  context.report({ kind: 'stage', stage: 'evaluate', text: `Making and comparing views (people: ${total})`, total });
  try {
    for (let index = 0; index < total; index++) {
      stopIfAsked(context.signal);
      const found = await onePerson(index, options, studio, context);
      if (found) {
        people.push(found.views);
        rows.push(...found.rows);
      } else missed.push(index);
      context.report({ kind: 'progress', done: index + 1, total });
    }
  } finally {
    await closeStudio(studio);
  }
  if (people.length === 0)
    throw new JokerError('no-face', 'none of the people could be tracked', 'Choose other people with --people-seed.');
  if (options.sheet) await writeFileAtomic(options.sheet, await encodeImage(headSheet(rows), { generator: 'joker3d' }));
  return {
    people,
    ...compared(people, studio.base.seed),
    missed,
    preset: options.preset ?? 'draft',
    guidance: { head: studio.base.guidance, prior: OWN_VIEWS.guidance },
    perceptual: studio.perceptual,
    sheet: options.sheet ? resolve(options.sheet) : null,
  };
}

type OnePerson = { readonly views: EvaluatedViews; readonly rows: readonly SheetRow[] };

async function onePerson(
  index: number,
  options: EvaluateViewsOptions,
  studio: Studio,
  { report, signal }: JobContext,
): Promise<OnePerson | null> {
  const { base, judge } = studio;
  const places = evaluationAngles(base.views);
  const person = await studioPerson(index, {
    ...peopleOptions(studio),
    angles: [...places, ...sweepAngles(base.views)],
  });
  if (!person) {
    report({ kind: 'note', level: 'warning', text: `no face found in person ${index}: left out` });
    return null;
  }
  const { head } = await studioHead(person, base, studio, options, signal);
  const fromHead: Image[] = [];
  for (const view of person.views) fromHead.push(await judge.picture(head, view));
  const pictures: Record<ViewMaker, Image[]> = {
    truth: person.views.map(({ color }) => color),
    head: fromHead,
    prior: await ownViews(person, studio, signal),
  };
  const makers = {} as Record<ViewMaker, ViewFigures>;
  for (const maker of MAKERS) makers[maker] = await figuresOf(pictures[maker], person.views, places.length, studio);
  const { head: h, prior: p } = makers;
  const text = `person ${index}: head ${h.psnr.toFixed(2)} dB, sweep ${h.sweep.toFixed(4)}; prior ${p.psnr.toFixed(2)} dB, ${p.sweep.toFixed(4)}`;
  report({ kind: 'note', level: 'info', text });
  return { views: { person: index, makers }, rows: sheetRows(person, pictures, places.length) };
}

/** What the prior draws for all views of a person by itself, each from its own noise. */
async function ownViews(
  { photo, reference, caption, views, index }: StudioPerson,
  { prior, tools, base }: Studio,
  signal: AbortSignal,
): Promise<Image[]> {
  const size = prior.config.image_size;
  const condition = await prior.prepare(caption, referenceCrop(photo, reference, size, 'blur'), null);
  const control = await prior.controlFeatures(views.map(({ face }) => controlImage(face, tools.model, size)));
  const key = foldIn(foldInName(randomKey(base.seed), 'own views'), index);
  return sample(prior, { condition, control, views: views.length }, key, { ...OWN_VIEWS, signal });
}

/** The first `places` pictures against the truth, the others as a sweep. */
async function figuresOf(
  pictures: readonly Image[],
  views: readonly TrueView[],
  places: number,
  { judge, tools }: Studio,
): Promise<ViewFigures> {
  const seen = [];
  for (let i = 0; i < places; i++) seen.push(await judge.pictureFigures(pictures[i]!, views[i]!));
  const frames = views.slice(places).map(({ face }, i) => {
    const color = pictures[places + i]!;
    return { color, positions: posedShape(face, tools.model), camera: cropCamera(face, color.width) };
  });
  return {
    psnr: meanOf(seen.map(({ psnr }) => psnr)),
    perceptual: meanOf(seen.map(({ perceptual }) => perceptual)),
    sweep: sweepError(frames, tools.model.triangles),
  };
}

function sheetRows(
  { photo, views }: StudioPerson,
  pictures: Readonly<Record<ViewMaker, readonly Image[]>>,
  places: number,
): SheetRow[] {
  const { width, height } = views[0]!.depth;
  return MAKERS.map((maker) => ({
    first: maker === 'truth' ? photo.image : null,
    views: pictures[maker].slice(places),
    depth: maker === 'truth' ? views[places]!.depth : makeImage(width, height, 1),
  }));
}

/** Means and paired differences with intervals over people. */
function compared(people: readonly EvaluatedViews[], seed: number): Pick<EvaluateViewsResult, 'means' | 'gain'> {
  const key = foldInName(randomKey(seed), 'views');
  const over = (values: readonly number[]) =>
    bootstrap(
      values.map((value) => [value]),
      meanOf,
      key,
    );
  const each = (of: (figure: keyof ViewFigures) => Interval) =>
    Object.fromEntries(FIGURES.map((figure) => [figure, of(figure)])) as Record<keyof ViewFigures, Interval>;
  const means = Object.fromEntries(
    MAKERS.map((maker) => [maker, each((figure) => over(people.map(({ makers }) => makers[maker][figure])))]),
  ) as Record<ViewMaker, Record<keyof ViewFigures, Interval>>;
  return {
    means,
    gain: each((figure) => over(people.map(({ makers }) => makers.head[figure] - makers.prior[figure]))),
  };
}
