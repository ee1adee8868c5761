/**
 * The field's kernels as WebGPU shaders: marching, hash grid, networks, volume rendering, their gradients, AdamW on the table.
 *
 * Text only, made for one shape of field; buffers and order of passes are in ../field-shaders.ts, the same mathematics on plain
 * arrays in march.ts, hash.ts, network.ts. Ideas: those of the twins; one thread a sample for the networks as in tiny-cuda-nn
 * (Müller et al. 2022), without its matrix units. Letters: R rays, S slots of a ray, N = R·S, L levels, F = 2L features,
 * H hidden units.
 *
 * Gradients that many threads add to are 64-bit fixed-point numbers in two words: WGSL has no atomic floats, and sums of
 * integers do not depend on the order, so that a training gives the same head each time.
 */
import { type FieldConfig, fieldLayout } from '../field.js';
import { OCCUPANCY_STEP } from '../occupancy.js';
import { BACKWARD, tableFunctions } from './backward.js';
import { FORWARD, fieldFunctions } from './forward.js';
import { MARCH } from './march.js';
import { HEADER, literal } from './shared.js';

/** What the shaders are made for. */
export type ShaderShape = {
  /** slots per ray S */
  readonly samples: number;
  /** cells per axis of the occupancy grid */
  readonly occupancy: number;
};

/**
 * The module of all entry points. Each declares what it reads; a pipeline binds only that.
 *
 * Per slot: `samples` x, y, z in the unit cube and distance; `shade` e = exp(−density·length), slope of density, weight and light
 * that passes; `color` red, green, blue, until `rayGradients` replaces them by gradients of raw density and raw colour.
 * `features` [F, N] become their gradients in `featureGradients`. `weights`: first layers [2H, F] of density and colour, then
 * second layers [1, H] and [3, H]; `networkGradient` likewise, two words each.
 */
export function fieldShader(config: FieldConfig, { samples, occupancy }: ShaderShape): string {
  const features = config.levels * 2;
  const { levels } = fieldLayout(config);
  return /* wgsl */ `
const S: u32 = ${samples}u;
const F: u32 = ${features}u;
const H: u32 = ${config.hidden}u;
const CELLS: i32 = ${occupancy};
const HALF_SIDE: f32 = ${literal(config.halfSide)};
const PER_LENGTH: f32 = ${literal(1 / (OCCUPANCY_STEP * config.halfSide))};
const BIAS_HEIGHT: f32 = ${literal(config.biasHeight)};
const BIAS_RADIUS: f32 = ${literal(config.biasRadius)};
const DENSITY_SCALE: f32 = ${literal(config.densityScale)};
const FAR_AWAY: f32 = 1e30; // WGSL has no infinity to write
const SECOND: u32 = 2u * H * F; // where the second layers begin
${HEADER}
${MARCH}
${fieldFunctions(levels)}
${FORWARD}
${BACKWARD}
${tableFunctions(levels)}
`;
}
