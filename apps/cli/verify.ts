/** The verb `verify`: recomputes reference outputs in a folder and prints how far off ours are. */

import type { Command } from 'commander';
import type { VerifyResult } from '../../src/prior/index.js';
import { verifyJob } from '../../src/run/jobs.js';
import { type CommonOptions, printResult, reportFailure, runForPerson, withCommon } from './talk.js';
import { numberBetween } from './values.js';

type Options = CommonOptions & { tolerance: number; threads?: number };

/** Adds the verb. Exit code 1 when an output is off by more than the tolerance, 2 when there is nothing to verify. */
export function addVerify(program: Command): void {
  const command = program
    .command('verify')
    .description('recompute reference outputs in a folder and print the errors')
    .argument('<folder>', 'holds any of unet, controlnet, vae, clip_text, schedulers, prior: config, weights, outputs')
    .option('--tolerance <number>', 'largest max |error| / max |reference| that passes', numberBetween(0, 1), 1e-3)
    .option('--threads <count>', 'threads of the runtime (default: all)', numberBetween(1, 256, true));
  withCommon(command).action(async (folder: string, options: Options) => {
    const { tolerance, threads } = options;
    const result = await runForPerson(verifyJob, { folder, tolerance, threads });
    printResult(result, table(result), options);
    if (!result.passed) reportFailure(await failureOf(result), { verbose: options.verbose }); // the JSON is out already
  });
}

/** The error of the first output that is off too far. The networks' code is loaded for it only. */
async function failureOf(result: VerifyResult): Promise<unknown> {
  const { requirePassed } = await import('../../src/prior/index.js');
  try {
    return requirePassed(result);
  } catch (error) {
    return error;
  }
}

function table(result: VerifyResult): string[] {
  const width = Math.max(...result.rows.map((row) => row.what.length));
  const rows = result.rows.map(({ what, error, reference, passed }) => {
    const figures = `error ${error.toExponential(2)}  max |reference| ${reference.toPrecision(4)}`;
    return `${passed ? 'ok  ' : 'FAIL'}  ${what.padEnd(width)}  ${figures}`;
  });
  const skipped = result.skipped.map(({ what, missing }) => `skip  ${what}: lacks ${missing.join(', ')}`);
  return [
    ...rows,
    ...skipped,
    `${result.rows.filter((row) => row.passed).length} of ${result.rows.length} within ${result.tolerance}`,
  ];
}
