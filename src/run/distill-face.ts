/**
 * From a reference photo and a fitted target face to a head: controls of all views, condition, teacher, distillation.
 *
 * What the main job and the evaluation share, so that what is evaluated is what people get. No files: checkpoints are handed
 * to the caller. Not the fit of the faces and not the delivery.
 */
import { referenceCrop } from '../condition/condition.js';
import { controlAndMask } from '../condition/control.js';
import { viewHead } from '../condition/orbit.js';
import type { Camera } from '../core/camera.js';
import { assetPath } from '../core/files/assets.js';
import type { Image } from '../core/image.js';
import type { Report } from '../core/progress.js';
import { foldInName, randomKey } from '../core/rng.js';
import {
  type DistillConfig,
  type DistillState,
  distill,
  encoderPerceptual,
  gridAngles,
  lpipsPerceptual,
  priorTeacher,
  variationalTeacher,
} from '../distill/index.js';
import type { Face } from '../face/face.js';
import type { MorphableModel } from '../face/model/model.js';
import type { Device } from '../graph/index.js';
import type { Head, HeadView } from '../head/index.js';
import type { LpipsModel } from '../nets/index.js';
import { Matting } from '../photo/matting.js';
import type { Photo } from '../photo/photo.js';
import type { JokerPrior, PriorModel } from '../prior/index.js';

/** Whom and how. */
export type DistillFaceOptions = {
  readonly config: DistillConfig;
  readonly prior: JokerPrior;
  /** the prior's weights: its image encoder is the perceptual term … */
  readonly model: PriorModel;
  /** … unless LPIPS is; must be able to look at the config's patches (`checkLpipsSide`) */
  readonly lpips?: LpipsModel | null;
  readonly faceModel: MorphableModel;
  readonly photo: Photo;
  /** the face of the photo */
  readonly reference: Face;
  /** the face to be shown */
  readonly target: Face;
  readonly caption: string;
  readonly report?: Report;
  readonly signal?: AbortSignal;
  readonly resume?: DistillState;
  readonly checkpoint?: (state: DistillState) => Promise<void>;
  readonly checkpointEvery?: number;
  readonly device?: Device;
  readonly threads?: number;
};

/** A head and what the prior was told. */
export type DistilledFace = {
  readonly head: Head;
  /** reference crop as the prior sees it */
  readonly picture: Image;
  /** control image of each view */
  readonly controls: readonly Image[];
};

/** Distils the head. @throws JokerError interrupted, and what the stages throw. */
export async function distillFace(options: DistillFaceOptions): Promise<DistilledFace> {
  const { config, prior, model, lpips, faceModel, photo, reference, target, caption, ...running } = options;
  const size = prior.config.image_size;
  const picture = referenceCrop(photo, reference, size, 'blur');
  const views = gridAngles(config.views).map((angles) => viewHead(target, faceModel, angles, size));
  const maps = views.map((view) => controlAndMask(view.face, faceModel, size));
  const controls = maps.map(({ normals }) => normals);
  const condition = await prior.prepare(caption, picture, foldInName(randomKey(config.seed), 'reference'));
  const { guidance, target: plan } = config;
  const perceptual = lpips ? lpipsPerceptual(lpips) : encoderPerceptual(prior.config.vae, model.weights);
  const asked = { prior, condition, controls, guidance, signal: options.signal };
  const { threads, device } = options;
  const teacher =
    plan.kind === 'variational'
      ? await variationalTeacher({ ...asked, target: plan, model, views: config.batch.views, threads, device })
      : await priorTeacher({ ...asked, target: plan });
  const matting =
    config.losses.emptiness > 0 ? await Matting.load(assetPath('matting', 'matting.safetensors'), { threads }) : null;
  try {
    const head = await distill({
      ...running,
      config,
      ...(matting && { matte: (pictures) => matting.mattes(pictures) }),
      cameras: views.map(({ camera }) => camera),
      faces: maps.map(({ mask }) => mask),
      teacher,
      perceptual: size >= config.batch.patch ? perceptual : null,
      view: viewOf(config, viewHead(target, faceModel, { azimuth: 0, elevation: 0 }, size).camera),
    });
    return { head, picture, controls };
  } finally {
    await Promise.all([teacher.dispose?.(), matting?.dispose()]);
  }
}

/** How the head wants to be looked at: the frontal view's camera and the range of the sweep. */
function viewOf(config: DistillConfig, camera: Camera): HeadView {
  const [x, y, z] = [3, 7, 11].map((i) => camera.cameraToWorld[i]!);
  return {
    distance: Math.hypot(x!, y!, z!),
    focal: camera.intrinsics.fx / camera.width,
    azimuth: config.views.azimuthRange,
    elevation: config.views.elevationRange,
  };
}
