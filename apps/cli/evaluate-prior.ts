/** The verb `evaluate prior`: a prior on people whom it has never seen, by the paper's protocols and metrics. */

import { type Command, InvalidArgumentError } from 'commander';
import type { Figure } from '../../src/evaluate/figures.js';
import type { Ordering } from '../../src/evaluate/orderings.js';
import type { PaperTable } from '../../src/evaluate/paper-tables.js';
import type {
  EvaluatedRow,
  EvaluatePriorOptions,
  EvaluatePriorResult,
  RowRequest,
  TableResult,
} from '../../src/run/evaluate-prior.js';
import type { PredictedRow } from '../../src/run/evaluate-rows.js';
import { evaluatePriorJob } from '../../src/run/jobs.js';
import { type CommonOptions, printResult, runForPerson, withCommon } from './talk.js';
import { MEASURE_LPIPS, numberBetween, oneOf } from './values.js';

type Options = CommonOptions &
  Omit<EvaluatePriorOptions, 'rows' | 'protocols' | 'predictions' | 'pairs'> & {
    readonly protocol: 'self' | 'cross' | 'both';
    readonly table?: PaperTable['id'];
    readonly n: number;
    readonly weights?: readonly Named[];
    readonly prediction?: readonly PredictedRow[];
    readonly guidance?: readonly number[];
    readonly text: boolean;
    readonly tune: number;
  };

type Named = { readonly name: string | null; readonly path: string };

/** Scales of the supplement's table 2. */
const TABLE_2_GUIDANCE: readonly number[] = [1, 3, 6, 10];

/** Adds `prior` to the verb `evaluate`. */
export function addEvaluatePrior(evaluate: Command): void {
  const command = evaluate
    .command('prior')
    .description('draw held-out rendered people with priors and measure the pictures')
    .option('--protocol <name>', 'self, cross or both', oneOf('self', 'cross', 'both'), 'self' as const)
    .option('--weights <[name=]path>', 'prior (default: the embedded one); repeat for more rows', weights)
    .option('--guidance <scale>', 'how strongly the text counts (default: 3); repeat for more rows', scales)
    .option('--no-text', 'ask with the empty prompt')
    .option(
      '--tune <steps>',
      'train on each reference for so many steps before drawing from it',
      numberBetween(0, 1e5, true),
      0,
    )
    .option(
      '--prediction <name=folder>',
      'pictures that another program drew of the pairs, see evaluate pairs; repeat for more rows',
      predictions,
    )
    .option(
      '--table <name>',
      "1 or 2 of the paper's supplement, or main, the paper's own first: both protocols, and its orderings",
      oneOf('1', '2', 'main'),
    )
    .option('--n <pairs>', 'pairs per protocol', numberBetween(2, 100_000, true), 100)
    .option('--steps <count>', 'network calls per picture', numberBetween(1, 1000, true), 20)
    .option('--sampler <name>', 'pndm (the paper) or ddim', oneOf('pndm', 'ddim'), 'ddim' as const)
    .option('--seed <number>', 'of people and noise (default: 130213)', numberBetween(0, Number.MAX_SAFE_INTEGER, true))
    .option('--head-model <file>', 'ICT-FaceKit Light as safetensors, instead of heads by formula')
    .option('--descriptor <folder>', 'holds faceres.json and faceres.bin: measures CSIM instead of csim(mini)')
    .option(...MEASURE_LPIPS)
    .option('--eye <path>', 'prior whose image encoder measures lpips(mini) and fid(mini) (default: the embedded one)')
    .option('--mean-image <file>', 'mean picture of a training set, as a baseline')
    .option('--sheet <file>', 'PNG to write: pairs and the pictures of every row')
    .option('--threads <count>', 'threads of the runtime (default: all)', numberBetween(1, 256, true));
  withCommon(command).action(async (options: Options) => {
    const {
      json,
      verbose,
      protocol,
      n,
      prediction,
      weights: _,
      guidance: __,
      text: ___,
      tune: ____,
      ...rest
    } = options;
    const protocols = protocol === 'both' ? (['self', 'cross'] as const) : [protocol];
    const result = await runForPerson(evaluatePriorJob, {
      ...rest,
      rows: rowsOf(options),
      protocols,
      predictions: prediction,
      pairs: n,
    });
    printResult(result, summary(result), { json, verbose });
  });
}

/** `name=path` or a path; gathers what is given several times. */
function weights(text: string, before: readonly Named[] = []): Named[] {
  const [, name, path] = /^([\w .-]+)=(.+)$/.exec(text) ?? [];
  return [...before, name && path ? { name, path } : { name: null, path: text }];
}

