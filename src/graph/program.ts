/**
 * A graph made ready to run on a device: weights baked in or resident, state double-buffered between runs.
 *
 * `run` blocks the event loop on the native CPU runtime; jobs therefore live in a worker thread (run/job).
 */
import type { InferenceSession, Tensor as RuntimeTensor } from 'onnxruntime-common';
import { encodeModel, type Initialiser, type ModelParts, valueName } from './onnx.js';
import type { StateUpdate } from './optimiser.js';
import { type Device, loadRuntime, type Runtime } from './runtime.js';
import { type DataType, type Node, type Shape, sizeOf, type Tensor } from './tensor.js';

/** Values of an input or output, row-major. */
export type Values = Float32Array | BigInt64Array | Int32Array | Uint8Array;

/** Where a weight's values are: in memory, or a range of a safetensors file, read in place by the runtime. */
export type WeightData =
  | { readonly kind: 'memory'; readonly data: Float32Array }
  | {
      readonly kind: 'file';
      /** absolute path */
      readonly path: string;
      /** bytes from the start of the file */
      readonly offset: number;
      readonly length: number;
      readonly dtype: 'float32' | 'float16';
    };

/** Finds a weight by the parameter's name; must return values of the given shape or throw. */
export type WeightSource = (name: string, shape: Shape) => WeightData;

/** Lets the runtime see the weight files beside the model; returns the model's path. Node only; see core/files. */
export type ModelPlacer = (weightFiles: readonly string[]) => {
  location(path: string): string;
  write(model: Uint8Array): string;
  remove(): void;
};

/** How to compile. */
export type CompileOptions = {
  /** what `run` returns, by name */
  readonly outputs: Readonly<Record<string, Tensor>>;
  /** values of the parameters that are not state */
  readonly weights?: WeightSource;
  /** values that stay in the program between runs */
  readonly state?: readonly StateUpdate[];
  /** default 'cpu' */
  readonly device?: Device;
  /** threads of the CPU runtime; default: all cores */
  readonly threads?: number;
  /** file name prefix: writes the runtime's own profile (Chrome trace) there when the program is disposed of */
  readonly profile?: string;
  /** needed only when a weight's data is a file */
  readonly placer?: ModelPlacer;
};

/** A compiled graph. Owns native memory: `dispose` when done. */
export class Program {
  private readonly outputNames: ReadonlyMap<string, string>;
  /** two buffers per state value: the current one is at `turn`, the other receives the next value */
  private readonly buffers = new Map<string, [RuntimeTensor, RuntimeTensor]>();
  private turn: 0 | 1 = 0;

  /** Use `compile`. */
  constructor(
    private readonly session: InferenceSession,
    private readonly runtime: Runtime,
    private readonly inputs: ReadonlyMap<string, Tensor>,
    private readonly state: readonly StateUpdate[],
    outputs: ReadonlyMap<string, string>,
    private readonly cleanUp: () => void,
  ) {
    this.outputNames = outputs;
    for (const { tensor, initial } of state) this.buffers.set(tensor.name, this.makeBuffers(tensor, initial));
  }

  private makeBuffers(tensor: Tensor, initial: Float32Array): [RuntimeTensor, RuntimeTensor] {
    if (initial.length !== sizeOf(tensor.shape))
      throw new Error(`internal: ${initial.length} initial values for '${tensor.name}' of shape [${tensor.shape}]`);
    const make = (data: Float32Array) => new this.runtime.Tensor('float32', data, tensor.shape);
    return [make(Float32Array.from(initial)), make(new Float32Array(initial.length))];
  }

  /** Runs once; feeds are named inputs. State moves on by one step. Output arrays are fresh on every run. */
  async run(feeds: Readonly<Record<string, Values>>): Promise<Record<string, Float32Array>> {
    const all: Record<string, RuntimeTensor> = {};
    for (const [name, tensor] of this.inputs) all[name] = this.feed(name, tensor, feeds[name]);
    const fetches: Record<string, RuntimeTensor | null> = {};
    for (const name of this.outputNames.values()) fetches[name] = null;
    for (const { tensor, next } of this.state) {
      all[tensor.name] = this.buffers.get(tensor.name)![this.turn];
      fetches[valueName(next)] = this.buffers.get(tensor.name)![1 - this.turn]!;
    }
    const results = await this.session.run(all, fetches);
    this.turn = this.turn === 0 ? 1 : 0;
    const out: Record<string, Float32Array> = {};
    for (const [key, name] of this.outputNames) out[key] = results[name]!.data as Float32Array;
    return out;
  }

