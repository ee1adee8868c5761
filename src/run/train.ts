/**
 * The trainings of the embedded models as jobs: rendered people in, one stage's weights out.
 *
 * Each stage keeps its checkpoints and logs in a folder of its own below the work folder and writes its weights there when
 * it ends, so that stages can be run one after another, stopped and resumed.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { JokerError } from '../core/errors.js';
import { openSafetensors, readTensor, writeSafetensors } from '../core/files/safetensors.js';
import type { Report } from '../core/progress.js';
import { variantsOf } from '../data/rendered.js';
import { isPreparedRoot } from '../data/sources/prepared-root.js';
import { readRenderedSet } from '../data/sources/rendered-shards.js';
import type { Device } from '../graph/index.js';
import { miniNetworks, type StageOptions, type TrainingStage } from '../train/config.js';
import { Crew, type CrewPlace, makeCrewMemory } from '../train/crew.js';
import { decoderTask } from '../train/decoder.js';
import { batchKey, type LoopOptions, type TrainedWeights, type TrainingTask, train } from '../train/loop.js';
import { type PictureSet, pictureSource } from '../train/pictures.js';
import { BatchSupply, makeSupplyMemory, type SupplyPlace, supplyBatches } from '../train/supply.js';
import { vaeTask } from '../train/vae.js';
import type { OlderTensor } from '../train/warm-start.js';
import { runJob } from './job.js';
import { trainJob } from './jobs.js';
import { preparedPictures } from './prepared-pictures.js';
import type { TrainJobOptions } from './train-job.js';

/** What to train, on what, where. */
export type TrainRequest = {
  readonly stage: TrainingStage;
  /** folders of rendered shards, at least one; the prior draws from all of them alike, the other stages from the first */
  readonly data: readonly string[];
  /** work folder: checkpoints, logs and weights of all stages */
  readonly out: string;
  /** threads of the runtime; a crew's members have one each */
  readonly threads?: number;
  /** where steps are computed; default 'cpu' */
  readonly device?: Device;
  /** copies that train side by side, see train/crew.ts; default 1 */
  readonly workers?: number;
  /** set by `finish` for the other members of a crew */
  readonly crew?: CrewPlace;
  /** threads that draw batches ahead, see train/supply.ts; default: 3 for a GPU, none for a CPU, which has nothing to wait for */
  readonly suppliers?: number;
  /** set by `finish` for the suppliers */
  readonly supply?: SupplyPlace;
  /** stop after this many minutes, with a checkpoint */
  readonly minutes?: number;
  /** weights file of an older model of the same family to start from, see train/warm-start.ts; default: from nothing */
  readonly from?: string;
  /** differences from the stage's recipe */
  readonly changes?: Partial<StageOptions>;
  readonly report?: Report;
  /** stops after the current step, with a checkpoint */
  readonly signal?: AbortSignal;
};

/** Recipes of the embedded models' stages; why they differ from the paper's stands in docs/PAPER.md. */
export const MINI_RECIPES: Readonly<Record<TrainingStage, StageOptions>> = {
  vae: recipe({ batch: 8, steps: 6000, learningRate: 2e-3, averageDecay: 0.999, weightDecay: 0 }),
  decoder: recipe({ batch: 8, steps: 12000, averageDecay: 0.999, weightDecay: 0 }),
  base: recipe({ batch: 16, steps: 6000 }),
  prior: recipe({ batch: 16, steps: 12000 }),
};

function recipe(changes: Partial<StageOptions>): StageOptions {
  const common = { batch: 16, learningRate: 1e-3, warmupSteps: 200, steps: 10000, decayShare: 0.3, weightDecay: 0.01 };
  return { ...common, clipNorm: 1, averageDecay: 0.9995, seed: 42, ...changes };
}

/** Weights file of a stage. */
export function stageWeightsPath(out: string, stage: TrainingStage): string {
  return join(out, `${stage}.safetensors`);
}

/** Runs or resumes the autoencoder's training and writes its weights. */
export async function trainVae(request: TrainRequest): Promise<{ step: number; path: string }> {
  const pictures = await loadPictures(request.data[0]!, false);
  const options = loopOptions(request);
  const networks = miniNetworks(1);
  const task = vaeTask(networks.vae, options.batch, pictureSource(pictures));
  return finish(request, { ...task, older: olderModel(request) }, options);
}

/** Trains the decoder further on the autoencoder's latents, and writes the whole autoencoder with it. */
export async function trainDecoder(request: TrainRequest): Promise<{ step: number; path: string }> {
  const pictures = await loadPictures(request.data[0]!, false);
  const options = loopOptions(request);
  const { vae } = miniNetworks(1);
  const weights = stageWeights(request.out, 'vae');
  return finish(request, decoderTask(vae, options.batch, pictureSource(pictures), weights), options);
}

/** Loads pictures of a prepared root, or of shards, whose captions are filled in by the caller. */
export async function loadPictures(folder: string, controls: boolean): Promise<PictureSet> {
  if (isPreparedRoot(folder)) return preparedPictures(folder, controls);
  const set = readRenderedSet(folder, { controls });
  const { size, frames, views } = set.options;
  const people = set.images.length / (size * size * 3 * frames * views);
  const variants = variantsOf(set.options);
  if (frames % variants !== 0 || (variants > 1 && frames < 2 * variants))
    throw new JokerError(
      'bad-file',
      `${folder}: ${frames} frames a person, of which ${variants} in a row are one shot`,
      'Render whole shots, at least two of a person: scripts/render-training-set.ts --tongues --frames 14.',
    );
  const { images, normals, faceModel } = set;
  return { size, people, frames, views, variants, images, normals, captions: [], ...(faceModel && { faceModel }) };
}

