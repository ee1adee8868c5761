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
import { atJudgedSize, cutWindow, tongueArea } from './tongue-window.js';

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

/** Pictures judged at once: the network is so small that one by one would spend its time between calls. */
const BATCH = 8;

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
    for (let first = 0; first < images.length; first += BATCH)
      verdicts.push(...(await this.judgeBatch(images.slice(first, first + BATCH))));
    return verdicts;
  }

  private async judgeBatch(images: readonly Image[]): Promise<TongueVerdict[]> {
    const window = new Float32Array(BATCH * 3 * WINDOW * WINDOW);
    images.forEach((image, i) => {
      toNetwork(cutWindow(atJudgedSize(image)), window, i * 3 * WINDOW * WINDOW);
    });
    const { map, direction } = await this.program.run({ window });
    return images.map((_, i) => this.verdict(map!, direction!, i));
  }

  private verdict(maps: Float32Array, directions: Float32Array, index: number): TongueVerdict {
    const map = makeImage(WINDOW, WINDOW, 1);
    map.data.set(maps.subarray(index * map.data.length, (index + 1) * map.data.length));
    const row = directions.subarray(index * JUDGED_DIRECTIONS.length, (index + 1) * JUDGED_DIRECTIONS.length);
    const area = tongueArea(map);
    const present = area > this.presence;
    return { present, area, direction: present ? JUDGED_DIRECTIONS[row.indexOf(Math.max(...row))]! : null, map };
  }

  /** Frees the network. */
  async dispose(): Promise<void> {
    await this.program.dispose();
  }
}
