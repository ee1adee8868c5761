/**
 * Perceptual distances as terms of a loss or as a metric: `lpips(mini)` from the features of the prior's own image encoder, and
 * LPIPS itself when the person has its weights.
 *
 * The form of `lpips(mini)` is LPIPS' (Zhang et al. 2018): features of several levels, each pixel's vector brought to unit
 * length, squared differences averaged over the picture. The network is not: LPIPS' weights cannot be shipped, so results name
 * this one `lpips(mini)` and never plain LPIPS. Only the prediction gets a gradient.
 */
import {
  add,
  div,
  type Graph,
  mean,
  sqrt,
  square,
  stopGradient,
  sub,
  sum,
  type Tensor,
  type WeightSource,
} from '../graph/index.js';
import { LPIPS_PREFIX, type LpipsModel, lpipsDistance, scopeOf, type VaeConfig, vaeFeatures } from '../nets/index.js';
import { PREFIXES } from '../prior/index.js';
import type { PerceptualTerm } from './losses.js';

/** Keeps the length of an all-zero feature vector away from 0, where its gradient is infinite (LPIPS' own constant). */
const EPSILON = 1e-10;

/** `lpips(alex)` or `lpips(vgg)`: the published distance, averaged over the batch. Pictures: see `checkLpipsSide`. */
export function lpipsPerceptual({ config, name, weights }: LpipsModel): PerceptualTerm {
  return {
    name,
    weights,
    build: (g, prediction, target) =>
      mean(lpipsDistance(scopeOf(g, LPIPS_PREFIX), config, prediction, stopGradient(target))),
  };
}

/** `lpips(mini)`, from an autoencoder's config and weights. */
export function encoderPerceptual(config: VaeConfig, weights: WeightSource): PerceptualTerm {
  const features = (g: Graph, image: Tensor) => vaeFeatures(scopeOf(g, PREFIXES.vae), config, image).map(unitLength);
  return {
    name: 'lpips(mini)',
    weights,
    build: (g, prediction, target) => {
      const wanted = features(g, target).map(stopGradient);
      return features(g, prediction)
        .map((level, i) => mean(sum(square(sub(level, wanted[i]!)), [1])))
        .reduce((total, term) => add(total, term));
    },
  };
}

function unitLength(x: Tensor): Tensor {
  return div(x, sqrt(add(sum(square(x), [1], true), EPSILON)));
}
