/**
 * The job behind `joker verify`: recomputes the reference outputs that a folder holds.
 *
 * Only the job; the checks are the prior's and the metrics'.
 */

import { METRICS_CHECK } from '../evaluate/verify-metrics.js';
import { type VerifyResult, verifyFolder } from '../prior/verify.js';
import type { JobContext } from './job.js';

/** What to verify. */
export type VerifyJobOptions = {
  /** folder with reference files */
  readonly folder: string;
  /** largest max |error| / max |reference| that passes; default 1e-3 */
  readonly tolerance?: number;
  /** threads of the runtime; default all */
  readonly threads?: number;
};

/** Recomputes and compares. @throws JokerError nothing-to-do, bad-file, bad-weights, missing-file. */
export async function verify(options: VerifyJobOptions, { report }: JobContext): Promise<VerifyResult> {
  const { folder, ...rest } = options;
  report({ kind: 'stage', stage: 'verify', text: `Verifying ${folder}` });
  return verifyFolder(folder, { ...rest, extra: [METRICS_CHECK] });
}
