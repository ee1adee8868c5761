/**
 * Further training of the autoencoder's decoder on fixed latents: pictures get sharper while the latents, and with them every
 * network trained on them, stay what they are.
 *
 * Not in the paper. Same loss as the autoencoder's own training (vae.ts); its KL term only concerns the encoder and is constant
 * here.
 */
import type { VaeConfig } from '../nets/index.js';
import type { TrainingTask } from './loop.js';
import type { PictureSource } from './pictures.js';
import { vaeTask } from './vae.js';

/** The task of training the decoder of a given autoencoder. */
export function decoderTask(
  config: VaeConfig,
  batch: number,
  pictures: PictureSource,
  weights: ReadonlyMap<string, Float32Array>,
): TrainingTask {
  return {
    ...vaeTask(config, batch, pictures),
    name: 'decoder',
    initial: weights,
    trains: (name) => /^vae\.(decoder|post_quant_conv)\./.test(name),
  };
}
