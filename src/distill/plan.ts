/**
 * The plan of a distillation: at each optimisation step, whether targets are made anew, at which timesteps, and at which
 * resolution pictures are compared. A pure function of the step, so that a run can resume anywhere.
 *
 * Three ideas, values of one config. Joker (2024), supplement, "progressive distillation": a ladder of falling noise levels, one
 * level every `period` steps; Stage 1 estimates the clean image in one step, Stage 2 samples through the last L levels at once.
 * ImageDream (Wang and Shi 2023), as Joker's Figure 4 compares with it: a new target for the batch's views at every step, at a
 * noise level drawn from a range that falls. ProlificDreamer (Wang et al. 2023), as Joker's Table 2 compares with it: such targets, too,
 * moved by the difference of two models, one of which learns from the renders.
 */

import { JokerError } from '../core/errors.js';
import { noiseLadder, truncatedTimesteps } from '../prior/schedule.js';

/** The noise ladder. */
export type NoisePlan = {
  /** noise levels K on the ladder, from almost pure noise down; the paper: 100 */
  readonly levels: number;
  /** optimisation steps between target updates; the paper: 130 */
  readonly period: number;
  /** L: how many of the last levels are run through at once in Stage 2; 0 = Stage 1 only, `levels` = Stage 2 only; the paper: 40 */
  readonly lastSteps: number;
};

/** Targets that stay for a while: the paper's. */
export type ProgressiveTarget = NoisePlan & { readonly kind: 'progressive' };

/** Targets that are made for one step: score distillation with a target in the picture. */
export type DynamicTarget = {
  readonly kind: 'dynamic';
  /** where the upper end of the noise range arrives: at half of the noise, or at next to none ("without capped t_max") */
  readonly schedule: 'capped' | 'uncapped';
  /** 0 … 1: how far a target's contrast is brought back to that of the unguided estimate; ImageDream: 0.2 */
  readonly rescale: number;
};

/** Targets that are made for one step by the prior and a model of the renders (variational-teacher.ts). */
export type VariationalTarget = {
  readonly kind: 'variational';
  /** of the model of the renders */
  readonly learningRate: number;
};

/** How targets come about. */
export type TargetPlan = ProgressiveTarget | DynamicTarget | VariationalTarget;

/** From step `from` on, pictures are `size` pixels wide and high. */
export type ResolutionMilestone = { readonly from: number; readonly size: number };

/** What a plan depends on; a `DistillConfig` has it. */
export type PlanSettings = {
  readonly target: TargetPlan;
  /** optimisation steps of the whole run: the dynamic schedule is stretched over them */
  readonly steps: number;
  readonly resolutions: readonly ResolutionMilestone[];
};

/** Which targets are made anew. */
export type TargetUpdate =
  /** of all views; timesteps to sample through, falling; the step after the last one goes to timestep 0 */
  | { readonly kind: 'all'; readonly stage: 1 | 2; readonly timesteps: readonly number[] }
  /** of this step's views, at a timestep drawn evenly from low … high, both included */
  | { readonly kind: 'batch'; readonly low: number; readonly high: number };

/** What happens before optimisation step n. */
export type StepPlan = {
  /** null: targets stay */
  readonly update: TargetUpdate | null;
  /** width and height of the pictures that are compared, pixels */
  readonly resolution: number;
};

/** The plan of step n = 0, 1, 2 …. @throws JokerError bad-argument on a plan outside its ranges. */
export function planStep(n: number, { target, steps, resolutions }: PlanSettings): StepPlan {
  checkTarget(target);
  return { update: updateAt(n, target, steps), resolution: resolutionAt(n, resolutions) };
}

function updateAt(n: number, target: TargetPlan, steps: number): TargetUpdate | null {
  switch (target.kind) {
    case 'progressive':
      return ladderAt(n, target);
    case 'dynamic':
      return { kind: 'batch', ...dynamicRange(n, steps, target.schedule) };
    case 'variational':
      return { kind: 'batch', ...variationalRange(n, steps) };
    default:
      return target satisfies never;
  }
}

