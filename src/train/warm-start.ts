/**
 * First values from an older model of the same family whose layers may be narrower: what it knew is kept, what is new starts
 * fresh.
 *
 * An old output computes what it did: it does not listen to new inputs at first (their weights are zero and learn). New outputs
 * start as in any training. Not in the paper; the idea of growing a trained network without changing its function is that of
 * Chen, Goodfellow and Shlens, Net2Net (2016). Letters: O outputs, I inputs of a layer.
 */
import { JokerError } from '../core/errors.js';

/** A tensor of an older model. */
export type OlderTensor = { readonly shape: readonly number[]; readonly data: Float32Array };

/** The autoencoder's means and log variances stand one behind the other: each half grows by itself. */
const TWO_HALVES = /(^|\.)(encoder\.conv_out|quant_conv)\.(weight|bias)$/;
/** The one layer whose inputs are such halves, too. */
const HALVED_INPUTS = /(^|\.)quant_conv\.weight$/;

/**
 * Values [O, I, …] of a parameter from those of an older one [O', I', …] with O' ≤ O, I' ≤ I and the rest alike.
 * @param fresh first values of the whole parameter, [O, I, …]
 * @throws JokerError bad-weights when the older one does not fit.
 */
export function grownFrom(
  name: string,
  older: OlderTensor,
  shape: readonly number[],
  fresh: Float32Array,
): Float32Array {
  if (!fits(older.shape, shape))
    throw new JokerError(
      'bad-weights',
      `'${name}' has shape [${older.shape.join(', ')}] in the older model, which does not fit into [${shape.join(', ')}]`,
      'Start from a model of the same family that is nowhere wider or deeper.',
    );
  if (older.data.length === fresh.length) return older.data;
  const [outputs, inputs = 1] = shape as [number, number?];
  const [oldOutputs, oldInputs = 1] = older.shape as [number, number?];
  const rest = fresh.length / (outputs * inputs);
  const row = placed(oldOutputs, outputs, TWO_HALVES.test(name));
  const column = placed(oldInputs, inputs, HALVED_INPUTS.test(name));
  const out = Float32Array.from(fresh);
  for (let o = 0; o < oldOutputs; o++) {
    out.fill(0, row(o) * inputs * rest, (row(o) + 1) * inputs * rest);
    for (let i = 0; i < oldInputs; i++) {
      const from = (o * oldInputs + i) * rest;
      out.set(older.data.subarray(from, from + rest), (row(o) * inputs + column(i)) * rest);
    }
  }
  return out;
}

/** Where a channel of the older layer stands in the new one. */
function placed(older: number, newer: number, halves: boolean): (index: number) => number {
  if (!halves) return (index) => index;
  return (index) => (index < older / 2 ? index : index - older / 2 + newer / 2);
}

function fits(older: readonly number[], newer: readonly number[]): boolean {
  return older.length === newer.length && older.every((n, axis) => (axis < 2 ? n <= newer[axis]! : n === newer[axis]));
}
