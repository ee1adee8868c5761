/**
 * The thread's side of a job: finds the function, runs it, and sends its messages, result or error back.
 *
 * Started by `runJob` only.
 */

import { parentPort, workerData } from 'node:worker_threads';
import type { JobMessage } from '../core/progress.js';
import { type JobFunction, toPlainError, type WorkerReply, type WorkerStart } from './job.js';

const start = workerData as WorkerStart;
const stop = new Int32Array(start.stop);
const controller = new AbortController();

function post(reply: WorkerReply): void {
  parentPort?.postMessage(reply);
}

function report(message: JobMessage): void {
  if (Atomics.load(stop, 0) === 1) controller.abort();
  post({ kind: 'message', message });
}

async function findJob(): Promise<JobFunction<unknown, unknown>> {
  const module = (await import(start.module)) as Record<string, unknown>;
  const found = module[start.name];
  if (typeof found !== 'function') throw new Error(`internal: ${start.module} exports no function ${start.name}`);
  return found as JobFunction<unknown, unknown>;
}

async function main(): Promise<void> {
  parentPort?.once('message', () => controller.abort());
  try {
    const job = await findJob();
    post({ kind: 'result', result: await job(start.options, { report, signal: controller.signal }) });
  } catch (error) {
    post({ kind: 'error', error: toPlainError(error) });
  } finally {
    parentPort?.close();
  }
}

await main();
