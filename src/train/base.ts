/**
 * Training of the base of the embedded models: a text-to-image UNet with its text encoder, from nothing.
 *
 * Not in the paper, which starts from Stable Diffusion 1.5: this makes the start that `mini` lacks. All parameters train.
 */
import { RandomStream } from '../core/rng.js';
import { clipText, scopeOf, unet } from '../nets/index.js';
import type { PriorNetworks } from './config.js';
import { type LatentSet, noisedInputs, noisedLatent, noisedValues, promptIds, velocityLoss } from './diffusion.js';
import type { TrainingTask } from './loop.js';

/** Material of the base and prior trainings. */
export type CaptionedLatents = {
  readonly latents: LatentSet;
  /** [C, H, W] of a latent */
  readonly latentShape: readonly [number, number, number];
  /** token ids of each picture's caption; N entries, may share arrays */
  readonly prompts: readonly Int32Array[];
  /** token ids of the empty prompt */
  readonly empty: Int32Array;
  /** how much the prior's loss counts each channel, [C], mean 1 (channel-weights.ts); default: all alike */
  readonly channelWeights?: Float32Array;
};

/** Joker, supplement: a caption becomes empty with this probability, for classifier-free guidance. */
export const CAPTION_DROPOUT = 0.1;

/** The task of training the base on captioned latents. */
export function baseTask(networks: PriorNetworks, batch: number, material: CaptionedLatents): TrainingTask {
  const { latents, latentShape, prompts, empty } = material;
  return {
    name: 'base',
    build: (graph) => {
      const inputs = noisedInputs(graph, [batch, ...latentShape]);
      const ids = graph.input('ids', [batch, empty.length], 'int32');
      const text = clipText(scopeOf(graph, 'text_encoder.'), networks.text, ids);
      const sample = noisedLatent(inputs);
      const prediction = unet(scopeOf(graph, 'unet.'), networks.unet, { sample, timestep: inputs.timestep, text });
      return { loss: velocityLoss(prediction, inputs) };
    },
    trains: () => true,
    batch: (key) => {
      const random = new RandomStream(key);
      const indices = Array.from({ length: batch }, () => random.integer(prompts.length));
      const ids = promptIds(indices.map((i) => (random.chance(CAPTION_DROPOUT) ? empty : prompts[i]!)));
      return { ...noisedValues(latents, indices, random), ids };
    },
  };
}
