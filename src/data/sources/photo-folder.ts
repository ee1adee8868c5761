/**
 * A person's own pictures as a source: `<folder>/<subject>/<sequence>/<picture>`, or `<folder>/<subject>/<picture>` for one
 * sequence, or `<sequence>/<frame folder>/<camera picture>` for several cameras. `<picture>.txt` beside a picture is its caption.
 * Videos, too: `<subject>/<sequence>.mp4`, or `<sequence>/<camera>.mp4` for several cameras that ran together (clips.ts).
 *
 * Frames are numbered by their names where all of a sequence are numbers of at most
 * five digits (`frame_` may stand before), else by their order, so pictures added later may renumber the others.
 */
import { existsSync, readdirSync, statSync } from 'node:fs';
import { basename, extname, join } from 'node:path';
import { type ErrorCode, JokerError } from '../../core/errors.js';
import { readFileText, unreadable } from '../../core/files/read.js';
import { loadPhoto } from '../../photo/load.js';
import { isName, WILD_CAMERA, WILD_SEQUENCE } from '../prepare/layout.js';
import { balancedList, interiorFrames } from '../prepare/selection.js';
import type { PlannedFrame, PlannedSubject, Source } from '../prepare/source.js';
import { Clips } from './clips.js';
import { VIDEO } from './video-frames.js';

/** Which of the pictures to take. */
export type PhotoFolderOptions = {
  /** side of the crops that will be cut */
  readonly size: number;
  /** frames of a sequence: interior points of it; default all pictures, and 10 of a video, as the paper takes of CelebV-Text */
  readonly frames?: number;
  /** subjects, balanced over the first 11 letters of their names; default all */
  readonly people?: number;
};

/** The source, and files that are left out: no pictures, by path, or videos of no use, with the reason. */
export type PhotoFolder = Source & { readonly ignored: readonly string[] };

const PICTURE = /\.(jpe?g|png|webp)$/i;
/** Files that belong beside pictures. */
const BESIDE = /\.txt$/i;
/** Most entries of one folder: a bound on memory, far above any recording. */
const MOST_ENTRIES = 1_000_000;
/** Most bytes of a caption file; one line of it is used. */
const CAPTION_BYTES = 65536;

/**
 * Lists the pictures; reads none, but counts the frames of videos.
 * @throws JokerError missing-file, bad-file (two names that become one), nothing-to-do when there is no picture, interrupted.
 */
export async function photoFolder(
  root: string,
  options: PhotoFolderOptions,
  signal?: AbortSignal,
): Promise<PhotoFolder> {
  const ignored: string[] = [];
  const clips = new Clips(root, options.frames, signal);
  const folders = entriesOf(root).filter((entry) => isFolder(join(root, entry)));
  const chosen = balancedList(folders, options.people);
  const names = safeNames(chosen, root);
  const found: PlannedSubject[] = [];
  for (const [i, folder] of chosen.entries())
    found.push(await subjectOf(join(root, folder), folder, names[i]!, { options, ignored, clips }));
  const subjects = found.filter((subject) => subject.frames.length > 0);
  if (subjects.length === 0)
    throw new JokerError(
      'nothing-to-do',
      `${root}: holds no pictures${ignored.length > 0 ? `; left out, first of ${ignored.length}: ${ignored[0]}` : ''}`,
      'Arrange them as <subject>/<sequence>/<picture>.jpg (or .png, .webp), or <subject>/<sequence>.mp4.',
    );
  return {
    kind: 'photo',
    // Which files were there when it was made is recorded frame by frame.
    identity: { source: 'photos', size: options.size, frames: options.frames ?? null },
    subjects,
    tongueBonus: 0,
    ignored,
    load: async (frame, camera) => {
      const origin = frame.origins[camera]!;
      const clip = clips.of(origin);
      const path = clip?.path ?? join(root, origin);
      const photo = clip ? await clips.frame(clip) : await loadPhoto(path);
      return { photo, matte: null, caption: captionBeside(path) };
    },
  };
}

/** What listing shares. */
type Listing = { readonly options: PhotoFolderOptions; readonly ignored: string[]; readonly clips: Clips };

async function subjectOf(folder: string, origin: string, name: string, listing: Listing): Promise<PlannedSubject> {
  const entries = entriesOf(folder);
  const sequences = entries.filter((entry) => isFolder(join(folder, entry)) || VIDEO.test(entry));
  const frames = framesOf(folder, origin, { subject: name, sequence: WILD_SEQUENCE, flat: true }, listing);
  const loose = frames.length > 0 ? [WILD_SEQUENCE] : []; // what pictures without a sequence of their own are
  const stems = sequences.map((entry) => (VIDEO.test(entry) ? stem(entry) : entry));
  const names = safeNames([...loose, ...stems], folder).slice(loose.length);
  for (const [i, entry] of sequences.entries()) {
    const place = { subject: name, sequence: names[i]!, flat: false };
    const inside = join(folder, entry);
    const cameras = isFolder(inside)
      ? videosOf(inside, `${origin}/${entry}`, listing)
      : { [WILD_CAMERA]: `${origin}/${entry}` };
    if (Object.keys(cameras).length > 0) frames.push(...(await clipFrames(place, cameras, listing)));
    else frames.push(...framesOf(inside, `${origin}/${entry}`, place, listing));
  }
  return { name, origin, frames, calibration: null };
}

