/**
 * One protocol of the evaluation made ready: pairs rendered, control images drawn, and everything that is compared with looked
 * at once. Which person is which is told apart here too: how alike the descriptor finds true pictures of one and of two people.
 *
 * Draws nothing with a prior.
 */
import { controlImage } from '../condition/control.js';
import type { Image } from '../core/image.js';
import { benchPairs, type Protocol } from '../evaluate/bench.js';
import type { BenchItem, BenchStudio } from '../evaluate/bench-material.js';
import { cosine } from '../evaluate/csim.js';
import type { Descriptor } from '../evaluate/descriptor.js';
import { type Look, lookAt } from '../evaluate/look.js';
import { meanOf } from '../evaluate/statistics.js';
import type { FaceTools } from '../face/analyse.js';
import { type JobContext, stopIfAsked } from './job.js';

/** A pair with what its pictures show. */
export type ReadyItem = BenchItem & {
  /** control image S×S×3 */
  readonly control: Image;
  /** null where no face was found at the picture's own size */
  readonly looks: { readonly truth: Look | null; readonly reference: Look | null; readonly driver: Look | null };
};

/** How alike the descriptor finds true pictures: what a CSIM must be judged by. Means of cosines; NaN without such pairs. */
export type Likeness = { readonly samePerson: number; readonly differentPeople: number };

/** A protocol that is ready to be drawn. */
export type ReadyBench = {
  readonly protocol: Protocol;
  readonly items: readonly ReadyItem[];
  /** pairs that were asked for and left out, since no face was found in a render */
  readonly leftOut: number;
  /** taken off descriptors before comparing; null where the descriptor needs no centre */
  readonly centre: Float32Array | null;
  readonly likeness: Likeness;
};

/** What preparing needs. */
export type BenchTools = {
  readonly studio: BenchStudio;
  readonly tools: FaceTools;
  readonly descriptor: Descriptor;
  /** whether descriptors are centred on the mean over people */
  readonly centred: boolean;
};

/** Renders and looks at `count` pairs. */
export async function readyBench(
  protocol: Protocol,
  count: number,
  bench: BenchTools,
  { report, signal }: JobContext,
): Promise<ReadyBench> {
  report({ kind: 'stage', stage: 'bench', text: `Rendering ${count} pairs, protocol ${protocol}`, total: count });
  const known = new Map<Image, Look | null>(); // references and drivers occur in several pairs
  const look = async (image: Image): Promise<Look | null> => {
    const found = known.get(image);
    if (found !== undefined) return found;
    const made = await lookAt(image, bench.tools, bench.descriptor);
    known.set(image, made);
    return made;
  };
  const items: ReadyItem[] = [];
  for (const [i, pair] of benchPairs(protocol, count).entries()) {
    stopIfAsked(signal);
    const item = await bench.studio.item(pair);
    if (item) items.push(await readyItem(item, bench, look));
    report({ kind: 'progress', done: i + 1, total: count });
  }
  const centre = bench.centred ? centreOf(items) : null;
  return { protocol, items, leftOut: count - items.length, centre, likeness: likenessOf(items, centre) };
}

async function readyItem(
  item: BenchItem,
  { tools }: BenchTools,
  look: (image: Image) => Promise<Look | null>,
): Promise<ReadyItem> {
  const control = controlImage(item.face, tools.model, item.picture.width);
  const reference = await look(item.picture);
  const driver = await look(item.driving);
  return { ...item, control, looks: { reference, driver, truth: await look(item.truth) } };
}

/** Mean over people of the mean of a person's true pictures, so that nobody counts more than once; null without faces. */
function centreOf(items: readonly ReadyItem[]): Float32Array | null {
  const means = [...byPerson(items).values()].map(meanVector);
  return means.length > 0 ? meanVector(means) : null;
}

function byPerson(items: readonly ReadyItem[]): Map<number, Float32Array[]> {
  const people = new Map<number, Float32Array[]>();
  for (const { person, looks } of items) {
    const found = [looks.truth, looks.reference].flatMap((look) => (look ? [look.descriptor] : []));
    if (found.length > 0) people.set(person, [...(people.get(person) ?? []), ...found]);
  }
  return people;
}

function meanVector(vectors: readonly Float32Array[]): Float32Array {
  const out = new Float32Array(vectors[0]!.length);
  for (const vector of vectors)
    vector.forEach((value, i) => {
      out[i]! += value / vectors.length;
    });
  return out;
}

/** References against true pictures: of the same pair, and of pairs of other people. */
function likenessOf(items: readonly ReadyItem[], centre: Float32Array | null): Likeness {
  const [same, different]: [number[], number[]] = [[], []];
  for (const a of items)
    for (const b of items) {
      if (!a.looks.reference || !b.looks.truth || (a.person === b.person && a.index !== b.index)) continue;
      const value = cosine(a.looks.reference.descriptor, b.looks.truth.descriptor, centre);
      (a.person === b.person ? same : different).push(value);
    }
  return { samePerson: meanOf(same), differentPeople: meanOf(different) };
}
