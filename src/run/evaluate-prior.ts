/**
 * The job behind `joker evaluate prior`: a prior's pictures of people whom it has never seen, by the paper's protocols and
 * metrics, beside baselines that need no prior; and published tables with their orderings.
 *
 * The order of the work only: pairs, measures and figures are evaluate/'s. 3D heads have a job of their own.
 */
import { resolve } from 'node:path';
import { loadFaceTools } from '../condition/analyse-face.js';
import { JokerError } from '../core/errors.js';
import { writeFileAtomic } from '../core/files/atomic.js';
import { foldInName, randomKey } from '../core/rng.js';
import { openHeadModel } from '../data/sources/heads.js';
import { PeopleRenderer } from '../data/synthetic/render.js';
import { encodeImage } from '../deliver/index.js';
import { BENCH_PEOPLE, BENCH_SEED, type Protocol } from '../evaluate/bench.js';
import { BenchStudio } from '../evaluate/bench-material.js';
import { openDescriptor } from '../evaluate/descriptor.js';
import { type Column, columnsOf, type Figure, figureOf, type Instrument } from '../evaluate/figures.js';
import { type Ordering, orderingsOf } from '../evaluate/orderings.js';
import { PAPER_TABLES, type PaperTable } from '../evaluate/paper-tables.js';
import { countVerdicts, type Verdict } from '../evaluate/verdict.js';
import { DEFAULT_GUIDANCE, openPrior } from '../prior/index.js';
import { type BenchTools, type Likeness, type ReadyBench, readyBench } from './evaluate-bench.js';
import type { DrawOptions } from './evaluate-draw.js';
import { openEye } from './evaluate-eye.js';
import { priorSheet } from './evaluate-prior-sheet.js';
import {
  baselineRows,
  type MeasuredRow,
  type PredictedRow,
  predictedRows,
  priorRows,
  type RowPlan,
  type RowPrior,
} from './evaluate-rows.js';
import { instruments } from './evaluate-versions.js';
import type { JobContext } from './job.js';
import { lpipsFor } from './lpips.js';
import { embeddedPrior } from './subject.js';

/** One row that a prior draws. */
export type RowRequest = {
  /** name in the result; for a table of the paper one of its row names (evaluate/paper-tables.ts) */
  readonly name: string;
  /** prior: a folder or compact file; default: the embedded weights */
  readonly weights?: string;
  /** guidance scale; default 3, the paper's */
  readonly guidance?: number;
  /** false: the empty prompt. Default true */
  readonly text?: boolean;
  /** steps of training on each reference before drawing from it; default 0, the paper's */
  readonly tune?: number;
};

/** What to evaluate. */
export type EvaluatePriorOptions = {
  /** default `self`; both for a table */
  readonly protocols?: readonly Protocol[];
  /** a published table whose orderings are looked for in the rows */
  readonly table?: PaperTable['id'];
  /** names must differ; all priors draw pictures of one size */
  readonly rows: readonly RowRequest[];
  /** pictures that other programs drew of the same pairs, as rows; names must differ, also from those of `rows` */
  readonly predictions?: readonly PredictedRow[];
  /** pairs per protocol; default 100, the paper has 10 000 */
  readonly pairs?: number;
  /** network calls per picture; default 20, the paper has 100 */
  readonly steps?: number;
  /** default `ddim`, which suits small models at few steps; the paper has `pndm` */
  readonly sampler?: DrawOptions['sampler'];
  /** of people, noises and resamplings; default `BENCH_SEED` */
  readonly seed?: number;
  /** safetensors copy of ICT-FaceKit Light; default: the formula family */
  readonly headModel?: string;
  /** folder with faceres.json and faceres.bin for CSIM; default: `csim(mini)` stands in */
  readonly descriptor?: string;
  /** one or two files with the weights of LPIPS; default: `lpips(mini)` stands in */
  readonly lpips?: readonly string[];
  /** prior whose image encoder measures lpips(mini), fid(mini) and csim(mini); default: the embedded weights */
  readonly eye?: string;
  /** square picture, the mean of a training set, for a baseline */
  readonly meanImage?: string;
  /** PNG to write: reference, control, driver and truth of the first pairs, then each row's pictures */
  readonly sheet?: string;
  readonly threads?: number;
};