function predictions(text: string, before: readonly PredictedRow[] = []): PredictedRow[] {
  const [, name, folder] = /^([\w .-]+)=(.+)$/.exec(text) ?? [];
  if (!name || !folder) throw new InvalidArgumentError('Give a name and a folder, e.g. goha=predictions/goha.');
  return [...before, { name, folder }];
}

function scales(text: string, before: readonly number[] = []): number[] {
  return [...before, numberBetween(0, 100)(text)];
}

/** Every prior with every scale. The rows of table 1 are called as its options name them: without words in `no-text`. */
function rowsOf({ weights: named = [], guidance, text, tune, table }: Options): RowRequest[] {
  const priors =
    named.length > 0 ? named : [{ name: table === '1' || table === 'main' ? 'ours' : null, path: undefined }];
  const list = guidance ?? (table === '2' ? TABLE_2_GUIDANCE : [3]);
  return priors.flatMap(({ name, path }) =>
    list.map((scale) => ({
      name: rowName(name ?? path ?? 'embedded', scale, { alone: list.length === 1, table }),
      ...(path === undefined ? {} : { weights: path }),
      guidance: scale,
      tune,
      text: text && !(table === '1' && name === 'no-text'),
    })),
  );
}

function rowName(prior: string, scale: number, { alone, table }: { alone: boolean; table: Options['table'] }): string {
  if (table === '2') return `guidance ${scale}`;
  return alone ? prior : `${prior}, guidance ${scale}`;
}

const DIGITS: Readonly<Record<Figure['column'], number>> = {
  psnr: 2,
  lpips: 3,
  ssim: 3,
  fid: 3,
  csim: 3,
  akd: 4,
  aed: 4,
  apd: 4,
};

function summary(result: EvaluatePriorResult): string[] {
  const { rows, table, bench, sampling, seeds, sheet, seconds } = result;
  const parts = bench.protocols.map(({ protocol, pairs, leftOut, likeness }) => {
    const { samePerson, differentPeople } = likeness;
    const likened = `CSIM of true pictures: ${samePerson.toFixed(3)} of one person, ${differentPeople.toFixed(3)} of two`;
    const lines = rows.filter((row) => row.protocol === protocol).flatMap(rowLines);
    return [`${protocol}: ${pairs} pairs, ${leftOut} left out; ${likened}`, ...lines];
  });
  return [
    ...parts.flat(),
    ...(table ? tableLines(table) : []),
    `${bench.people} people of family ${bench.family}, ${bench.size}², seed ${seeds.people}; ${sampling.steps} ${sampling.sampler} steps; ${seconds.toFixed(0)} s`,
    ...(sheet ? [sheet] : []),
  ];
}

function rowLines({ name, prior, figures }: EvaluatedRow): string[] {
  const drawn = prior
    ? ` (${prior.weights}, version ${prior.version}, guidance ${prior.guidance}${prior.text ? '' : ', no text'})`
    : '';
  return [`  ${name}${drawn}`, ...figures.map((figure) => `    ${figureLine(figure)}`)];
}

function figureLine({
  metric,
  column,
  value,
  low,
  high,
  n,
  leftOut,
  noFace,
  network,
  version,
  better,
}: Figure): string {
  const show = (x: number) => x.toFixed(DIGITS[column]);
  const arrow = better === 'higher' ? '↑' : '↓';
  const missing = [leftOut ? `${leftOut} left out` : '', noFace ? `${noFace} without a face count 0` : ''];
  const notes = [`n ${n}`, ...missing, network ? `${network} ${version}` : ''].filter(Boolean).join('; ');
  return `${`${metric} ${arrow}`.padEnd(16)} ${show(value)} (${show(low)} … ${show(high)})  ${notes}`;
}

function tableLines({ paper, orderings, counts }: TableResult): string[] {
  const total = Object.entries(counts).map(([verdict, count]) => `${count} ${verdict}`);
  return [
    `${paper.source} (${paper.title}): ${total.join(', ')} of ${orderings.length} orderings`,
    ...orderings.map(orderingLine),
  ];
}

function orderingLine({ protocol, column, better, worse, paper, ours, verdict }: Ordering): string {
  const show = (x: number) => x.toFixed(DIGITS[column] + 1);
  const found = ours ? `${show(ours.value)} (${show(ours.low)} … ${show(ours.high)})` : 'none';
  return `  ${verdict.padEnd(19)}  ${protocol} ${column}: ${better} better than ${worse}; paper ${show(paper)}, here ${found}`;
}
