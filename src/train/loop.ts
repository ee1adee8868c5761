/**
 * The training loop: batches in, checkpoints and figures out. Knows no networks.
 *
 * A step's batch and random numbers depend on the seed and the step only, so that a run that was killed and resumed is the
 * same run.
 */
import { JokerError } from '../core/errors.js';
import { type Checkpoint, checkpointValues, newestCheckpoint, saveCheckpoint } from '../core/files/checkpoints.js';
import { TrainingLog } from '../core/files/training-log.js';
import { type Report, silent } from '../core/progress.js';
import { foldIn, type RandomKey, randomKey } from '../core/rng.js';
import {
  adamW,
  compile,
  type Device,
  Graph,
  gradients,
  momentName,
  type Program,
  sizeOf,
  type Tensor,
} from '../graph/index.js';
import { initialise } from '../nets/index.js';
import { learningRateAt, type StageOptions } from './config.js';
import { Crew, type CrewPlace, STEPS_BETWEEN_MEETINGS } from './crew.js';
import type { Batch, BatchSupply } from './supply.js';
import { grownFrom, type OlderTensor } from './warm-start.js';

/** What a stage of training computes: everything that differs between the autoencoder, the base and the prior. */
export type TrainingTask = {
  readonly name: string;
  /** builds the loss on the graph; other scalars are logged */
  readonly build: (graph: Graph) => { loss: Tensor; figures?: Record<string, Tensor> };
  /** which parameters train */
  readonly trains: (name: string) => boolean;
  /** first values of parameters that start from other weights */
  readonly initial?: ReadonlyMap<string, Float32Array>;
  /** an older model that parameters without `initial` grow from, where it has them */
  readonly older?: ReadonlyMap<string, OlderTensor>;
  /** inputs of a step; key: this step's random key */
  readonly batch: (key: RandomKey, step: number) => Batch;
  /** called now and then with the averaged weights, e.g. to draw samples */
  readonly onSamples?: (step: number, weights: ReadonlyMap<string, Float32Array>) => Promise<void>;
};

/** How and where a training runs. */
export type LoopOptions = StageOptions & {
  /** folder of checkpoints and logs; default: nothing is stored, and the run cannot be resumed */
  readonly folder?: string;
  /** seconds between checkpoints; default 120 */
  readonly checkpointSeconds?: number;
  /** steps between calls of `onSamples`; default 1000 */
  readonly sampleEverySteps?: number;
  /** stops after this many seconds, with a checkpoint; default: never */
  readonly maximumSeconds?: number;
  readonly threads?: number;
  /** where steps are computed; default 'cpu' */
  readonly device?: Device;
  readonly report?: Report;
  /** stops after the current step, or at the crew's next meeting, with a checkpoint */
  readonly signal?: AbortSignal;
  /** this run is one member of a crew; `batch` is each member's own */
  readonly crew?: CrewPlace;
  /** threads that draw the batches wait here, see supply.ts; default: batches are drawn between the steps */
  readonly supply?: BatchSupply;
  /** seconds on any steady clock; given by the caller because this folder owns no clock */
  readonly now: () => number;
};

/** Weights at the end of a training. */
export type TrainedWeights = {
  readonly step: number;
  /** by parameter name; averaged over steps when the options ask for it */
  readonly weights: ReadonlyMap<string, Float32Array>;
  readonly shapes: ReadonlyMap<string, readonly number[]>;
};

/**
 * Steps between updates of the averaged weights: averaging every step would cost as much as the optimiser. A multiple of a
 * crew's meetings, after which all copies are the same.
 */
const AVERAGE_EVERY = 8;
const LOG_EVERY = 25;

/** Runs or resumes a training to its last step or time limit, and returns the weights. */
export async function train(task: TrainingTask, options: LoopOptions): Promise<TrainedWeights> {
  const run = await TrainingRun.open(task, options);
  try {
    return await run.toEnd();
  } catch (error) {
    run.crew?.fail();
    throw error;
  } finally {
    options.supply?.close();
    await run.dispose();
  }
}

/** Random key of a step's batch. Each member of a crew draws batches of its own; the leader's are those of a run without a crew. */
export function batchKey(seed: number, step: number, member = 0): RandomKey {
  const stream = foldIn(randomKey(seed), 1000 + step);
  return member ? foldIn(stream, member) : stream;
}

/** Means of figures since they were last taken. */
class FigureMeans {
  private sums = new Map<string, number>();
  private count = 0;

  add(figures: Readonly<Record<string, number>>): void {
    for (const [name, value] of Object.entries(figures)) this.sums.set(name, (this.sums.get(name) ?? 0) + value);
    this.count++;
  }

