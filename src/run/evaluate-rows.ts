/**
 * Rows of the evaluation: predictions of each prior and of baselines that need none, measured alike.
 *
 * What is measured and how stands in evaluate/; here pictures meet the networks that look at them.
 */
import { placeModelFiles } from '../core/files/model-folder.js';
import { type Image, resizeArea } from '../core/image.js';
import { silent } from '../core/progress.js';
import type { Protocol } from '../evaluate/bench.js';
import type { Descriptor } from '../evaluate/descriptor.js';
import { lookAt } from '../evaluate/look.js';
import { insideMatte } from '../evaluate/matte.js';
import { type Measured, measure } from '../evaluate/measures.js';
import { warpOverMesh } from '../evaluate/mesh-warp.js';
import type { FaceTools } from '../face/analyse.js';
import { cropCamera, type Face, posedShape } from '../face/face.js';
import type { MorphableModel } from '../face/model/model.js';
import { loadPhoto } from '../photo/load.js';
import { JokerPrior, openPrior } from '../prior/index.js';
import type { ReadyBench, ReadyItem } from './evaluate-bench.js';
import { type DrawOptions, drawBench } from './evaluate-draw.js';
import { type PairsIdentity, readPredictions } from './evaluate-exchange.js';
import type { Eye } from './evaluate-eye.js';
import { priorVersion } from './evaluate-versions.js';
import { type JobContext, stopIfAsked } from './job.js';
import { personalPrior } from './personal-prior.js';
import { warnOfOtherFaceModel } from './subject.js';

/** Who drew a row. */
export type RowPrior = {
  readonly weights: string;
  readonly version: string;
  readonly guidance: number;
  /** false: with the empty prompt */
  readonly text: boolean;
  /** steps of training on each reference before drawing from it (train/personal.ts); 0: none, as in the paper */
  readonly tune: number;
};

/** A row to be drawn. */
export type RowPlan = Omit<RowPrior, 'version'> & { readonly name: string };

/** A row that was measured on the pairs of one protocol, in their order. */
export type MeasuredRow = {
  readonly name: string;
  readonly protocol: Protocol;
  /** null for a baseline and for pictures of another program */
  readonly prior: RowPrior | null;
  readonly measured: readonly Measured[];
  /** the first predictions, for a sheet */
  readonly shown: readonly Image[];
};

/** What looks at predictions. */
export type RowTools = {
  readonly tools: FaceTools;
  readonly descriptor: Descriptor;
  readonly eye: Eye;
  readonly context: JobContext;
};

/** Predictions of a row that a sheet shows. */
export const SHOWN = 8;

/**
 * Baselines: the reference itself (identity without obedience), the reference warped over the fitted face (obedience without
 * invention), the mean training picture if one is named, and in the cross protocol the renderer's own picture: what a perfect prior
 * would reach. (In the self protocol that is the truth.)
 */
export async function baselineRows(
  benches: readonly ReadyBench[],
  meanImage: string | undefined,
  tools: RowTools,
): Promise<MeasuredRow[]> {
  const rows: MeasuredRow[] = [];
  const mean = meanImage === undefined ? null : (await loadPhoto(meanImage)).image;
  for (const bench of benches) {
    const row = async (name: string, picture: (item: ReadyItem) => Image) =>
      rows.push(await measuredRow(name, bench, null, bench.items.map(picture), tools));
    await row('copy the reference', (item) => item.picture);
    await row('warp the reference', (item) => warped(item, tools.tools.model));
    if (mean) await row('mean training image', (item) => resizeArea(mean, item.picture.width, item.picture.height));
    if (bench.protocol === 'cross') await row('true renders', (item) => item.truth);
  }
  return rows;
}

function warped({ picture, source, face }: ReadyItem, model: MorphableModel): Image {
  const surface = (of: Face) => ({ positions: posedShape(of, model), camera: cropCamera(of, picture.width) });
  return warpOverMesh(picture, surface(source.face), surface(face), model.triangles);
}

/** Pictures that another program drew of the pairs (evaluate-exchange.ts). */
export type PredictedRow = { readonly name: string; readonly folder: string };

/** Reads and measures them. @throws JokerError for every problem that the person can solve. */
export async function predictedRows(
  predictions: readonly PredictedRow[],
  benches: readonly ReadyBench[],
  identity: PairsIdentity & { readonly size: number },
  tools: RowTools,
): Promise<MeasuredRow[]> {
  const rows: MeasuredRow[] = [];
  for (const { name, folder } of predictions)
    for (const bench of benches)
      rows.push(await measuredRow(name, bench, null, await readPredictions(folder, bench, identity), tools));
  return rows;
}

