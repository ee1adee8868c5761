/** The presets of the jobs that make heads, as a person names them. The numbers themselves are distill's. */
import { type DistillConfig, draftPreset, paperPreset, tablePreset, withSteps } from '../distill/index.js';

/** Presets of the main job. */
export const HEAD_PRESETS = { draft: draftPreset, table: tablePreset, paper: paperPreset } as const;

/** How a head is distilled. */
export type PresetOptions = {
  readonly preset?: keyof typeof HEAD_PRESETS;
  readonly seed?: number;
  /** the preset's plan squeezed into this many optimisation steps: for quick looks and tests */
  readonly steps?: number;
};

/** The preset with the options' seed and number of steps. @throws JokerError bad-argument for too few steps. */
export function headConfig({ preset = 'draft', seed = 0, steps }: PresetOptions): DistillConfig {
  const config = { ...HEAD_PRESETS[preset], seed };
  return steps === undefined ? config : withSteps(config, steps);
}