function ladderAt(n: number, { levels, period, lastSteps }: NoisePlan): Extract<TargetUpdate, { kind: 'all' }> | null {
  if (n % period !== 0) return null;
  const k = n / period; // entries taken from the ladder so far, were it not emptied by Stage 2
  const stageTwo = levels - lastSteps;
  const start = noiseLadder(levels)[k];
  if (start === undefined) return null; // the ladder is at its end
  if (k < stageTwo) return { kind: 'all', stage: 1, timesteps: [start] };
  return k === stageTwo ? { kind: 'all', stage: 2, timesteps: truncatedTimesteps(start, lastSteps) } : null;
}

/** ImageDream's published schedule: 12 500 steps, of which the range falls over the first 8 000. */
const FALLING_SHARE = 8000 / 12500;
/** Both ends of its range begin here and the lower one arrives at LAST; shares of 1000 timesteps. */
const FIRST = 0.98;
const LAST = 0.02;
/** Where the upper end arrives. Uncapped, the paper's ablation: only the smallest noise is left. */
const LAST_HIGH = { capped: 0.5, uncapped: LAST } as const;

/**
 * Timesteps that step n of a run of `steps` may draw, both included: at first 980 … 980, at the end 20 … 500 or 20 … 20.
 * Fractions of a timestep are cut off, as in threestudio; a billionth is added since 0.98 − 0.96 is a little below 0.02.
 */
export function dynamicRange(
  n: number,
  steps: number,
  schedule: DynamicTarget['schedule'],
): { low: number; high: number } {
  const progress = Math.min(1, n / (FALLING_SHARE * steps));
  const timestep = (last: number) => Math.floor(1000 * (FIRST + (last - FIRST) * progress) + 1e-9);
  return { low: timestep(LAST), high: timestep(LAST_HIGH[schedule]) };
}

/** ProlificDreamer's: any noise for the first 5000 of 25 000 steps, then at most half. */
const ANY_NOISE_SHARE = 5000 / 25000;

/** Timesteps that step n of a run of `steps` may draw, both included: at first 20 … 980, later 20 … 500. */
export function variationalRange(n: number, steps: number): { low: number; high: number } {
  return { low: 1000 * LAST, high: n < ANY_NOISE_SHARE * steps ? 1000 * FIRST : 1000 * LAST_HIGH.capped };
}

function resolutionAt(n: number, milestones: readonly ResolutionMilestone[]): number {
  let size = milestones[0]?.size;
  for (const milestone of milestones) if (n >= milestone.from) size = milestone.size;
  if (size === undefined) throw new JokerError('bad-argument', 'resolutions is empty', 'Give at least one resolution.');
  return size;
}

function checkTarget(target: TargetPlan): void {
  switch (target.kind) {
    case 'progressive':
      checkNoise(target);
      return;
    case 'dynamic':
      if (target.rescale >= 0 && target.rescale <= 1) return;
      throw new JokerError('bad-argument', `target.rescale is ${target.rescale}`, 'Give a number from 0 to 1.');
    case 'variational':
      if (target.learningRate >= 0 && target.learningRate <= 1) return;
      throw new JokerError(
        'bad-argument',
        `target.learningRate is ${target.learningRate}`,
        'Give a number from 0 to 1.',
      );
    default:
      target satisfies never;
  }
}

function checkNoise({ levels, period, lastSteps }: NoisePlan): void {
  const whole = (name: string, value: number, low: number, high: number) => {
    if (!Number.isInteger(value) || value < low || value > high)
      throw new JokerError('bad-argument', `target.${name} is ${value}`, `Give a whole number from ${low} to ${high}.`);
  };
  whole('levels', levels, 1, 1000);
  whole('period', period, 1, 1e6);
  whole('lastSteps', lastSteps, 0, levels);
}

/** All target updates of a progressive run of `steps` optimisation steps, in order. */
export function listUpdates(
  steps: number,
  noise: NoisePlan,
): { step: number; stage: 1 | 2; timesteps: readonly number[] }[] {
  checkNoise(noise);
  const updates: { step: number; stage: 1 | 2; timesteps: readonly number[] }[] = [];
  for (let n = 0; n < steps; n += noise.period) {
    const update = ladderAt(n, noise);
    if (update) updates.push({ step: n, stage: update.stage, timesteps: update.timesteps });
  }
  return updates;
}
