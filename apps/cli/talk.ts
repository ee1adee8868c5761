/**
 * How the command line speaks: progress and errors on stderr, results on stdout, one line per failure, exit codes.
 *
 * Knows no verbs.
 */

import { rmSync } from 'node:fs';
import type { Command } from 'commander';
import { CommanderError } from 'commander';
import { exitCodeOf, JokerError } from '../../src/core/errors.js';
import { partialFolderOf } from '../../src/core/files/atomic.js';
import { type JobReference, runJob } from '../../src/run/job.js';
import { makeTerminal, type Terminal } from '../../src/run/terminal.js';

/** Options that every verb has. */
export type CommonOptions = {
  /** the result as one JSON text on stdout; everything else stays on stderr */
  readonly json?: boolean;
  /** stack traces with errors */
  readonly verbose?: boolean;
};

/** Adds the options that every verb has. */
export function withCommon(command: Command): Command {
  return command
    .option('--json', 'print the result as JSON on standard output')
    .option('--verbose', 'print stack traces with errors');
}

/** The person's display: a rewritten bar on a terminal, plain lines in a file or pipe, no colour under NO_COLOR. */
export function makeTalk(): Terminal {
  const { stderr, env } = process;
  const live = stderr.isTTY === true && env['TERM'] !== 'dumb';
  const color = live && !env['NO_COLOR'];
  return makeTerminal({ write: (text) => stderr.write(text), live, color, columns: stderr.columns ?? 80 });
}

/** Prints a verb's result: JSON when asked for, else its lines for a person. */
export function printResult(result: unknown, lines: readonly string[], options: CommonOptions): void {
  const text = options.json ? JSON.stringify(result, jsonValue, 2) : lines.join('\n');
  if (text) process.stdout.write(`${text}\n`);
}

/** Typed arrays as plain lists; JSON has no NaN or infinity, so they become null as everywhere in JavaScript. */
function jsonValue(_key: string, value: unknown): unknown {
  return ArrayBuffer.isView(value) && !(value instanceof DataView) ? Array.from(value as Uint8Array) : value;
}

/** A job that stops sooner than this after Ctrl-C needs no word about it. */
const HINT_MS = 1000;

/**
 * Runs a job in its thread, shows its progress, and stops it on Ctrl-C (a second Ctrl-C does not wait).
 * @param output the job's output folder, if any: nothing half-written stays behind.
 */
export async function runForPerson<Options, Result>(
  job: JobReference<Options, Result>,
  options: Options,
  output?: string,
): Promise<Result> {
  const talk = makeTalk();
  const controller = new AbortController();
  let hint: NodeJS.Timeout | undefined;
  const onInterrupt = () => {
    if (controller.signal.aborted) leaveNow(output);
    controller.abort();
    hint = setTimeout(() => talk.line('Stopping; press Ctrl-C again to stop at once.'), HINT_MS);
  };
  process.on('SIGINT', onInterrupt);
  process.on('SIGTERM', onInterrupt);
  let finished = false;
  try {
    const result = await runJob(job, options, { report: talk.report, signal: controller.signal, output });
    finished = true;
    return result;
  } finally {
    clearTimeout(hint);
    process.off('SIGINT', onInterrupt);
    process.off('SIGTERM', onInterrupt);
    talk.end(finished);
  }
}

function leaveNow(output: string | undefined): never {
  if (output) rmSync(partialFolderOf(output), { recursive: true, force: true });
  process.exit(130);
}

/** Prints a failure as one line and sets the exit code: 1 the work failed, 2 the request made no sense, 130 stopped. */
export function reportFailure(error: unknown, options: CommonOptions): void {
  if (error instanceof CommanderError && error.exitCode === 0) return; // --help and --version
  const failure = describeFailure(error);
  process.exitCode = failure.exitCode;
  process.stderr.write(`joker: ${oneLine(failure.text)}\n`);
  if (options.verbose && error instanceof Error) process.stderr.write(`${error.stack}\n`);
  if (options.json) process.stdout.write(`${JSON.stringify({ error: failure.json }, null, 2)}\n`);
}

type Failure = { text: string; exitCode: number; json: { code: string; what: string; remedy: string } };

function describeFailure(error: unknown): Failure {
  if (error instanceof JokerError) {
    const { code, what, remedy, message } = error;
    return { text: message, exitCode: exitCodeOf(code), json: { code, what, remedy } };
  }
  if (error instanceof CommanderError) return usageFailure(error.message);
  const what = error instanceof Error ? error.message : String(error);
  const remedy = 'This is a bug of the program: please report it with the output of --verbose.';
  return { text: `${what}. ${remedy}`, exitCode: 1, json: { code: 'internal', what, remedy } };
}

/** Commander says "error: unknown option '--sed'\n(Did you mean --seed?)". */
function usageFailure(message: string): Failure {
  const [first = '', hint] = message.replace(/^error: /, '').split('\n');
  const remedy = hint ? hint.replace(/^\((.*)\)$/, '$1') : 'See joker --help.';
  const what = first.replace(/\.$/, '');
  return { text: `${what}. ${remedy}`, exitCode: 2, json: { code: 'bad-argument', what, remedy } };
}

/** One printable line: file names may hold anything, also what moves a terminal's cursor. */
function oneLine(text: string): string {
  return text.replace(/\s*\n\s*/g, ' ').replace(/\p{Cc}/gu, '?');
}
