/** The verb `prepare`: photos, videos or rendered people into the disk layout of the paper's data. */

import type { Command } from 'commander';
import { VARIETIES } from '../../src/data/synthetic/variety.js';
import { prepareJob } from '../../src/run/jobs.js';
import type { PrepareOptions, PrepareResult } from '../../src/run/prepare.js';
import { type CommonOptions, printResult, runForPerson, withCommon } from './talk.js';
import { numberBetween, oneOf } from './values.js';

type Options = CommonOptions & Omit<PrepareOptions, 'source'>;

/** Adds the verb. A run that was stopped goes on when it is started again. */
export function addPrepare(program: Command): void {
  const command = program
    .command('prepare')
    .description('prepare training data in the layout of the paper: crops, fits, control images, captions, lists')
    .argument(
      '<source>',
      'folder of <subject>/<sequence>/<picture> or <subject>/<sequence>.mp4, or rendered:wild, rendered:studio, rendered:bench',
    )
    .requiredOption('--out <root>', 'folder to fill; goes on with what is there')
    .option('--size <pixels>', 'side of the crops', numberBetween(32, 2048, true), 512)
    .option('--people <count>', 'rendered people, or most subjects of a folder', numberBetween(1, 1e5, true))
    .option('--frames <count>', 'frames of a recording', numberBetween(1, 1e5, true))
    .option('--cameras <count>', 'cameras of the rendered studio', numberBetween(1, 16, true), 16)
    .option('--seed <number>', 'seed of the rendered people', numberBetween(0, Number.MAX_SAFE_INTEGER, true))
    .option('--head-model <file>', 'ICT-FaceKit Light as safetensors, instead of heads by formula')
    .option('--variety <name>', 'rendered people: plain, or rich (ages, hats, scenes)', oneOf(...VARIETIES), 'plain')
    .option('--sharpness <score>', 'least sharpness(own), 0 to 100', numberBetween(0, 100))
    .option(
      '--fit-error <percent>',
      'most reprojection error, percent of the distance of the eyes',
      numberBetween(0, 100),
    )
    .option('--split <name>', 'identity, or nersemble for its fixed list', oneOf('identity', 'nersemble'))
    .option('--val-share <share>', 'share of the subjects that is held out (default: 0.1)', numberBetween(0, 1))
    .option('--descriptor <folder>', 'holds faceres.json and faceres.bin: people who look alike are held out together')
    .option('--same <cosine>', 'above it two subjects are one person', numberBetween(-1, 1))
    .option('--forgery-set <folder>', 'generated pictures: also write labels for training detectors')
    .option('--parts <count>', 'processes that share the work', numberBetween(1, 1024, true), 1)
    .option('--part <index>', 'which of them this is, from 0', numberBetween(0, 1023, true), 0)
    .option('--threads <count>', 'threads of the runtime (default: all)', numberBetween(1, 256, true));
  withCommon(command).action(async (source: string, { json, verbose, ...options }: Options) => {
    const result = await runForPerson(prepareJob, { ...options, source });
    printResult(result, summary(result), { json, verbose });
  });
}

function summary({ root, made, found, skipped, lists, labelled }: PrepareResult): string[] {
  const frames = `${root}: ${made} frames made, ${found} found finished, ${skipped} unreadable`;
  if (!lists) return [frames];
  const reasons = Object.entries(lists.rejected).map(([reason, count]) => `  ${count} × ${reason}`);
  return [
    frames,
    `${lists.valid} of ${lists.all} frames are valid: ${lists.train} for training, ${lists.val} held out`,
    ...(reasons.length > 0 ? ['views that were not:', ...reasons] : []),
    ...(labelled === null ? [] : [`${labelled} pictures labelled for detectors`]),
  ];
}