/** One row of the result. */
export type EvaluatedRow = {
  readonly name: string;
  readonly protocol: Protocol;
  /** null for a baseline and for pictures of another program */
  readonly prior: RowPrior | null;
  readonly figures: readonly Figure[];
};

/** A table of the paper beside ours. */
export type TableResult = {
  readonly paper: PaperTable;
  readonly orderings: readonly Ordering[];
  readonly counts: Readonly<Record<Verdict, number>>;
};

/** What was found. */
export type EvaluatePriorResult = {
  readonly rows: readonly EvaluatedRow[];
  readonly table: TableResult | null;
  readonly bench: {
    readonly family: string;
    readonly people: number;
    /** side of the pictures that are compared, pixels */
    readonly size: number;
    readonly protocols: readonly (Pick<ReadyBench, 'protocol' | 'leftOut'> & {
      readonly pairs: number;
      /** CSIM of true pictures of one person and of two */
      readonly likeness: Likeness;
    })[];
  };
  readonly sampling: { readonly steps: number; readonly sampler: string };
  /** one number seeds them all; the names say for what */
  readonly seeds: { readonly people: number; readonly noise: number; readonly bootstrap: number };
  readonly sheet: string | null;
  readonly seconds: number;
};

const DEFAULT_PAIRS = 100;

/** Draws, measures and compares. @throws JokerError for every problem that the person can solve. */
export async function evaluatePrior(options: EvaluatePriorOptions, context: JobContext): Promise<EvaluatePriorResult> {
  const started = performance.now();
  const { threads, seed = BENCH_SEED, steps = 20, sampler = 'ddim' } = options;
  const table = options.table === undefined ? null : PAPER_TABLES[options.table];
  const plans = planRows(options, table);
  const size = commonSize(plans);
  const eyePath = options.eye ?? embeddedPrior();
  const lpips = lpipsFor(options.lpips, size, 'the pictures of the prior');
  const renderer = new PeopleRenderer(openHeadModel(options.headModel));
  const tools = await loadFaceTools(undefined, { threads });
  const eye = await openEye(openPrior(eyePath), lpips, size, threads);
  try {
    const named = options.descriptor === undefined ? null : await openDescriptor(options.descriptor, { threads });
    try {
      const descriptor = named ?? eye.descriptor;
      const studio = new BenchStudio(renderer, tools, seed, size);
      const benches = await readyAll(options, { studio, tools, descriptor, centred: !named }, context);
      const looking = { tools, descriptor, eye, context };
      const baselines = await baselineRows(benches, options.meanImage, looking);
      const identity = { seed, family: renderer.anatomy.model.family, pairs: options.pairs ?? DEFAULT_PAIRS, size };
      const drawn = [
        ...(await predictedRows(options.predictions ?? [], benches, identity, looking)),
        ...(await priorRows(plans, benches, { steps, sampler, seed, threads }, looking)),
      ];
      const measuredWith = instruments(eyePath, lpips, options.descriptor);
      const found: Found = { benches, baselines, drawn, instruments: measuredWith, table };
      await writeSheet(options.sheet, found);
      return {
        ...figuresOf(found, seed),
        bench: { ...benchOf(benches), family: renderer.anatomy.model.family, size },
        sampling: { steps, sampler },
        seeds: { people: seed, noise: seed, bootstrap: seed },
        sheet: options.sheet === undefined ? null : resolve(options.sheet),
        seconds: (performance.now() - started) / 1000,
      };
    } finally {
      await named?.dispose();
    }
  } finally {
    await Promise.all([tools.tracker.dispose(), eye.dispose()]);
  }
}

