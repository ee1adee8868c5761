/**
 * A graph made ready to run on a device: weights baked in or resident, state carried from run to run.
 *
 * `run` blocks the event loop on the native CPU runtime; jobs therefore live in a worker thread (run/job).
 */
import type { InferenceSession, Tensor as RuntimeTensor } from 'onnxruntime-common';
import type { Fetcher } from './fetch.js';
import { valueName } from './onnx.js';
import type { StateUpdate } from './optimiser.js';
import type { Runtime } from './runtime.js';
import { type DataType, sizeOf, type Tensor } from './tensor.js';

/** Values of an input or output, row-major. */
export type Values = Float32Array | BigInt64Array | Int32Array | Uint8Array;

/** What a `Program` is made of; see `compile`. */
export type ProgramParts = {
  readonly session: InferenceSession;
  readonly runtime: Runtime;
  /** inputs to be fed at every run, by name */
  readonly inputs: ReadonlyMap<string, Tensor>;
  readonly state: readonly StateUpdate[];
  /** the model's name of each output, by the caller's name */
  readonly outputs: ReadonlyMap<string, string>;
  /** for state that stays in the device's memory */
  readonly fetcher: Fetcher;
  /** called once when the program is disposed of */
  readonly cleanUp: () => void;
};

/** Where a name of the state is found. */
type Place = { readonly state: string; readonly offset: number; readonly length: number };

/** A compiled graph. Owns native memory: `dispose` when done. */
export class Program {
  /** two buffers per state value: the current one is at `turn`, the other receives the next value */
  private readonly buffers = new Map<string, [RuntimeTensor, RuntimeTensor]>();
  /** state that was fetched from the device since the last run */
  private readonly fetched = new Map<string, Float32Array>();
  /** values and parts of values, by name */
  private readonly places = new Map<string, Place>();
  private turn: 0 | 1 = 0;
  private condition: 'idle' | 'running' | 'disposed' = 'idle';

  /** Use `compile`. */
  constructor(private readonly parts: ProgramParts) {
    for (const { tensor, initial, parts: stretches = [] } of parts.state) {
      this.buffers.set(tensor.name, this.makeBuffers(tensor, initial));
      this.places.set(tensor.name, { state: tensor.name, offset: 0, length: initial.length });
      for (const { name, offset, length } of stretches) this.places.set(name, { state: tensor.name, offset, length });
    }
  }

  private makeBuffers(tensor: Tensor, initial: Float32Array): [RuntimeTensor, RuntimeTensor] {
    if (initial.length !== sizeOf(tensor.shape))
      throw new Error(`internal: ${initial.length} initial values for '${tensor.name}' of shape [${tensor.shape}]`);
    const make = (data: Float32Array) => new this.parts.runtime.Tensor('float32', data, tensor.shape);
    return [make(Float32Array.from(initial)), make(new Float32Array(initial.length))];
  }

  /**
   * Runs once; feeds are named inputs, row-major and of exactly their size. State moves on by one step, or stays where it was
   * if the run fails. Output arrays are fresh on every run. Feeds that the outputs do not need are ignored.
   * @throws an internal error for a missing feed, a wrong length or element type, a disposed program, and for a second run
   *   of a program with state before the first has ended.
   */
  async run(feeds: Readonly<Record<string, Values>>): Promise<Record<string, Float32Array>> {
    this.refuseDisposed();
    if (this.condition === 'running' && this.parts.state.length)
      throw new Error('internal: a program with state runs one step at a time');
    const all: Record<string, RuntimeTensor> = {};
    for (const [name, tensor] of this.parts.inputs) all[name] = this.feed(name, tensor, feeds[name]);
    for (const { tensor, parts = [] } of this.parts.state) {
      const whole = this.buffers.get(tensor.name)![this.turn];
      all[tensor.name] = whole;
      for (const { leaf, offset, length } of parts)
        if (leaf && !this.parts.runtime.keepsStateOnDevice) all[leaf.name] = this.view(whole, leaf, offset, length);
    }
    this.condition = 'running';
    try {
      const results = await this.parts.session.run(all, this.fetches());
      this.moveOn(results);
      return this.collect(results);
    } finally {
      if (this.condition === 'running') this.condition = 'idle';
    }
  }

  /** A stretch of a state value in a leaf's shape: the same memory. */
  private view(whole: RuntimeTensor, leaf: Tensor, offset: number, length: number): RuntimeTensor {
    const stretch = (whole.data as Float32Array).subarray(offset, offset + length);
    return new this.parts.runtime.Tensor('float32', stretch, leaf.shape);
  }

