/**
 * Who is held out of a prepared root: NeRSemble's list, or people who look like nobody in training, by a face descriptor.
 *
 * The paper compares ArcFace embeddings; here a descriptor of the person's own stands in (evaluate/descriptor.ts), and its cosines
 * need another limit. Without one, every subject counts as a person of its own.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { JokerError } from '../core/errors.js';
import { parseJsonStrict } from '../core/files/json.js';
import { readFileText } from '../core/files/read.js';
import type { Report } from '../core/progress.js';
import type { Meta, SubjectSplit } from '../data/prepare/metas.js';
import { cosine, identitySplit, nersembleSplit } from '../data/prepare/split.js';
import { type Descriptor, openDescriptor } from '../evaluate/descriptor.js';
import type { FaceTools } from '../face/analyse.js';
import { loadPhoto } from '../photo/load.js';
import { settle } from './prepare-files.js';

/** How to hold people out. */
export type SplitOptions = {
  /** `identity` (default): the last ones and all who look like them; `nersemble`: the paper's fixed list */
  readonly split?: 'identity' | 'nersemble';
  /** share of subjects to hold out, default 0.1 */
  readonly valShare?: number;
  /** folder with faceres.json and faceres.bin; default: nobody looks like anybody */
  readonly descriptor?: string;
  /** cosine above which two subjects count as one person; default 0.7 (between the means of renders of one person, 0.76, and of two, 0.51; src/evaluate/descriptor.ts) */
  readonly same?: number;
};

const SAME = 0.7;

/** What the descriptor needs. */
export type SplitContext = {
  readonly root: string;
  readonly tools: FaceTools;
  readonly threads: number | undefined;
  readonly alone: boolean;
  readonly report: Report;
};

/** The split of these subjects, in their order. */
export async function splitSubjects(
  subjects: readonly string[],
  plainest: ReadonlyMap<string, Meta>,
  options: SplitOptions,
  context: SplitContext,
): Promise<SubjectSplit> {
  if (options.split === 'nersemble') return nersembleSplit(subjects);
  const { valShare: share, same = SAME, descriptor } = options;
  if (descriptor === undefined) return identitySplit(subjects, { share });
  const vectors = await embeddings(subjects, plainest, descriptor, context);
  // Nothing is known of a face that the tracker loses in its own crop: it counts as like nobody.
  const similarity = (a: number, b: number) => (vectors[a] && vectors[b] ? cosine(vectors[a], vectors[b]) : -1);
  return identitySplit(subjects, { share, same, similarity });
}

async function embeddings(
  subjects: readonly string[],
  plainest: ReadonlyMap<string, Meta>,
  folder: string,
  context: SplitContext,
): Promise<(number[] | null)[]> {
  const descriptor = await openDescriptor(folder, { threads: context.threads });
  try {
    context.report({ kind: 'stage', stage: 'faces', text: 'Comparing faces', total: subjects.length });
    const out: (number[] | null)[] = [];
    for (const subject of subjects) {
      out.push(await embedding(subject, plainest.get(subject)!.path, descriptor, context));
      context.report({ kind: 'progress', done: out.length, total: subjects.length });
    }
    return out;
  } finally {
    await descriptor.dispose();
  }
}

/** 4096: longer than any face descriptor's vector. */
const stored = z.strictObject({ img_path: z.string(), embedding: z.array(z.number()).max(4096) });

/** Read from the subject's folder when it was made from this picture, else made and kept there. */
async function embedding(
  subject: string,
  picture: string,
  descriptor: Descriptor,
  { root, tools, alone, report }: SplitContext,
): Promise<number[] | null> {
  const path = join(root, subject, `${descriptor.name}_embedding.txt`);
  const known = existsSync(path) ? stored.safeParse(parseJsonStrict(readFileText(path), path)) : null;
  if (known && !known.success)
    throw new JokerError('bad-file', `${path}: no embedding`, 'Remove it: it is made again.');
  if (known?.data.img_path === picture) return known.data.embedding;
  const { image } = await loadPhoto(join(root, picture));
  const [face] = await tools.tracker.track(image, { maxFaces: 1 });
  if (!face) {
    report({
      kind: 'note',
      level: 'warning',
      text: `${picture}: no face for the descriptor; ${subject} counts as like nobody`,
    });
    return null;
  }
  const vector = Array.from(await descriptor.describe(image, face.landmarks), (v) => Number(v.toPrecision(7)));
  await settle(path, `${JSON.stringify({ img_path: picture, embedding: vector })}\n`, alone);
  return vector;
}
