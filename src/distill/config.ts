/**
 * Every number of a distillation, in one typed structure, with two presets: the paper's and a draft for two cores.
 */

import { draftField, type FieldConfig, paperField } from '../head/index.js';
import type { AdamWSettings } from './adamw.js';
import { type OrbitGrid, PAPER_RANGE } from './orbit.js';
import type { NoisePlan, ResolutionMilestone } from './plan.js';

/** Weights of the loss terms. */
export type LossWeights = {
  /** mean absolute difference of colours in [0, 1] */
  readonly l1: number;
  /** perceptual distance; has an effect only where a perceptual term is given */
  readonly perceptual: number;
  /** mean of √(opacity² + 0.01) */
  readonly sparsity: number;
  /** mean entropy of the opacity, in nats: drives rays to see either the head or the background. The paper: 0 */
  readonly opaqueness: number;
  /**
   * mean of 1 − opacity where the condition says that the view shows the face (0 in the paper): a young prior's views differ
   * so much that otherwise the background explains the face, and the head stays a shadow in front of a picture
   */
  readonly coverage: number;
};

/** Configuration of a distillation. */
export type DistillConfig = {
  readonly views: OrbitGrid;
  readonly noise: NoisePlan;
  /** classifier-free guidance of the teacher */
  readonly guidance: number;
  /** optimisation steps */
  readonly steps: number;
  /** ascending; the first begins at 0 */
  readonly resolutions: readonly ResolutionMilestone[];
  /** distinct views B and patch side P per step: B·P² rays; one patch position is shared by all views */
  readonly batch: { readonly views: number; readonly patch: number };
  /** samples per ray S and wished step in world units (null: the paper's √3·side/200), see head/march.ts */
  readonly samples: number;
  readonly step: number | null;
  readonly losses: LossWeights;
  readonly optimiser: AdamWSettings;
  /** learning rates of the hash table and of the networks */
  readonly rates: { readonly table: number; readonly networks: number };
  /** share of the run at whose end the rates have fallen to a tenth, geometrically, from `from` on; 1 = never (the paper) */
  readonly decayFrom: number;
  /** steps between occupancy updates; all cells are looked at during the first `allCellsUntil` steps */
  readonly occupancy: { readonly every: number; readonly allCellsUntil: number };
  readonly field: FieldConfig;
  readonly seed: number;
};

/** The paper, literally: 400 views, 20 000 steps, 100 noise levels of which the last 40 at once. Hours on a GPU. */
export const paperPreset: DistillConfig = {
  views: { azimuths: 20, elevations: 20, ...PAPER_RANGE },
  noise: { levels: 100, period: 130, lastSteps: 40 },
  guidance: 19,
  steps: 20000,
  resolutions: [
    { from: 0, size: 64 },
    { from: 200, size: 128 },
    { from: 3000, size: 256 },
    { from: 4500, size: 384 },
    { from: 7000, size: 512 },
  ],
  batch: { views: 64, patch: 64 },
  samples: 200, // the whole diagonal of the box at the paper's step
  step: null,
  losses: { l1: 1, perceptual: 1, sparsity: 1e-6, opaqueness: 0, coverage: 0 },
  optimiser: { beta1: 0.9, beta2: 0.99, epsilon: 1e-15, weightDecay: 0.01 },
  rates: { table: 0.01, networks: 0.001 },
  decayFrom: 1,
  occupancy: { every: 16, allCellsUntil: 256 },
  field: paperField,
  seed: 0,
};

/** Minutes on two cores at 64²: few views, few noise levels, a small field. Every part of the paper's plan is in it. */
export const draftPreset: DistillConfig = {
  ...paperPreset,
  views: { azimuths: 7, elevations: 5, ...PAPER_RANGE },
  noise: { levels: 20, period: 20, lastSteps: 8 },
  steps: 480,
  resolutions: [
    { from: 0, size: 32 },
    { from: 80, size: 64 },
  ],
  batch: { views: 4, patch: 32 },
  samples: 16,
  // Measured on a synthetic person, perfect teacher, 64²: at the paper's weights the field fills the space before the
  // background with density of its colour (mean opacity off the head above a half); sparsity 0.005 alone leaves 0.19 there
  // and 0.95 on the head, these weights 0.05 and 0.99, for 0.3 dB of PSNR.
  losses: { l1: 1, perceptual: 1, sparsity: 0.01, opaqueness: 0.01, coverage: 0.3 },
  rates: { table: 0.06, networks: 0.01 },
  decayFrom: 0.5,
  field: draftField,
};
