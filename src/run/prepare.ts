/**
 * The job behind `joker prepare`: photos or rendered people → a root in the disk layout of the paper's data.
 *
 * Frames first, each whole or absent, in as many processes as one likes; whoever finishes the last one writes the lists. A run
 * that was killed goes on when it is started again, and a finished one changes nothing.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { loadFaceTools } from '../condition/analyse-face.js';
import { type ErrorCode, JokerError } from '../core/errors.js';
import { parseJsonStrict } from '../core/files/json.js';
import { readFileText } from '../core/files/read.js';
import { CALIBRATION, framePath, ROOT_FILES, SUBJECT_SOURCE } from '../data/prepare/layout.js';
import { RENDERED_SETTINGS, renderedSource } from '../data/prepare/rendered-source.js';
import type { PlannedFrame, PlannedSubject, Source } from '../data/prepare/source.js';
import type { ValidityOptions } from '../data/prepare/validity.js';
import { prepareView } from '../data/prepare/view.js';
import { openHeadModel } from '../data/sources/heads.js';
import { photoFolder } from '../data/sources/photo-folder.js';
import { PeopleRenderer } from '../data/synthetic/render.js';
import type { Variety } from '../data/synthetic/variety.js';
import { BENCH_SEED, benchPeople } from '../evaluate/bench.js';
import type { FaceTools } from '../face/analyse.js';
import { type JobContext, stopIfAsked } from './job.js';
import { isFinished, settle, skipNote, writeFrame } from './prepare-files.js';
import { writeForgerySet } from './prepare-forgery.js';
import { isComplete, type ListResult, writeLists } from './prepare-lists.js';
import { type SplitOptions, splitSubjects } from './prepare-split.js';

/** What to prepare and how. */
export type PrepareOptions = SplitOptions &
  ValidityOptions & {
    /** folder of pictures and videos, or `rendered:wild`, `rendered:studio`, `rendered:bench` */
    readonly source: string;
    /** root to fill; goes on with what is there */
    readonly out: string;
    /** side of the crops; default 512 */
    readonly size?: number;
    /** rendered: people (default 100 wild, 20 studio; bench has 13); photos: most subjects (default all) */
    readonly people?: number;
    /** frames of a recording; default 10 wild and bench, 4 studio, all of a person's photos */
    readonly frames?: number;
    /** studio: cameras, 1 … 16; default 16 */
    readonly cameras?: number;
    /** rendered: of the people; default 1 wild, 2 studio, the bench's own */
    readonly seed?: number;
    /** ICT-FaceKit file instead of heads by formula */
    readonly headModel?: string;
    /** rendered wild and studio: how varied people and pictures are; default plain, which the bench always is */
    readonly variety?: Variety;
    /** processes that share the work, and which of them this is (0 …); default 1 and 0 */
    readonly parts?: number;
    readonly part?: number;
    /** folder of generated pictures: also write labels real/synthetic for training detectors */
    readonly forgerySet?: string;
    /** threads of the runtime; default all */
    readonly threads?: number;
  };

/** What was done. */
export type PrepareResult = {
  readonly root: string;
  /** frames of this part: made now, found finished, unreadable */
  readonly made: number;
  readonly found: number;
  readonly skipped: number;
  /** null while other parts are at work */
  readonly lists: ListResult | null;
  /** pictures labelled for detectors; null when not asked for or not yet */
  readonly labelled: number | null;
};

/** Side of crops in the paper. */
const SIZE = 512;

/**
 * Prepares frames, then lists.
 * @throws JokerError bad-argument when the root was made with other options; missing-file, bad-file, not-writable, interrupted.
 */
export async function prepareData(options: PrepareOptions, context: JobContext): Promise<PrepareResult> {
  const { out, parts = 1, part = 0, threads } = options;
  if (part >= parts)
    throw new JokerError('bad-argument', `part ${part} of ${parts}`, `Parts are numbered from 0 to ${parts - 1}.`);
  const source = await openSource(options, context);
  const alone = parts === 1;
  const tools = await loadFaceTools(undefined, { threads });
  try {
    await settleOptions(out, source, tools.model.name, alone);
    const subjects = source.subjects.filter((_, i) => i % parts === part);
    const done = await prepareFrames(options, source, subjects, tools, context);
    const complete = isComplete(out, source);
    const lists = complete ? await makeLists(options, source, tools, context) : null;
    if (!complete) note(context, 'info', 'Other parts have frames to make: the last to finish writes the lists.');
    const labelled =
      lists && options.forgerySet ? await writeForgerySet(out, options.forgerySet, source.kind, alone) : null;
    return { root: out, ...done, lists, labelled };
  } finally {
    await tools.tracker.dispose();
  }
}

function note({ report }: JobContext, level: 'info' | 'warning', text: string): void {
  report({ kind: 'note', level, text });
}

