/**
 * Several threads that train copies of one network on different batches and average them every few steps: local SGD
 * (Stich, "Local SGD converges fast and communicates little", 2019), here with AdamW, whose moments are averaged too.
 *
 * On two cores this is nearly twice as fast as one copy with two threads, because the products of a small network are too
 * small to be split. Not a start of threads (run/train.ts) and not a network protocol: one machine, shared memory.
 */

import { growTo, makeGrowable } from './shared-memory.js';

/** Steps between two averagings. At 8 the copies are still close, and the exchange costs about two steps in a hundred. */
export const STEPS_BETWEEN_MEETINGS = 8;

/** A member's place in the crew; plain data, so that it can be sent to a thread. */
export type CrewPlace = {
  /** 0 leads: it writes checkpoints and logs and decides when to stop */
  readonly index: number;
  readonly count: number;
  readonly shared: CrewMemory;
};

/** Shared by all members. */
export type CrewMemory = {
  /** [arrived, round, stop, broken] */
  readonly control: SharedArrayBuffer;
  /** count × all values of the state; grown by the first member that knows how many there are */
  readonly values: SharedArrayBuffer;
};

/** Most bytes of all copies together: 1 GiB holds 89 million values a member for a crew of three. Reserved, not used. */
const MOST_BYTES = 2 ** 30;

const [ARRIVED, ROUND, STOP, BROKEN] = [0, 1, 2, 3] as const;

/** Memory for a crew. */
export function makeCrewMemory(): CrewMemory {
  return { control: new SharedArrayBuffer(16), values: makeGrowable(MOST_BYTES) };
}

/** One member's side. Blocks its thread while it waits for the others. */
export class Crew {
  private readonly control: Int32Array;

  constructor(readonly place: CrewPlace) {
    this.control = new Int32Array(place.shared.control);
  }

  /** True for the member that writes files and reports. */
  get leads(): boolean {
    return this.place.index === 0;
  }

  /**
   * Waits for all members and replaces every array by the mean over the members; arrays must have the same lengths
   * everywhere. `stop`: the leader's wish to end. Returns whether all should end now.
   * @throws an internal error when another member has failed.
   */
  meet(arrays: readonly Float32Array[], stop: boolean): boolean {
    const { index, count, shared } = this.place;
    const length = arrays.reduce((total, array) => total + array.length, 0);
    const bytes = 4 * length * count;
    if (this.leads) {
      growTo(shared.values, bytes);
      Atomics.store(this.control, STOP, stop ? 1 : 0);
    }
    this.wait(); // from here on the memory is large enough
    let offset = 0;
    for (const array of arrays) {
      new Float32Array(shared.values, 4 * (index * length + offset), array.length).set(array);
      offset += array.length;
    }
    this.wait(); // all copies are there
    const copies = Array.from({ length: count }, (_, i) => new Float32Array(shared.values, 4 * i * length, length));
    averageInto(arrays, copies);
    const ending = Atomics.load(this.control, STOP) === 1;
    this.wait(); // nobody overwrites a copy that is still being read
    return ending;
  }

  /** Tells the others that this member will not come to the next meeting. */
  fail(): void {
    Atomics.store(this.control, BROKEN, 1);
    Atomics.add(this.control, ROUND, 1);
    Atomics.notify(this.control, ROUND);
  }

  private wait(): void {
    const round = Atomics.load(this.control, ROUND);
    if (Atomics.add(this.control, ARRIVED, 1) === this.place.count - 1) {
      Atomics.store(this.control, ARRIVED, 0);
      Atomics.add(this.control, ROUND, 1);
      Atomics.notify(this.control, ROUND);
    } else Atomics.wait(this.control, ROUND, round);
    if (Atomics.load(this.control, BROKEN) === 1) throw new Error('internal: another member of the crew has failed');
  }
}

/** Mean of the copies, always summed in the order of the members: all members get the same bits. */
function averageInto(arrays: readonly Float32Array[], copies: readonly Float32Array[]): void {
  const share = 1 / copies.length;
  let offset = 0;
  for (const array of arrays) {
    for (let i = 0; i < array.length; i++) {
      let total = 0;
      for (const copy of copies) total += copy[offset + i]!;
      array[i] = total * share;
    }
    offset += array.length;
  }
}