  /** Outputs to compute; the next state goes straight into its second buffer where the runtime can do that. */
  private fetches(): Record<string, RuntimeTensor | null> {
    const fetches: Record<string, RuntimeTensor | null> = {};
    for (const name of this.parts.outputs.values()) fetches[name] = null;
    for (const { tensor, next } of this.parts.state)
      fetches[valueName(next)] = this.parts.runtime.fillsOutputs
        ? this.buffers.get(tensor.name)![1 - this.turn]!
        : null;
    return fetches;
  }

  private moveOn(results: InferenceSession.OnnxValueMapType): void {
    this.turn = this.turn === 0 ? 1 : 0;
    if (this.parts.runtime.fillsOutputs) return;
    this.fetched.clear();
    for (const { tensor, next } of this.parts.state) {
      const pair = this.buffers.get(tensor.name)!;
      pair[this.turn] = results[valueName(next)] as RuntimeTensor;
      pair[1 - this.turn]!.dispose(); // the value before: its buffer in the device's memory would never be freed otherwise
    }
  }

  private collect(results: InferenceSession.OnnxValueMapType): Record<string, Float32Array> {
    const out: Record<string, Float32Array> = {};
    for (const [key, name] of this.parts.outputs) out[key] = results[name]!.data as Float32Array;
    return out;
  }

  private feed(name: string, tensor: Tensor, values: Values | undefined): RuntimeTensor {
    if (!values) throw new Error(`internal: no values for input '${name}'`);
    if (values.length !== sizeOf(tensor.shape))
      throw new Error(`internal: ${values.length} values for input '${name}' of shape [${tensor.shape}]`);
    if (!holds(values, tensor.dtype))
      throw new Error(`internal: ${values.constructor.name} for input '${name}' of type ${tensor.dtype}`);
    // bool tensors are fed as bytes; the constructor's overloads want literal types
    return new (
      this.parts.runtime.Tensor as new (
        type: string,
        data: Values,
        dims: readonly number[],
      ) => RuntimeTensor
    )(tensor.dtype, values, tensor.shape);
  }

  /** Names of all state values (not of their parts), in the order of `compile`. */
  stateNames(): string[] {
    return this.parts.state.map(({ tensor }) => tensor.name);
  }

  /** A copy of a state value, or of a part of one, as it is after the last run. @throws an internal error for unknown names. */
  async readState(name: string): Promise<Float32Array> {
    const { state, offset, length } = this.placeOf(name);
    return (await this.current(state)).slice(offset, offset + length);
  }

  /** Replaces a state value, or a part of one, before the next run; row-major, of exactly its size. */
  async writeState(name: string, values: Float32Array): Promise<void> {
    const { state, offset, length } = this.placeOf(name);
    if (values.length !== length)
      throw new Error(`internal: ${values.length} values for state '${name}', which has ${length}`);
    const whole = await this.current(state);
    whole.set(values, offset);
    const pair = this.buffers.get(state)!;
    const tensor = pair[this.turn];
    if (tensor.location === 'cpu') return;
    pair[this.turn] = new this.parts.runtime.Tensor('float32', whole, tensor.dims);
    tensor.dispose();
  }

  private placeOf(name: string): Place {
    this.refuseDisposed();
    const place = this.places.get(name);
    if (!place) throw new Error(`internal: no state '${name}'`);
    return place;
  }

  /** All of a state value, in the memory that is fed, or fetched once after each run. */
  private async current(state: string): Promise<Float32Array> {
    const tensor = this.buffers.get(state)![this.turn];
    if (tensor.location === 'cpu') return tensor.data as Float32Array;
    const known = this.fetched.get(state) ?? (await this.parts.fetcher.fetch(tensor));
    this.fetched.set(state, known);
    return known;
  }

  private refuseDisposed(): void {
    if (this.condition === 'disposed') throw new Error('internal: the program was disposed of');
  }

  /** Frees the runtime's memory. The program must not be used afterwards; disposing of it again does nothing. */
  async dispose(): Promise<void> {
    if (this.condition === 'disposed') return;
    this.condition = 'disposed';
    if (this.parts.runtime.keepsStateOnDevice) for (const pair of this.buffers.values()) pair[this.turn].dispose();
    this.buffers.clear();
    this.fetched.clear();
    await this.parts.fetcher.dispose();
    this.parts.session.endProfiling();
    await this.parts.session.release();
    this.parts.cleanUp();
  }
}

/** True if the array type is the one in which values of `dtype` are handed over. */
function holds(values: Values, dtype: DataType): boolean {
  switch (dtype) {
    case 'float32':
      return values instanceof Float32Array;
    case 'int64':
      return values instanceof BigInt64Array;
    case 'int32':
      return values instanceof Int32Array;
    case 'uint8':
    case 'bool':
      return values instanceof Uint8Array;
    case 'float16':
      return false; // half precision is for stored weights only
    default:
      return dtype satisfies never;
  }
}
