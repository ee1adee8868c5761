/**
 * Looks at a head from true views and measures it: pictures under the true matte, perceptual distance, depth.
 *
 * Owns the compiled renderer and the perceptual network: LPIPS, or without it the image encoder of the prior that made the head,
 * so that `lpips(mini)` compares rows made with the same weights, and not heads of different weights.
 */
import { type Image, makeImage, toNetwork } from '../core/image.js';
import { type DistillConfig, encoderPerceptual, lpipsPerceptual } from '../distill/index.js';
import { type DepthPair, depthErrors, type HeadMeasures, meanHaze, shareSeen } from '../evaluate/head-measures.js';
import { meanSquaredError, peakSignalToNoise, structuralSimilarity } from '../evaluate/image-metrics.js';
import { insideMatte } from '../evaluate/matte.js';
import { meanOf, quantileOf } from '../evaluate/statistics.js';
import { compile, Graph, type Program } from '../graph/index.js';
import { type Head, HeadRenderer } from '../head/index.js';
import type { LpipsModel } from '../nets/index.js';
import type { PriorModel } from '../prior/index.js';
import { type TrueView, WORLD_MILLIMETRES } from './evaluate-people.js';
import type { SheetRow } from './evaluate-sheet.js';

/** Measures heads of one field shape against views of the prior's size. Call `dispose`. */
export class HeadJudge {
  private constructor(
    private readonly renderer: HeadRenderer,
    private readonly perceptual: Program,
  ) {}

  /** Compiles renderer and perceptual network; `lpips` null: the image encoder of `model`. */
  static async create(
    model: PriorModel,
    lpips: LpipsModel | null,
    { field, samples, step }: Pick<DistillConfig, 'field' | 'samples' | 'step'>,
    threads?: number,
  ): Promise<HeadJudge> {
    const renderer = await HeadRenderer.create(field, { samples, step: step ?? undefined, threads });
    const term = lpips ? lpipsPerceptual(lpips) : encoderPerceptual(model.config.vae, model.weights);
    const { image_size: size } = model.config;
    const g = new Graph();
    const distance = term.build(g, g.input('found', [1, 3, size, size]), g.input('truth', [1, 3, size, size]));
    return new HeadJudge(renderer, await compile({ outputs: { distance }, weights: term.weights, threads }));
  }

  /** Renders a head from all true views and measures it; the pictures as a row of the sheet. */
  async look(head: Head, views: readonly JudgedView[]): Promise<{ measures: HeadMeasures; row: SheetRow }> {
    const seen: ViewFigures[] = [];
    const pictures: Image[] = [];
    let depth: Image | null = null;
    for (const view of views) {
      const found = await this.renderer.render(head, view.camera);
      const pair = depthPair(found.depth, found.opacity, view);
      pictures.push(found.color);
      depth ??= solid(pair);
      const haze = meanHaze(found.opacity, view.mask);
      seen.push({ ...(await this.pictureFigures(found.color, view)), pair, haze });
    }
    return { measures: overViews(seen), row: { first: null, views: pictures, depth: depth! } };
  }

  /** A picture against a true view, under the true matte. */
  async pictureFigures(found: Image, { color, mask }: JudgedView): Promise<PictureFigures> {
    const [a, b] = [insideMatte(found, mask), insideMatte(color, mask)];
    const out = await this.perceptual.run({ found: toNetwork(a), truth: toNetwork(b) });
    return {
      perceptual: out['distance']![0]!,
      ssim: structuralSimilarity(a, b),
      psnr: peakSignalToNoise(a, b),
      mse: meanSquaredError(a, b),
    };
  }

  /** The head's picture from a view. */
  async picture(head: Head, { camera }: JudgedView): Promise<Image> {
    return (await this.renderer.render(head, camera)).color;
  }

  /** Frees both programs. */
  async dispose(): Promise<void> {
    await Promise.all([this.renderer.dispose(), this.perceptual.dispose()]);
  }
}

/** What the judge looks at of a true view. */
export type JudgedView = Omit<TrueView, 'face'>;

/** Measures of one picture. */
export type PictureFigures = Pick<HeadMeasures, 'perceptual' | 'ssim' | 'psnr' | 'mse'>;

type ViewFigures = PictureFigures & { readonly pair: DepthPair; readonly haze: number };

function depthPair(depth: Image, opacity: Image, { depth: truth }: JudgedView): DepthPair {
  return { found: { ...depth, data: depth.data.map((d) => d * WORLD_MILLIMETRES) }, opacity, truth };
}

function overViews(seen: readonly ViewFigures[]): HeadMeasures {
  const errors = seen.flatMap(({ pair }) => depthErrors(pair));
  const mean = (name: keyof PictureFigures) => meanOf(seen.map((view) => view[name]));
  return {
    perceptual: mean('perceptual'),
    ssim: mean('ssim'),
    psnr: mean('psnr'),
    mse: mean('mse'),
    depthMedian: quantileOf(errors, 0.5),
    depthTail: quantileOf(errors, 0.95),
    seen: meanOf(seen.map(({ pair }) => shareSeen(pair))),
    haze: meanOf(seen.map(({ haze }) => haze)),
  };
}

/** Depth where the head stops at least half of the light, for the sheet. */
function solid({ found, opacity }: DepthPair): Image {
  const out = makeImage(found.width, found.height, 1);
  for (let i = 0; i < out.data.length; i++) out.data[i] = opacity.data[i]! >= 0.5 ? found.data[i]! : 0;
  return out;
}
