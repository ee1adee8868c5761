/** The verb `export`: a head that is there already, in other forms. */

import type { Command } from 'commander';
import type { ExportJobOptions, ExportJobResult } from '../../src/run/export.js';
import { exportJob } from '../../src/run/jobs.js';
import { withDelivery } from './delivery.js';
import { withMarks } from './marks.js';
import { type CommonOptions, printResult, runForPerson, withCommon } from './talk.js';
import { numberBetween, oneOf } from './values.js';

type Options = CommonOptions & Omit<ExportJobOptions, 'head'>;

/** Adds the verb. */
export function addExport(program: Command): void {
  const command = program
    .command('export')
    .description('write a finished head in other forms, without making it again')
    .argument('<head>', 'folder that `joker head` made, or its head.safetensors')
    .requiredOption('--out <folder>', 'folder for the results; appears when everything is done')
    .option('--size <pixels>', 'side of the pictures (default: as delivered)', numberBetween(16, 2048, true))
    .option('--device <name>', 'where networks run: cpu, webgpu or wasm', oneOf('cpu', 'webgpu', 'wasm'), 'cpu')
    .option('--threads <count>', 'threads of the runtime (default: all)', numberBetween(1, 256, true));
  withCommon(withMarks(withDelivery(command))).action(async (head: string, options: Options) => {
    const { json, verbose, ...request } = options;
    const result = await runForPerson(exportJob, { ...request, head }, request.out);
    printResult(result, summary(result), { json, verbose });
  });
}

function summary({ out, caption, files }: ExportJobResult): string[] {
  return [
    `${out}: a synthetic head${caption && `, "${caption}"`}`,
    ...files.map(({ path, what }) => `  ${path}  ${what}`),
  ];
}
