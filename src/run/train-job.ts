/**
 * The job behind `joker train`: one stage of the embedded models' training, stopped and resumed as often as one likes.
 *
 * Only the choice of the stage; the stages are in train.ts and train-prior.ts.
 */

import { JokerError } from '../core/errors.js';
import { type JobContext, stopIfAsked } from './job.js';
import { trainDecoder, trainVae } from './train.js';
import { type DiffusionRequest, trainBase, trainPrior } from './train-prior.js';

/** What to train: plain data, so that it can be sent to a thread. */
export type TrainJobOptions = Omit<DiffusionRequest, 'report' | 'signal'>;

/** Where training stands. */
export type TrainJobResult = {
  /** steps done in all runs together */
  readonly step: number;
  /** the stage's weights */
  readonly path: string;
};

/**
 * Runs or resumes a stage from its newest checkpoint. A request to stop ends it with a checkpoint.
 * @throws JokerError missing-file, bad-file, not-writable, interrupted.
 */
export async function trainStage(options: TrainJobOptions, context: JobContext): Promise<TrainJobResult> {
  const result = await runStage({ ...options, report: context.report, signal: context.signal });
  stopIfAsked(context.signal);
  return result;
}

function runStage(request: DiffusionRequest): Promise<TrainJobResult> {
  switch (request.stage) {
    case 'vae':
      return trainVae(request);
    case 'decoder':
      return trainDecoder(request);
    case 'base':
      return trainBase(request);
    case 'prior':
      return trainPrior(request);
    default:
      throw new JokerError(
        'bad-argument',
        `unknown stage ${request.stage satisfies never}`,
        'Use vae, decoder, base or prior.',
      );
  }
}
