/** The verb `train`: trains one stage of the embedded models on rendered people. */

import { Argument, type Command, Option } from 'commander';
import type { Device } from '../../src/graph/index.js';
import { trainJob } from '../../src/run/jobs.js';
import { ABLATED_PARTS, type AblatedPart, TRAINING_STAGES, type TrainingStage } from '../../src/train/config.js';
import { type CommonOptions, printResult, runForPerson, withCommon } from './talk.js';
import { numberBetween, oneOf } from './values.js';

type Options = CommonOptions & {
  data: string[];
  out: string;
  headModel?: string;
  minutes?: number;
  steps?: number;
  seed?: number;
  threads?: number;
  workers?: number;
  suppliers?: number;
  learningRate?: number;
  device?: Device;
  batch?: number;
  without?: AblatedPart;
  from?: string;
};

/** Largest seed that JavaScript holds exactly. */
const MAX_SEED = Number.MAX_SAFE_INTEGER;

/** Adds the verb. A training that was stopped goes on from its newest checkpoint when it is started again. */
export function addTrain(program: Command): void {
  const command = program
    .command('train')
    .description('train one stage of the embedded models; goes on where it stopped')
    .addArgument(new Argument('<stage>', 'in this order').choices(TRAINING_STAGES))
    .requiredOption(
      '--data <folders...>',
      'shards of rendered people or prepared roots; the prior draws from all alike, other stages from the first',
    )
    .requiredOption('--out <folder>', 'work folder: checkpoints, logs, sample grids and weights of all stages')
    .option('--head-model <file>', 'ICT-FaceKit file that the shards were rendered with (default: the formula heads)')
    .option('--from <file>', 'start from an older model (e.g. the embedded prior); layers may have grown')
    .option('--minutes <number>', 'stop after this time, with a checkpoint', numberBetween(0, 1e6))
    .option('--steps <count>', 'steps in all (default: the recipe)', numberBetween(1, 1e9, true))
    .option('--seed <number>', 'seed (default: the recipe)', numberBetween(0, MAX_SEED, true))
    .option('--threads <count>', 'threads of the runtime (default: all)', numberBetween(1, 256, true))
    .option('--device <name>', 'where steps are computed: cpu or webgpu (default: cpu)', oneOf('cpu', 'webgpu'))
    .option(
      '--batch <count>',
      'pictures of a step (default: the recipe; a GPU wants more)',
      numberBetween(1, 4096, true),
    )
    .option('--learning-rate <number>', 'peak step size (default: the recipe)', numberBetween(0, 1))
    .option(
      '--suppliers <count>',
      'threads that draw batches ahead, not with --workers (default: 3 with a GPU, else none)',
      numberBetween(0, 64, true),
    )
    .option(
      '--workers <count>',
      'copies that train side by side, one thread each, averaged every few steps (default: 1)',
      numberBetween(1, 64, true),
    )
    .addOption(
      new Option('--without <part>', 'ablations of the prior: frozen denoiser, or empty captions').choices(
        ABLATED_PARTS,
      ),
    );
  withCommon(command).action(async (stage: TrainingStage, options: Options) => {
    const { json, verbose, steps, batch, seed, learningRate, headModel, ...request } = options;
    const given = Object.entries({ steps, batch, seed, learningRate }).filter(([, value]) => value !== undefined);
    const result = await runForPerson(trainJob, { ...request, stage, headModel, changes: Object.fromEntries(given) });
    printResult(result, [`${stage}: step ${result.step}`, result.path], { json, verbose });
  });
}
