/** The verb `evaluate views`: what distillation makes of the prior's own views. */

import type { Command } from 'commander';
import type { Interval } from '../../src/evaluate/bootstrap.js';
import type { EvaluateViewsOptions, EvaluateViewsResult, ViewFigures } from '../../src/run/evaluate-views.js';
import { evaluateViewsJob } from '../../src/run/jobs.js';
import { type CommonOptions, printResult, runForPerson, withCommon } from './talk.js';
import { MEASURE_LPIPS, numberBetween, oneOf } from './values.js';

/** Adds `views` to the verb `evaluate`. */
export function addEvaluateViews(evaluate: Command): void {
  const seed = numberBetween(0, Number.MAX_SAFE_INTEGER, true);
  const command = evaluate
    .command('views')
    .description("compare heads of rendered people with the prior's own views: truth, and agreement along a sweep")
    .option('--people <count>', 'how many people', numberBetween(1, 1000, true), 5)
    .option('--weights <path>', 'prior to use instead of the embedded one')
    .option(...MEASURE_LPIPS)
    .option('--head-model <file>', 'ICT-FaceKit Light as safetensors, instead of heads by formula')
    .option('--preset <name>', 'draft; table: at most 90 s a head; paper', oneOf('draft', 'table', 'paper'), 'draft')
    .option('--steps <count>', "squeeze the preset's plan into so many steps", numberBetween(1, 1e6, true))
    .option('--seed <number>', 'of the distillation', seed, 0)
    .option('--people-seed <number>', 'other people (default: 70021)', seed)
    .option(
      '--sheet <file>',
      'PNG to write: per person the sweep as it is true, in the head, and as the prior draws it',
    )
    .option('--keep <folder>', 'keep the heads there: repeated, the command goes on where it was stopped')
    .option('--threads <count>', 'threads of the runtime (default: all)', numberBetween(1, 256, true));
  withCommon(command).action(async ({ json, verbose, ...options }: CommonOptions & EvaluateViewsOptions) => {
    const result = await runForPerson(evaluateViewsJob, options);
    printResult(result, summary(result), { json, verbose });
  });
}

const NAMES = { truth: 'true views', head: 'head', prior: "prior's own views" } as const;

function summary(result: EvaluateViewsResult): string[] {
  const { people, means, gain, missed, preset, guidance, perceptual, sheet } = result;
  const figures = (of: Figures) => figuresLine(of, perceptual.metric);
  return [
    ...(['truth', 'head', 'prior'] as const).map((maker) => `${NAMES[maker].padEnd(18)} ${figures(means[maker])}`),
    `${'head minus prior'.padEnd(18)} ${figures(gain)}`,
    `${people.length} people, ${missed.length} not tracked; preset ${preset}, guidance ${guidance.head} in the head, ${guidance.prior} for the prior alone`,
    `${perceptual.metric} with ${perceptual.network}, version ${perceptual.version}`,
    'reprojection: mean |difference| of neighbouring frames of a sweep, carried over the fitted face',
    ...(sheet ? [sheet] : []),
  ];
}

type Figures = Readonly<Record<keyof ViewFigures, Interval>>;

function figuresLine({ psnr, perceptual, sweep }: Figures, metric: string): string {
  const show = ({ value, low, high }: Interval, digits: number) =>
    Number.isFinite(value)
      ? `${value.toFixed(digits)} (${low.toFixed(digits)} … ${high.toFixed(digits)})`
      : '–'.padEnd(digits + 3);
  return `PSNR ${show(psnr, 2)}  ${metric} ${show(perceptual, 3)}  reprojection ${show(sweep, 4)}`;
}
