/**
 * What evaluations of heads work with: the prior, the judge, the renderer of people and the tools that look at them; and the one
 * way in which they make a head.
 *
 * Owns what it opens until `closeStudio`.
 */
import { loadFaceTools } from '../condition/analyse-face.js';
import { assetPath } from '../core/files/assets.js';
import { placeModelFiles } from '../core/files/model-folder.js';
import { openHeadModel } from '../data/sources/heads.js';
import { PeopleRenderer } from '../data/synthetic/render.js';
import type { DistillConfig } from '../distill/index.js';
import type { Instrument } from '../evaluate/figures.js';
import type { FaceTools } from '../face/analyse.js';
import { JokerPrior, openPrior, type PriorModel } from '../prior/index.js';
import { distillFace } from './distill-face.js';
import { evaluationAngles, type StudioPerson } from './evaluate-people.js';
import { perceptualInstrument } from './evaluate-versions.js';
import { HeadJudge } from './head-judge.js';
import { keptHead, type TimedHead, weightsIdentity } from './head-store.js';
import type { JobContext } from './job.js';
import { lpipsFor } from './lpips.js';
import { embeddedPrior, warnOfOtherFaceModel } from './subject.js';

/** Whom and with what. */
export type StudioRequest = {
  /** prior: a folder or compact file; default: the embedded weights */
  readonly weights?: string;
  /** one or two files with the weights of LPIPS, to measure with; default: `lpips(mini)` stands in */
  readonly lpips?: readonly string[];
  /** safetensors copy of ICT-FaceKit Light; default: the formula family */
  readonly headModel?: string;
  /** seed of the people, default 70021; training uses others */
  readonly peopleSeed?: number;
  /** folder to keep the heads in: an interrupted evaluation goes on there, and evaluations share them */
  readonly keep?: string;
  readonly threads?: number;
};

/** All that is used for every person. */
export type Studio = {
  /** the plan that heads are made and judged by; rows of a table change it, but not its field */
  readonly base: DistillConfig;
  readonly prior: JokerPrior;
  readonly model: PriorModel;
  readonly judge: HeadJudge;
  /** what the judge's perceptual distance is */
  readonly perceptual: Instrument;
  readonly renderer: PeopleRenderer;
  readonly tools: FaceTools;
  /** what all heads depend on beside person and config */
  readonly subject: {
    readonly weights: string;
    readonly matting: string;
    readonly headModel: string;
    readonly peopleSeed: number;
  };
};

/** Default seed of the people. */
const PEOPLE_SEED = 70021;

/** Opens everything; what a person got wrong is refused before anything is computed. */
export async function openStudio(request: StudioRequest, base: DistillConfig, context: JobContext): Promise<Studio> {
  const { threads, peopleSeed = PEOPLE_SEED, headModel, weights = embeddedPrior() } = request;
  const model = openPrior(weights);
  const lpips = lpipsFor(request.lpips, model.config.image_size, 'the pictures of the prior');
  const renderer = new PeopleRenderer(openHeadModel(headModel));
  const tools = await loadFaceTools(undefined, { threads });
  warnOfOtherFaceModel(model, tools.model, context);
  return {
    base,
    prior: new JokerPrior(model, { threads, placer: placeModelFiles, batch: 8 }),
    model,
    judge: await HeadJudge.create(model, lpips, base, threads),
    perceptual: perceptualInstrument(weights, lpips),
    renderer,
    tools,
    subject: {
      weights: weightsIdentity(weights),
      matting: weightsIdentity(assetPath('matting', 'matting.safetensors')),
      headModel: headModel ? weightsIdentity(headModel) : renderer.anatomy.model.family,
      peopleSeed,
    },
  };
}

/** Frees the programs. */
export async function closeStudio({ judge, prior, tools }: Studio): Promise<void> {
  await Promise.all([judge.dispose(), prior.dispose(), tools.tracker.dispose()]);
}

/** The options of `studioPerson` for a studio whose true views are the evaluation's, and whichever others are asked for. */
export function peopleOptions({ base, prior, renderer, tools, subject }: Studio) {
  const angles = evaluationAngles(base.views);
  return { renderer, tools, seed: subject.peopleSeed, size: prior.config.image_size, angles };
}

/** The head of a person, kept or made. */
export function studioHead(
  person: StudioPerson,
  config: DistillConfig,
  { prior, model, tools, subject }: Studio,
  { keep, threads }: StudioRequest,
  signal: AbortSignal,
): Promise<TimedHead> {
  return keptHead(keep, { ...subject, person: person.index, config }, async () => {
    const [start, used] = [performance.now(), process.cpuUsage()];
    const { head } = await distillFace({ ...person, config, prior, model, faceModel: tools.model, threads, signal });
    const { user, system } = process.cpuUsage(used);
    return { head, time: { seconds: (performance.now() - start) / 1000, processorSeconds: (user + system) / 1e6 } };
  });
}