/** Loop options of a request; a crew shares the recipe's batch. */
export function loopOptions(request: TrainRequest): LoopOptions & { readonly folder: string } {
  const recipe = { ...MINI_RECIPES[request.stage], ...request.changes };
  return {
    ...recipe,
    batch: Math.max(1, Math.round(recipe.batch / (request.workers ?? 1))),
    folder: join(request.out, request.stage),
    threads: isCrew(request) ? 1 : request.threads,
    device: request.device,
    crew: request.crew,
    maximumSeconds: request.minutes === undefined ? undefined : request.minutes * 60,
    report: request.report,
    signal: request.signal,
    now: () => performance.now() / 1000,
  };
}

function isCrew({ workers = 1, crew }: TrainRequest): boolean {
  return workers > 1 || crew !== undefined;
}

/** Trains, with a crew if the request wants one, and writes the stage's weights with the shapes that the graph has. */
export async function finish(
  request: TrainRequest,
  task: TrainingTask,
  options: LoopOptions,
  metadata: Readonly<Record<string, string>> = {},
): Promise<{ step: number; path: string }> {
  const path = stageWeightsPath(request.out, request.stage);
  if (request.supply) {
    supplyBatches(request.supply, (step) => task.batch(batchKey(options.seed, step), step));
    return { step: 0, path };
  }
  const trained = await trainWithThreads(request, task, options);
  if (!request.crew) await writeStage(path, request, trained, metadata);
  return { step: trained.step, path };
}

/** Suppliers of a training on a GPU when nothing is said. One draws 1 700 pictures a second, a fast card took 870; cores are shared. */
const GPU_SUPPLIERS = 3;

async function trainWithThreads(
  request: TrainRequest,
  task: TrainingTask,
  options: LoopOptions,
): Promise<TrainedWeights> {
  const { workers = 1, crew, suppliers = request.device === 'webgpu' ? GPU_SUPPLIERS : 0 } = request;
  if (crew) return train(task, options);
  if (workers > 1 && request.suppliers)
    throw new JokerError(
      'bad-argument',
      `${workers} workers and ${suppliers} suppliers: a crew's members draw their own batches`,
      'Leave out --suppliers or --workers.',
    );
  if (workers > 1) return trainAsCrew(request, task, options, workers);
  return suppliers > 0 ? trainSupplied(request, task, options, suppliers) : train(task, options);
}

/** Trains in this thread on batches that threads which run the same stage draw ahead. */
async function trainSupplied(
  request: TrainRequest,
  task: TrainingTask,
  options: LoopOptions,
  count: number,
): Promise<TrainedWeights> {
  const shared = makeSupplyMemory(count);
  const supply = new BatchSupply(shared);
  const { report: _report, signal: _signal, minutes: _minutes, ...plain } = request;
  const threads = Array.from({ length: count }, (_, index) =>
    runJob(trainJob, { ...plain, supply: { index, count, shared } } as TrainJobOptions),
  );
  for (const thread of threads) thread.catch((cause: unknown) => supply.fail(cause));
  try {
    return await train(task, { ...options, supply });
  } finally {
    supply.close(); // also when the training failed before its first step
    await Promise.allSettled(threads);
  }
}

/** Leads a crew in this thread; the other members are threads that run the same stage. */
async function trainAsCrew(
  request: TrainRequest,
  task: TrainingTask,
  options: LoopOptions,
  workers: number,
): Promise<TrainedWeights> {
  const shared = makeCrewMemory();
  const { report: _report, signal: _signal, minutes: _minutes, ...plain } = request;
  const others = Array.from({ length: workers - 1 }, (_, i) =>
    runJob(trainJob, { ...plain, crew: { index: i + 1, count: workers, shared } } as TrainJobOptions),
  );
  // A member that fails before its first meeting must not be waited for.
  for (const other of others) other.catch(() => new Crew({ index: 1, count: workers, shared }).fail());
  const leader = train(task, { ...options, crew: { index: 0, count: workers, shared } });
  // Everybody ends before an error is shown: a thread that is cut off inside the runtime takes the whole process with it.
  const results = await Promise.allSettled([...others, leader]);
  const failed = results.find((result) => result.status === 'rejected');
  if (failed) throw failed.reason;
  return leader;
}

async function writeStage(
  path: string,
  request: TrainRequest,
  { step, weights, shapes }: TrainedWeights,
  metadata: Readonly<Record<string, string>>,
): Promise<void> {
  const tensors = [...weights].map(([name, data]) => ({ name, dtype: 'F32' as const, shape: shapes.get(name)!, data }));
  await writeSafetensors(path, tensors, { ...metadata, step: String(step), stage: request.stage });
}

/** The older model that a request starts from. @throws JokerError missing-file, bad-file. */
export function olderModel({ from }: TrainRequest): Map<string, OlderTensor> | undefined {
  if (from === undefined) return undefined;
  const file = openSafetensors(from);
  return new Map([...file.entries].map(([name, { shape }]) => [name, { shape, data: readTensor(file, name) }]));
}

/** Weights of a stage that has ended. @throws JokerError missing-file. */
export function stageWeights(out: string, stage: TrainingStage): Map<string, Float32Array> {
  const path = stageWeightsPath(out, stage);
  if (!existsSync(path))
    throw new JokerError(
      'missing-file',
      `${path}: stage '${stage}' has no weights yet`,
      `Train it first: joker train ${stage}.`,
    );
  const file = openSafetensors(path);
  return new Map([...file.entries.keys()].map((name) => [name, readTensor(file, name)]));
}
