/**
 * What marks the files of one run: the key to sign with, what the manifests say, and the run's number for the watermark.
 *
 * Made by the job (run/marking.ts); without a marker files carry the plain metadata of marks.ts only.
 */

import type { Image } from '../../core/image.js';
import { sidecarName } from './containers.js';
import { type Provenance, signFile } from './manifest.js';
import type { SigningKey } from './signing-key.js';
import { watermarkImage } from './watermark.js';
import { runIdText } from './watermark-detect.js';

/** Marks for the files of one run. */
export type Marker = {
  readonly key: SigningKey;
  readonly about: Omit<Provenance, 'runId'>;
  /** 0 … 2³² − 1 */
  readonly runId: number;
};

/** A file to be written. */
export type MarkedFile = { readonly path: string; readonly what: string; readonly bytes: Uint8Array };

/** Files that get a manifest, inside or beside; pages and lists of cameras do not. */
const SIGNED = /\.(png|jpe?g|webp|mp4|glb|ply|spz|safetensors)$/;

/** The picture with the watermark, H×W×3; unchanged without a marker. */
export function markImage(image: Image, marker: Marker | undefined): Image {
  return marker ? watermarkImage(image, marker.runId) : image;
}

/** The file signed: one file with the manifest inside, or two with the manifest beside. Unchanged without a marker. */
export function signedFiles(file: MarkedFile, marker: Marker | undefined): MarkedFile[] {
  if (!marker || !SIGNED.test(file.path)) return [file];
  const title = file.path.split('/').pop()!;
  const about = { ...marker.about, runId: runIdText(marker.runId) };
  const { bytes, sidecar } = signFile(file.bytes, title, about, marker.key);
  const whole = { ...file, bytes };
  if (sidecar === null) return [whole];
  return [whole, { path: sidecarName(file.path), what: `C2PA manifest of ${title}`, bytes: sidecar }];
}

/** What manifest.json says about the marks of its files. */
export type MarksRecord = {
  /** who signed */
  readonly signedWith: 'development key' | 'own key';
  /** name and version of the mark in pictures and frames */
  readonly watermark: 'joker watermark 1';
  /** eight hexadecimal digits */
  readonly runId: string;
};

/** The record of a marker. */
export function recordOf(marker: Marker): MarksRecord {
  const signedWith = marker.key.development ? 'development key' : 'own key';
  return { signedWith, watermark: 'joker watermark 1', runId: runIdText(marker.runId) };
}
