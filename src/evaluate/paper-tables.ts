/**
 * Published tables of the 2D prior: the paper's comparison with seven other methods, and of its supplement the ablations and the
 * guidance scale.
 *
 * Numbers of 10 000 pictures of filmed people per protocol, measured with ArcFace, LPIPS, Inception and Deep3DFaceRecon. Ours are
 * measured otherwise on drawn people: only orderings can be compared (`orderings.ts`).
 */
import type { Protocol } from './bench.js';
import { type Column, columnsOf } from './figures.js';

/** One published row: values in the order of the protocol's columns. */
export type PaperRow = {
  /** as rows are called here */
  readonly name: string;
  /** as the paper calls it */
  readonly title: string;
  readonly self: readonly number[];
  readonly cross: readonly number[];
};

/** A published table. */
export type PaperTable = {
  /** `main`: table 1 of the paper; the numbers are those of the supplement */
  readonly id: 'main' | '1' | '2';
  /** where it stands */
  readonly source: string;
  readonly title: string;
  readonly rows: readonly PaperRow[];
  /** the row that all others are compared with; default: every two rows are compared */
  readonly against?: string;
};

/**
 * The paper's table 1. Some last digits of its scan can be read in two ways, so that rows are compared with ours alone: no other
 * reading changes such an ordering. The other methods' programs run elsewhere (run/evaluate-exchange.ts).
 */
export const METHODS: PaperTable = {
  id: 'main',
  source: 'Paper, table 1',
  title: 'reenactment against other methods',
  against: 'ours',
  rows: [
    {
      name: 'goha',
      title: 'GOHA',
      self: [16.25, 0.299, 0.572, 46.3, 0.37, 0.015, 0.2, 0.42],
      cross: [46.8, 0.36, 0.26, 0.51],
    },
    {
      name: 'real3d-portrait',
      title: 'Real3D-Portrait',
      self: [16.58, 0.322, 0.592, 31.65, 0.46, 0.021, 0.23, 0.47],
      cross: [31.54, 0.57, 0.3, 0.59],
    },
    {
      name: 'portrait4d-v2',
      title: 'Portrait4D-v2',
      self: [14.13, 0.393, 0.494, 19.96, 0.49, 0.031, 0.18, 0.38],
      cross: [20.71, 0.56, 0.25, 0.52],
    },
    {
      name: 'anifacediff',
      title: 'AniFaceDiff',
      self: [16.24, 0.36, 0.577, 29.64, 0.5, 0.034, 0.17, 0.41],
      cross: [29.34, 0.53, 0.25, 0.52],
    },
    {
      name: 'x-portrait',
      title: 'X-Portrait',
      self: [14.77, 0.35, 0.493, 10.66, 0.51, 0.051, 0.2, 0.58],
      cross: [10.7, 0.75, 0.29, 0.81],
    },
    {
      name: 'voodoo3d',
      title: 'VOODOO 3D',
      self: [16.11, 0.324, 0.558, 38.6, 0.27, 0.035, 0.19, 0.47],
      cross: [39.24, 0.3, 0.24, 0.54],
    },
    {
      name: 'voodoo-xp',
      title: 'VOODOO XP',
      self: [13.71, 0.397, 0.48, 24.59, 0.49, 0.075, 0.15, 0.45],
      cross: [24.83, 0.43, 0.21, 0.52],
    },
    {
      name: 'ours',
      title: 'Ours',
      self: [18.63, 0.212, 0.619, 7.57, 0.62, 0.007, 0.11, 0.31],
      cross: [8.48, 0.57, 0.22, 0.49],
    },
  ],
};

/** Supplement, table 1. Its scan loses some decimal points; they are put back. */
export const ABLATIONS: PaperTable = {
  id: '1',
  source: 'Supplement, table 1',
  title: 'ablations of the 2D prior',
  rows: [
    {
      name: 'frozen',
      title: 'Frozen denoising UNet',
      self: [18.11, 0.227, 0.603, 8.38, 0.58, 0.0072, 0.119, 0.325],
      cross: [9.59, 0.54, 0.223, 0.494],
    },
    {
      name: 'no-text',
      title: 'No text control',
      self: [17.02, 0.259, 0.566, 13.46, 0.56, 0.0132, 0.148, 0.38],
      cross: [14.68, 0.55, 0.249, 0.53],
    },
    {
      name: 'no-studio',
      title: 'No NeRSemble fine-tuning',
      self: [18.72, 0.21, 0.622, 8.15, 0.61, 0.0061, 0.109, 0.31],
      cross: [9.0, 0.58, 0.221, 0.486],
    },
    {
      name: 'ours',
      title: 'Ours',
      self: [18.63, 0.212, 0.619, 7.57, 0.62, 0.0067, 0.11, 0.306],
      cross: [8.48, 0.57, 0.22, 0.489],
    },
  ],
};

/** Supplement, table 2. */
export const GUIDANCE: PaperTable = {
  id: '2',
  source: 'Supplement, table 2',
  title: 'guidance scale of the 2D prior',
  rows: [
    {
      name: 'guidance 1',
      title: 'cfg 1.0',
      self: [18.49, 0.216, 0.611, 9.95, 0.618, 0.00667, 0.109, 0.31],
      cross: [11.03, 0.567, 0.2203, 0.49],
    },
    {
      name: 'guidance 3',
      title: 'cfg 3.0',
      self: [18.63, 0.212, 0.619, 7.57, 0.616, 0.00669, 0.11, 0.306],
      cross: [8.48, 0.566, 0.2201, 0.489],
    },
    {
      name: 'guidance 6',
      title: 'cfg 6.0',
      self: [18.4, 0.221, 0.618, 8.12, 0.594, 0.0069, 0.116, 0.318],
      cross: [9.05, 0.548, 0.2224, 0.491],
    },
    {
      name: 'guidance 10',
      title: 'cfg 10.0',
      self: [18.1, 0.234, 0.611, 10.58, 0.572, 0.00712, 0.122, 0.329],
      cross: [11.7, 0.528, 0.2245, 0.493],
    },
  ],
};

/** The tables by their name. */
export const PAPER_TABLES: Readonly<Record<PaperTable['id'], PaperTable>> = {
  main: METHODS,
  1: ABLATIONS,
  2: GUIDANCE,
};

/** The published value of a row. */
export function paperValue(table: PaperTable, row: string, protocol: Protocol, column: Column): number {
  const found = table.rows.find(({ name }) => name === row);
  const value = found?.[protocol][columnsOf(protocol).indexOf(column)];
  if (value === undefined) throw new Error(`internal: ${table.source} has no ${row} / ${column}`);
  return value;
}