/** Draws and measures rows; a prior is opened once for consecutive rows with the same weights. */
export async function priorRows(
  plans: readonly RowPlan[],
  benches: readonly ReadyBench[],
  how: Omit<DrawOptions, 'guidance' | 'text'> & { readonly threads?: number },
  tools: RowTools,
): Promise<MeasuredRow[]> {
  const rows: MeasuredRow[] = [];
  let open = null as OpenPrior | null;
  try {
    for (const { name, ...plan } of plans) {
      if (open?.weights !== plan.weights) {
        await open?.prior.dispose();
        open = openRow(plan.weights, how.threads, tools);
      }
      const { prior, version } = open;
      for (const bench of benches) {
        const text = `Drawing ${name}, protocol ${bench.protocol}`;
        tools.context.report({ kind: 'stage', stage: 'draw', text, total: bench.items.length });
        const drawing = { ...how, ...plan };
        const drawn = plan.tune
          ? await drawTuned(plan, bench, drawing, tools)
          : await drawBench(prior, bench, drawing, tools.context);
        rows.push(await measuredRow(name, bench, { ...plan, version }, drawn, tools));
      }
    }
  } finally {
    await open?.prior.dispose();
  }
  return rows;
}

type OpenPrior = { readonly weights: string; readonly prior: JokerPrior; readonly version: string };

function openRow(weights: string, threads: number | undefined, { tools, context }: RowTools): OpenPrior {
  const model = openPrior(weights);
  warnOfOtherFaceModel(model, tools.model, context);
  return {
    weights,
    version: priorVersion(weights),
    prior: new JokerPrior(model, { threads, placer: placeModelFiles }),
  };
}

/** Pictures of a bench by priors that were each trained on the reference they draw from. */
async function drawTuned(
  { weights, tune }: Pick<RowPlan, 'weights' | 'tune'>,
  bench: ReadyBench,
  how: DrawOptions & { readonly threads?: number },
  { tools, context }: RowTools,
): Promise<Image[]> {
  const model = openPrior(weights);
  const drawn = new Map<ReadyItem, Image>();
  const quiet = { signal: context.signal, report: silent };
  for (const source of new Set(bench.items.map((item) => item.source.photo))) {
    const items = bench.items.filter((item) => item.source.photo === source);
    const person = { photo: source, reference: items[0]!.source.face, faceModel: tools.model };
    const prior = new JokerPrior(await personalPrior(model, person, tune, how, quiet), { threads: how.threads });
    try {
      const pictures = await drawBench(prior, { ...bench, items }, how, quiet);
      for (const [i, item] of items.entries()) drawn.set(item, pictures[i]!);
    } finally {
      await prior.dispose();
    }
    context.report({ kind: 'progress', done: drawn.size, total: bench.items.length });
  }
  return bench.items.map((item) => drawn.get(item)!);
}

async function measuredRow(
  name: string,
  bench: ReadyBench,
  prior: RowPrior | null,
  predictions: readonly Image[],
  tools: RowTools,
): Promise<MeasuredRow> {
  const { protocol, items } = bench;
  const { report, signal } = tools.context;
  report({ kind: 'stage', stage: 'measure', text: `Measuring ${name}, protocol ${protocol}`, total: items.length });
  const measured: Measured[] = [];
  for (const [i, item] of items.entries()) {
    stopIfAsked(signal);
    measured.push(await measureItem(item, predictions[i]!, bench, tools));
    report({ kind: 'progress', done: i + 1, total: items.length });
  }
  return { name, protocol, prior, measured, shown: predictions.slice(0, SHOWN) };
}

async function measureItem(
  item: ReadyItem,
  picture: Image,
  { protocol, centre }: ReadyBench,
  { tools, descriptor, eye }: RowTools,
): Promise<Measured> {
  const [prediction, truth] = [insideMatte(picture, item.matte), insideMatte(item.truth, item.matte)];
  const { lpips, features } = await eye.compare(prediction, truth);
  const compared = { prediction, truth, lpips, features: features[0], trueFeatures: features[1] };
  const look = await lookAt(picture, tools, descriptor);
  return measure(look, compared, { protocol, person: item.person, centre, ...item.looks });
}