/** The rows with all defaults. @throws JokerError bad-argument for names that occur twice or that the table does not have. */
function planRows({ rows, predictions = [] }: EvaluatePriorOptions, table: PaperTable | null): RowPlan[] {
  const names = [...rows, ...predictions].map((row) => row.name);
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice !== undefined)
    throw new JokerError('bad-argument', `two rows are called ${twice}`, 'Give each row a name of its own.');
  const known = table?.rows.map((row) => row.name);
  const unknown = known && names.find((name) => !known.includes(name));
  if (known && unknown !== undefined)
    throw new JokerError('bad-argument', `${table?.source}: has no row ${unknown}`, `Its rows: ${known.join(', ')}.`);
  return rows.map(({ name, weights = embeddedPrior(), guidance = DEFAULT_GUIDANCE, text = true, tune = 0 }) => {
    return { name, weights, guidance, text, tune };
  });
}

/** Side of the pictures of all rows. @throws JokerError bad-argument when they differ. */
function commonSize(plans: readonly RowPlan[]): number {
  const paths = [...new Set(plans.map(({ weights }) => weights))];
  const sizes = paths.map((path) => openPrior(path).config.image_size);
  const other = sizes.findIndex((size) => size !== sizes[0]);
  if (sizes[0] === undefined)
    throw new JokerError('bad-argument', 'no row to evaluate', 'Name a prior with --weights.');
  if (other < 0) return sizes[0];
  const what = `${paths[0]} draws ${sizes[0]}², ${paths[other]} ${sizes[other]}² pictures`;
  throw new JokerError('bad-argument', what, 'Compare priors of one size.');
}

async function readyAll(options: EvaluatePriorOptions, tools: BenchTools, context: JobContext): Promise<ReadyBench[]> {
  const both: readonly Protocol[] = ['self', 'cross'];
  const benches: ReadyBench[] = [];
  for (const protocol of options.table === undefined ? (options.protocols ?? ['self']) : both)
    benches.push(await readyBench(protocol, options.pairs ?? DEFAULT_PAIRS, tools, context));
  return benches;
}

type Found = {
  readonly benches: readonly ReadyBench[];
  readonly baselines: readonly MeasuredRow[];
  readonly drawn: readonly MeasuredRow[];
  readonly instruments: Readonly<Record<Column, Instrument>>;
  readonly table: PaperTable | null;
};

function figuresOf({ baselines, drawn, instruments: with_, table }: Found, seed: number) {
  const key = foldInName(randomKey(seed), 'bootstrap');
  const rows = [...baselines, ...drawn].map(({ name, protocol, prior, measured }): EvaluatedRow => {
    const figures = columnsOf(protocol).map((column) => figureOf(measured, column, with_[column], key));
    return { name, protocol, prior, figures };
  });
  return { rows, table: table && tableResult(table, drawn, seed) };
}

function tableResult(paper: PaperTable, drawn: readonly MeasuredRow[], seed: number): TableResult {
  const of = (protocol: Protocol) =>
    new Map(drawn.filter((row) => row.protocol === protocol).map((row) => [row.name, row.measured]));
  const key = foldInName(randomKey(seed), 'orderings');
  const orderings = orderingsOf(paper, { self: of('self'), cross: of('cross') }, key);
  return { paper, orderings, counts: countVerdicts(orderings) };
}

function benchOf(benches: readonly ReadyBench[]) {
  const protocols = benches.map(({ protocol, items, leftOut, likeness }) => {
    return { protocol, pairs: items.length, leftOut, likeness };
  });
  return { people: BENCH_PEOPLE, protocols };
}

async function writeSheet(path: string | undefined, { benches, baselines, drawn }: Found): Promise<void> {
  const sheet = path === undefined ? null : priorSheet(benches, [...baselines, ...drawn]);
  if (path !== undefined && sheet) await writeFileAtomic(path, await encodeImage(sheet, { generator: 'joker3d' }));
}
