/**
 * Draws a row of the evaluation: one prediction per pair, with noise that belongs to the pair, so that all rows of a table start
 * from the same.
 *
 * Pairs that share reference and words are drawn together: the reference network then runs once for all of them.
 */
import type { Image } from '../core/image.js';
import { foldIn, foldInName, randomKey } from '../core/rng.js';
import {
  ddimSteps,
  drawLatents,
  type JokerPrior,
  plmsSteps,
  type SampleOptions,
  walkDdim,
  walkPlms,
} from '../prior/index.js';
import type { ReadyBench, ReadyItem } from './evaluate-bench.js';
import { type JobContext, stopIfAsked } from './job.js';

/** How to draw. */
export type DrawOptions = {
  /** network calls per picture */
  readonly steps: number;
  readonly sampler: NonNullable<SampleOptions['sampler']>;
  readonly guidance: number;
  /** false: the empty prompt in place of the pair's words */
  readonly text: boolean;
  /** seed of the noises */
  readonly seed: number;
};

/** Predictions S×S×3 of all pairs, in their order. */
export async function drawBench(
  prior: JokerPrior,
  bench: ReadyBench,
  options: DrawOptions,
  { report, signal }: JobContext,
): Promise<Image[]> {
  const pictures = new Map<ReadyItem, Image>();
  for (const group of groupsOf(bench.items, options.text).values()) {
    stopIfAsked(signal);
    const drawn = await drawGroup(prior, bench, group, options, signal);
    for (const [i, item] of group.entries()) pictures.set(item, drawn[i]!);
    report({ kind: 'progress', done: pictures.size, total: bench.items.length });
  }
  return bench.items.map((item) => pictures.get(item)!);
}

function groupsOf(items: readonly ReadyItem[], text: boolean): Map<string, ReadyItem[]> {
  const groups = new Map<string, ReadyItem[]>();
  for (const item of items) {
    const name = JSON.stringify([item.person, item.reference, text ? item.caption : '']);
    groups.set(name, [...(groups.get(name) ?? []), item]);
  }
  return groups;
}

async function drawGroup(
  prior: JokerPrior,
  { protocol }: ReadyBench,
  group: readonly ReadyItem[],
  { steps, sampler, guidance, text, seed }: DrawOptions,
  signal: AbortSignal,
): Promise<Image[]> {
  const { picture, caption } = group[0]!;
  const key = foldInName(foldInName(randomKey(seed), 'noise'), protocol);
  const condition = await prior.prepare(text ? caption : '', picture, null);
  const control = await prior.controlFeatures(group.map((item) => item.control));
  const start = drawLatents(
    prior,
    group.map(({ index }) => foldIn(key, index)),
  );
  const batch = { condition, control, views: group.length };
  const walk = { guidance, signal };
  const latents =
    sampler === 'ddim'
      ? await walkDdim(prior, batch, start, ddimSteps(steps), walk)
      : await walkPlms(prior, batch, start, plmsSteps(steps), walk);
  return prior.decodeLatents(latents);
}
