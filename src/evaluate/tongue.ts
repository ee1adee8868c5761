/**
 * The tongue judge: is there a tongue outside of the mouth in a picture of a face, how large, and where does it point?
 *
 * For measuring whether a prior obeys the word "tongue". Trained on rendered people only (scripts/train-tongue-judge.ts); its
 * figures on unseen renders stand in its file's metadata. Not for photos of people: nobody has measured it there.
 */
import { z } from 'zod';
import { JokerError } from '../core/errors.js';
import { openSafetensors, readTensor } from '../core/files/safetensors.js';
import { type Image, makeImage, toNetwork } from '../core/image.js';
import { compile, Graph, type Program, sigmoid, softmax, type WeightSource } from '../graph/index.js';
import { JUDGED_DIRECTIONS, type JudgedDirection, tongueNetwork, WINDOW } from './tongue-network.js';
import { atJudgedSize, cutWindow, mirrored, tongueArea } from './tongue-window.js';

/** What the judge says of one picture. */
export type TongueVerdict = {
  readonly present: boolean;
  /** share of the aligned crop that is tongue, 0 … 0.39 */
  readonly area: number;
  /** where it points, as seen in the picture; null when there is none */
  readonly direction: JudgedDirection | null;
  /** probability of tongue per pixel of the window, W×W×1 */
  readonly map: Image;
};

/** Options of the judge. */
export type TongueJudgeOptions = {
  /** area from which a tongue counts as present; default: the file's, chosen on a validation split */
  readonly presence?: number;
  /** threads of the runtime; default: all cores */
  readonly threads?: number;
};

/** Metadata of the judge's file that the judge itself reads. */
const metadataSchema = z.object({ presence_area: z.coerce.number().min(0).max(1) });

/** Windows judged at once: the network is so small that one by one would spend its time between calls. */
const BATCH = 8;
/** Each picture is judged as it is and mirrored: the mean of both is nearer to the truth than either (docs/RESULTS.md). */
const PICTURES = BATCH / 2;
/** Direction seen in a mirror, by index. */
const MIRRORED = JUDGED_DIRECTIONS.map((direction) => {
  const other = direction === 'left' ? 'right' : direction === 'right' ? 'left' : direction;
  return JUDGED_DIRECTIONS.indexOf(other);
});

/** The judge with its compiled network. Owns native memory: `dispose` when done. */
export class TongueJudge {
  private constructor(
    private readonly program: Program,
    /** area from which a tongue counts as present */
    readonly presence: number,
  ) {}

  /**
   * Opens a judge's weights (assets/evaluate/tongue-judge.safetensors).
   * @throws JokerError missing-file, bad-file or bad-weights.
   */
  static async load(path: string, options: TongueJudgeOptions = {}): Promise<TongueJudge> {
    const file = openSafetensors(path);
    const parsed = metadataSchema.safeParse(file.metadata);
    if (!parsed.success)
      throw new JokerError(
        'bad-file',
        `${path}: states no presence_area`,
        'Make it with scripts/train-tongue-judge.ts.',
      );
    const weights: WeightSource = (name) => ({ kind: 'memory', data: readTensor(file, name) });
    return TongueJudge.fromWeights(weights, options.presence ?? parsed.data.presence_area, options.threads);
  }

  /** A judge from weights in memory. `presence`: area from which a tongue counts as present. */
  static async fromWeights(weights: WeightSource, presence: number, threads?: number): Promise<TongueJudge> {
    const graph = new Graph();
    const { mask, direction } = tongueNetwork(graph.input('window', [BATCH, 3, WINDOW, WINDOW]));
    const outputs = { map: sigmoid(mask), direction: softmax(direction) };
    return new TongueJudge(await compile({ outputs, weights, threads }), presence);
  }

  /** Verdicts on aligned crops S×S×3 in [0, 1]; sizes other than 64² are resampled. */
  async judge(images: readonly Image[]): Promise<TongueVerdict[]> {
    const verdicts: TongueVerdict[] = [];
    for (let first = 0; first < images.length; first += PICTURES)
      verdicts.push(...(await this.judgeBatch(images.slice(first, first + PICTURES))));
    return verdicts;
  }

  private async judgeBatch(images: readonly Image[]): Promise<TongueVerdict[]> {
    const window = new Float32Array(BATCH * 3 * WINDOW * WINDOW);
    images.forEach((image, i) => {
      const cut = cutWindow(atJudgedSize(image));
      toNetwork(cut, window, 2 * i * cut.data.length);
      toNetwork(mirrored(cut), window, (2 * i + 1) * cut.data.length);
    });
    const { map, direction } = await this.program.run({ window });
    return images.map((_, i) => this.verdict(map!, direction!, i));
  }

  private verdict(maps: Float32Array, directions: Float32Array, index: number): TongueVerdict {
    const [plain, turned] = [mapAt(maps, 2 * index), mirrored(mapAt(maps, 2 * index + 1))];
    const map = { ...plain, data: plain.data.map((p, i) => (p + turned.data[i]!) / 2) };
    const row = (which: number) =>
      directions.subarray(which * JUDGED_DIRECTIONS.length, (which + 1) * JUDGED_DIRECTIONS.length);
    const votes = row(2 * index).map((p, i) => p + row(2 * index + 1)[MIRRORED[i]!]!);
    const area = tongueArea(map);
    const present = area > this.presence;
    return { present, area, direction: present ? JUDGED_DIRECTIONS[votes.indexOf(Math.max(...votes))]! : null, map };
  }

  /** Frees the network. */
  async dispose(): Promise<void> {
    await this.program.dispose();
  }
}

function mapAt(maps: Float32Array, index: number): Image {
  const map = makeImage(WINDOW, WINDOW, 1);
  map.data.set(maps.subarray(index * map.data.length, (index + 1) * map.data.length));
  return map;
}
