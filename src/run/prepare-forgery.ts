/**
 * Labels for training detectors of generated pictures: every picture of a prepared root and of a folder of generated ones, as
 * CSV and as JSON lines. Passive detectors need no mark in the picture, unlike deliver/marks.
 *
 * Photos are `real`; generated and rendered pictures are `synthetic`, told apart by `kind`.
 */
import { readdirSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { JokerError } from '../core/errors.js';
import { readFileText, unreadable } from '../core/files/read.js';
import { ROOT_FILES } from '../data/prepare/layout.js';
import { parsePicturePath, splitFromText } from '../data/prepare/metas.js';
import { settle } from './prepare-files.js';

/** A labelled picture. */
export type ForgeryLabel = {
  /** relative to the root, forward slashes */
  readonly path: string;
  readonly label: 'real' | 'synthetic';
  readonly kind: 'photo' | 'rendered' | 'generated';
  /** of the subject; empty for generated pictures */
  readonly split: 'train' | 'val' | '';
};

/**
 * Writes FORGERY_LABELS.csv and .jsonl into the root, prepared pictures of every camera first.
 * @returns number of pictures. @throws JokerError nothing-to-do when the folder holds no picture.
 */
export async function writeForgerySet(
  root: string,
  generated: string,
  kind: 'photo' | 'rendered',
  alone: boolean,
): Promise<number> {
  const found = picturesBelow(generated);
  if (found.length === 0)
    throw new JokerError('nothing-to-do', `${generated}: holds no pictures`, 'Name a folder of generated pictures.');
  const labels = [...preparedLabels(root, kind), ...found.map((path) => generatedLabel(root, path))];
  const lines = labels.map((row) => [row.path, row.label, row.kind, row.split].map(csvField).join(','));
  await settle(
    join(root, 'FORGERY_LABELS.csv'),
    `path,label,kind,split\n${lines.map((line) => `${line}\n`).join('')}`,
    alone,
  );
  await settle(join(root, 'FORGERY_LABELS.jsonl'), labels.map((row) => `${JSON.stringify(row)}\n`).join(''), alone);
  return labels.length;
}

function preparedLabels(root: string, kind: 'photo' | 'rendered'): ForgeryLabel[] {
  const path = join(root, ROOT_FILES.split);
  const split = splitFromText(readFileText(path), path);
  const held = new Set(split.val);
  return [...split.train, ...split.val]
    .flatMap((subject) => picturesBelow(join(root, subject)))
    .map((picture) => posix(relative(root, picture)))
    .flatMap((picture) => {
      const name = parsePicturePath(picture);
      if (!name) return []; // control images and mattes
      const label = kind === 'photo' ? 'real' : 'synthetic';
      return [{ path: picture, label, kind, split: held.has(name.subject) ? 'val' : 'train' } satisfies ForgeryLabel];
    });
}

function generatedLabel(root: string, path: string): ForgeryLabel {
  return { path: posix(relative(root, path)), label: 'synthetic', kind: 'generated', split: '' };
}

function picturesBelow(folder: string): string[] {
  try {
    const names = readdirSync(folder, { recursive: true }).map(String);
    return names
      .filter((name) => /\.(jpe?g|png|webp)$/i.test(name) && !isHidden(name))
      .sort()
      .map((name) => join(folder, name));
  } catch (error) {
    throw unreadable(folder, error);
  }
}

function isHidden(path: string): boolean {
  return path.split(sep).some((part) => part.startsWith('.'));
}

function posix(path: string): string {
  return path.split(sep).join('/');
}

/** Quoted where a comma, quote or line break asks for it (RFC 4180). */
function csvField(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
