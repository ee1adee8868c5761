/**
 * The evaluation in 3D: heads of rendered people, made as the main job makes them, against true views and true geometry; the
 * paper's comparisons of stage ratio, guidance and dynamic targets with the same people and the same random numbers in every row.
 *
 * The order of the work only: people are evaluate-people.ts's, measures and tables evaluate/'s.
 */
import { resolve } from 'node:path';
import { JokerError } from '../core/errors.js';
import { writeFileAtomic } from '../core/files/atomic.js';
import type { Image } from '../core/image.js';
import { randomKey } from '../core/rng.js';
import { encodeImage } from '../deliver/index.js';
import { type DistillConfig, withDynamicTarget, withStageTwo, withVariationalTarget } from '../distill/index.js';
import type { Instrument } from '../evaluate/figures.js';
import { type HeadResult, type HeadTable, headTable } from '../evaluate/head-table.js';
import { PUBLISHED_TABLES, type PublishedTable } from '../evaluate/published-heads.js';
import { type StudioPerson, studioPerson, type TrueView } from './evaluate-people.js';
import { headSheet, type SheetRow } from './evaluate-sheet.js';
import {
  closeStudio,
  openStudio,
  peopleOptions,
  type Studio,
  type StudioRequest,
  studioHead,
} from './evaluate-studio.js';
import { headConfig, type PresetOptions } from './head-config.js';
import type { HeadTime } from './head-store.js';
import { type JobContext, stopIfAsked } from './job.js';

/** What to evaluate. */
export type EvaluateHeadOptions = PresetOptions &
  StudioRequest & {
    /** number of people; default 5 */
    readonly people?: number;
    /** which comparisons; default: all three */
    readonly rows?: readonly PublishedTable['name'][];
    /** PNG file to write: per person true views, then each row's, with depth */
    readonly sheet?: string;
  };

/** One head that was measured. */
export type EvaluatedHead = HeadResult & HeadTime;

/** What was found. */
export type EvaluateHeadResult = {
  readonly tables: readonly HeadTable[];
  readonly heads: readonly EvaluatedHead[];
  /** rows of the sheet below the true views, from the top */
  readonly rows: readonly string[];
  /** people whose face the tracker did not find: left out */
  readonly missed: readonly number[];
  readonly preset: string;
  readonly steps: number;
  readonly seed: number;
  readonly peopleSeed: number;
  readonly family: string;
  readonly weights: string;
  /** what the perceptual distance was measured with */
  readonly perceptual: Instrument;
  readonly sheet: string | null;
};

/** Makes and measures the heads. @throws JokerError for every problem that the person can solve. */
export async function evaluateHead(options: EvaluateHeadOptions, context: JobContext): Promise<EvaluateHeadResult> {
  const bench = await openBench(options, context);
  try {
    const found = await runAll(options, context, bench);
    if (options.sheet) await writeFileAtomic(options.sheet, await encodeImage(found.picture, { generator: 'joker3d' }));
    return resultOf(options, bench, found);
  } finally {
    await closeStudio(bench);
  }
}

type Bench = Studio & {
  readonly tables: readonly PublishedTable[];
  /** config by row */
  readonly rows: ReadonlyMap<string, DistillConfig>;
};

/** Opens all that is used for every person. */
async function openBench(options: EvaluateHeadOptions, context: JobContext): Promise<Bench> {
  const base = headConfig({ ...options, preset: options.preset ?? 'table' });
  const tables = [...new Set(options.rows ?? TABLES)].map((name) => PUBLISHED_TABLES[name]);
  const rows = rowsOf(tables, base); // refuses a preset without stages before anything is opened
  return { ...(await openStudio(options, base, context)), tables, rows };
}

const TABLES = ['ratio', 'guidance', 'sds'] as const satisfies readonly PublishedTable['name'][];

function resultOf(options: EvaluateHeadOptions, bench: Bench, { heads, missed }: Found): EvaluateHeadResult {
  const { tables, base, rows, renderer, subject, perceptual } = bench;
  return {
    tables: tables.map((table) => headTable(table, heads, randomKey(base.seed))),
    heads,
    rows: shownRows(rows),
    missed,
    preset: options.preset ?? 'table',
    steps: base.steps,
    seed: base.seed,
    peopleSeed: subject.peopleSeed,
    family: renderer.anatomy.model.family,
    weights: options.weights ?? 'embedded',
    perceptual,
    sheet: options.sheet ? resolve(options.sheet) : null,
  };
}

/** The config of every row of the tables. @throws JokerError bad-argument for a preset without the paper's stages. */
function rowsOf(tables: readonly PublishedTable[], base: DistillConfig): Map<string, DistillConfig> {
  const names = tables.flatMap(({ rows }) => rows.map(({ row }) => row));
  return new Map(names.map((name) => [name, configOfRow(name, base)]));
}

