/**
 * Two tables of the paper's supplement, as published: ablations of the 2D prior, and its guidance scale.
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
export type PaperTable = { readonly number: 1 | 2; readonly title: string; readonly rows: readonly PaperRow[] };

/** Supplement, table 1. Its scan loses some decimal points; they are put back. */
export const ABLATIONS: PaperTable = {
  number: 1,
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
  number: 2,
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

/** The tables by their number in the supplement. */
export const PAPER_TABLES: Readonly<Record<PaperTable['number'], PaperTable>> = { 1: ABLATIONS, 2: GUIDANCE };

/** The published value of a row. */
export function paperValue(table: PaperTable, row: string, protocol: Protocol, column: Column): number {
  const found = table.rows.find(({ name }) => name === row);
  const value = found?.[protocol][columnsOf(protocol).indexOf(column)];
  if (value === undefined) throw new Error(`internal: table ${table.number} has no ${row} / ${column}`);
  return value;
}
