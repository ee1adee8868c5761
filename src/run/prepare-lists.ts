/**
 * The last step of the data preparation: which frames are valid, in which order, and for what; read from the finished frames.
 *
 * Can be done again with other limits at any time; frames are not touched.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { JokerError } from '../core/errors.js';
import { readFileText } from '../core/files/read.js';
import type { Report } from '../core/progress.js';
import { divexOrder } from '../data/prepare/divex.js';
import type { FittedJson } from '../data/prepare/fit-json.js';
import { framePath, frontalCamera, ROOT_FILES, viewPath } from '../data/prepare/layout.js';
import { framesToText, type Meta, metasToText, type SubjectSplit, splitToText } from '../data/prepare/metas.js';
import type { PlannedFrame, Source } from '../data/prepare/source.js';
import { expressionNorms, faceState } from '../data/prepare/state.js';
import { rejection, type ValidityOptions, type ViewFacts } from '../data/prepare/validity.js';
import type { MorphableModel } from '../face/model/model.js';
import { frameFolder, readFacts, settle, skipNote } from './prepare-files.js';

/** What the lists are made from and with. */
export type ListRequest = {
  readonly root: string;
  readonly source: Source;
  readonly size: number;
  readonly model: MorphableModel;
  readonly validity: ValidityOptions;
  /** decides who is held out; given the subjects with valid frames and each one's least expressive frame */
  readonly split: (subjects: readonly string[], plainest: ReadonlyMap<string, Meta>) => Promise<SubjectSplit>;
  /** no other process writes the lists now */
  readonly alone: boolean;
  readonly report: Report;
};

/** What stands in the lists. */
export type ListResult = {
  readonly all: number;
  readonly valid: number;
  /** views by the reason for which their frame was dropped; frames that could not be read count once */
  readonly rejected: Readonly<Record<string, number>>;
  readonly train: number;
  readonly val: number;
};

type Checked = {
  readonly frame: PlannedFrame;
  /** of the frontal camera; null when the frame is not valid */
  readonly frontal: ViewFacts | null;
  readonly rejections: readonly { readonly camera: string | null; readonly reason: string; readonly detail?: string }[];
};

/** True when each planned frame is finished or known to be unreadable, by whichever process. */
export function isComplete(root: string, source: Source): boolean {
  return source.subjects.every((subject) =>
    subject.frames.every((frame) => existsSync(frameFolder(root, frame)) || existsSync(skipNote(root, frame))),
  );
}

/** Reads all frames and writes all lists. */
export async function writeLists(request: ListRequest): Promise<ListResult> {
  const { root, source, alone } = request;
  const checked = source.subjects.map((subject) => subject.frames.map((frame) => checkFrame(request, frame)));
  const frames = checked.flat();
  const made = frames.filter(({ frame }) => existsSync(frameFolder(root, frame)));
  const valid = frames.filter(({ frontal }) => frontal !== null);
  const ordered = checked.flatMap((list) => orderSubject(request, list));
  const split = await request.split(subjectsOf(valid), plainestOf(ordered));
  const held = new Set(split.val);
  const isHeld = ({ path }: Meta) => held.has(path.split('/', 1)[0]!);
  const [val, train] = [ordered.filter(isHeld), ordered.filter((meta) => !isHeld(meta))];
  const write = (name: string, text: string) => settle(join(root, name), text, alone);
  await write(ROOT_FILES.all, framesToText(made.map(({ frame }) => frame)));
  await write(ROOT_FILES.valid, framesToText(valid.map(({ frame }) => frame)));
  await write(ROOT_FILES.rejected, rejectedText(frames));
  await write(ROOT_FILES.divex, metasToText(ordered));
  await write(ROOT_FILES.split, splitToText(split));
  await write(ROOT_FILES.train, metasToText(train));
  await write(ROOT_FILES.val, metasToText(val));
  return {
    all: made.length,
    valid: valid.length,
    rejected: countReasons(frames),
    train: train.length,
    val: val.length,
  };
}

function checkFrame(request: ListRequest, frame: PlannedFrame): Checked {
  const { root, size, validity, report } = request;
  const folder = frameFolder(root, frame);
  if (!existsSync(folder)) {
    const detail = readFileText(skipNote(root, frame)).trimEnd();
    return { frame, frontal: null, rejections: [{ camera: null, reason: 'unreadable', detail }] };
  }
  const cameras = Object.keys(frame.origins);
  const facts = new Map<string, ViewFacts>();
  const rejections = cameras.flatMap((camera) => {
    try {
      const view = readFacts(folder, camera, size);
      facts.set(camera, view);
      const reason = rejection(view, validity);
      return reason === null ? [] : [{ camera, reason }];
    } catch (error) {
      if (!(error instanceof JokerError)) throw error;
      report({ kind: 'note', level: 'warning', text: error.message });
      return [{ camera, reason: 'a file is missing or damaged', detail: error.what }];
    }
  });
  return { frame, rejections, frontal: rejections.length > 0 ? null : facts.get(frontalCamera(cameras))! };
}

/** Valid frames of one subject by divex. */
function orderSubject({ model, size, source }: ListRequest, frames: readonly Checked[]): Meta[] {
  const valid = frames.filter((one) => one.frontal !== null);
  // `rejection` lets only fits with a face through
  const states = valid.map(({ frontal }) => faceState(frontal!.fit as FittedJson));
  const bonuses = valid.map(({ frontal }) => (frontal!.caption?.includes('tongue') ? source.tongueBonus : 0));
  const paths = valid.map(({ frame }) => picturePath(frame, size));
  return divexOrder(states, expressionNorms(model), bonuses).map((ranked) => ({
    path: paths[ranked.index]!,
    divex: ranked.divex,
    expressiveness: ranked.expressiveness,
    max_diversity: ranked.diversity,
    farest_neighbors: ranked.neighbours.map((i) => paths[i]!),
    diversities: ranked.distances,
  }));
}

/** Frontal picture of a frame, relative to the root. */
function picturePath(frame: PlannedFrame, size: number): string {
  return `${framePath(frame)}/${viewPath('image', frontalCamera(Object.keys(frame.origins)), size)}`;
}

function subjectsOf(frames: readonly Checked[]): string[] {
  return [...new Set(frames.map(({ frame }) => frame.subject))];
}

/** Each subject's least expressive frame, which shows best who it is. */
function plainestOf(metas: readonly Meta[]): Map<string, Meta> {
  const plainest = new Map<string, Meta>();
  for (const meta of metas) {
    const subject = meta.path.split('/', 1)[0]!;
    const known = plainest.get(subject);
    if (!known || meta.expressiveness < known.expressiveness) plainest.set(subject, meta);
  }
  return plainest;
}

function rejectedText(frames: readonly Checked[]): string {
  return frames
    .flatMap(({ frame, rejections }) => rejections.map((one) => ({ frame: framePath(frame), ...one })))
    .map((line) => `${JSON.stringify(line)}\n`)
    .join('');
}

function countReasons(frames: readonly Checked[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { reason } of frames.flatMap(({ rejections }) => rejections)) counts[reason] = (counts[reason] ?? 0) + 1;
  return counts;
}
