/**
 * Threads that prepare batches ahead of a training on a GPU, which would otherwise wait while JavaScript draws their noise:
 * 128 pictures take 75 ms of a core to draw, of a step of 250 ms on a fast card.
 *
 * A batch depends on the seed and the step only, so a training with suppliers is the same training to the bit. Not a start of
 * threads (run/train.ts); the frameworks' name for the idea is the data loader's workers. Step s of a training is drawn by
 * supplier (s − first) mod count, which waits until its batch before that has been taken.
 */
import type { Values } from '../graph/index.js';
import { growTo, makeGrowable } from './shared-memory.js';

/** Inputs of a step, by name. */
export type Batch = Readonly<Record<string, Values>>;

/** A supplier's place; plain data, so that it can be sent to a thread. */
export type SupplyPlace = { readonly index: number; readonly count: number; readonly shared: SupplyMemory };

/** Shared by the training and its suppliers. */
export type SupplyMemory = {
  /** [first step, or 0 while it is not known; then a slot for each supplier: the step whose batch lies ready, or EMPTY] */
  readonly control: SharedArrayBuffer;
  /** one batch for each supplier; grown by the supplier, which knows how long its batches are */
  readonly values: readonly SharedArrayBuffer[];
};

const EMPTY = 0;
/** In place of the first step or of a slot's: the training is over. */
const CLOSED = -1;

/** Most bytes of one batch. Reserved, not used: a batch of 4096 pictures of 64² takes a third of it. */
const MOST_BYTES = 2 ** 30;
/** Values of every type start at multiples of this many bytes. */
const ALIGNMENT = 8;
/** How long a waiting training sleeps before it looks whether a supplier has failed, milliseconds. */
const LOOK_EVERY_MS = 50;

/** Memory for `count` suppliers. */
export function makeSupplyMemory(count: number): SupplyMemory {
  return {
    control: new SharedArrayBuffer(4 * (1 + count)),
    values: Array.from({ length: count }, () => makeGrowable(MOST_BYTES)),
  };
}

/** A supplier's side: draws its steps' batches until the training closes. Blocks its thread. */
export function supplyBatches({ index, count, shared }: SupplyPlace, draw: (step: number) => Batch): void {
  const control = new Int32Array(shared.control);
  const slot = 1 + index;
  Atomics.wait(control, 0, EMPTY);
  const first = Atomics.load(control, 0);
  for (let step = first + index; Atomics.load(control, 0) !== CLOSED; step += count) {
    const bytes = Object.values(draw(step)).map(bytesOf);
    for (let at = Atomics.load(control, slot); at !== EMPTY; at = Atomics.load(control, slot)) {
      if (at === CLOSED) return;
      Atomics.wait(control, slot, at);
    }
    store(shared.values[index]!, bytes);
    // Unless the training has closed meanwhile.
    Atomics.compareExchange(control, slot, EMPTY, step);
    Atomics.notify(control, slot);
  }
}

/** The training's side. `close` when done: suppliers wait for it. */
export class BatchSupply {
  private readonly control: Int32Array;
  private first = 0;
  private failure: unknown = null;

  constructor(private readonly shared: SupplyMemory) {
    this.control = new Int32Array(shared.control);
  }

  /** Lets the suppliers begin. @param first the first step that will be taken, ≥ 1. */
  open(first: number): void {
    this.first = first;
    Atomics.store(this.control, 0, first);
    Atomics.notify(this.control, 0);
  }

  /**
   * The batch of a step; steps are taken in order. @param like any batch of the same training: names, types and lengths.
   * @throws what a supplier failed with, when it was reported by `fail`.
   */
  async take(step: number, like: Batch): Promise<Batch> {
    const index = (step - this.first) % this.shared.values.length;
    const slot = 1 + index;
    while (Atomics.load(this.control, slot) !== step) {
      if (this.failure) throw this.failure;
      Atomics.wait(this.control, slot, EMPTY, LOOK_EVERY_MS);
      // The news of a failure is an event of this thread, which a sleeping thread does not see.
      await new Promise((resolve) => setTimeout(resolve));
    }
    const batch = restore(this.shared.values[index]!, like);
    Atomics.store(this.control, slot, EMPTY);
    Atomics.notify(this.control, slot);
    return batch;
  }

  /** Tells the training that a supplier has ended early. */
  fail(cause: unknown): void {
    this.failure = cause;
  }

  /** Ends all suppliers. */
  close(): void {
    for (let i = 0; i < this.control.length; i++) {
      Atomics.store(this.control, i, CLOSED);
      Atomics.notify(this.control, i);
    }
  }
}

function bytesOf(values: Values): Uint8Array {
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
}

const aligned = (bytes: number) => Math.ceil(bytes / ALIGNMENT) * ALIGNMENT;

function store(memory: SharedArrayBuffer, parts: readonly Uint8Array[]): void {
  const total = parts.reduce((sum, part) => sum + aligned(part.length), 0);
  growTo(memory, total);
  let offset = 0;
  for (const part of parts) {
    new Uint8Array(memory, offset, part.length).set(part);
    offset += aligned(part.length);
  }
}

/** Copies: the runtime takes no shared memory, and the supplier writes on. */
function restore(memory: SharedArrayBuffer, like: Batch): Batch {
  let offset = 0;
  const entries = Object.entries(like).map(([name, values]): [string, Values] => {
    const copy = new Uint8Array(values.byteLength);
    copy.set(new Uint8Array(memory, offset, copy.length));
    offset += aligned(copy.length);
    return [name, new (values.constructor as new (buffer: ArrayBuffer) => Values)(copy.buffer)];
  });
  return Object.fromEntries(entries);
}
