/** The verb `heads`: one photo and a list of expressions become a folder of heads and a page over them. */

import { join } from 'node:path';
import type { Command } from 'commander';
import type { HeadsJobOptions, HeadsJobResult } from '../../src/run/heads.js';
import { headsJob } from '../../src/run/jobs.js';
import { resumable, withHeadOptions } from './head.js';
import { type CommonOptions, printResult, runForPerson } from './talk.js';

type Options = CommonOptions & Omit<HeadsJobOptions, 'photo'>;

/** Adds the verb. */
export function addHeads(program: Command): void {
  const command = program
    .command('heads')
    .description('make many heads from one photo and a list of expressions')
    .argument('<photo>', 'JPEG, PNG or WebP file with a face')
    .requiredOption('--list <file>', 'JSON: [{"name": "smile", "expression": "smile", "text": "…"}, …]')
    .requiredOption('--out <folder>', 'folder for the results: one folder per head, index.html, manifest.json')
    .option('--weights <path>', 'prior to use instead of the embedded one: a folder in diffusers layout');
  withHeadOptions(command).action(async (photo: string, { json, verbose, ...options }: Options) => {
    const result = await runForPerson(headsJob, { ...options, photo }).catch(resumable);
    printResult(result, summary(result), { json, verbose });
  });
}

function summary({ out, heads }: HeadsJobResult): string[] {
  return [
    `${out}: ${heads.length} synthetic heads of one photo`,
    ...heads.map(({ name, caption, kept }) => `  ${name}  "${caption}"${kept ? ' (was there)' : ''}`),
    `Open ${join(out, 'index.html')} in a browser.`,
  ];
}
