/**
 * From a graph to a program: the nodes that are needed, the model, the runtime's session.
 *
 * No optimisation of the graph: the runtime does that.
 */
import type { InferenceSession } from 'onnxruntime-common';
import { JokerError } from '../core/errors.js';
import { Fetcher } from './fetch.js';
import { encodeModel, type ModelParts, type Stretch, valueName } from './onnx.js';
import type { StateUpdate } from './optimiser.js';
import { Program } from './program.js';
import { type Device, loadRuntime, type Runtime } from './runtime.js';
import type { Node, Tensor } from './tensor.js';
import { type ModelPlacer, type PlacedModel, placeModel, type WeightSource } from './weights.js';

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
  /** threads of the native CPU runtime, ≥ 1; default: all cores. The WebAssembly runtime decides for itself. */
  readonly threads?: number;
  /**
   * File name prefix. The native runtime then times every node of every run and writes a Chrome trace (chrome://tracing,
   * Perfetto) named `<profile>_<time>.json` when the program is disposed of. Default: no profile.
   */
  readonly profile?: string;
  /** needed only when a weight's data is a file */
  readonly placer?: ModelPlacer;
};

/**
 * Makes a program that computes the outputs and the next state. Nodes that neither needs are left out.
 * @throws JokerError 'unsupported' when no runtime can be loaded, or the device is not there.
 */
export async function compile(options: CompileOptions): Promise<Program> {
  const { state = [], device = 'cpu' } = options;
  const runtime = await loadRuntime(device);
  const outputs = new Map(Object.entries(options.outputs).map(([key, t]) => [key, exported(t)]));
  const updates = withOwnOutputs(state, outputs);
  const fetched = uniqueTensors([...outputs.values(), ...updates.map(({ next }) => next)]);
  const { nodes, leaves } = reach(fetched);
  if (updates.some(({ tensor }) => !leaves.includes(tensor)))
    throw new Error('internal: a state value is never read by the program');
  const seen = updates.flatMap(({ parts = [] }) => parts.flatMap(({ leaf }) => (leaf ? [leaf] : [])));
  const leavesOfParts = seen.filter((leaf) => leaves.includes(leaf));
  const whole = updates.map(({ tensor }) => tensor);
  const stateTensors = new Set([...whole, ...leavesOfParts].map(({ id }) => id));
  const fed = leaves.filter((t) => t.source === 'input' && !stateTensors.has(t.id));
  const placed = placeModel(options, leaves, stateTensors);
  const parts: ModelParts = {
    nodes,
    outputs: fetched,
    initialisers: placed.initialisers,
    casts: placed.casts,
    // A part of a buffer in the device's memory cannot be fed by itself: the model cuts it out.
    inputs: [...fed, ...whole, ...(runtime.keepsStateOnDevice ? [] : leavesOfParts), ...placed.extraInputs],
    stretches: runtime.keepsStateOnDevice ? stretchesOf(updates, stateTensors) : [],
  };
  return new Program({
    session: await createSession(runtime, parts, placed, options, updates),
    runtime,
    inputs: new Map(fed.map((t) => [t.name, t])),
    state: updates.map((update) => ({
      ...update,
      parts: update.parts?.map(({ leaf, ...part }) => (leaf && stateTensors.has(leaf.id) ? { ...part, leaf } : part)),
    })),
    outputs: new Map([...outputs].map(([key, tensor]) => [key, valueName(tensor)])),
    fetcher: new Fetcher(runtime, sessionOptions(device, { threads: options.threads })),
    cleanUp: placed.remove,
  });
}

/**
 * From this many bytes of weights on, memory is given back after each node instead of being kept for the next run: activations
 * of such models are gigabytes, and finding memory anew costs little beside their products.
 */
const LARGE_WEIGHTS = 2 ** 29;

async function createSession(
  runtime: Runtime,
  parts: ModelParts,
  placed: PlacedModel,
  options: CompileOptions,
  updates: readonly StateUpdate[],
): Promise<InferenceSession> {
  const { device = 'cpu' } = options;
  try {
    // The WebAssembly runtime has no folder of its own to look for weight files in: it is told where they are.
    const files = runtime.kind === 'web' && placed.files.length ? { externalData: placed.files } : {};
    const settings = {
      ...sessionOptions(device, options),
      enableCpuMemArena: placed.bytesInPlace < LARGE_WEIGHTS,
      ...(runtime.keepsStateOnDevice ? { preferredOutputLocation: outputLocations(parts, updates) } : {}),
      ...files,
    };
    return await runtime.create(placed.finish(encodeModel(parts)), settings);
  } catch (cause) {
    placed.remove();
    if (device === 'webgpu' && /WebGPU adapter|webgpu backend/i.test(String(cause)))
      throw new JokerError('unsupported', 'no GPU that WebGPU can use was found', "Use the device 'cpu'.", { cause });
    throw cause;
  }
}

/** The next state stays where it was computed; everything else comes to the caller. */
function outputLocations(
  { outputs }: ModelParts,
  updates: readonly StateUpdate[],
): Record<string, 'cpu' | 'gpu-buffer'> {
  const kept = new Set(updates.map(({ next }) => valueName(next)));
  const names = outputs.map(valueName);
  return Object.fromEntries(names.map((name) => [name, kept.has(name) ? 'gpu-buffer' : 'cpu']));
}

/** The parts of the state that the graph sees by themselves. */
function stretchesOf(updates: readonly StateUpdate[], seen: ReadonlySet<number>): Stretch[] {
  return updates.flatMap(({ tensor, parts = [] }) =>
    parts.flatMap(({ leaf, offset, length }) =>
      leaf && seen.has(leaf.id) ? [{ from: valueName(tensor), offset, length, leaf }] : [],
    ),
  );
}

/** State updates whose next values are outputs of their own: one buffer cannot receive two. */
function withOwnOutputs(state: readonly StateUpdate[], outputs: ReadonlyMap<string, Tensor>): StateUpdate[] {
  const taken = new Set(outputs.values());
  return state.map((update) => {
    const next = exported(update.next, taken);
    taken.add(next);
    return { ...update, next };
  });
}

const IDENTITY = { type: 'Identity' } as const;

/** Outputs must be computed by nodes of their own: leaves, and tensors that are already fetched, get an Identity. */
function exported(tensor: Tensor, taken?: ReadonlySet<Tensor>): Tensor {
  if (tensor.node && !taken?.has(tensor)) return tensor;
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

/**
 * The WebGPU provider with a pool that keeps buffers of every size. Its own choice gives large ones back after each use; with
 * this one a card trained about a quarter faster at 128 pictures a step, and large steps became worth while (docs/RESULTS.md). The type of the runtime's
 * options does not know this one, which its library reads; pages ignore it.
 */
const WEBGPU = { name: 'webgpu', storageBufferCacheMode: 'simple' } as InferenceSession.WebGpuExecutionProviderOption;

function sessionOptions(
  device: Device,
  { threads, profile }: Pick<CompileOptions, 'threads' | 'profile'>,
): InferenceSession.SessionOptions {
  const gpu = device === 'webgpu';
  return {
    executionProviders: [gpu ? WEBGPU : device === 'wasm' ? 'wasm' : 'cpu'],
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