  private feed(name: string, tensor: Tensor, values: Values | undefined): RuntimeTensor {
    if (!values) throw new Error(`internal: no values for input '${name}'`);
    if (values.length !== sizeOf(tensor.shape))
      throw new Error(`internal: ${values.length} values for input '${name}' of shape [${tensor.shape}]`);
    // bool tensors are fed as bytes; the constructor's overloads want literal types
    return new (this.runtime.Tensor as new (type: string, data: Values, dims: readonly number[]) => RuntimeTensor)(
      tensor.dtype,
      values,
      tensor.shape,
    );
  }

  /** A copy of a state value as it is after the last run. */
  readState(name: string): Float32Array {
    const pair = this.buffers.get(name);
    if (!pair) throw new Error(`internal: no state '${name}'`);
    return Float32Array.from(pair[this.turn].data as Float32Array);
  }

  /** Replaces a state value before the next run. */
  writeState(name: string, values: Float32Array): void {
    const pair = this.buffers.get(name);
    if (!pair) throw new Error(`internal: no state '${name}'`);
    (pair[this.turn].data as Float32Array).set(values);
  }

  /** Frees the runtime's memory. The program must not be used afterwards. */
  async dispose(): Promise<void> {
    this.session.endProfiling();
    await this.session.release();
    this.cleanUp();
  }
}

/** Makes a program that computes the outputs and the next state. Nodes that neither needs are left out. */
export async function compile(options: CompileOptions): Promise<Program> {
  const { state = [], device = 'cpu' } = options;
  const runtime = await loadRuntime(device);
  const stateTensors = new Set(state.map(({ tensor }) => tensor.id));
  const outputs = new Map(Object.entries(options.outputs).map(([key, t]) => [key, exported(t)]));
  const updates = state.map((update) => ({ ...update, next: exported(update.next, outputs) }));
  const fetched = uniqueTensors([...outputs.values(), ...updates.map(({ next }) => next)]);
  const reached = reach(fetched);
  const placed = placeModel(options, reached.leaves, stateTensors);
  const parts: ModelParts = {
    nodes: reached.nodes,
    outputs: fetched,
    initialisers: placed.initialisers,
    casts: placed.casts,
    inputs: [
      ...reached.leaves
        .filter((t) => t.source === 'input' || stateTensors.has(t.id))
        .map((t) => ({ name: t.name, dtype: t.dtype, shape: t.shape })),
      ...placed.extraInputs,
    ],
  };
  const inputs = new Map(
    reached.leaves.filter((t) => t.source === 'input' && !stateTensors.has(t.id)).map((t) => [t.name, t]),
  );
  const needed = new Set(reached.leaves.map((t) => t.id));
  const session = await runtime.create(placed.finish(encodeModel(parts)), sessionOptions(device, options));
  const live = updates.filter(({ tensor }) => needed.has(tensor.id));
  if (live.length !== updates.length) throw new Error('internal: a state value is never read by the program');
  const names = new Map([...outputs].map(([key, tensor]) => [key, valueName(tensor)]));
  return new Program(session, runtime, inputs, live, names, placed.remove);
}

const IDENTITY = { type: 'Identity' } as const;

/** Outputs must be computed by nodes of their own: leaves, and tensors that are already fetched, get an Identity. */
function exported(tensor: Tensor, taken?: ReadonlyMap<string, Tensor>): Tensor {
  const shared = taken && [...taken.values()].includes(tensor);
  if (tensor.node && !shared) return tensor;
  return tensor.graph.add(IDENTITY, [tensor], [{ shape: tensor.shape, dtype: tensor.dtype }])[0]!;
}

function uniqueTensors(tensors: readonly Tensor[]): Tensor[] {
  return [...new Map(tensors.map((t) => [t.id, t])).values()];
}

