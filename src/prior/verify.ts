/**
 * `joker verify`: recomputes reference outputs and says how far off ours are.
 *
 * A folder may hold any subset of the reference files. A check runs when its reference outputs and all else that it needs
 * are there, and is listed as skipped when only the outputs are. Other stages may add checks.
 */
import { join } from 'node:path';
import { JokerError } from '../core/errors.js';
import { parseJsonStrict } from '../core/files/json.js';
import { readFileText } from '../core/files/read.js';
import { openSafetensors, readIntegers, readTensor, type SafetensorsFile } from '../core/files/safetensors.js';
import type { CheckContext, VerifyCheck } from './verify-check.js';
import { NETWORK_CHECKS } from './verify-networks.js';
import { SAMPLING_CHECKS } from './verify-sampling.js';

/** One recomputed output. */
export type VerifyRow = {
  /** check and output, e.g. 'unet: out' */
  readonly what: string;
  /** max |ours − reference| / max |reference|; Infinity if ours is not finite */
  readonly error: number;
  /** max |reference| */
  readonly reference: number;
  readonly passed: boolean;
};

/** What `verifyFolder` found. */
export type VerifyResult = {
  readonly folder: string;
  readonly tolerance: number;
  readonly rows: readonly VerifyRow[];
  /** checks whose reference outputs are there but which lack other files */
  readonly skipped: readonly { readonly what: string; readonly missing: readonly string[] }[];
  readonly passed: boolean;
};

/** Options of `verifyFolder`. */
export type VerifyOptions = {
  /** largest relative error that passes. Default 1e-3. */
  readonly tolerance?: number;
  /** Default: all cores. */
  readonly threads?: number;
  /** checks of other stages, run after the networks' */
  readonly extra?: readonly VerifyCheck[];
};

/**
 * Runs every check whose files the folder holds.
 * @throws JokerError nothing-to-do when there is none; bad-file or bad-weights when a file cannot be used.
 */
export async function verifyFolder(folder: string, options: VerifyOptions = {}): Promise<VerifyResult> {
  const { tolerance = 1e-3, extra = [] } = options;
  const rows: VerifyRow[] = [];
  const skipped: { what: string; missing: string[] }[] = [];
  for (const check of [...NETWORK_CHECKS, ...SAMPLING_CHECKS, ...extra]) {
    const root = join(folder, check.folder ?? '');
    const found = new Map([check.outputs, ...check.files].map((name) => [name, openIfThere(root, name)]));
    if (!found.get(check.outputs)) continue;
    const missing = check.files.filter((name) => !found.get(name));
    if (missing.length > 0) skipped.push({ what: check.what, missing });
    else await check.run(contextOf(root, check, found, options, tolerance, rows));
  }
  if (rows.length === 0) throw nothingToVerify(folder, skipped);
  return { folder, tolerance, rows, skipped, passed: rows.every((row) => row.passed) };
}

function nothingToVerify(folder: string, skipped: VerifyResult['skipped']): JokerError {
  const lacking = [...new Set(skipped.flatMap(({ missing }) => missing))];
  const remedy = lacking.length
    ? `Add the files that go with the reference outputs: ${lacking.join(', ')}.`
    : 'Name a folder with reference files, e.g. unet.json, unet.safetensors and unet_io.safetensors.';
  return new JokerError('nothing-to-do', `${folder}: holds nothing to verify`, remedy);
}

/** @throws JokerError tolerance-exceeded naming the worst output, when one did not pass. */
export function requirePassed(result: VerifyResult): void {
  if (result.passed) return;
  const worst = result.rows.reduce((a, b) => (b.error > a.error ? b : a));
  const what = `${result.folder}: ${worst.what} is off by ${worst.error.toExponential(2)}, tolerance ${result.tolerance}`;
  throw new JokerError('tolerance-exceeded', what, 'Check that the weights and the outputs belong together.');
}

type OpenFile = SafetensorsFile | { readonly json: unknown };

function openIfThere(root: string, name: string): OpenFile | null {
  const path = join(root, name);
  try {
    return name.endsWith('.json') ? { json: parseJsonStrict(readFileText(path), path) } : openSafetensors(path);
  } catch (error) {
    if (error instanceof JokerError && error.code === 'missing-file') return null;
    throw error;
  }
}

function contextOf(
  root: string,
  check: VerifyCheck,
  found: ReadonlyMap<string, OpenFile | null>,
  options: VerifyOptions,
  tolerance: number,
  rows: VerifyRow[],
): CheckContext {
  const need = (name: string): OpenFile => {
    const file = found.get(name);
    if (!file) throw new Error(`internal: check '${check.what}' did not list '${name}'`);
    return file;
  };
  return {
    tensors: (name) => need(`${name}.safetensors`) as SafetensorsFile,
    json: (name) => (need(`${name}.json`) as { json: unknown }).json,
    path: (name) => join(root, name),
    threads: options.threads,
    compare: (label, ours, file, key) => {
      const { error, reference } = relativeError(ours, referenceValues(file, key));
      rows.push({ what: `${check.what}: ${label}`, error, reference, passed: error <= tolerance });
    },
  };
}

function referenceValues(file: SafetensorsFile, key: string): ArrayLike<number> {
  return file.entries.get(key)?.dtype === 'I64' ? readIntegers(file, key) : readTensor(file, key);
}

/** max |ours − theirs| / max |theirs|; Infinity when ours is not finite or has another length. */
export function relativeError(
  ours: ArrayLike<number>,
  theirs: ArrayLike<number>,
): { error: number; reference: number } {
  let [worst, reference] = [0, 0];
  for (let i = 0; i < theirs.length; i++) {
    reference = Math.max(reference, Math.abs(theirs[i]!));
    const off = Math.abs(ours[i]! - theirs[i]!);
    worst = Number.isFinite(off) ? Math.max(worst, off) : Infinity;
  }
  if (ours.length !== theirs.length) worst = Infinity;
  // A reference that is zero everywhere has no scale: then the error counts as it is.
  return { error: worst / (reference || 1), reference };
}
