/**
 * One network of the tracker, loaded and compiled: file → graph → program, outputs laid out as lists.
 */
import { openSafetensors, readTensor } from '../../core/files/safetensors.js';
import { compile, Graph, type Program, reshape, sizeOf, type Tensor, transpose } from '../../graph/index.js';
import { buildProgram, readProgram } from './program.js';

/** A compiled network with a square input `image` [B, 3, size, size]. */
export type Network = { readonly program: Program; readonly size: number };

/** Compiles the network of a tracker file for a fixed batch. Outputs are flat, channels last: [B·H·W·C]. */
export async function networkFromFile(
  path: string,
  batch: number,
  options: { threads?: number } = {},
): Promise<Network> {
  const file = openSafetensors(path);
  const description = readProgram(file);
  const g = new Graph();
  const image = g.input('image', [batch, 3, description.size, description.size]);
  const built = buildProgram(g, file, description, image);
  const outputs = Object.fromEntries(Object.entries(built).map(([name, value]) => [name, channelsLast(value)]));
  const weights = (name: string) => ({ kind: 'memory' as const, data: readTensor(file, name) });
  return { program: await compile({ outputs, weights, threads: options.threads ?? 1 }), size: description.size };
}

function channelsLast(x: Tensor): Tensor {
  return reshape(transpose(x, [0, 2, 3, 1]), [sizeOf(x.shape)]);
}
