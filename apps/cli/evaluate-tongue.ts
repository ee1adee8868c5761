/** The verb `evaluate tongue`: whether the text brings the tongue that the control image cannot show. */

import type { Command } from 'commander';
import type { Interval } from '../../src/evaluate/bootstrap.js';
import type { TongueFigure } from '../../src/evaluate/tongue-protocol.js';
import type { EvaluateTongueOptions, EvaluateTongueResult } from '../../src/run/evaluate-tongue.js';
import { evaluateTongueJob } from '../../src/run/jobs.js';
import { type CommonOptions, printResult, runForPerson, withCommon } from './talk.js';
import { numberBetween } from './values.js';

/** Adds `tongue` to the verb `evaluate`. */
export function addEvaluateTongue(evaluate: Command): void {
  const command = evaluate
    .command('tongue')
    .description('draw open mouths with and without words about the tongue, and judge where tongues come out')
    .option('--people <count>', 'how many people, one request each', numberBetween(1, 100_000, true), 60)
    .option('--weights <path>', 'prior to use instead of the embedded one')
    .option('--guidance <scale>', 'how strongly the text counts', numberBetween(0, 100), 3)
    .option('--steps <count>', 'network calls per picture', numberBetween(1, 1000, true), 20)
    .option('--seed <number>', 'of people and noise (default: 130213)', numberBetween(0, Number.MAX_SAFE_INTEGER, true))
    .option('--head-model <file>', 'ICT-FaceKit Light as safetensors, instead of heads by formula')
    .option('--sheet <file>', 'PNG to write: photo, control image, with the word, silent, empty, and two true renders')
    .option('--threads <count>', 'threads of the runtime (default: all)', numberBetween(1, 256, true));
  withCommon(command).action(async ({ json, verbose, ...options }: CommonOptions & EvaluateTongueOptions) => {
    const result = await runForPerson(evaluateTongueJob, options);
    printResult(result, summary(result), { json, verbose });
  });
}

function summary({
  figures,
  directions,
  people,
  missed,
  family,
  weights,
  guidance,
  steps,
  seed,
  sheet,
}: EvaluateTongueResult): string[] {
  return [
    ...figures.map(line),
    ...directions.map(readings),
    `${people} people of family ${family}, seed ${seed}, ${missed.length} not tracked; ${weights.path} (version ${weights.version}), guidance ${guidance}, ${steps} ddim steps`,
    ...(sheet ? [sheet] : []),
  ];
}

function line({ name, figure, ceiling, limit, passed }: TongueFigure): string {
  const show = ({ value, low, high }: Interval) => `${value.toFixed(2)} (${low.toFixed(2)} … ${high.toFixed(2)})`;
  const verdict = passed === null ? '' : passed ? 'passed' : 'FAILED';
  const asked = limit ? `; asked ${limit}` : '';
  return `${verdict.padEnd(6)}  ${name.padEnd(31)} ${show(figure)}${asked}${ceiling ? `; true renders ${show(ceiling)}` : ''}`;
}

function readings({ asked, word, truth }: EvaluateTongueResult['directions'][number]): string {
  const counts = (of: typeof word) =>
    Object.entries(of)
      .sort(([, a], [, b]) => b - a)
      .map(([direction, count]) => `${direction} ${count}`)
      .join(', ');
  return `        asked ${asked.padEnd(6)} read as ${counts(word)}; true renders ${counts(truth)}`;
}
