/** The verb `evaluate pairs`: what a prior is asked for as files, so that other programs can be asked for the same. */

import type { Command } from 'commander';
import type { EvaluatePairsOptions, EvaluatePairsResult } from '../../src/run/evaluate-exchange.js';
import { evaluatePairsJob } from '../../src/run/jobs.js';
import { type CommonOptions, printResult, runForPerson, withCommon } from './talk.js';
import { numberBetween, oneOf } from './values.js';

type Options = CommonOptions &
  Omit<EvaluatePairsOptions, 'protocols' | 'pairs'> & {
    readonly protocol: 'self' | 'cross' | 'both';
    readonly n: number;
  };

/** Adds `pairs` to the verb `evaluate`. */
export function addEvaluatePairs(evaluate: Command): void {
  const command = evaluate
    .command('pairs')
    .description('write the pairs of `evaluate prior` for other programs; `--prediction` there measures their pictures')
    .requiredOption('--out <folder>', 'folder to make: reference and driver of each pair, fits, and pairs.json')
    .option('--protocol <name>', 'self, cross or both', oneOf('self', 'cross', 'both'), 'both' as const)
    .option('--n <pairs>', 'pairs per protocol', numberBetween(2, 100_000, true), 100)
    .option('--size <pixels>', 'side of the pictures', numberBetween(64, 1024, true), 512)
    .option('--seed <number>', 'of people (default: 130213)', numberBetween(0, Number.MAX_SAFE_INTEGER, true))
    .option('--head-model <file>', 'ICT-FaceKit Light as safetensors, instead of heads by formula')
    .option('--threads <count>', 'threads of the runtime (default: all)', numberBetween(1, 256, true));
  withCommon(command).action(async ({ json, verbose, protocol, n, ...rest }: Options) => {
    const protocols = protocol === 'both' ? (['self', 'cross'] as const) : [protocol];
    const result = await runForPerson(evaluatePairsJob, { ...rest, protocols, pairs: n }, rest.out);
    printResult(result, summary(result), { json, verbose });
  });
}

function summary({ out, protocols }: EvaluatePairsResult): string[] {
  return [
    out,
    ...protocols.map(({ protocol, pairs, leftOut }) => `  ${protocol}: ${pairs} pairs, ${leftOut} left out`),
  ];
}
