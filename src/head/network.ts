/**
 * The field's networks and the volume rendering integral, on the graph.
 *
 * Features come from the host (hash.ts) or from hash-graph.ts. Volume rendering as in Mildenhall et al.
 * 2020, equation 3 ("NeRF"); networks as in Joker, supplement. Letters: R rays, S samples, N = R·S, F features.
 */

import {
  add,
  cumsum,
  exp,
  type Graph,
  linear,
  mul,
  neg,
  relu,
  reshape,
  sigmoid,
  softplus,
  sub,
  sum,
  type Tensor,
} from '../graph/index.js';
import { type FieldConfig, networkShapes } from './field.js';

/** The networks' weights as graph inputs of their own names, fed at every run: they are a few thousand numbers. */
export function networkInputs(g: Graph, config: FieldConfig): Record<string, Tensor> {
  const inputs: Record<string, Tensor> = {};
  for (const [name, shape] of Object.entries(networkShapes(config))) inputs[name] = g.input(name, shape);
  return inputs;
}

/** Density [N] and colour [N, 3] from features [N, F] and density bias [N]. */
export function fieldOnGraph(
  config: FieldConfig,
  weights: Readonly<Record<string, Tensor>>,
  features: Tensor,
  bias: Tensor,
): { density: Tensor; color: Tensor } {
  const raw = linear(relu(linear(features, weights['density.0.weight']!)), weights['density.1.weight']!);
  const density = mul(softplus(add(reshape(raw, bias.shape), bias)), config.densityScale);
  const color = linear(relu(linear(features, weights['feature.0.weight']!)), weights['feature.1.weight']!);
  return { density, color: sigmoid(color) };
}

/** Background colour [R, 3] from harmonics [R, 9] of the rays' directions. */
export function backgroundOnGraph(weights: Readonly<Record<string, Tensor>>, harmonics: Tensor): Tensor {
  const first = relu(linear(harmonics, weights['background.0.weight']!));
  const second = relu(linear(first, weights['background.1.weight']!));
  return sigmoid(linear(second, weights['background.2.weight']!));
}

/** Colour [R, 3] with the background [R, 3] behind what the field shows: seen [R, 3] + (1 − opacity [R])·background. */
export function overBackground(seen: Tensor, opacity: Tensor, background: Tensor): Tensor {
  return add(seen, mul(reshape(sub(1, opacity), [opacity.shape[0]!, 1]), background));
}

/** What rays see. */
export type Composite = {
  /** [R, 3] with the background behind */
  readonly color: Tensor;
  /** [R] share of the ray that the field stops, 0 … 1 */
  readonly opacity: Tensor;
  /** [R] Σ weight·distance: divide by the opacity for the expected distance */
  readonly distance: Tensor;
};

/**
 * Volume rendering: τ = density·length, T = exp(−Σ of τ before), weight = T·(1 − exp(−τ)).
 * @param density [R·S] @param color [R·S, 3] @param length [R, S] @param distance [R, S] @param background [R, 3]
 */
export function compositeOnGraph(
  density: Tensor,
  color: Tensor,
  length: Tensor,
  distance: Tensor,
  background: Tensor,
): Composite {
  const [rays, samples] = length.shape as [number, number];
  const thickness = mul(reshape(density, [rays, samples]), length);
  const before = cumsum(thickness, 1, { exclusive: true });
  const weight = mul(exp(neg(before)), sub(1, exp(neg(thickness)))); // [R, S]
  const opacity = sum(weight, [1]);
  const seen = sum(mul(reshape(weight, [rays, samples, 1]), reshape(color, [rays, samples, 3])), [1]);
  return { color: overBackground(seen, opacity, background), opacity, distance: sum(mul(weight, distance), [1]) };
}
