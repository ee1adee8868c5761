/**
 * What the base and the prior share in training: noised latents, the loss, and batches of cached latents.
 *
 * The objective is Joker's (plain MSE, t uniform over 1000 steps); `mini` networks predict v instead of ε (Salimans and
 * Ho 2022), which docs/PAPER.md lists with its measurement. The interface of the trained networks stays ε (see prior/).
 */
import type { RandomStream } from '../core/rng.js';
import { add, type Graph, mean, mul, square, sub, type Tensor } from '../graph/index.js';
import { makeSchedule, TRAINING_STEPS } from '../prior/schedule.js';

/** Cached posteriors of a picture set. */
export type LatentSet = {
  /** C·H·W of one latent */
  readonly length: number;
  /** posterior means times the scaling factor, [N, C, H, W] */
  readonly means: Float32Array;
  /** posterior deviations times the scaling factor, same layout */
  readonly deviations: Float32Array;
};

/** Inputs of the noising: names are those of the graph. */
export type NoisedInputs = { latent: Tensor; noise: Tensor; timestep: Tensor; signal: Tensor; spread: Tensor };

/** Adds the inputs for B latents [B, C, H, W] whose timesteps are shared by `perTimestep` neighbours. */
export function noisedInputs(graph: Graph, shape: readonly number[], perTimestep = 1): NoisedInputs {
  const batch = shape[0]!;
  return {
    latent: graph.input('latent', shape),
    noise: graph.input('noise', shape),
    timestep: graph.input('timestep', [batch / perTimestep]),
    signal: graph.input('signal', [batch, 1, 1, 1]),
    spread: graph.input('spread', [batch, 1, 1, 1]),
  };
}

/** √ᾱ·z + √(1−ᾱ)·ε. */
export function noisedLatent({ latent, noise, signal, spread }: NoisedInputs): Tensor {
  return add(mul(latent, signal), mul(noise, spread));
}

/** MSE between a prediction and v = √ᾱ·ε − √(1−ᾱ)·z; `weights` [B, C, H, W] with mean 1, default: all alike. */
export function velocityLoss(
  prediction: Tensor,
  { latent, noise, signal, spread }: NoisedInputs,
  weights?: Tensor,
): Tensor {
  const squared = square(sub(prediction, sub(mul(noise, signal), mul(latent, spread))));
  return mean(weights ? mul(squared, weights) : squared);
}

/** Values for `noisedInputs`: latents by index, one timestep per group. */
export function noisedValues(set: LatentSet, indices: readonly number[], random: RandomStream, perTimestep = 1) {
  const batch = indices.length;
  const groups = batch / perTimestep;
  const timestep = Float32Array.from({ length: groups }, () => random.integer(TRAINING_STEPS));
  const { alphasCumprod: alphas } = makeSchedule();
  const alpha = (b: number) => alphas[timestep[Math.floor(b / perTimestep)]!]!;
  return {
    latent: sampledLatents(set, indices, random),
    noise: random.normals(batch * set.length),
    timestep,
    signal: Float32Array.from({ length: batch }, (_, b) => Math.sqrt(alpha(b))),
    spread: Float32Array.from({ length: batch }, (_, b) => Math.sqrt(1 - alpha(b))),
  };
}

/** Posterior samples of cached latents. */
export function sampledLatents(set: LatentSet, indices: readonly number[], random: RandomStream): Float32Array {
  const out = new Float32Array(indices.length * set.length);
  indices.forEach((index, b) => {
    for (let i = 0; i < set.length; i++) {
      const at = index * set.length + i;
      out[b * set.length + i] = set.means[at]! + set.deviations[at]! * random.normal();
    }
  });
  return out;
}

/** Token ids of prompts of T tokens each, row by row, [B, T]; int32, because WebGPU lacks operations on int64. */
export function promptIds(prompts: readonly Int32Array[]): Int32Array {
  const length = prompts[0]!.length;
  const out = new Int32Array(prompts.length * length);
  prompts.forEach((prompt, b) => {
    out.set(prompt, b * length);
  });
  return out;
}