/** What a row's name says: `cfg 5`, `60/40`, `dynamic, capped`, `variational`. */
export function configOfRow(name: string, base: DistillConfig): DistillConfig {
  const [, guidance] = /^cfg (\d+)$/.exec(name) ?? [];
  if (guidance) return { ...base, guidance: Number(guidance) };
  const [, stageTwo] = /^\d+\/(\d+)$/.exec(name) ?? [];
  if (stageTwo) return withStageTwo(base, Number(stageTwo) / 100);
  const [, schedule] = /^dynamic, (capped|uncapped)$/.exec(name) ?? [];
  if (schedule === 'capped' || schedule === 'uncapped') return withDynamicTarget(base, schedule);
  if (name === 'variational') return withVariationalTarget(base);
  throw new Error(`internal: no config for a row called ${name}`);
}

/** Names of the rows that have pictures of their own. */
function shownRows(rows: ReadonlyMap<string, DistillConfig>): string[] {
  const byConfig = new Map<string, string[]>();
  for (const [row, config] of rows) {
    const name = JSON.stringify(config);
    byConfig.set(name, [...(byConfig.get(name) ?? []), row]);
  }
  return [...byConfig.values()].map((names) => names.join(' = '));
}

type Found = { readonly heads: EvaluatedHead[]; readonly missed: number[]; readonly picture: Image };

async function runAll(options: EvaluateHeadOptions, context: JobContext, bench: Bench): Promise<Found> {
  const { people = 5 } = options;
  const { rows } = bench;
  const heads: EvaluatedHead[] = [];
  const missed: number[] = [];
  const sheet: SheetRow[] = [];
  const total = people * rows.size;
  context.report({
    kind: 'stage',
    stage: 'evaluate',
    text: `Making and measuring heads (people: ${people}, rows: ${rows.size})`,
    total,
  });
  for (let index = 0; index < people; index++) {
    stopIfAsked(context.signal);
    const person = await studioPerson(index, peopleOptions(bench));
    if (!person) {
      missed.push(index);
      const text = `no face found in person ${index}: left out`;
      context.report({ kind: 'note', level: 'warning', text });
      continue;
    }
    const tell = (done: number) => context.report({ kind: 'progress', done: index * rows.size + done, total });
    const result = await measurePerson(person, bench, options, context, tell);
    heads.push(...result.heads);
    sheet.push(trueRow(person), ...result.shown);
  }
  if (heads.length === 0)
    throw new JokerError('no-face', 'none of the people could be tracked', 'Choose other people with --people-seed.');
  return { heads, missed, picture: headSheet(sheet) };
}

/** All rows of one person. Rows that say the same (60/40 and guidance 19 are the paper's own plan) are one head. */
async function measurePerson(
  person: StudioPerson,
  bench: Bench,
  options: EvaluateHeadOptions,
  { report, signal }: JobContext,
  tell: (done: number) => void,
): Promise<{ heads: EvaluatedHead[]; shown: SheetRow[] }> {
  const made = new Map<string, Omit<EvaluatedHead, 'row'>>();
  const heads: EvaluatedHead[] = [];
  const shown: SheetRow[] = [];
  for (const [row, config] of bench.rows) {
    const name = JSON.stringify(config);
    let result = made.get(name);
    if (!result) {
      const { head, time } = await studioHead(person, config, bench, options, signal);
      const { measures, row: pictures } = await bench.judge.look(head, person.views);
      result = { person: person.index, measures, ...time };
      made.set(name, result);
      shown.push(pictures);
      report({ kind: 'note', level: 'info', text: noteOf(row, result, bench.perceptual.metric) });
    }
    heads.push({ ...result, row });
    tell(heads.length);
  }
  return { heads, shown };
}

function noteOf(row: string, head: Omit<EvaluatedHead, 'row'>, metric: string): string {
  const { person, measures, seconds, processorSeconds } = head;
  const { psnr, perceptual, depthMedian } = measures;
  const found = `PSNR ${psnr.toFixed(2)} dB, ${metric} ${perceptual.toFixed(3)}, depth ${depthMedian.toFixed(1)} mm`;
  return `person ${person}, ${row}: ${found}, ${seconds.toFixed(0)} s (${processorSeconds.toFixed(0)} s of processor time)`;
}

/** The true views of a person as a row of the sheet. */
function trueRow({ photo, views }: StudioPerson): SheetRow {
  const [{ depth }] = views as [TrueView];
  return { first: photo.image, views: views.map(({ color }) => color), depth };
}