  take(): Record<string, number> {
    const means = Object.fromEntries([...this.sums].map(([name, sum]) => [name, sum / this.count]));
    this.sums = new Map();
    this.count = 0;
    return means;
  }
}

/** What must be the same for a run to be the continuation of another. */
type Identity = { readonly task: string; readonly seed: number; readonly batch: number; readonly trained: number };

function identityOf(task: TrainingTask, options: StageOptions, trained: readonly Tensor[]): Identity {
  return { task: task.name, seed: options.seed, batch: options.batch, trained: trained.length };
}

function checkIdentity(checkpoint: Checkpoint, wanted: Identity): void {
  const found = checkpoint.note as Partial<Identity> | null;
  for (const name of ['task', 'seed', 'batch', 'trained'] as const)
    if (found?.[name] !== undefined && found[name] !== wanted[name])
      throw new JokerError(
        'bad-argument',
        `${checkpoint.file.path}: was made with ${name} ${found[name]}, not ${wanted[name]}`,
        'Resume with the options it was made with, or choose another --out folder.',
      );
}

/** Of a crew only the leader writes. */
function logOf({ folder, crew }: LoopOptions, checkpoint: Checkpoint | null): TrainingLog | null {
  if (folder === undefined || (crew && crew.index > 0)) return null;
  return new TrainingLog(folder, checkpoint?.step ?? 0);
}

/** One training in progress: owns the program with its resident state, and the averages. */
class TrainingRun {
  readonly crew: Crew | null;
  private pattern: Batch | null = null;

  private constructor(
    private readonly task: TrainingTask,
    private readonly options: LoopOptions,
    private readonly program: Program,
    private readonly trained: readonly Tensor[],
    private readonly fixed: ReadonlyMap<string, Float32Array>,
    private readonly averages: Map<string, Float32Array>,
    private step: number,
    private readonly log: TrainingLog | null,
    private readonly shapes: ReadonlyMap<string, readonly number[]>,
  ) {
    this.crew = options.crew ? new Crew(options.crew) : null;
  }

  static async open(task: TrainingTask, options: LoopOptions): Promise<TrainingRun> {
    const graph = new Graph({ wide: options.device === 'webgpu' });
    const { loss, figures = {} } = task.build(graph);
    const parameters = graph.parameters();
    const first = initialise(parameters, foldIn(randomKey(options.seed), 1));
    for (const p of parameters) {
      const given = task.initial?.get(p.name);
      const older = task.older?.get(p.name);
      if (given) first.set(p.name, given);
      else if (older) first.set(p.name, grownFrom(p.name, older, p.shape, first.get(p.name)!));
    }
    const trained = parameters.filter((p) => task.trains(p.name));
    const checkpoint = options.folder === undefined ? null : newestCheckpoint(options.folder);
    if (checkpoint) checkIdentity(checkpoint, identityOf(task, options, trained));
    const stored = (name: string, p: Tensor) => checkpoint && checkpointValues(checkpoint, name, sizeOf(p.shape));
    const initial = trained.map((p) => stored(p.name, p) ?? first.get(p.name)!);
    const moments = (which: 'first' | 'second') =>
      trained.map((p) => stored(momentName(p.name, which), p) ?? new Float32Array(sizeOf(p.shape)));
    const state = adamW(graph, {
      parameters: trained,
      initial,
      gradients: gradients(loss, trained),
      learningRate: graph.input('learning_rate', []),
      step: graph.input('adam_step', []),
      weightDecay: options.weightDecay,
      clipNorm: options.clipNorm,
      moments: { first: moments('first'), second: moments('second') },
    });
    const names = new Set(trained.map((p) => p.name));
    const fixed = new Map([...first].filter(([name]) => !names.has(name)));
    const program = await compile({
      outputs: { loss, ...figures },
      state,
      weights: (name) => ({ kind: 'memory', data: fixed.get(name)! }),
      threads: options.threads,
      device: options.device,
    });
    // No averages are kept, stored or looked for when the recipe wants none.
    const averaged = options.averageDecay > 0 ? trained : [];
    const averages = new Map(
      averaged.map((p, i) => [p.name, stored(`average.${p.name}`, p) ?? Float32Array.from(initial[i]!)]),
    );
    return new TrainingRun(
      task,
      options,
      program,
      trained,
      fixed,
      averages,
      checkpoint?.step ?? 0,
      logOf(options, checkpoint),
      new Map(parameters.map((p) => [p.name, p.shape])),
    );
  }

