/**
 * The published 3D results: Tables 3 and 4 of the supplement, Table 2 of the paper, and what its Figure 4 shows.
 *
 * 30 captured people at 512², published LPIPS: ours are rendered people at the prior's size, so values cannot be compared, only
 * orderings. Source: Joker (arXiv 2410.16395).
 */
import type { HeadMeasures } from './head-measures.js';

/** The measures that were published. */
export type PublishedMeasure = Extract<keyof HeadMeasures, 'perceptual' | 'ssim' | 'psnr' | 'mse'>;

/** The published values of one row; absent where only a figure says what happens. */
export type PublishedRow = { readonly row: string; readonly values?: Readonly<Record<PublishedMeasure, number>> };

/** A published comparison. */
export type PublishedTable = {
  readonly name: 'ratio' | 'guidance' | 'sds';
  readonly title: string;
  readonly rows: readonly PublishedRow[];
  /** orderings that are shown and not counted: better row, worse row, in every published measure */
  readonly shown: readonly (readonly [better: string, worse: string])[];
};

function row(name: string, perceptual: number, ssim: number, psnr: number, mse: number): PublishedRow {
  return { row: name, values: { perceptual, ssim, psnr, mse } };
}

/** The tables by name. */
export const PUBLISHED_TABLES: Readonly<Record<PublishedTable['name'], PublishedTable>> = {
  ratio: {
    name: 'ratio',
    title: 'Stage 1 / Stage 2, share of the noise levels (supplement, Table 4)',
    rows: [
      row('100/0', 0.27, 0.83, 20.1, 0.012),
      row('80/20', 0.21, 0.82, 20.6, 0.01),
      row('60/40', 0.19, 0.82, 21.5, 0.008),
      row('30/70', 0.18, 0.81, 22.0, 0.007),
      row('0/100', 0.18, 0.81, 22.0, 0.007),
    ],
    shown: [],
  },
  guidance: {
    name: 'guidance',
    title: 'Guidance of the distillation (supplement, Table 3)',
    rows: [
      row('cfg 5', 0.199, 0.84, 22.0, 0.0073),
      row('cfg 10', 0.193, 0.83, 21.77, 0.0076),
      row('cfg 19', 0.191, 0.82, 21.53, 0.008),
      row('cfg 30', 0.191, 0.81, 21.6, 0.0079),
    ],
    shown: [],
  },
  sds: {
    name: 'sds',
    title: 'Targets of one step (paper, Table 2: ImageDream*, ProlificDreamer*; Figure 4: the cap of the noise)',
    rows: [
      row('60/40', 0.19, 0.82, 21.5, 0.008),
      row('dynamic, capped', 0.25, 0.79, 20.2, 0.011),
      { row: 'dynamic, uncapped' },
      row('variational', 0.43, 0.52, 15.6, 0.028),
    ],
    shown: [['dynamic, capped', 'dynamic, uncapped']],
  },
};
