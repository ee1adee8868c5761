/**
 * The plan of a distillation: at each optimisation step, whether targets are made anew, at which timesteps, and at which
 * resolution pictures are compared. A pure function of the step, so that a run can resume anywhere.
 *
 * Idea: Joker (2024), supplement, "progressive distillation": a ladder of falling noise levels, one level every `period`
 * steps; Stage 1 estimates the clean image in one step, Stage 2 samples through the last L levels at once.
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

/** From step `from` on, pictures are `size` pixels wide and high. */
export type ResolutionMilestone = { readonly from: number; readonly size: number };

/** What happens before optimisation step n. */
export type StepPlan = {
  /** null: targets stay. Otherwise the timesteps to sample through, falling; the step after the last one goes to timestep 0. */
  readonly update: { readonly stage: 1 | 2; readonly timesteps: readonly number[] } | null;
  /** width and height of the pictures that are compared, pixels */
  readonly resolution: number;
};

/** The plan of step n = 0, 1, 2 …. @throws JokerError bad-argument on a plan outside its ranges. */
export function planStep(n: number, noise: NoisePlan, milestones: readonly ResolutionMilestone[]): StepPlan {
  checkNoise(noise);
  return { update: updateAt(n, noise), resolution: resolutionAt(n, milestones) };
}

function updateAt(n: number, { levels, period, lastSteps }: NoisePlan): StepPlan['update'] {
  if (n % period !== 0) return null;
  const k = n / period; // entries taken from the ladder so far, were it not emptied by Stage 2
  const stageTwo = levels - lastSteps;
  const start = noiseLadder(levels)[k];
  if (start === undefined) return null; // the ladder is at its end
  if (k < stageTwo) return { stage: 1, timesteps: [start] };
  return k === stageTwo ? { stage: 2, timesteps: truncatedTimesteps(start, lastSteps) } : null;
}

function resolutionAt(n: number, milestones: readonly ResolutionMilestone[]): number {
  let size = milestones[0]?.size;
  for (const milestone of milestones) if (n >= milestone.from) size = milestone.size;
  if (size === undefined) throw new JokerError('bad-argument', 'resolutions is empty', 'Give at least one resolution.');
  return size;
}

function checkNoise({ levels, period, lastSteps }: NoisePlan): void {
  const whole = (name: string, value: number, low: number, high: number) => {
    if (!Number.isInteger(value) || value < low || value > high)
      throw new JokerError('bad-argument', `noise.${name} is ${value}`, `Give a whole number from ${low} to ${high}.`);
  };
  whole('levels', levels, 1, 1000);
  whole('period', period, 1, 1e6);
  whole('lastSteps', lastSteps, 0, levels);
}

/** All target updates of a run of `steps` optimisation steps, in order. */
export function listUpdates(
  steps: number,
  noise: NoisePlan,
): { step: number; stage: 1 | 2; timesteps: readonly number[] }[] {
  checkNoise(noise);
  const updates: { step: number; stage: 1 | 2; timesteps: readonly number[] }[] = [];
  for (let n = 0; n < steps; n += noise.period) {
    const update = updateAt(n, noise);
    if (update) updates.push({ step: n, ...update });
  }
  return updates;
}
