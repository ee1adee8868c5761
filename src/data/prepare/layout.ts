/**
 * Where everything lies below the root of a prepared data set, and what frames and cameras are called: the disk layout of
 * Joker's released data preparation, so that its files and ours can be read by the same programs.
 *
 * Names only: knows no file system and no content (fit-json.ts, metas.ts). Paths use forward slashes and are relative to the root.
 */

/** Below the root. Lists of frames, one a line; the others JSON. */
export const ROOT_FILES = {
  /** `<subject>/sequences/<SEQ>/frame_xxxxx` of every prepared frame */
  all: 'ALL_FRAMES.txt',
  /** those that passed every test */
  valid: 'VALID_FRAMES.txt',
  /** why each other one did not: JSON lines {frame, camera, reason}; ours, the paper's tools keep no such list */
  rejected: 'REJECTED_FRAMES.jsonl',
  /** valid frames with divex, subject by subject in greedy order */
  divex: 'VALID_DIVEX_METAS.json',
  train: 'TRAIN_METAS.json',
  val: 'VAL_METAS.json',
  split: 'SUBJECT_SPLIT.json',
  /** with what options the frames were made; ours */
  options: 'PREPARE.json',
} as const;

/** One frame: a moment of a recording, seen by one or more cameras. */
export type FrameName = {
  /** e.g. `00012` or `318`; see `isName` */
  readonly subject: string;
  /** recording, e.g. `SEQ-1` or `EXP-6-tongue-1` */
  readonly sequence: string;
  /** 0 … 99999, place in the recording */
  readonly frame: number;
};

/** The only sequence of a clip and its only camera, as the paper calls them for CelebV-Text. */
export const WILD_SEQUENCE = 'SEQ-1';
/** See WILD_SEQUENCE. */
export const WILD_CAMERA = 'cam_00';

/** The twelve recordings of NeRSemble that the paper uses. */
export const STUDIO_SEQUENCES = [
  'EMO-1-shout+laugh',
  'EMO-3-angry+sad',
  'EMO-4-disgust+happy',
  'EXP-2-eyes',
  'EXP-3-cheeks+nose',
  'EXP-4-lips',
  'EXP-5-mouth',
  'EXP-6-tongue-1',
  'EXP-7-tongue-2',
  'EXP-8-jaw-1',
  'EXP-9-jaw-2',
  'FREE',
] as const;

/** NeRSemble's frontal camera: its captions stand for all views of a frame. */
export const FRONTAL_CAMERA = 'cam_222200037';

/** True for names that are safe as one part of a path on every system: letters, digits and `_ + - . ,`, at most 80. */
export function isName(name: string): boolean {
  return /^[A-Za-z0-9_][A-Za-z0-9_+.,-]{0,79}$/.test(name) && !name.endsWith('.');
}

/** Folder of a frame. */
export function framePath({ subject, sequence, frame }: FrameName): string {
  return `${subject}/sequences/${sequence}/frame_${String(frame).padStart(5, '0')}`;
}

/** Reads what `framePath` wrote; null for anything else. */
export function parseFramePath(path: string): FrameName | null {
  const [subject = '', middle, sequence = '', name = '', ...rest] = path.split('/');
  const frame = /^frame_(\d{5})$/.exec(name)?.[1];
  if (middle !== 'sequences' || rest.length > 0 || frame === undefined || !isName(subject) || !isName(sequence))
    return null;
  return { subject, sequence, frame: Number(frame) };
}

/** Kinds of files that a camera of a frame has. */
export type ViewFile = 'image' | 'fit' | 'normals' | 'caption' | 'mask' | 'hyperiqa' | 'sharpness';

/**
 * File of a camera below its frame's folder. `size`: side of the pictures, the paper's 512. `hyperiqa` is read when it is there;
 * what we measure ourselves is `sharpness`, in a folder of its own, since the two numbers mean different things.
 */
export function viewPath(kind: ViewFile, camera: string, size: number): string {
  switch (kind) {
    case 'image':
      return `images-${size}/${camera}.jpg`;
    case 'fit':
      return `bfm_eg3d/${camera}.json`;
    case 'normals':
      return `bfm_normals-${size}/${camera}.jpg`;
    case 'caption':
      return `blip_captions/${camera}.txt`;
    case 'mask':
      return `mask-${size}/${camera}.png`;
    case 'hyperiqa':
      return `hyperiqa_score/${camera}.txt`;
    case 'sharpness':
      return `sharpness_own_score/${camera}.txt`;
    default:
      return kind satisfies never;
  }
}

/** Below a frame's folder: what its pictures were made from, JSON {camera: text}; ours. */
export const FRAME_SOURCE = 'source.json';

/** Below a subject's folder: where its clip came from. */
export const SUBJECT_SOURCE = 'original_vid.txt';

/** Below a studio subject's folder: calibration of its cameras, as NeRSemble writes it. */
export const CALIBRATION = 'camera_params.json';

/** Frontal camera of a frame that these cameras saw: the studio's, else the first by name. */
export function frontalCamera(cameras: readonly string[]): string {
  return cameras.includes(FRONTAL_CAMERA) ? FRONTAL_CAMERA : [...cameras].sort()[0]!;
}
