/**
 * Pictures that other programs drew: the pairs of the evaluation as files for them, and what they made of these, read back.
 *
 * The paper compares with seven methods that are programs of their own, with their own alignment and their own licences. Nothing of
 * them is here: a person runs one on `<protocol>/NNNNNN_ref.png` and `_drive.png`, writes `<protocol>/NNNNNN_pred.png` in the frame of
 * the drive's crop into a folder that also holds the `pairs.json`, and names it (docs/CONVENTIONS.md has the layout).
 */
import { statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { z } from 'zod';
import { loadFaceTools } from '../condition/analyse-face.js';
import { JokerError } from '../core/errors.js';
import { withOutputFolder, writeFileAtomic } from '../core/files/atomic.js';
import { parseJsonStrict } from '../core/files/json.js';
import { readFileText } from '../core/files/read.js';
import { type Image, resizeArea } from '../core/image.js';
import { openHeadModel } from '../data/sources/heads.js';
import { PeopleRenderer } from '../data/synthetic/render.js';
import { encodeImage } from '../deliver/index.js';
import { BENCH_SEED, benchPairs, type Protocol } from '../evaluate/bench.js';
import { type BenchItem, BenchStudio } from '../evaluate/bench-material.js';
import { faceToJson } from '../face/face.js';
import { loadPhoto } from '../photo/load.js';
import type { ReadyBench } from './evaluate-bench.js';
import { type JobContext, stopIfAsked } from './job.js';

/** Which pairs to write. */
export type EvaluatePairsOptions = {
  /** folder to make */
  readonly out: string;
  readonly protocols: readonly Protocol[];
  /** pairs per protocol */
  readonly pairs: number;
  /** side of the pictures; default 512, what the other methods take. People are rendered at 256² */
  readonly size?: number;
  /** of people; default `BENCH_SEED` */
  readonly seed?: number;
  /** safetensors copy of ICT-FaceKit Light; default: the formula family */
  readonly headModel?: string;
  readonly threads?: number;
};

/** What was written. */
export type EvaluatePairsResult = {
  readonly out: string;
  readonly protocols: readonly { readonly protocol: Protocol; readonly pairs: number; readonly leftOut: number }[];
};

const NOTE = 'pairs.json';
const noteSchema = z.object({
  format: z.literal('joker-pairs/1'),
  seed: z.number(),
  family: z.string(),
  size: z.number(),
  pairs: z.number(),
});
/** Most bytes of a note that is read: a line of 300 bytes for each of the paper's 20 000 pairs. */
const NOTE_BYTES = 8 * 2 ** 20;

/** What must be the same for a prediction to be one of these pairs. */
export type PairsIdentity = {
  readonly seed: number;
  readonly family: string;
  readonly pairs: number;
};

/** Writes the pairs; the folder appears when all are there. @throws JokerError not-writable, bad-argument, interrupted. */
export async function evaluatePairs(
  options: EvaluatePairsOptions,
  { report, signal }: JobContext,
): Promise<EvaluatePairsResult> {
  const { out, pairs, size = 512, seed = BENCH_SEED, threads } = options;
  const renderer = new PeopleRenderer(openHeadModel(options.headModel));
  const tools = await loadFaceTools(undefined, { threads });
  const { family } = renderer.anatomy.model;
  try {
    return await withOutputFolder(out, async (folder) => {
      const studio = new BenchStudio(renderer, tools, seed, size);
      const protocols: EvaluatePairsResult['protocols'][number][] = [];
      const list: unknown[] = [];
      for (const protocol of options.protocols) {
        report({ kind: 'stage', stage: 'bench', text: `Rendering ${pairs} pairs, protocol ${protocol}`, total: pairs });
        let written = 0;
        for (const [i, pair] of benchPairs(protocol, pairs).entries()) {
          stopIfAsked(signal);
          const item = await studio.item(pair);
          if (item) {
            await writePair(folder, protocol, item);
            list.push({ protocol, index: pair.index, person: pair.person, driver: pair.driver, text: item.caption });
            written++;
          }
          report({ kind: 'progress', done: i + 1, total: pairs });
        }
        protocols.push({ protocol, pairs: written, leftOut: pairs - written });
      }
      const note = { format: 'joker-pairs/1', seed, family, size, pairs, list };
      await writeFileAtomic(join(folder, NOTE), `${JSON.stringify(note, null, 1)}\n`);
      return { out: resolve(out), protocols };
    });
  } finally {
    await tools.tracker.dispose();
  }
}

function fileOf(folder: string, protocol: Protocol, index: number, what: string): string {
  return join(folder, protocol, `${String(index).padStart(6, '0')}_${what}`);
}

async function writePair(folder: string, protocol: Protocol, item: BenchItem): Promise<void> {
  const write = (what: string, data: string | Uint8Array) =>
    writeFileAtomic(fileOf(folder, protocol, item.index, what), data);
  const png = (image: Image) => encodeImage(image, { generator: 'joker3d' });
  await write('ref.png', await png(item.picture));
  await write('ref.json', faceToJson(item.source.face));
  await write('drive.png', await png(item.driving));
  await write('target.json', faceToJson(item.face));
}

/**
 * The predictions of a folder for the pairs of a bench, in their order, as pictures of S×S.
 * @throws JokerError missing-file for the first that is not there, bad-file for other pairs, not-an-image.
 */
export async function readPredictions(
  folder: string,
  { protocol, items }: ReadyBench,
  { size, ...wanted }: PairsIdentity & { readonly size: number },
): Promise<Image[]> {
  checkNote(folder, wanted);
  const missing = items.filter(({ index }) => !isThere(fileOf(folder, protocol, index, 'pred.png')));
  if (missing.length > 0)
    throw new JokerError(
      'missing-file',
      `${fileOf(folder, protocol, missing[0]!.index, 'pred.png')} is not there, nor are ${missing.length - 1} others of ${items.length}`,
      'Every pair counts: draw them all, or ask for fewer with --n.',
    );
  const pictures: Image[] = [];
  for (const { index } of items) {
    const path = fileOf(folder, protocol, index, 'pred.png');
    const { image } = await loadPhoto(path);
    if (image.width !== image.height || image.width < size)
      throw new JokerError(
        'bad-file',
        `${path}: ${image.width}×${image.height} pixels; a prediction is square, of at least ${size}×${size}`,
        'Warp it back into the frame of the drive picture.',
      );
    pictures.push(image.width === size ? image : resizeArea(image, size, size));
  }
  return pictures;
}

function isThere(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() === true;
}

function checkNote(folder: string, wanted: PairsIdentity): void {
  const path = join(folder, NOTE);
  const parsed = noteSchema.safeParse(parseJsonStrict(readFileText(path, { maxBytes: NOTE_BYTES }), path));
  if (!parsed.success)
    throw new JokerError('bad-file', `${path}: is no list of pairs`, 'Copy the one of: joker evaluate pairs.');
  const { seed, family, pairs } = parsed.data;
  if (seed === wanted.seed && family === wanted.family && pairs >= wanted.pairs) return;
  throw new JokerError(
    'bad-file',
    `${path}: is of ${pairs} pairs of people of family ${family}, seed ${seed}; asked for ${wanted.pairs} of family ${wanted.family}, seed ${wanted.seed}`,
    'Use the --n, --seed and --head-model that the pairs were written with.',
  );
}
