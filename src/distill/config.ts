/**
 * Every number of a distillation, in one typed structure, with three presets: the paper's, a draft for two cores, and a short
 * one for comparisons. The variants of the paper's tables are functions from config to config: values, not forks.
 */

import { JokerError } from '../core/errors.js';
import { draftField, type FieldConfig, paperField } from '../head/index.js';
import type { AdamWSettings } from './adamw.js';
import { type OrbitGrid, PAPER_RANGE } from './orbit.js';
import type { DynamicTarget, ResolutionMilestone, TargetPlan } from './plan.js';

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
  /**
   * mean opacity where the target's matte says that nobody is (0 in the paper): background that the head takes over is a haze around
   * it from every other side. Has an effect only where a matte is made
   */
  readonly emptiness: number;
};

/** Configuration of a distillation. */
export type DistillConfig = {
  readonly views: OrbitGrid;
  /** how targets come about: the paper's ladder, or a new target at every step */
  readonly target: TargetPlan;
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
  target: { kind: 'progressive', levels: 100, period: 130, lastSteps: 40 },
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
  losses: { l1: 1, perceptual: 1, sparsity: 1e-6, opaqueness: 0, coverage: 0, emptiness: 0 },
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
  target: { kind: 'progressive', levels: 20, period: 20, lastSteps: 8 },
  // Measured on four rendered people (docs/RESULTS.md): at the paper's 19 the embedded prior's views darken and disagree, and
  // heads are 1.1 dB further from the truth than at 7. The paper finds blur below 5.
  guidance: 7,
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
  losses: { l1: 1, perceptual: 1, sparsity: 0.01, opaqueness: 0.01, coverage: 0.3, emptiness: 0.3 },
  rates: { table: 0.06, networks: 0.01 },
  decayFrom: 0.5,
  field: draftField,
};

/**
 * For comparisons of many heads: the draft with fewer views and steps. The ladder ends after two thirds of the run, as in the
 * paper, and has 20 levels, so that all stage ratios of the paper's Table 4 are whole numbers of levels.
 */
export const tablePreset: DistillConfig = {
  ...draftPreset,
  views: { azimuths: 5, elevations: 5, ...PAPER_RANGE },
  target: { kind: 'progressive', levels: 20, period: 10, lastSteps: 8 },
  guidance: paperPreset.guidance, // what the tables' other rows are compared with
  steps: 300,
  resolutions: [
    { from: 0, size: 32 },
    { from: 50, size: 64 },
  ],
};

/**
 * The same plan squeezed into fewer steps (or stretched): period and resolutions scale along, levels stay.
 * @throws JokerError bad-argument when a level would get less than one step.
 */
export function withSteps(config: DistillConfig, steps: number): DistillConfig {
  const factor = steps / config.steps;
  const scaled = (n: number) => Math.floor(n * factor + 1e-9); // down: the ladder's end must not fall out of the run
  const { target } = config;
  if (target.kind === 'progressive' && scaled(target.period) < 1)
    throw new JokerError(
      'bad-argument',
      `${steps} steps are too few for ${target.levels} noise levels`,
      `Give at least ${Math.ceil(config.steps / target.period)} steps.`,
    );
  return {
    ...config,
    steps,
    target: target.kind === 'progressive' ? { ...target, period: scaled(target.period) } : target,
    resolutions: config.resolutions.map(({ from, size }) => ({ from: scaled(from), size })),
    occupancy: { ...config.occupancy, allCellsUntil: scaled(config.occupancy.allCellsUntil) },
  };
}

/**
 * Another ratio of Stage 1 to Stage 2 (supplement, Table 4).
 * @param share of the noise levels that Stage 2 runs through at once, 0 … 1; the paper's 60/40 is 0.4
 * @throws JokerError bad-argument for a config whose targets are not progressive.
 */
export function withStageTwo(config: DistillConfig, share: number): DistillConfig {
  const { target } = config;
  if (target.kind !== 'progressive')
    throw new JokerError('bad-argument', 'dynamic targets have no stages', 'Take a progressive preset.');
  return { ...config, target: { ...target, lastSteps: Math.round(target.levels * share) } };
}

/** ImageDream's published guidance and contrast rescale; what the paper used with its own prior is not published. */
const DYNAMIC = { guidance: 5, rescale: 0.2 } as const;

/**
 * ProlificDreamer's published guidance. The rate is the one at which the embedded prior trains on a photo: the published 1e-4 is for
 * additions of low rank and 25 000 steps.
 */
const VARIATIONAL = { guidance: 7.5, learningRate: 4e-4 } as const;

/**
 * Dynamic targets in place of the ladder, everything else equal: as many rays a step, but all in one whole view at the last
 * resolution, since a target that serves one step only must be made whole. Losses stay those of pictures.
 */
export function withDynamicTarget(config: DistillConfig, schedule: DynamicTarget['schedule']): DistillConfig {
  const target = { kind: 'dynamic', schedule, rescale: DYNAMIC.rescale } as const;
  return { ...withWholeViews(config), target, guidance: DYNAMIC.guidance };
}

/** Variational targets in place of the ladder, everything else as with dynamic ones. */
export function withVariationalTarget(config: DistillConfig): DistillConfig {
  const { guidance, learningRate } = VARIATIONAL;
  return { ...withWholeViews(config), target: { kind: 'variational', learningRate }, guidance };
}

/** As many rays a step in fewer, whole views at the last resolution. */
function withWholeViews(config: DistillConfig): DistillConfig {
  const size = config.resolutions.at(-1)!.size;
  const { views, patch } = config.batch;
  return {
    ...config,
    batch: { views: Math.max(1, Math.round((views * patch ** 2) / size ** 2)), patch: size },
    resolutions: [{ from: 0, size }],
  };
}