/** Nodes (in topological order) and leaves that the tensors depend on. */
function reach(tensors: readonly Tensor[]): { nodes: Node[]; leaves: Tensor[] } {
  const seen = new Set<number>();
  const nodes = new Map<Node, number>();
  const leaves: Tensor[] = [];
  const pending = [...tensors];
  while (pending.length) {
    const tensor = pending.pop()!;
    if (seen.has(tensor.id)) continue;
    seen.add(tensor.id);
    if (!tensor.node) leaves.push(tensor);
    else {
      nodes.set(tensor.node, tensor.node.outputs[0]!.id);
      for (const input of tensor.node.inputs) if (input) pending.push(input);
    }
  }
  const ordered = [...nodes].sort((a, b) => a[1] - b[1]).map(([node]) => node);
  return { nodes: ordered, leaves: leaves.sort((a, b) => a.id - b.id) };
}

type PlacedModel = {
  initialisers: Initialiser[];
  casts: [string, string][];
  extraInputs: { name: string; dtype: DataType; shape: Shape }[];
  finish(model: Uint8Array): Uint8Array | string;
  remove(): void;
};

function placeModel(options: CompileOptions, leaves: readonly Tensor[], state: ReadonlySet<number>): PlacedModel {
  const weights = leaves
    .filter((t) => t.source === 'parameter' && !state.has(t.id))
    .map((t) => [t, weightOf(t, options)] as const);
  const files = [...new Set(weights.flatMap(([, data]) => (data.kind === 'file' ? [data.path] : [])))];
  if (files.length && !options.placer) throw new Error('internal: weights in files need a placer');
  const place = files.length ? options.placer!(files) : null;
  const casts: [string, string][] = [];
  const extraInputs: PlacedModel['extraInputs'] = [];
  const initialisers: Initialiser[] = leaves.filter((t) => t.source === 'constant').map(constantInitialiser);
  for (const [tensor, data] of weights) {
    if (data.kind === 'memory')
      initialisers.push({ name: tensor.name, dtype: 'float32', shape: tensor.shape, data: bytesOf(data.data) });
    else {
      const half = data.dtype === 'float16';
      const name = half ? `${tensor.name}#half` : tensor.name;
      const location = place!.location(data.path);
      initialisers.push({
        name,
        dtype: data.dtype,
        shape: tensor.shape,
        data: { kind: 'file', location, offset: data.offset, length: data.length },
      });
      if (half) {
        casts.push([name, tensor.name]);
        // Declared as an input too, so that the Cast is not folded into a resident float32 copy when the session is made.
        extraInputs.push({ name, dtype: 'float16', shape: tensor.shape });
      }
    }
  }
  return {
    initialisers,
    casts,
    extraInputs,
    finish: (model) => (place ? place.write(model) : model),
    remove: () => place?.remove(),
  };
}

function weightOf(tensor: Tensor, options: CompileOptions): WeightData {
  if (!options.weights) throw new Error(`internal: no weights for parameter '${tensor.name}'`);
  const data = options.weights(tensor.name, tensor.shape);
  if (data.kind === 'memory' && data.data.length !== sizeOf(tensor.shape))
    throw new Error(`internal: weight '${tensor.name}' has ${data.data.length} values, not [${tensor.shape}]`);
  return data;
}

function constantInitialiser(tensor: Tensor): Initialiser {
  return { name: valueName(tensor), dtype: tensor.dtype, shape: tensor.shape, data: bytesOf(tensor.values!) };
}

function bytesOf(values: { buffer: ArrayBufferLike; byteOffset: number; byteLength: number }): {
  kind: 'bytes';
  bytes: Uint8Array;
} {
  return { kind: 'bytes', bytes: new Uint8Array(values.buffer as ArrayBuffer, values.byteOffset, values.byteLength) };
}

function sessionOptions(device: Device, { threads, profile }: CompileOptions): InferenceSession.SessionOptions {
  const gpu = device === 'webgpu';
  return {
    executionProviders: [gpu ? 'webgpu' : device === 'wasm' ? 'wasm' : 'cpu'],
    graphOptimizationLevel: 'all',
    ...(threads ? { intraOpNumThreads: threads } : {}),
    interOpNumThreads: 1,
    ...(profile ? { enableProfiling: true, profileFilePrefix: profile } : {}),
    logSeverityLevel: 3,
    extra: {
      session: {
        // Spinning worker threads steal the cores from everything else on small machines.
        intra_op: { allow_spinning: '0' },
        inter_op: { allow_spinning: '0' },
        // An operator that silently falls back to the CPU would cost more than it computes.
        ...(gpu ? { disable_cpu_ep_fallback: '1' } : {}),
      },
    },
  };
}
