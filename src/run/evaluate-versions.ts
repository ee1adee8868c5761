/**
 * Which networks a result rests on, by name and version: a file's version is the beginning of its SHA-256.
 *
 * Reads the files; runs nothing.
 */
import { createHash } from 'node:crypto';
import { statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { assetPath } from '../core/files/assets.js';
import { hashFile } from '../core/files/hash.js';
import { unreadable } from '../core/files/read.js';
import { DESCRIPTOR_NAME } from '../evaluate/descriptor.js';
import type { Column, Instrument } from '../evaluate/figures.js';
import type { LpipsModel } from '../nets/index.js';
import { PRIOR_PARTS } from '../prior/prior-files.js';

/** Hexadecimal digits of a version: enough to tell any two files apart. */
const DIGITS = 12;

/** Version of files taken together. @throws JokerError missing-file or bad-file. */
export function versionOf(...paths: readonly string[]): string {
  const [first, ...rest] = paths.map((path) => hashFile(path).sha256);
  const joined =
    rest.length === 0
      ? first!
      : createHash('sha256')
          .update([first, ...rest].join())
          .digest('hex');
  return joined.slice(0, DIGITS);
}

/** Version of a prior: of its compact file, or of all weight files of its folder. */
export function priorVersion(path: string): string {
  return versionOf(...(isFolder(path) ? PRIOR_PARTS.map(({ folder, file }) => join(path, folder, file)) : [path]));
}

function isFolder(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch (error) {
    throw unreadable(path, error);
  }
}

/** What the perceptual distance is measured with: LPIPS, or without it the image encoder of the prior at `eye`. */
export function perceptualInstrument(eye: string, lpips: LpipsModel | null): Instrument {
  if (!lpips) return { metric: 'lpips(mini)', ...encoderOf(eye) };
  const { name, paths } = lpips;
  return { metric: name, network: paths.map((path) => basename(path)).join(' + '), version: versionOf(...paths) };
}

function encoderOf(eye: string) {
  return { network: `image encoder of ${basename(eye)}`, version: priorVersion(eye) };
}

/**
 * What each column is measured with.
 * @param eye path of the prior whose image encoder measures. @param lpips null: the encoder stands in. @param descriptor folder
 * of a face descriptor; undefined: the encoder stands in.
 */
export function instruments(
  eye: string,
  lpips: LpipsModel | null,
  descriptor: string | undefined,
): Readonly<Record<Column, Instrument>> {
  const encoder = encoderOf(eye);
  const trackerFiles = ['blazeface', 'facemesh', 'iris'].map((name) => assetPath('tracker', `${name}.safetensors`));
  const tracker = { network: 'tracker (BlazeFace, FaceMesh, Iris)', version: versionOf(...trackerFiles) };
  const model = assetPath('face', 'builtin.safetensors');
  const fit = { network: 'fit of the builtin face model to the tracker', version: versionOf(model, ...trackerFiles) };
  const csim =
    descriptor === undefined
      ? { metric: 'csim(mini)', ...encoder }
      : {
          metric: `csim(${DESCRIPTOR_NAME})`,
          network: 'HSE-FaceRes',
          version: versionOf(join(descriptor, `${DESCRIPTOR_NAME}.bin`)),
        };
  return {
    psnr: { metric: 'PSNR', network: null, version: null },
    ssim: { metric: 'SSIM', network: null, version: null },
    lpips: perceptualInstrument(eye, lpips),
    fid: { metric: 'fid(mini)', ...encoder },
    csim,
    akd: { metric: 'AKD', ...tracker },
    aed: { metric: 'AED', ...fit },
    apd: { metric: 'APD', ...fit },
  };
}
