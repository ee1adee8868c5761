/**
 * Which pictures of a prepared root make an item: target, reference, and whose caption (Joker, supplement and released loaders).
 *
 * Choices only; data/sources/prepared-root.ts reads the lists and the pictures. `wild` draws as the paper does from CelebV-Text,
 * `studio` as from NeRSemble.
 */
import { foldIn, type RandomKey, RandomStream, randomKey } from '../core/rng.js';
import { framePath, frontalCamera, viewPath } from './prepare/layout.js';
import { type Meta, parsePicturePath } from './prepare/metas.js';
import { roundRobin } from './prepare/selection.js';

/** How items are drawn. */
export type PreparedSetting = 'wild' | 'studio';

/** Which subjects. */
export type PreparedSplit = 'train' | 'val';

/** A frame of the list with the cameras that saw it. */
export type PreparedFrame = {
  readonly meta: Meta;
  readonly subject: string;
  /** relative to the root */
  readonly folder: string;
  readonly size: number;
  /** names of cameras, sorted */
  readonly cameras: readonly string[];
};

/** A list of frames, in the order in which items are numbered. */
export type PreparedSet = {
  readonly setting: PreparedSetting;
  readonly split: PreparedSplit;
  readonly frames: readonly PreparedFrame[];
};

/** One camera of one frame: paths relative to the root are made of these. */
export type PreparedView = { readonly folder: string; readonly size: number; readonly camera: string };

/** Target and reference of an item. */
export type PreparedPair = {
  readonly target: PreparedView;
  readonly reference: PreparedView;
  /** whose caption the item has: the frontal camera of the target's frame */
  readonly caption: PreparedView;
};

/** Items that the paper takes of each training set. */
export const TRAINING_FRAMES = { wild: 50_000, studio: 2_000 } as const;

/** Weights of the three farthest neighbours as references. */
const REFERENCE_WEIGHTS = [4, 2, 1] as const;

/**
 * The frames of a list that are used, in order. Wild: by divex, first 50 000. Studio: for training one frame of each subject in
 * turn, subjects sorted, each one's frames in greedy order, first 2 000; for validation all by divex.
 * @param metas in the order of the file, which is each subject's greedy order.
 */
export function selectMetas(
  metas: readonly Meta[],
  setting: PreparedSetting,
  split: PreparedSplit,
  limit?: number,
): Meta[] {
  const most = limit ?? (split === 'train' || setting === 'wild' ? TRAINING_FRAMES[setting] : Infinity);
  if (setting === 'studio' && split === 'train') return roundRobin(bySubject(metas), most);
  return [...metas].sort((a, b) => b.divex - a.divex).slice(0, most);
}

function bySubject(metas: readonly Meta[]): Meta[][] {
  const lists = new Map<string, Meta[]>();
  for (const meta of metas) {
    const subject = meta.path.split('/', 1)[0]!;
    lists.set(subject, [...(lists.get(subject) ?? []), meta]);
  }
  return [...lists.keys()].sort().map((subject) => lists.get(subject)!);
}

/** Target and reference of item `index`, drawn with a key. */
export function drawPair(set: PreparedSet, index: number, key: RandomKey): PreparedPair {
  const frame = set.frames[index];
  if (!frame) throw new Error(`internal: item ${index} of ${set.frames.length}`);
  const random = new RandomStream(key);
  const caption = viewOf(frame, frontalCamera(frame.cameras));
  switch (set.setting) {
    case 'wild':
      return { target: caption, reference: wildReference(set, frame, random), caption };
    case 'studio': {
      const target = viewOf(frame, random.pick(frame.cameras));
      return { target, reference: studioReference(set, frame, target.camera, random), caption };
    }
    default:
      return set.setting satisfies never;
  }
}

/** Key of the validation items: the same pair for an index at every validation. */
const VALIDATION_KEY = randomKey(42);

/** The fixed pair of a validation item. */
export function validationPair(set: PreparedSet, index: number): PreparedPair {
  return drawPair(set, index, foldIn(VALIDATION_KEY, index));
}

function viewOf({ folder, size }: PreparedFrame, camera: string): PreparedView {
  return { folder, size, camera };
}

/**
 * One of the three farthest neighbours with weights 4 : 2 : 1. A list without neighbours: any other frame of the clip, and the
 * frame itself when it is the only one.
 */
function wildReference(set: PreparedSet, frame: PreparedFrame, random: RandomStream): PreparedView {
  const near = frame.meta.farest_neighbors.slice(0, REFERENCE_WEIGHTS.length);
  if (near.length === 0) return viewOf(anyOther(set, frame, random), frontalCamera(frame.cameras));
  const weights = REFERENCE_WEIGHTS.slice(0, near.length);
  let rest = random.uniform(
    0,
    weights.reduce<number>((sum, w) => sum + w, 0),
  );
  let choice = 0;
  while (choice < weights.length - 1 && rest >= weights[choice]!) rest -= weights[choice++]!;
  const name = parsePicturePath(near[choice]!)!; // the reader of the list has checked it
  return { folder: framePath(name), size: name.size, camera: name.camera };
}

/** Any other listed frame of the subject, from another camera than the target's; the same frame when there is no other. */
function studioReference(set: PreparedSet, frame: PreparedFrame, camera: string, random: RandomStream): PreparedView {
  const other = anyOther(set, frame, random);
  const cameras = other.cameras.filter((name) => name !== camera);
  return viewOf(other, random.pick(cameras.length > 0 ? cameras : other.cameras));
}

const subjectsOfSets = new WeakMap<PreparedSet, ReadonlyMap<string, readonly PreparedFrame[]>>();

function anyOther(set: PreparedSet, frame: PreparedFrame, random: RandomStream): PreparedFrame {
  const others = framesOf(set, frame.subject).filter((other) => other !== frame);
  return others.length > 0 ? random.pick(others) : frame;
}

/** Frames of a subject; gathered once per set, since a list has tens of thousands. */
function framesOf(set: PreparedSet, subject: string): readonly PreparedFrame[] {
  let subjects = subjectsOfSets.get(set);
  if (!subjects) {
    const lists = new Map<string, PreparedFrame[]>();
    for (const frame of set.frames) {
      const list = lists.get(frame.subject);
      if (list) list.push(frame);
      else lists.set(frame.subject, [frame]);
    }
    subjectsOfSets.set(set, lists);
    subjects = lists;
  }
  return subjects.get(subject) ?? [];
}

/** Path of a view's file, relative to the root. */
export function fileOf(view: PreparedView, kind: Parameters<typeof viewPath>[0]): string {
  return `${view.folder}/${viewPath(kind, view.camera, view.size)}`;
}
