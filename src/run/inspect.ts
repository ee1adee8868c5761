/**
 * The job behind `joker inspect`: what a file says about its origin.
 *
 * Finds the file, the manifest beside it and the certificates to trust; judging is deliver's.
 */

import { X509Certificate } from 'node:crypto';
import { existsSync } from 'node:fs';
import { JokerError } from '../core/errors.js';
import { readFileBytes, readFileText } from '../core/files/read.js';
import { type Inspection, inspectFile, ownCertificates, sidecarName, type Verdict } from '../deliver/index.js';
import type { JobContext } from './job.js';

/** What to look at. */
export type InspectJobOptions = {
  /** any file; marks are known in PNG, JPEG and WebP, and in manifests beside files of any kind */
  readonly file: string;
  /** PEM file with certificates that are trusted beside this machine's own */
  readonly trust?: string;
};

/** What was found, with the path. */
export type InspectJobResult = Inspection & { readonly file: string };

/** Exit code of each verdict; 1, 2 and 130 keep their meanings of failure, nonsense and interruption. */
export const VERDICT_EXIT_CODES: Readonly<Record<Verdict, number>> = {
  valid: 0,
  tampered: 3,
  'unknown signer': 4,
  'watermark only': 5,
  nothing: 6,
};

/** Largest file that is looked at, bytes: above any head or turntable of this program. */
const MAX_BYTES = 2 ** 29;
/** Largest manifest beside a file, bytes. */
const MAX_SIDECAR = 2 ** 24;

/** Inspects a file. @throws JokerError missing-file, bad-file, not-an-image, unsupported. */
export async function inspect({ file, trust }: InspectJobOptions, { report }: JobContext): Promise<InspectJobResult> {
  report({ kind: 'stage', stage: 'inspect', text: `Reading ${file}` });
  const bytes = readFileBytes(file, { maxBytes: MAX_BYTES });
  const beside = [sidecarName(file), file.replace(/\.[^./\\]+$/, '.c2pa')].find(
    (path) => path !== file && existsSync(path),
  );
  const sidecar = beside === undefined ? null : readFileBytes(beside, { maxBytes: MAX_SIDECAR });
  const anchors = [...ownCertificates(), ...(trust === undefined ? [] : readAnchors(trust))];
  return { file, ...(await inspectFile({ bytes, sidecar, anchors, now: new Date() })) };
}

function readAnchors(path: string): Uint8Array[] {
  const blocks = readFileText(path).match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
  try {
    if (blocks.length > 0) return blocks.map((block) => new X509Certificate(block).raw);
  } catch {
    // falls through to the error below
  }
  throw new JokerError('bad-file', `${path}: holds no certificates (PEM)`, 'Name a PEM file with certificates.');
}
