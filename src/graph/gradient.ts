/**
 * Reverse-mode differentiation: the gradient of a scalar is more nodes on the same graph.
 */
import { accumulate } from './ops/elementwise.js';
import { sizeOf, type Tensor } from './tensor.js';

/**
 * Gradients of the scalar `loss` with respect to each tensor of `wrt`, in their order and shapes.
 * @throws an internal error if one of them does not reach the loss: a weight that cannot train is a mistake to be seen.
 */
export function gradients(loss: Tensor, wrt: readonly Tensor[]): Tensor[] {
  if (sizeOf(loss.shape) !== 1) throw new Error(`internal: the loss must be a scalar, not [${loss.shape}]`);
  const { graph } = loss;
  const wanted = dependents(loss, wrt);
  const byTensor = new Map<number, Tensor>([[loss.id, graph.constant([1], loss.shape)]]);
  // Ids are a topological order, so going down from the loss meets every node after all of its users.
  for (let id = loss.id; id >= 0; id--) {
    const tensor = graph.tensors[id]!;
    const { node } = tensor;
    if (!node || tensor !== node.outputs[0] || !wanted.has(id) || !byTensor.has(id)) continue;
    propagate(tensor, wanted, byTensor);
  }
  return wrt.map((tensor) => {
    const gradient = byTensor.get(tensor.id);
    if (!gradient) throw new Error(`internal: '${tensor.name || `tensor ${tensor.id}`}' does not reach the loss`);
    return gradient;
  });
}

function propagate(tensor: Tensor, wanted: ReadonlySet<number>, byTensor: Map<number, Tensor>): void {
  const node = tensor.node!;
  const rule = node.operation.gradient;
  if (!rule || !node.inputs.some((input) => input && wanted.has(input.id))) return;
  const partial = rule(
    node,
    node.outputs.map((output) => byTensor.get(output.id) ?? null),
  );
  node.inputs.forEach((input, i) => {
    const gradient = partial[i];
    if (input && gradient && wanted.has(input.id))
      byTensor.set(input.id, accumulate(byTensor.get(input.id) ?? null, gradient));
  });
}

/** Ids of the tensors up to `loss` whose value depends on one of `sources` (these included). */
function dependents(loss: Tensor, sources: readonly Tensor[]): Set<number> {
  const result = new Set(sources.map((tensor) => tensor.id));
  for (const tensor of loss.graph.tensors) {
    if (tensor.id > loss.id) break;
    if (tensor.node?.inputs.some((input) => input && result.has(input.id))) result.add(tensor.id);
  }
  return result;
}
