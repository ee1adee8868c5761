/**
 * Values that lie in a device's memory, brought to where JavaScript sees them.
 *
 * A way round: onnxruntime-node (1.30) hands out tensors in a GPU's memory but cannot download them (`getData` ends the
 * process), so a model of one Identity, whose output is wanted on the CPU, does it. onnxruntime-web downloads by itself.
 */
import type { InferenceSession, Tensor as RuntimeTensor } from 'onnxruntime-common';
import { Graph } from './graph.js';
import { encodeModel, valueName } from './onnx.js';
import type { Runtime } from './runtime.js';

/** Fetches float32 values from a device. Owns sessions: `dispose` when done. */
export class Fetcher {
  private readonly sessions = new Map<string, { session: InferenceSession; output: string }>();

  /** `settings`: of the session whose results are fetched, so that both run on the same device. */
  constructor(
    private readonly runtime: Runtime,
    private readonly settings: InferenceSession.SessionOptions,
  ) {}

  /** A copy of the tensor's values. */
  async fetch(tensor: RuntimeTensor): Promise<Float32Array> {
    if (this.runtime.kind === 'web') return Float32Array.from((await tensor.getData()) as Float32Array);
    const { session, output } = await this.sessionFor(tensor.dims);
    const results = await session.run({ x: tensor });
    return results[output]!.data as Float32Array;
  }

  private async sessionFor(shape: readonly number[]) {
    const known = this.sessions.get(shape.join());
    if (known) return known;
    const graph = new Graph();
    const x = graph.input('x', shape);
    const y = graph.add({ type: 'Identity' }, [x], [{ shape, dtype: 'float32' }])[0]!;
    const node = y.node!;
    const model = encodeModel({ nodes: [node], inputs: [x], outputs: [y], initialisers: [], casts: [] });
    const made = { session: await this.runtime.create(model, this.settings), output: valueName(y) };
    this.sessions.set(shape.join(), made);
    return made;
  }

  /** Frees the sessions. */
  async dispose(): Promise<void> {
    for (const { session } of this.sessions.values()) await session.release();
    this.sessions.clear();
  }
}