/** What may be wrong with a video; anything else ends the run. */
const UNUSABLE: readonly ErrorCode[] = ['missing-file', 'bad-file', 'unsupported'];

/** Frames of a clip; none of one that cannot be used, here or on any machine: it is left out with its reason, as broken pictures are. */
async function clipFrames(
  place: Place,
  cameras: Readonly<Record<string, string>>,
  { clips, ignored }: Listing,
): Promise<PlannedFrame[]> {
  try {
    return await clips.plan({ subject: place.subject, sequence: place.sequence }, cameras);
  } catch (error) {
    if (!(error instanceof JokerError) || !UNUSABLE.includes(error.code)) throw error;
    ignored.push(error.message);
    return [];
  }
}

/** The cameras of a folder of videos; none where there is a picture or a folder beside them. */
function videosOf(folder: string, origin: string, { ignored }: Listing): Record<string, string> {
  const entries = entriesOf(folder);
  const videos = entries.filter((entry) => VIDEO.test(entry));
  if (videos.length === 0 || entries.some((entry) => PICTURE.test(entry) || isFolder(join(folder, entry)))) return {};
  const others = entries.filter((entry) => !VIDEO.test(entry) && !BESIDE.test(entry));
  ignored.push(...others.map((entry) => join(folder, entry)));
  const names = safeNames(videos.map(stem), folder);
  return Object.fromEntries(videos.map((entry, i) => [names[i]!, `${origin}/${entry}`]));
}

type Place = { readonly subject: string; readonly sequence: string; readonly flat: boolean };

/** Frames of a sequence's folder; `flat`: folders in it are other sequences. */
function framesOf(
  folder: string,
  origin: string,
  { subject, sequence, flat }: Place,
  { options, ignored }: Listing,
): PlannedFrame[] {
  const found: { name: string; origins: Record<string, string> }[] = [];
  for (const entry of entriesOf(folder)) {
    const path = join(folder, entry);
    if (isFolder(path)) {
      const origins = flat ? {} : camerasOf(path, `${origin}/${entry}`, ignored);
      if (Object.keys(origins).length > 0) found.push({ name: entry, origins });
    } else if (PICTURE.test(entry)) found.push({ name: stem(entry), origins: { [WILD_CAMERA]: `${origin}/${entry}` } });
    else if (!BESIDE.test(entry) && !(flat && VIDEO.test(entry))) ignored.push(path);
  }
  const numbers = frameNumbers(found.map(({ name }) => name));
  const order = [...found.keys()].sort((a, b) => numbers[a]! - numbers[b]!);
  return interiorFrames(order.length, options.frames ?? order.length).map((place) => {
    const index = order[place]!;
    return { subject, sequence, frame: numbers[index]!, origins: found[index]!.origins };
  });
}

function camerasOf(folder: string, origin: string, ignored: string[]): Record<string, string> {
  const files = entriesOf(folder).filter((entry) => !isFolder(join(folder, entry)));
  ignored.push(
    ...files.filter((entry) => !PICTURE.test(entry) && !BESIDE.test(entry)).map((entry) => join(folder, entry)),
  );
  const pictures = files.filter((entry) => PICTURE.test(entry));
  const names = safeNames(pictures.map(stem), folder);
  return Object.fromEntries(pictures.map((entry, i) => [names[i]!, `${origin}/${entry}`]));
}

function frameNumbers(names: readonly string[]): number[] {
  const numbers = names.map((name) => Number(/^(?:frame_)?(\d{1,5})$/.exec(name)?.[1] ?? Number.NaN));
  const usable = numbers.every((n) => n >= 0) && new Set(numbers).size === numbers.length;
  return usable ? numbers : [...names.keys()];
}

/** Names in which everything but letters, digits and `_+.,-` has become `_`. */
function safeNames(names: readonly string[], where: string): string[] {
  const safe = names.map((name) =>
    name
      .replace(/[^A-Za-z0-9_+.,-]/g, '_')
      .replace(/^[^A-Za-z0-9_]/, '_')
      .slice(0, 80),
  );
  safe.forEach((name, i) => {
    const first = safe.indexOf(name);
    if (first === i && isName(name)) return;
    const what =
      first === i ? `"${names[i]}" is no usable name` : `"${names[first]}" and "${names[i]}" become one name`;
    throw new JokerError('bad-file', `${where}: ${what}`, 'Rename them with letters and digits.');
  });
  return safe;
}

function stem(name: string): string {
  return basename(name, extname(name));
}

/** Visible names of a folder, sorted by code point. */
function entriesOf(folder: string): string[] {
  try {
    const names = readdirSync(folder).filter((name) => !name.startsWith('.'));
    if (names.length > MOST_ENTRIES)
      throw new JokerError(
        'bad-file',
        `${folder}: ${names.length} entries`,
        `Keep at most ${MOST_ENTRIES} in a folder.`,
      );
    return names.sort();
  } catch (error) {
    throw unreadable(folder, error);
  }
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false; // a dangling link is named when it is loaded
}

/** First line of the caption beside a picture, lower-case; null when there is none. */
function captionBeside(picture: string): string | null {
  const path = picture.replace(/\.[^.]+$/, '.txt');
  if (!existsSync(path)) return null;
  const line = readFileText(path, { maxBytes: CAPTION_BYTES }).split('\n', 1)[0]!.trim().toLowerCase();
  return line === '' ? null : line;
}
