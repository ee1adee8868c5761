/** The verb `evaluate head`: heads of rendered people against true views and true geometry. */

import { type Command, InvalidArgumentError } from 'commander';
import { printHeadTable } from '../../src/evaluate/head-table.js';
import type { PublishedTable } from '../../src/evaluate/published-heads.js';
import type { EvaluateHeadOptions, EvaluateHeadResult } from '../../src/run/evaluate-head.js';
import { evaluateHeadJob } from '../../src/run/jobs.js';
import { type CommonOptions, printResult, runForPerson, withCommon } from './talk.js';
import { MEASURE_LPIPS, numberBetween, oneOf } from './values.js';

/** Adds `head` to the verb `evaluate`. */
export function addEvaluateHead(evaluate: Command): void {
  const seed = numberBetween(0, Number.MAX_SAFE_INTEGER, true);
  const command = evaluate
    .command('head')
    .description('make heads of rendered people and compare them with true views and geometry')
    .option('--people <count>', 'how many people', numberBetween(1, 1000, true), 5)
    .option('--rows <tables>', 'ratio, guidance, sds, or several with commas (default: all)', tables)
    .option('--weights <path>', 'prior to use instead of the embedded one')
    .option(...MEASURE_LPIPS)
    .option('--head-model <file>', 'ICT-FaceKit Light as safetensors, instead of heads by formula')
    .option('--preset <name>', 'table: at most 90 s a head; draft; paper', oneOf('table', 'draft', 'paper'), 'table')
    .option('--steps <count>', "squeeze the preset's plan into so many steps", numberBetween(1, 1e6, true))
    .option('--seed <number>', 'of the distillation, the same in all rows', seed, 0)
    .option('--people-seed <number>', 'other people (default: 70021)', seed)
    .option('--sheet <file>', 'PNG to write: per person true views, then those of each row, depth at the end')
    .option('--keep <folder>', 'keep the heads there: repeated, the command goes on where it was stopped')
    .option('--threads <count>', 'threads of the runtime (default: all)', numberBetween(1, 256, true));
  withCommon(command).action(async ({ json, verbose, ...options }: CommonOptions & EvaluateHeadOptions) => {
    const result = await runForPerson(evaluateHeadJob, options);
    printResult(result, summary(result), { json, verbose });
  });
}

/** A list of tables without repeats. */
function tables(text: string): PublishedTable['name'][] {
  const one = oneOf('ratio', 'guidance', 'sds');
  const names = text.split(',').map((name) => one(name.trim()));
  if (new Set(names).size === names.length) return names;
  throw new InvalidArgumentError('Expected each table once.');
}

function summary(result: EvaluateHeadResult): string[] {
  const { tables: found, heads, rows, missed, preset, steps, peopleSeed, family, weights, perceptual, sheet } = result;
  const people = new Set(heads.map(({ person }) => person)).size;
  const seconds = heads.map((head) => head.seconds).sort((a, b) => a - b);
  const busy = heads.map((head) => head.processorSeconds).sort((a, b) => a - b);
  return [
    ...found.flatMap((table) => printHeadTable(table, perceptual.metric)),
    `${people} people of family ${family}, seed ${peopleSeed}, ${missed.length} not tracked; preset ${preset}, ${steps} steps, weights ${weights}`,
    `${perceptual.metric} with ${perceptual.network}, version ${perceptual.version}`,
    `${seconds[seconds.length >> 1]!.toFixed(0)} s a head (median), at most ${seconds.at(-1)!.toFixed(0)} s; processor time ${busy[busy.length >> 1]!.toFixed(0)} s`,
    ...(sheet ? [`${sheet}: per person the true views, then ${rows.join('; ')}`] : []),
  ];
}
