/** The verb `head`, the main job: one photo, an expression and words become a volumetric head in a folder. */

import { join } from 'node:path';
import type { Command } from 'commander';
import { JokerError } from '../../src/core/errors.js';
import { expressionText } from '../../src/run/expression.js';
import type { HeadJobOptions, HeadJobResult } from '../../src/run/head-session.js';
import { headJob } from '../../src/run/jobs.js';
import { withDelivery } from './delivery.js';
import { withMarks } from './marks.js';
import { type CommonOptions, printResult, runForPerson, withCommon } from './talk.js';
import { lpipsFiles, numberBetween, oneOf, TUNE } from './values.js';

/** What is written on the command line. */
type Options = CommonOptions & Omit<HeadJobOptions, 'photo'>;

/** Adds the verb. */
export function addHead(program: Command): void {
  const command = program
    .command('head')
    .description('make a 3D head from a photo, an expression and a text')
    .argument('<photo>', 'JPEG, PNG or WebP file with a face')
    .requiredOption('--out <folder>', 'folder for the results; appears when everything is done')
    .option('--expression <weights>', 'jawOpen=0.8,mouthSmileLeft=0.6 (ARKit names), a preset, or a JSON file')
    .option('--drive <photo>', 'take pose and expression from another photo')
    .option('--text <prompt>', 'what the normals cannot say, e.g. "a woman sticking her tongue out"')
    .option('--weights <path>', 'prior to use instead of the embedded one: a folder in diffusers layout');
  withHeadOptions(command).action(async (photo: string, options: Options) => {
    const expression = options.expression === undefined ? undefined : expressionText(options.expression);
    await makeHead({ ...options, photo, expression });
  });
}

/** Options that `head`, `heads` and `demo` share. */
export function withHeadOptions(command: Command): Command {
  const seed = numberBetween(0, Number.MAX_SAFE_INTEGER, true);
  return withCommon(
    withMarks(withDelivery(command))
      .option(
        '--preset <name>',
        "draft: minutes on two cores; table: shorter, for comparisons; paper: the paper's schedule",
        oneOf('draft', 'table', 'paper'),
        'draft',
      )
      .option(
        '--lpips <files>',
        "LPIPS' weights, backbone and linear layers (the paper: VGG16): in the loss instead of lpips(mini)",
        lpipsFiles,
      )
      .option('--steps <count>', "squeeze the preset's plan into so many steps", numberBetween(1, 1e6, true))
      .option(...TUNE)
      .option('--seed <number>', 'the same seed and options give the same head', seed, 0)
      .option('--device <name>', 'where networks run: cpu, webgpu or wasm', oneOf('cpu', 'webgpu', 'wasm'), 'cpu')
      .option('--threads <count>', 'threads of the runtime (default: all)', numberBetween(1, 256, true))
      .option('--resume', 'go on with the same job that was stopped'),
  );
}

/** Runs the job for a person and prints what was made. */
export async function makeHead(options: HeadJobOptions & CommonOptions): Promise<void> {
  const { json, verbose, ...request } = options;
  const result = await runForPerson(headJob, request, request.out).catch(resumable);
  printResult(result, summary(result), { json, verbose });
}

/** Throws the error of a job again; an interrupted one says how to go on. */
export function resumable(error: unknown): never {
  if (!(error instanceof JokerError) || error.code !== 'interrupted') throw error;
  throw new JokerError('interrupted', error.what, 'Repeat the command with --resume to go on.', { cause: error });
}

function summary({ out, caption, files }: HeadJobResult): string[] {
  const list = files.map(({ path, what }) => `  ${path}  ${what}`);
  return [
    `${out}: a synthetic head, "${caption}"`,
    ...list,
    ...(files.some(({ path }) => path === 'viewer.html')
      ? [`Open ${join(out, 'viewer.html')} in a browser to see it in 3D.`]
      : []),
  ];
}
