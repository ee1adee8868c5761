/**
 * Heads of one photo: what they share is opened and computed once, each head is made and delivered by itself.
 *
 * Shared are the photo and its fitted face, tracker and face model, the prior's weights and compiled programs, and the signing
 * key. Not shared is what depends on the expression or on the words: cameras, control images, the reference network's features
 * (they see the prompt), and the compiled training step, whose buffers belong to one distillation.
 */
import { basename, resolve } from 'node:path';
import { loadFaceTools } from '../condition/analyse-face.js';
import { placeModelFiles } from '../core/files/model-folder.js';
import { encodeSafetensors } from '../core/files/safetensors.js';
import type { ExtraFile, Json, Manifest } from '../deliver/index.js';
import type { DistillConfig } from '../distill/index.js';
import type { FaceTools } from '../face/analyse.js';
import { parseExpression } from '../face/expression.js';
import type { Face } from '../face/face.js';
import type { Device } from '../graph/index.js';
import { type Head, headTensors } from '../head/index.js';
import type { LpipsModel } from '../nets/index.js';
import { loadPhoto } from '../photo/load.js';
import type { Photo } from '../photo/photo.js';
import { JokerPrior, openPrior, type PriorModel } from '../prior/index.js';
import { distillFace } from './distill-face.js';
import { headConfig, type PresetOptions } from './head-config.js';
import { checkDelivery, type DeliveryOptions, deliverHead, HEAD_FILE } from './head-delivery.js';
import { sidePictures } from './head-pictures.js';
import { openWork, requestDigest } from './head-work.js';
import { type JobContext, stopIfAsked } from './job.js';
import { lpipsFor } from './lpips.js';
import { generatorOf, type MarkInputs, type Marking, type MarkOptions, openMarking, photoInputs } from './marking.js';
import { type PersonalOptions, personalPrior, tuneSteps } from './personal-prior.js';
import { embeddedPrior, readReference, targetOf, warnOfOtherFaceModel } from './subject.js';

/** What all heads of one photo have in common. */
export type HeadSessionOptions = PresetOptions &
  PersonalOptions &
  MarkOptions &
  DeliveryOptions & {
    /** path of the person's photo */
    readonly photo: string;
    readonly device?: Device;
    readonly threads?: number;
    /** prior: a folder or compact file; default: the embedded weights */
    readonly weights?: string;
    /** one or two files with the weights of LPIPS, the paper's with VGG16, for the loss; default: `lpips(mini)` stands in */
    readonly lpips?: readonly string[];
    /** continue with the same options what was stopped */
    readonly resume?: boolean;
  };

/** What to make. */
export type HeadJobOptions = HeadSessionOptions & {
  /** folder for the results; must not hold anything else */
  readonly out: string;
  /** preset name, `name=weight,…`, or the text of a JSON file with ARKit weights; default: the photo's own expression */
  readonly expression?: string;
  /** path of another photo that gives pose and expression instead */
  readonly drive?: string;
  /** what the normals cannot say; default: a caption of the expression */
  readonly text?: string;
};

/** What was made. */
export type HeadJobResult = {
  readonly out: string;
  readonly caption: string;
  readonly files: Manifest['files'];
  /** steps of the distillation */
  readonly steps: number;
};

/** A prior and its weights. */
type Drawing = { readonly model: PriorModel; readonly prior: JokerPrior };

/** All that heads of one photo share. Owns the prior's and the tracker's native memory: call `dispose`. */
export class HeadSession {
  /** the prior that draws, opened for the first head: trained on the photo if that was asked for */
  private drawing: Drawing | undefined;

  private constructor(
    private readonly config: DistillConfig,
    private readonly untuned: PriorModel,
    private readonly lpips: LpipsModel | null,
    private readonly tools: FaceTools,
    private readonly photo: Photo,
    private readonly reference: Face,
    private readonly marking: Marking | undefined,
  ) {}

  /** Opens weights, photo and key, and fits the face. @throws JokerError for every problem that the person can solve. */
  static async open(options: HeadSessionOptions, context: JobContext): Promise<HeadSession> {
    const { threads } = options;
    const config = headConfig(options);
    const untuned = openPrior(options.weights ?? embeddedPrior());
    checkDelivery(options, pictureSize(untuned));
    const lpips = lpipsFor(options.lpips, config.batch.patch, "the preset's patches");
    context.report({ kind: 'stage', stage: 'photo', text: `Reading ${options.photo}` });
    const photo = await loadPhoto(options.photo);
    stopIfAsked(context.signal);
    const marking = await openMarking(options, context.report);
    const tools = await loadFaceTools(undefined, { threads });
    try {
      warnOfOtherFaceModel(untuned, tools.model, context);
      const reference = await readReference(photo, options.photo, tools, context);
      return new HeadSession(config, untuned, lpips, tools, photo, reference, marking);
    } catch (error) {
      await tools.tracker.dispose();
      throw error;
    }
  }