  async toEnd(): Promise<TrainedWeights> {
    const { options, task } = this;
    const { report = silent, now, maximumSeconds = Infinity, signal } = options;
    const leads = this.crew?.leads ?? true;
    if (leads) report({ kind: 'stage', stage: task.name, text: `training ${task.name}`, total: options.steps });
    const started = now();
    const firstStep = this.step;
    const samples = options.batch * (options.crew?.count ?? 1);
    const figures = new FigureMeans();
    let saved = started;
    const wish = () => now() - started >= maximumSeconds || signal?.aborted === true;
    let ending = this.crew ? false : wish(); // a crew ends at its meetings only
    while (this.step < options.steps && !ending) {
      figures.add(await this.advance());
      if (this.crew && this.meets()) ending = await this.meet(this.crew, wish());
      if (!leads) continue;
      if (options.averageDecay > 0 && this.step % AVERAGE_EVERY === 0) await this.average();
      if (this.step % LOG_EVERY === 0) {
        const rate = ((this.step - firstStep) * samples) / (now() - started);
        const row = { ...figures.take(), imagesPerSecond: rate };
        this.log?.write(this.step, row);
        report({ kind: 'progress', done: this.step, total: options.steps, figures: row });
      }
      if (this.meets() && now() - saved > (options.checkpointSeconds ?? 120)) {
        await this.save();
        saved = now();
      }
      if (this.step % (options.sampleEverySteps ?? 1000) === 0) await task.onSamples?.(this.step, await this.weights());
      if (!this.crew) ending = wish();
    }
    if (leads) await this.save();
    return { step: this.step, weights: await this.weights(), shapes: this.shapes };
  }

  /** True after steps at which all members of a crew have the same state; only then may it be stored. */
  private meets(): boolean {
    return !this.crew || this.step % STEPS_BETWEEN_MEETINGS === 0 || this.step === this.options.steps;
  }

  /** Averages the crew's copies of the whole state; returns whether the leader wants to end. */
  private async meet(crew: Crew, wish: boolean): Promise<boolean> {
    const names = this.program.stateNames();
    const values: Float32Array[] = [];
    for (const name of names) values.push(await this.program.readState(name));
    const ending = crew.meet(values, wish);
    for (const [i, name] of names.entries()) await this.program.writeState(name, values[i]!);
    return ending;
  }

  private async advance(): Promise<Record<string, number>> {
    const { options, task } = this;
    const step = this.step + 1;
    const outputs = await this.program.run({
      ...(await this.batch(step)),
      learning_rate: Float32Array.of(learningRateAt(options, step)),
      adam_step: Float32Array.of(step),
    });
    const figures = Object.fromEntries(Object.entries(outputs).map(([name, values]) => [name, values[0]!]));
    if (!Number.isFinite(figures['loss']))
      throw new Error(`internal: the loss of ${task.name} is ${figures['loss']} at step ${step}`);
    this.step = step;
    return figures;
  }

  /** Inputs of a step: the first batch of a run is drawn here in any case, and tells how those of the suppliers look. */
  private async batch(step: number): Promise<Batch> {
    const { options, task } = this;
    if (this.pattern && options.supply) return options.supply.take(step, this.pattern);
    this.pattern = task.batch(batchKey(options.seed, step, this.crew?.place.index), step);
    options.supply?.open(step + 1);
    return this.pattern;
  }

  private async average(): Promise<void> {
    const { step } = this;
    // Early on the average would remember the random start: the decay grows with the step (as in common EMA warm-ups).
    const decay = Math.min(this.options.averageDecay, (1 + step) / (10 + step)) ** AVERAGE_EVERY;
    for (const { name } of this.trained) {
      const average = this.averages.get(name)!;
      const current = await this.program.readState(name);
      for (let i = 0; i < average.length; i++) average[i] = decay * average[i]! + (1 - decay) * current[i]!;
    }
  }

  private async weights(): Promise<Map<string, Float32Array>> {
    const result = new Map(this.fixed);
    for (const { name } of this.trained)
      result.set(name, this.options.averageDecay > 0 ? this.averages.get(name)! : await this.program.readState(name));
    return result;
  }

  private async save(): Promise<void> {
    const { folder } = this.options;
    if (folder === undefined) return;
    const tensors = new Map<string, Float32Array>();
    for (const { name } of this.trained) {
      tensors.set(name, await this.program.readState(name));
      for (const which of ['first', 'second'] as const)
        tensors.set(momentName(name, which), await this.program.readState(momentName(name, which)));
      if (this.options.averageDecay > 0) tensors.set(`average.${name}`, this.averages.get(name)!);
    }
    await saveCheckpoint(folder, this.step, tensors, identityOf(this.task, this.options, this.trained));
  }

  dispose(): Promise<void> {
    return this.program.dispose();
  }
}
