/**
 * The job behind `joker sample`: the 2D prior alone. One photo, an expression and words become pictures, each seen from its
 * own side, each drawn independently of the others.
 *
 * No 3D: that is `makeHead`.
 */

import { join } from 'node:path';
import { loadFaceTools } from '../condition/analyse-face.js';
import { referenceCrop } from '../condition/condition.js';
import { controlImage } from '../condition/control.js';
import { viewHead } from '../condition/orbit.js';
import { checkOutputFolder, withOutputFolder, writeFileAtomic } from '../core/files/atomic.js';
import { placeModelFiles } from '../core/files/model-folder.js';
import type { Image } from '../core/image.js';
import { foldInName, randomKey } from '../core/rng.js';
import { encodeImage, type Marker, type MarksRecord, markImage, recordOf, signedFiles } from '../deliver/index.js';
import { parseExpression } from '../face/expression.js';
import type { Device } from '../graph/index.js';
import { loadPhoto } from '../photo/load.js';
import { DEFAULT_GUIDANCE, JokerPrior, openPrior, type SampleOptions, sample } from '../prior/index.js';
import { type JobContext, stopIfAsked } from './job.js';
import { generatorOf, type MarkOptions, makeMarker, photoInputs } from './marking.js';
import { type PersonalOptions, personalPrior, tuneSteps } from './personal-prior.js';
import { embeddedPrior, readSubject, warnOfOtherFaceModel } from './subject.js';

/** What to draw. */
export type SampleJobOptions = MarkOptions &
  PersonalOptions & {
    /** path of the person's photo */
    readonly photo: string;
    /** folder for the pictures; an earlier result of this job there is replaced */
    readonly out: string;
    /** as for `parseExpression`; default: the photo's own expression */
    readonly expression?: string;
    /** path of another photo that gives pose and expression instead */
    readonly drive?: string;
    /** what the normals cannot say; default: a caption of the expression */
    readonly text?: string;
    /** azimuth of each picture in degrees, positive = seen from the image right; default: one picture in the target's own pose */
    readonly azimuths?: readonly number[];
    /** network calls per picture, 1 … 1000; default 100, the paper's */
    readonly steps?: number;
    /** guidance scale; default 3, the paper's */
    readonly guidance?: number;
    /** default `pndm`, the paper's; `ddim` suits small models at few steps */
    readonly sampler?: SampleOptions['sampler'];
    /** default 0 */
    readonly seed?: number;
    readonly device?: Device;
    readonly threads?: number;
    /** prior: a folder or compact file; default: the embedded weights */
    readonly weights?: string;
  };

/** What was drawn. */
export type SampleJobResult = {
  readonly out: string;
  readonly caption: string;
  readonly files: readonly string[];
  /** signature and watermark; null when they were left out on request */
  readonly marks: MarksRecord | null;
};

/** Names that this job writes. */
const OURS = /^(reference|(control|view)_\d+)\.png$/;
const mayReplace = (names: readonly string[]): boolean => names.every((name) => OURS.test(name));

/** Draws the pictures. @throws JokerError for every problem that the person can solve. */
export async function samplePictures(options: SampleJobOptions, context: JobContext): Promise<SampleJobResult> {
  await checkOutputFolder(options.out, { mayReplace });
  const expression = options.expression === undefined ? null : parseExpression(options.expression);
  const untuned = openPrior(options.weights ?? embeddedPrior());
  context.report({ kind: 'stage', stage: 'photo', text: `Reading ${options.photo}` });
  const photo = await loadPhoto(options.photo);
  stopIfAsked(context.signal);
  const marker = await makeMarker(options, markInputs(options), context.report);
  const { threads, device } = options;
  const tools = await loadFaceTools(undefined, { threads });
  try {
    warnOfOtherFaceModel(untuned, tools.model, context);
    const { reference, target, caption } = await readSubject(options, photo, tools, expression, context);
    const size = untuned.config.image_size;
    const faces = options.azimuths?.map((degrees) => {
      const angles = { azimuth: (degrees * Math.PI) / 180, elevation: 0 };
      return viewHead(target, tools.model, angles, size).face;
    });
    const controls = (faces ?? [target]).map((face) => controlImage(face, tools.model, size));
    const picture = referenceCrop(photo, reference, size, 'blur');
    const person = { photo, reference, faceModel: tools.model };
    const model = await personalPrior(untuned, person, tuneSteps(options), options, context);
    const prior = new JokerPrior(model, { threads, device, placer: placeModelFiles, batch: controls.length });
    try {
      const views = await draw(prior, { picture, controls, caption }, options, context);
      return await writePictures(options, caption, { picture, controls, views }, marker);
    } finally {
      await prior.dispose();
    }
  } finally {
    await tools.tracker.dispose();
  }
}

async function draw(
  prior: JokerPrior,
  { picture, controls, caption }: { picture: Image; controls: readonly Image[]; caption: string },
  options: SampleJobOptions,
  { report, signal }: JobContext,
): Promise<Image[]> {
  report({ kind: 'stage', stage: 'sample', text: `Drawing: ${caption}` });
  const key = foldInName(randomKey(options.seed ?? 0), 'views');
  const condition = await prior.prepare(caption, picture, null);
  const control = await prior.controlFeatures(controls);
  const { steps, sampler, guidance = DEFAULT_GUIDANCE } = options;
  const onStep = (done: number, total: number) => report({ kind: 'progress', done, total });
  const batch = { condition, control, views: controls.length };
  return sample(prior, batch, key, { steps, sampler, guidance, signal, onStep });
}

function markInputs(options: SampleJobOptions) {
  const {
    photo,
    drive,
    weights = embeddedPrior(),
    expression,
    text,
    azimuths,
    steps,
    guidance,
    sampler,
    seed,
  } = options;
  return {
    inputs: photoInputs({ photo, drive }),
    weights,
    settings: { expression, text, azimuths, steps, guidance, sampler, seed, tune: tuneSteps(options) },
  };
}

async function writePictures(
  options: SampleJobOptions,
  caption: string,
  made: { picture: Image; controls: readonly Image[]; views: readonly Image[] },
  marker: Marker | undefined,
): Promise<SampleJobResult> {
  const { out } = options;
  const naming = { generator: generatorOf(options), description: caption };
  const pictures: [name: string, image: Image][] = [
    ...made.controls.map((image, i): [string, Image] => [`control_${i}.png`, image]),
    ...made.views.map((image, i): [string, Image] => [`view_${i}.png`, markImage(image, marker)]),
  ];
  const fill = async (folder: string) => {
    // The person's own photo is no synthetic picture: it carries no mark that says so.
    await writeFileAtomic(
      join(folder, 'reference.png'),
      await encodeImage(made.picture, { ...naming, recorded: true }),
    );
    for (const [path, image] of pictures) {
      const file = { path, what: caption, bytes: await encodeImage(image, naming) };
      for (const { path: name, bytes } of signedFiles(file, marker)) await writeFileAtomic(join(folder, name), bytes);
    }
  };
  await withOutputFolder(out, fill, { mayReplace });
  const files = ['reference.png', ...pictures.map(([name]) => name)].map((name) => join(out, name));
  return { out, caption, files, marks: marker ? recordOf(marker) : null };
}