  /** Makes and delivers one head. `options` are those of the session with what is this head's own. */
  async make(options: HeadJobOptions, context: JobContext): Promise<HeadJobResult> {
    const { config, lpips, tools, photo, reference } = this;
    const expression = options.expression === undefined ? null : parseExpression(options.expression);
    const marker = await this.marking?.(markInputs(options));
    const { target, caption } = await targetOf(options, reference, tools, expression, context);
    context.report({ kind: 'stage', stage: 'condition', text: `Asking for: ${caption}` });
    const settings = settingsOf(options, config, caption);
    const { close, ...kept } = await openWork(options, settings);
    // Only now, when nothing can be refused any more: training on the photo takes most of a minute.
    const { model, prior } = await this.openDrawing(options, context);
    const { head, picture, controls } = await distillFace({
      ...{ config, prior, model, lpips, faceModel: tools.model, photo, reference, target, caption },
      ...{ ...context, ...kept, checkpointEvery: CHECKPOINT_EVERY },
      ...{ device: options.device, threads: options.threads },
    });
    const generator = generatorOf(options);
    const about = { prior, caption, picture, controls, seed: config.seed, generator, marker };
    const extra = [...(await sidePictures(about, context)), fieldFile(head)];
    const size = pictureSize(model);
    const recorded = { ...settings, size, request: requestDigest(options) };
    const made = { head, march: config, size, settings: recorded, caption, extra, generator, marker };
    const running = { device: options.device, threads: options.threads };
    const manifest = await deliverHead({ ...made, ...running }, options.out, options, context);
    close();
    return { out: resolve(options.out), caption, files: manifest.files, steps: config.steps };
  }

  private async openDrawing(options: HeadSessionOptions, context: JobContext): Promise<Drawing> {
    if (this.drawing) return this.drawing;
    const { threads, device } = options;
    const person = { photo: this.photo, reference: this.reference, faceModel: this.tools.model };
    const run = { seed: this.config.seed, threads, device };
    const model = await personalPrior(this.untuned, person, tuneSteps(options), run, context);
    this.drawing = { model, prior: new JokerPrior(model, { threads, device, placer: placeModelFiles, batch: 8 }) };
    return this.drawing;
  }

  /** Frees prior and tracker. */
  async dispose(): Promise<void> {
    await Promise.all([this.drawing?.prior.dispose(), this.tools.tracker.dispose()]);
  }
}

/** Steps between checkpoints: some ten seconds of the draft. */
const CHECKPOINT_EVERY = 60;

/** Pictures are delivered larger than the prior draws: the field has more detail than one view, and people look closely. */
const SIZE_FACTOR = 2;

function pictureSize(model: PriorModel): number {
  return SIZE_FACTOR * model.config.image_size;
}

function fieldFile(head: Head): ExtraFile {
  const { tensors, metadata } = headTensors(head);
  return { path: HEAD_FILE, what: 'the volumetric head itself', bytes: encodeSafetensors(tensors, metadata) };
}

/** What makes the run's number, and what the manifests name. */
function markInputs(options: HeadJobOptions): MarkInputs {
  const { photo, drive, weights = embeddedPrior(), expression, text, preset, steps, seed } = options;
  const settings = { expression, text, preset, steps, seed, tune: tuneSteps(options) };
  return { inputs: photoInputs({ photo, drive }), weights, settings };
}

function settingsOf(options: HeadJobOptions, config: DistillConfig, caption: string): Record<string, Json> {
  const { preset = 'draft', expression, drive, device = 'cpu', weights, lpips } = options;
  return {
    preset,
    steps: config.steps,
    seed: config.seed,
    device,
    text: caption,
    expression: expression ?? null,
    photo: basename(options.photo),
    drive: drive ? basename(drive) : null,
    weights: weights ? basename(weights) : 'embedded',
    tune: tuneSteps(options),
    ...(lpips && { lpips: lpips.map((path) => basename(path)) }),
  };
}
