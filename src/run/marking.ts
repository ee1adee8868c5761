/**
 * The marks of a job's files: which key signs, and what the manifests say went in.
 *
 * Only gathers; signing and watermark are deliver's. Called before long work, so that a wrong key file fails at once.
 */

import { createHash } from 'node:crypto';
import { createReadStream, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { JokerError } from '../core/errors.js';
import { packageRoot } from '../core/files/assets.js';
import { readFileBytes, unreadable } from '../core/files/read.js';
import type { Report } from '../core/progress.js';
import { developmentKey, loadOwnKey, type Marker, passingKey, type SigningKey } from '../deliver/index.js';

/** How a job's files are marked. */
export type MarkOptions = {
  /** false: neither signature nor watermark; the plain metadata stays and says so. Default true. */
  readonly marks?: boolean;
  /** PEM file of an own key to sign with, and of its certificates; both or none. Default: this machine's development key. */
  readonly signKey?: string;
  readonly signCertificate?: string;
};

/** What the files are made from. */
export type MarkInputs = {
  /** what went in, each with what a manifest calls it */
  readonly inputs: readonly { readonly path: string; readonly title: string }[];
  /** file or folder of the prior's weights; null when no prior took part */
  readonly weights: string | null;
  /** everything else that the result depends on; makes the run's number */
  readonly settings: unknown;
};

/** The photos that a job starts from, as a manifest names them. */
export function photoInputs({
  photo,
  drive,
}: {
  readonly photo: string;
  readonly drive?: string;
}): MarkInputs['inputs'] {
  const person = { path: photo, title: 'photo of the person' };
  return drive === undefined ? [person] : [person, { path: drive, title: 'photo that gave pose and expression' }];
}

/** Program name as written into files; without marks the name says that. */
export function generatorOf({ marks = true }: MarkOptions): string {
  return marks ? 'joker3d' : 'joker3d --no-marks';
}

/** Makes the markers of runs that share key and options; hashes each weights file once. */
export type Marking = (inputs: MarkInputs) => Promise<Marker>;

/** The marker of a single run, or undefined with `marks: false`. @throws what `openMarking` throws. */
export async function makeMarker(
  options: MarkOptions,
  inputs: MarkInputs,
  report: Report,
): Promise<Marker | undefined> {
  return (await openMarking(options, report))?.(inputs);
}

/**
 * Opens the key, or undefined with `marks: false`.
 * @throws JokerError for key files that are missing, damaged or do not belong together.
 */
export async function openMarking(options: MarkOptions, report: Report): Promise<Marking | undefined> {
  const { marks = true, signKey, signCertificate } = options;
  if ((signKey === undefined) !== (signCertificate === undefined))
    throw new JokerError(
      'bad-argument',
      'a signing key without a certificate, or the other way round',
      'Give both --sign-key and --sign-certificate, or none.',
    );
  if (!marks) {
    const text = '--no-marks: no signature and no watermark; the metadata records that they were left out';
    report({ kind: 'note', level: 'warning', text });
    return undefined;
  }
  const key =
    signKey && signCertificate ? loadOwnKey({ key: signKey, certificate: signCertificate }) : await ownKey(report);
  const hashes = new Map<string, Promise<string>>();
  const hashOf = (path: string) => {
    const hash = hashes.get(path) ?? hashOfWeights(path);
    hashes.set(path, hash);
    return hash;
  };
  return (inputs) => markerOf(key, inputs, hashOf);
}

/** The development key; where none can be kept, one for this run. */
async function ownKey(report: Report): Promise<SigningKey> {
  try {
    return await developmentKey(new Date());
  } catch (error) {
    if (!(error instanceof JokerError) || error.code !== 'not-writable') throw error;
    report({ kind: 'note', level: 'warning', text: `${error.what}: signing with a development key for this run only` });
    return passingKey(new Date());
  }
}

async function markerOf(
  key: SigningKey,
  { inputs, weights, settings }: MarkInputs,
  hashOf: (path: string) => Promise<string>,
): Promise<Marker> {
  const about = {
    ...{ name: 'joker3d', version: packageVersion() },
    inputs: inputs.map(({ path, title }) => describeInput(path, title)),
    models: weights === null ? [] : [{ name: 'prior', sha256: await hashOf(weights) }],
  };
  const digest = createHash('sha256')
    .update(JSON.stringify([about, settings]))
    .digest();
  return { key, about, runId: digest.readUInt32BE() };
}

function packageVersion(): string {
  const text = readFileSync(join(packageRoot(), 'package.json'), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}

function describeInput(path: string, title: string) {
  const bytes = readFileBytes(path);
  const kinds = { ffd8: 'image/jpeg', '8950': 'image/png', '5249': 'image/webp' };
  const head = Buffer.from(bytes.subarray(0, 2)).toString('hex');
  const format = kinds[head as keyof typeof kinds] ?? 'application/octet-stream';
  return { title, format, sha256: createHash('sha256').update(bytes).digest('hex') };
}

/** SHA-256 of a weights file; of a folder, the hash of the names and hashes of its safetensors files, sorted. */
async function hashOfWeights(path: string): Promise<string> {
  try {
    if (!statSync(path).isDirectory()) return await hashOfFile(path);
    const names = readdirSync(path, { recursive: true, encoding: 'utf8' }).filter((name) =>
      name.endsWith('.safetensors'),
    );
    const whole = createHash('sha256');
    for (const name of names.sort()) whole.update(`${name} ${await hashOfFile(join(path, name))}\n`);
    return whole.digest('hex');
  } catch (error) {
    throw unreadable(path, error);
  }
}

/** Read in pieces: weights may have gigabytes. */
async function hashOfFile(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const piece of createReadStream(path)) hash.update(piece as Uint8Array);
  return hash.digest('hex');
}
