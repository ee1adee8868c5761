/**
 * Pictures that are delivered beside a head, to judge it by: reference, control images, the prior's own views.
 *
 * No 3D.
 */
import type { Image } from '../core/image.js';
import { foldInName, randomKey } from '../core/rng.js';
import { type ExtraFile, encodeImage, type Marker, markImage } from '../deliver/index.js';
import { type JokerPrior, sample } from '../prior/index.js';
import type { JobContext } from './job.js';

/** What the head was made from. */
export type PicturesInput = {
  readonly prior: JokerPrior;
  readonly caption: string;
  /** reference crop as the prior sees it */
  readonly picture: Image;
  /** control image of each view */
  readonly controls: readonly Image[];
  readonly seed: number;
  readonly generator: string;
  readonly marker: Marker | undefined;
};

/** Enough for pictures that only illustrate; distillation has its own schedule. */
const PRIOR_VIEW_STEPS = 20;

/** The pictures as files below `prior/`. */
export async function sidePictures(input: PicturesInput, { report, signal }: JobContext): Promise<ExtraFile[]> {
  const { prior, caption, picture, controls, seed, generator, marker } = input;
  report({ kind: 'stage', stage: 'views', text: "Drawing the prior's own views" });
  const condition = await prior.prepare(caption, picture, null);
  const chosen = [0, 0.25, 0.5, 0.75, 1].map((t) => controls[Math.round(t * (controls.length - 1))]!);
  const control = await prior.controlFeatures(chosen);
  const drawn = await sample(
    prior,
    { condition, control, views: chosen.length },
    foldInName(randomKey(seed), 'views'),
    { steps: PRIOR_VIEW_STEPS, sampler: 'ddim', signal },
  );
  const file = async (name: string, what: string, image: Image, recorded = false): Promise<ExtraFile> => {
    const bytes = await encodeImage(image, { generator, recorded });
    return { path: `prior/${name}.png`, what, bytes, recorded };
  };
  return Promise.all([
    // The person's own photo is no synthetic picture: it carries no mark that says so.
    file('reference', "the photo's crop as the prior sees it", picture, true),
    ...chosen.map((image, i) => file(`control_${i}`, 'control image', image)),
    ...drawn.map((image, i) => file(`view_${i}`, "the prior's own view", markImage(image, marker))),
  ]);
}
