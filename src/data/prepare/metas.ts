/**
 * The lists of a prepared data set: frames one a line, entries with their divex, and which subjects are for what.
 *
 * Text in and out, no files. Formats of Joker's released preparation.
 */
import { z } from 'zod';
import { JokerError } from '../../core/errors.js';
import { parseJsonStrict } from '../../core/files/json.js';
import { type FrameName, framePath, isName, parseFramePath } from './layout.js';

/** Most entries of a list: twenty times the paper's 50 000 frames of 10 a clip. */
const MOST = 10_000_000;

/** One frame of a divex list. Paths are of frontal pictures, relative to the root. */
export type Meta = {
  readonly path: string;
  /** score at which the greedy ordering took the frame: expressiveness + 2·max_diversity */
  readonly divex: number;
  readonly expressiveness: number;
  /** distance to the nearest frame taken before it (to the farthest of all for the first one) */
  readonly max_diversity: number;
  /** up to 5 frames of the subject, farthest first (spelled as in the original) */
  readonly farest_neighbors: readonly string[];
  /** their distances */
  readonly diversities: readonly number[];
};

/** Which subjects are for training and which are held out. */
export type SubjectSplit = { readonly train: readonly string[]; readonly val: readonly string[] };

const place = z
  .string()
  .max(400)
  .refine(isPicturePath, 'not <subject>/sequences/<SEQ>/frame_xxxxx/images-<S>/<cam>.jpg');
const meta = z.strictObject({
  path: place,
  divex: z.number(),
  expressiveness: z.number(),
  max_diversity: z.number(),
  farest_neighbors: z.array(place).max(5),
  diversities: z.array(z.number()).max(5),
});
const metas = z.array(meta).max(MOST);
const subjects = z.array(z.string().refine(isName, 'not a name')).max(MOST);
const split = z.strictObject({ train: subjects, val: subjects });

/** A picture's path taken apart. */
export type PicturePath = FrameName & { readonly size: number; readonly camera: string };

/** Takes `<frame>/images-<S>/<cam>.jpg` apart; null for anything else. */
export function parsePicturePath(path: string): PicturePath | null {
  const [, frame = '', size = '', camera = ''] = /^(.*)\/images-(\d{1,5})\/([^/]+)\.jpg$/.exec(path) ?? [];
  const name = parseFramePath(frame);
  return name && isName(camera) ? { ...name, size: Number(size), camera } : null;
}

function isPicturePath(path: string): boolean {
  return parsePicturePath(path) !== null;
}

/** JSON text of a list. */
export function metasToText(list: readonly Meta[]): string {
  return `[\n${list.map((entry) => JSON.stringify(entry)).join(',\n')}\n]\n`;
}

/** Reads VALID_DIVEX_METAS.json, TRAIN_METAS.json or VAL_METAS.json. @throws JokerError bad-file. */
export function metasFromText(text: string, path: string): Meta[] {
  return checked(metas, text, path, 'list of frames with divex');
}

/** JSON text of a split. */
export function splitToText(value: SubjectSplit): string {
  return `${JSON.stringify(value, null, 1)}\n`;
}

/** Reads SUBJECT_SPLIT.json. @throws JokerError bad-file. */
export function splitFromText(text: string, path: string): SubjectSplit {
  return checked(split, text, path, 'split of subjects');
}

function checked<T>(type: z.ZodType<T>, text: string, path: string, what: string): T {
  const parsed = type.safeParse(parseJsonStrict(text, path));
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  throw new JokerError('bad-file', `${path}: no ${what} (${issue?.path.join('.')}: ${issue?.message})`, REMEDY);
}

const REMEDY = 'Make the lists again: joker prepare.';

/** One frame a line. */
export function framesToText(frames: readonly FrameName[]): string {
  return frames.map((frame) => `${framePath(frame)}\n`).join('');
}

/** Reads ALL_FRAMES.txt or VALID_FRAMES.txt. @throws JokerError bad-file naming the line. */
export function framesFromText(text: string, path: string): FrameName[] {
  return text
    .split('\n')
    .map((line, index) => ({ line: line.trimEnd(), index }))
    .filter(({ line }) => line !== '')
    .map(({ line, index }) => {
      const frame = parseFramePath(line);
      if (frame) return frame;
      throw new JokerError('bad-file', `${path}: line ${index + 1} names no frame`, REMEDY);
    });
}