async function openSource(options: PrepareOptions, context: JobContext): Promise<Source> {
  const { source, size = SIZE, people, frames, cameras = 16, headModel } = options;
  const setting = RENDERED_SETTINGS.find((one) => source === `rendered:${one}`);
  if (source.startsWith('rendered:') && !setting)
    throw new JokerError(
      'bad-argument',
      `unknown source ${source}`,
      `Known: ${RENDERED_SETTINGS.map((s) => `rendered:${s}`).join(', ')}.`,
    );
  if (!setting) {
    const folder = await photoFolder(source, { size, people, frames }, context.signal);
    const [first] = folder.ignored;
    if (first !== undefined)
      note(
        context,
        'warning',
        `${folder.ignored.length} files are no pictures or videos and are left out, the first: ${first}`,
      );
    return folder;
  }
  const renderer = new PeopleRenderer(openHeadModel(headModel));
  const seed = options.seed ?? { wild: 1, studio: 2, bench: BENCH_SEED }[setting];
  if (setting !== 'bench' && seed === BENCH_SEED)
    throw new JokerError(
      'bad-argument',
      `seed ${seed} is the bench's, whose people are held out`,
      'Choose another --seed.',
    );
  if (setting === 'bench' && (options.variety ?? 'plain') !== 'plain')
    throw new JokerError('bad-argument', "the bench's people are plain", 'Leave --variety out.');
  const indices =
    setting === 'bench' ? benchPeople(renderer.anatomy.model, seed) : range(people ?? (setting === 'wild' ? 100 : 20));
  return renderedSource(renderer, {
    setting,
    seed,
    people: setting === 'bench' ? indices.slice(0, people) : indices,
    frames: frames ?? (setting === 'studio' ? 4 : 10),
    cameras,
    size,
    variety: options.variety,
  });
}

function range(count: number): number[] {
  return Array.from({ length: count }, (_, i) => i);
}

/** The face model of roots whose options do not name one: they were begun before there was a second. */
const FIRST_FACE_MODEL = 'builtin';

/** A root is made from one source with one set of options and one face model; more people may follow later. */
async function settleOptions(root: string, source: Source, model: string, alone: boolean): Promise<void> {
  const path = join(root, ROOT_FILES.options);
  const named = model === FIRST_FACE_MODEL ? {} : { faceModel: model };
  const text = `${JSON.stringify({ format: 'joker-prepare/1', ...source.identity, ...named })}\n`;
  if (!existsSync(path)) return settle(path, text, alone);
  const found = `${JSON.stringify(parseJsonStrict(readFileText(path), path))}\n`;
  if (found !== text)
    throw new JokerError(
      'bad-argument',
      `${root} was prepared with ${found.trimEnd()}, now asked for is ${text.trimEnd()}`,
      'Use the same options, or another --out.',
    );
}

type Done = { readonly made: number; readonly found: number; readonly skipped: number };

async function prepareFrames(
  options: PrepareOptions,
  source: Source,
  subjects: readonly PlannedSubject[],
  tools: FaceTools,
  context: JobContext,
): Promise<Done> {
  const total = subjects.reduce((sum, { frames }) => sum + frames.length, 0);
  context.report({ kind: 'stage', stage: 'frames', text: `Preparing ${total} frames`, total });
  const counts = { made: 0, found: 0, skipped: 0 };
  for (const subject of subjects) {
    await settleSubject(options.out, subject);
    for (const frame of subject.frames) {
      counts[await prepareFrame(options, source, frame, tools, context)]++;
      context.report({ kind: 'progress', done: counts.made + counts.found + counts.skipped, total });
      stopIfAsked(context.signal);
    }
  }
  if (counts.skipped > 0)
    note(context, 'warning', `${counts.skipped} of ${total} frames could not be read and are left out.`);
  return counts;
}

/** Subjects belong to one part, so nobody else writes there. */
async function settleSubject(root: string, { name, origin, calibration }: PlannedSubject): Promise<void> {
  await settle(join(root, name, SUBJECT_SOURCE), `${origin}\n`, true);
  if (calibration) await settle(join(root, name, CALIBRATION), calibration, true);
}

/** What may be wrong with a person's picture; anything else ends the run. */
const UNREADABLE: readonly ErrorCode[] = ['missing-file', 'bad-file', 'not-an-image', 'image-too-large'];

async function prepareFrame(
  { out, size = SIZE }: PrepareOptions,
  source: Source,
  frame: PlannedFrame,
  tools: FaceTools,
  context: JobContext,
): Promise<keyof Done> {
  if (isFinished(out, frame)) return 'found';
  try {
    await writeFrame(out, frame, size, async (camera) => {
      stopIfAsked(context.signal);
      return prepareView(await source.load(frame, camera), tools, { size });
    });
    return 'made';
  } catch (error) {
    if (!(error instanceof JokerError) || !UNREADABLE.includes(error.code)) throw error;
    note(context, 'warning', `${framePath(frame)} is left out: ${error.message}`);
    await settle(skipNote(out, frame), `${error.what}\n`, true);
    return 'skipped';
  }
}

async function makeLists(
  options: PrepareOptions,
  source: Source,
  tools: FaceTools,
  context: JobContext,
): Promise<ListResult> {
  const { out: root, size = SIZE, parts = 1, threads } = options;
  const alone = parts === 1;
  const { report } = context;
  report({ kind: 'stage', stage: 'lists', text: 'Writing the lists' });
  const split = { root, tools, threads, alone, report };
  return writeLists({
    root,
    source,
    size,
    model: tools.model,
    validity: options,
    split: (subjects, plainest) => splitSubjects(subjects, plainest, options, split),
    alone,
    report,
  });
}
