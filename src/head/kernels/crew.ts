/**
 * The kernels' module on this thread and on helper threads, which share one memory and take pieces of work from one counter.
 *
 * Helpers exist on Node only, where a thread may wait; elsewhere, and with one thread, everything runs here on memory that is
 * not shared. Which thread computes what changes nothing in the result (field.as).
 */

import { KERNELS } from './wasm.js';

/** Kinds of work, as field.as numbers them. */
export const WORK = { forward: 0, backward: 1, tables: 2, density: 3 } as const;

type Exports = {
  configure(layout: number): void;
  work(kind: number, pieces: number, thread: number, counter: number): void;
};

/** Words at the start of the memory, by index. The kernels know only `counter`. */
const WORD = { call: 0, kind: 1, pieces: 2, counter: 3, done: 4, failed: 5 } as const;

/** Bytes at the start of the memory that the crew keeps for itself: one cache line. */
export const CREW_BYTES = 64;

const PAGE = 65536;
const isNode = typeof process !== 'undefined' && !!process.versions?.node;

/** A helper's whole life: wait for a call, take pieces, say that none is left. In a string, since its file would need the build. */
const HELPER = `
const { workerData, parentPort } = require('node:worker_threads');
const { module, memory, thread, layout, word } = workerData;
const words = new Int32Array(memory.buffer, 0, 16);
const { exports } = new WebAssembly.Instance(module, { env: { memory, abort() {} } });
let call = 0;
parentPort.postMessage('ready');
for (;;) {
  Atomics.wait(words, word.call, call);
  call = Atomics.load(words, word.call);
  if (call < 0) break;
  try {
    exports.configure(layout);
    exports.work(words[word.kind], words[word.pieces], thread, word.counter * 4);
  } catch {
    Atomics.store(words, word.failed, 1);
  }
  Atomics.add(words, word.done, 1);
  Atomics.notify(words, word.done);
}
`;

/** Owns the memory and the helper threads: call `dispose`. */
export class Crew {
  private readonly words: Int32Array;

  private constructor(
    /** all arrays of the kernels */
    readonly memory: WebAssembly.Memory,
    /** this thread included */
    readonly threads: number,
    private readonly exports: Exports,
    private readonly layout: number,
  ) {
    this.words = new Int32Array(memory.buffer, 0, CREW_BYTES / 4);
  }

  /**
   * @param bytes of memory. @param layout where its description will lie. @param threads ≥ 1; more than one has an effect on
   * Node only.
   */
  static async create(bytes: number, layout: number, threads: number): Promise<Crew> {
    const shared = isNode && threads > 1;
    const pages = Math.ceil(bytes / PAGE);
    const memory = new WebAssembly.Memory({ initial: pages, maximum: pages, shared });
    const module = await WebAssembly.compile(kernelBytes(shared));
    const instance = await WebAssembly.instantiate(module, { env: { memory, abort: () => {} } });
    const crew = new Crew(memory, shared ? threads : 1, instance.exports as unknown as Exports, layout);
    const helpers = Array.from({ length: crew.threads - 1 }, (_, i) =>
      startHelper({ module, memory, thread: i + 1, layout, word: WORD }),
    );
    await Promise.all(helpers);
    return crew;
  }

  /** Does all pieces of a kind of work. Blocks until they are done. */
  run(kind: keyof typeof WORK, pieces: number): void {
    const { words, threads } = this;
    words[WORD.kind] = WORK[kind];
    words[WORD.pieces] = pieces;
    words[WORD.counter] = 0;
    if (threads > 1) {
      words[WORD.done] = 0;
      Atomics.add(words, WORD.call, 1);
      Atomics.notify(words, WORD.call);
    }
    this.exports.configure(this.layout);
    this.exports.work(WORK[kind], pieces, 0, WORD.counter * 4);
    if (threads > 1) this.waitForHelpers();
  }

  private waitForHelpers(): void {
    const { words, threads } = this;
    for (;;) {
      const done = Atomics.load(words, WORD.done);
      if (done === threads - 1) break;
      Atomics.wait(words, WORD.done, done);
    }
    if (words[WORD.failed]) throw new Error('internal: a thread of the field’s kernels failed');
  }

  /** Lets the helpers go. The memory lives on as long as somebody holds its views. */
  dispose(): void {
    if (this.threads === 1) return;
    Atomics.store(this.words, WORD.call, -1);
    Atomics.notify(this.words, WORD.call);
  }
}

async function startHelper(workerData: object): Promise<void> {
  const { Worker } = await import('node:worker_threads');
  const helper = new Worker(HELPER, { eval: true, workerData, execArgv: [] });
  await new Promise<void>((resolve, reject) => {
    helper.once('message', () => resolve());
    helper.once('error', reject);
  });
  helper.unref(); // a forgotten helper must not keep the process alive
}

/** Cores of the machine. */
export async function coreCount(): Promise<number> {
  if (!isNode) return 1;
  return (await import('node:os')).availableParallelism();
}

/** The module; for memory that is not shared, its import says so: one flag differs. */
function kernelBytes(shared: boolean): Uint8Array<ArrayBuffer> {
  const bytes = Uint8Array.from(atob(KERNELS), (c) => c.charCodeAt(0));
  if (!shared) bytes[sharedFlag(bytes)] = 1;
  return bytes;
}

/** Index of the limits' flags (3: shared with a maximum, 1: with a maximum) after the import "env" "memory", kind 2. */
function sharedFlag(bytes: Uint8Array): number {
  const wanted = [3, ...'env'].map((x) => (typeof x === 'string' ? x.charCodeAt(0) : x));
  wanted.push(6, ...Array.from('memory', (c) => c.charCodeAt(0)), 2, 3);
  for (let i = 0; i + wanted.length <= bytes.length; i++)
    if (wanted.every((x, k) => bytes[i + k] === x)) return i + wanted.length - 1;
  throw new Error('internal: the kernels import no shared memory');
}
