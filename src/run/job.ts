/**
 * One job: a function of one of our modules, run in a worker thread so that the caller's thread stays free to show
 * progress and to stop it. Everything that the job says travels as `JobMessage`s.
 *
 * Not a queue and not a scheduler. Library users may call the job's function directly, without any thread.
 */

import { rm } from 'node:fs/promises';
import { Worker } from 'node:worker_threads';
import { type ErrorCode, JokerError } from '../core/errors.js';
import { partialFolderOf } from '../core/files/atomic.js';
import { type JobMessage, type Report, silent } from '../core/progress.js';

/** What a job is given beside its options. */
export type JobContext = {
  /** where progress goes; in a worker, reporting is also when a request to stop is noticed */
  readonly report: Report;
  /** aborted when the person wants to stop: check it between steps, keep what resuming needs, and throw `interrupted()` */
  readonly signal: AbortSignal;
};

/** A function that can be run as a job. Options and result must survive a structured clone (plain data, typed arrays). */
export type JobFunction<Options, Result> = (options: Options, context: JobContext) => Promise<Result>;

/** A job by module and name, since a function itself cannot be sent to a thread. Made by `jobOf`. */
export type JobReference<Options, Result> = {
  /** file URL of the module */
  readonly module: string;
  /** exported name */
  readonly name: string;
  /** carries the types; never present */
  readonly types?: (options: Options) => Result;
};

/**
 * Typed reference to an exported job function, e.g.
 * `jobOf<typeof import('./head.js'), 'makeHead'>(new URL('./head.js', import.meta.url), 'makeHead')`.
 */
export function jobOf<Module, Name extends keyof Module & string>(
  module: URL,
  name: Name,
): Module[Name] extends JobFunction<infer Options, infer Result> ? JobReference<Options, Result> : never;
export function jobOf(module: URL, name: string): JobReference<unknown, unknown> {
  return { module: module.href, name };
}

/** How a job is watched and stopped. */
export type JobControl = {
  /** receives the job's messages in order; default: nobody */
  readonly report?: Report;
  /** asks the job to stop */
  readonly signal?: AbortSignal;
  /** output folder of the job, whose hidden unfinished copy is removed if the thread has to be ended by force */
  readonly output?: string;
  /** how long the job may take to stop by itself, milliseconds; default 5000: about one checkpoint */
  readonly grace?: number;
};

/** The error of a job that was stopped on request. */
export function interrupted(cause?: unknown): JokerError {
  return new JokerError('interrupted', 'stopped on request', '', { cause });
}

/** Throws `interrupted()` when the signal is aborted: one call between two steps of a job. */
export function stopIfAsked(signal: AbortSignal): void {
  if (signal.aborted) throw interrupted();
}

/** From the thread to its caller. */
export type WorkerReply =
  | { readonly kind: 'message'; readonly message: JobMessage }
  | { readonly kind: 'result'; readonly result: unknown }
  | { readonly kind: 'error'; readonly error: PlainError };

/** What the thread is started with. `stop` is one shared Int32: 1 asks the job to stop, seen even by a busy thread. */
export type WorkerStart = {
  readonly module: string;
  readonly name: string;
  readonly options: unknown;
  readonly stop: SharedArrayBuffer;
};

/** An error as plain data. */
export type PlainError = {
  readonly joker: { readonly code: ErrorCode; readonly what: string; readonly remedy: string } | null;
  readonly message: string;
  readonly stack: string;
};

/** Error to plain data: a JokerError keeps its parts, anything else its message and stack. */
export function toPlainError(error: unknown): PlainError {
  const joker = error instanceof JokerError ? { code: error.code, what: error.what, remedy: error.remedy } : null;
  const { message, stack } = error instanceof Error ? error : new Error(String(error));
  return { joker, message, stack: stack ?? message };
}

/** The error again, with the stack of the thread that threw it. */
export function fromPlainError(plain: PlainError): Error {
  const { joker, message, stack } = plain;
  const error = joker ? new JokerError(joker.code, joker.what, joker.remedy) : new Error(message);
  error.stack = stack;
  return error;
}

/**
 * Runs a job in a thread of its own and waits for its result.
 * @throws JokerError interrupted after `control.signal` was aborted, and whatever the job throws.
 */
export async function runJob<Options, Result>(
  job: JobReference<Options, Result>,
  options: Options,
  control: JobControl = {},
): Promise<Result> {
  if (control.signal?.aborted) throw interrupted();
  const stop = new SharedArrayBuffer(4);
  const start: WorkerStart = { module: job.module, name: job.name, options, stop };
  const worker = startWorker(start);
  const release = stopOnSignal(worker, stop, control);
  try {
    return (await replyOf(worker, control)) as Result;
  } catch (error) {
    throw control.signal?.aborted ? interrupted(error) : error; // whatever a job dies of while it is being stopped
  } finally {
    release();
    await worker.terminate();
    if (control.signal?.aborted && control.output)
      await rm(partialFolderOf(control.output), { recursive: true, force: true });
  }
}

function startWorker(start: WorkerStart): Worker {
  const fromSource = import.meta.url.endsWith('.ts'); // in the tests and under tsx; built code is .js
  const entry = new URL(fromSource ? './worker-from-source.mjs' : './worker.js', import.meta.url);
  return new Worker(entry, { workerData: start });
}

/** On abort: first a request that the job sees at its next report, then, after the grace, the end of the thread. */
function stopOnSignal(worker: Worker, stop: SharedArrayBuffer, control: JobControl): () => void {
  let timer: NodeJS.Timeout | undefined;
  const onAbort = () => {
    Atomics.store(new Int32Array(stop), 0, 1);
    worker.postMessage('stop');
    timer = setTimeout(() => void worker.terminate(), control.grace ?? 5000);
  };
  control.signal?.addEventListener('abort', onAbort, { once: true });
  return () => {
    clearTimeout(timer);
    control.signal?.removeEventListener('abort', onAbort);
  };
}

function replyOf(worker: Worker, { report = silent }: JobControl): Promise<unknown> {
  return new Promise((resolve, reject) => {
    worker.on('message', (reply: WorkerReply) => {
      if (reply.kind === 'message') report(reply.message);
      else if (reply.kind === 'result') resolve(reply.result);
      else reject(fromPlainError(reply.error));
    });
    worker.on('error', reject);
    // After a result or an error this changes nothing.
    worker.on('exit', (code) => reject(new Error(`internal: the job's thread ended (${code}) without a result`)));
  });
}
