/**
 * Training of the embedded image autoencoder on rendered people.
 *
 * Not in the paper, which takes sd-vae-ft-mse ready made. Loss: L1 on pictures at full and half size, L1 on pixel
 * differences (edges of eyes, teeth and tongue are thin), and a small KL term that keeps latents near unit scale.
 */
import {
  abs,
  add,
  averagePool2x,
  exp,
  type Graph,
  mean,
  mul,
  slice,
  square,
  sub,
  type Tensor,
} from '../graph/index.js';
import { scopeOf, type VaeConfig, vaeDecode, vaeEncode, vaeFactor } from '../nets/index.js';
import type { TrainingTask } from './loop.js';
import type { PictureSource } from './pictures.js';

/** Weight of the KL term: as in Rombach et al. 2022, so small that it only bounds the latents. */
const KL_WEIGHT = 1e-6;
const EDGE_WEIGHT = 0.5;

/** A batch of pictures [B, 3, S, S] through the autoencoder: loss and L1. */
function vaeLoss(
  graph: Graph,
  config: VaeConfig,
  batch: number,
  size: number,
): { loss: Tensor; figures: Record<string, Tensor> } {
  const image = graph.input('image', [batch, 3, size, size]);
  const scope = scopeOf(graph, 'vae.');
  const { mean: center, logVariance } = vaeEncode(scope, config, image);
  const noise = graph.input('noise', center.shape);
  const latent = add(center, mul(exp(mul(logVariance, 0.5)), noise));
  const output = vaeDecode(scope, config, latent);
  const l1 = mean(abs(sub(output, image)));
  const half = mean(abs(sub(averagePool2x(output), averagePool2x(image))));
  const kl = mul(mean(sub(add(square(center), exp(logVariance)), add(logVariance, 1))), 0.5);
  const loss = add(add(add(l1, half), mul(edgeLoss(output, image, size), EDGE_WEIGHT)), mul(kl, KL_WEIGHT));
  return { loss, figures: { l1, kl, squared: mean(square(sub(output, image))) } };
}

function edgeLoss(output: Tensor, image: Tensor, size: number): Tensor {
  const difference = sub(output, image);
  const along = (axis: number) =>
    mean(abs(sub(slice(difference, axis, 1, size), slice(difference, axis, 0, size - 1))));
  return add(along(2), along(3));
}

/** The task of training an autoencoder on pictures. */
export function vaeTask(config: VaeConfig, batch: number, pictures: PictureSource): TrainingTask {
  const { size } = pictures;
  const latent = size / vaeFactor(config);
  return {
    name: 'autoencoder',
    build: (graph) => vaeLoss(graph, config, batch, size),
    trains: () => true,
    batch: (key) => pictures.randomPictures(key, batch, config.latent_channels * latent * latent),
  };
}
