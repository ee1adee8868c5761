/** The verb `models`: which weights there are, where they come from and what may be done with them; weights of others. */

import type { Command } from 'commander';
import { JokerError } from '../../src/core/errors.js';
import type { ImportOptions, ImportResult } from '../../src/run/import-model.js';
import { importJob } from '../../src/run/jobs.js';
import { listModels, type ModelListing } from '../../src/run/models.js';
import { type Origin, readOrigins, requireVerified, type VerifiedFile, verifyOrigins } from '../../src/run/origins.js';
import { type CommonOptions, printResult, reportFailure, runForPerson, withCommon } from './talk.js';

type FolderOptions = CommonOptions & { folder?: string };

const FOLDER: [string, string] = ['--folder <folder>', 'an imported model instead of the weights in the package'];

/** Adds the verb. */
export function addModels(program: Command): void {
  const models = program.command('models').description('weights: those in the package, and those of others');
  withCommon(
    models
      .command('list', { isDefault: true })
      .description('list them (default)')
      .option(...FOLDER),
  ).action(({ folder, ...options }: FolderOptions) => {
    const list = listModels(folder);
    printResult(list, list.length > 0 ? list.flatMap(listed) : ['no weights'], options);
  });
  withCommon(
    models
      .command('verify')
      .description('compare files with their hashes')
      .option(...FOLDER),
  ).action(verify);
  withCommon(
    models
      .command('licences')
      .description('what may be done with each file')
      .option(...FOLDER),
  ).action(licences);
  addImport(models);
}

function addImport(models: Command): void {
  const command = models
    .command('import')
    .description('read weights that others made: strict about names and shapes, nothing of a file is run')
    .argument('<source>', "the paper's .bin, a folder in diffusers layout, or a single-file Stable Diffusion 1.5")
    .requiredOption('--out <path>', 'folder in diffusers layout, or one file ending in .safetensors')
    .option('--vae <path>', "autoencoder instead of the source's own, e.g. sd-vae-ft-mse: a file or a folder")
    .option(
      '--configs <folder>',
      "config.json files and tokenizer/ for a single file (default: Stable Diffusion 1.5's)",
    )
    .option('--half', 'store float16');
  withCommon(command).action(
    async (source: string, { json, verbose, ...options }: CommonOptions & Omit<ImportOptions, 'source'>) => {
      const result = await runForPerson(importJob, { ...options, source }, options.out);
      printResult(result, imported(result), { json, verbose });
    },
  );
}

function imported({ files, values, kind, started }: ImportResult): string[] {
  const untrained = started.length > 0 ? `, untrained: ${started.join(', ')}` : '';
  return [
    `${kind}: ${values} values${untrained}`,
    ...files.map(({ path, bytes, sha256 }) => `${path}  ${megabytes(bytes)}  sha256 ${sha256}`),
  ];
}

/** Exit code 1 when a file is not what the list says. */
function verify({ folder, ...options }: FolderOptions): void {
  const files = verifyOrigins(folder);
  const width = Math.max(0, ...files.map(({ path }) => path.length));
  printResult(
    files,
    files.map((file) => verified(file, width)),
    options,
  );
  try {
    requireVerified(files);
  } catch (error) {
    reportFailure(error, { verbose: options.verbose }); // the JSON is out already
  }
}

function verified({ path, state, sha256, origin }: VerifiedFile, width: number): string {
  return `${state.padEnd(10)}  ${path.padEnd(width)}  ${sha256 ?? '-'}  ${origin?.origin ?? ''}`.trimEnd();
}

function licences({ folder, ...options }: FolderOptions): void {
  const list = readOrigins(folder);
  if (!list)
    throw new JokerError('missing-file', `${folder}: has no list of origins`, 'Name a folder that joker wrote.');
  const lines = list.flatMap(({ path, what, origin, licence, commercial, terms }: Origin) => [
    `${path}: ${what}`,
    `  from: ${origin}`,
    `  licence: ${licence}; commercial use: ${commercial}`,
    `  ${terms}`,
  ]);
  printResult(list, lines, options);
}

function listed({ name, bytes, tensors, values, metadata, origin }: ModelListing): string[] {
  return [
    `${name}  (${megabytes(bytes)}, ${tensors} tensors, ${values} values)`,
    ...(origin ? [`  from: ${origin.origin}`, `  sha256: ${origin.sha256}`] : []),
    ...(origin ? [`  licence: ${origin.licence}; commercial use: ${origin.commercial}`] : []),
    ...Object.entries(metadata)
      .filter(([key]) => !(origin && key === 'licence'))
      .map(([key, text]) => `  ${key}: ${text}`),
  ];
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(2)} MB`;
}
