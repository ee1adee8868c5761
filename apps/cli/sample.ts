/** The verb `sample`: pictures drawn by the 2D prior alone. */

import { type Command, InvalidArgumentError } from 'commander';
import { expressionText } from '../../src/run/expression.js';
import { sampleJob } from '../../src/run/jobs.js';
import type { SampleJobOptions } from '../../src/run/sample.js';
import { withMarks } from './marks.js';
import { type CommonOptions, printResult, runForPerson, withCommon } from './talk.js';
import { numberBetween, oneOf, TUNE } from './values.js';

type Options = CommonOptions & Omit<SampleJobOptions, 'photo'>;

/** Adds the verb. */
export function addSample(program: Command): void {
  const command = program
    .command('sample')
    .description('draw pictures with the 2D prior alone')
    .argument('<photo>', 'JPEG, PNG or WebP file with a face')
    .requiredOption('--out <folder>', 'folder for reference, control and drawn pictures')
    .option('--expression <weights>', 'jawOpen=0.8,mouthSmileLeft=0.6 (ARKit names), a preset, or a JSON file')
    .option('--drive <photo>', 'take pose and expression from another photo')
    .option('--text <prompt>', 'what the normals cannot say')
    .option('--azimuths <degrees>', 'one picture from each side, e.g. -30,0,30 (default: the own pose)', azimuths)
    .option('--steps <count>', 'network calls per picture', numberBetween(1, 1000, true), 100)
    .option('--guidance <scale>', 'how strongly the text counts', numberBetween(0, 100), 3)
    .option('--sampler <name>', 'pndm (the paper) or ddim', oneOf('pndm', 'ddim'), 'pndm')
    .option(...TUNE)
    .option('--seed <number>', 'seed', numberBetween(0, Number.MAX_SAFE_INTEGER, true), 0)
    .option('--device <name>', 'where networks run: cpu, webgpu or wasm', oneOf('cpu', 'webgpu', 'wasm'), 'cpu')
    .option('--threads <count>', 'threads of the runtime (default: all)', numberBetween(1, 256, true))
    .option('--weights <path>', 'prior to use instead of the embedded one: a folder in diffusers layout');
  withCommon(withMarks(command)).action(async (photo: string, { json, verbose, ...options }: Options) => {
    const expression = options.expression === undefined ? undefined : expressionText(options.expression);
    const result = await runForPerson(sampleJob, { ...options, photo, expression }, options.out);
    printResult(result, [`"${result.caption}"`, ...result.files], { json, verbose });
  });
}

/** At most 64 pictures: they are drawn together. */
function azimuths(text: string): number[] {
  const parse = numberBetween(-90, 90);
  const list = text.split(',').map(parse);
  if (list.length <= 64) return list;
  throw new InvalidArgumentError('Expected at most 64 angles.');
}
