/**
 * The main job: photo + expression + words → a volumetric head, delivered as files.
 *
 * The order of the stages and nothing else: each stage's work is in its own folder. Unfinished work is kept beside the
 * output folder, so that a stopped job can be resumed to the same result.
 */
import { createHash } from 'node:crypto';
import { existsSync, rmSync, statSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { loadFaceTools } from '../condition/analyse-face.js';
import { JokerError } from '../core/errors.js';
import { checkOutputFolder, removePartialFolders, writeFileAtomic } from '../core/files/atomic.js';
import { placeModelFiles } from '../core/files/model-folder.js';
import { readFileBytes, readFileText } from '../core/files/read.js';
import { encodeSafetensors } from '../core/files/safetensors.js';
import type { Image } from '../core/image.js';
import { foldInName, randomKey } from '../core/rng.js';
import {
  type ExtraFile,
  encodeImage,
  isDelivery,
  type Json,
  type Manifest,
  type Marker,
  markImage,
  productsOfHead,
  writeBundle,
} from '../deliver/index.js';
import {
  type DistillConfig,
  type DistillState,
  draftPreset,
  loadState,
  paperPreset,
  saveState,
  tablePreset,
  withSteps,
} from '../distill/index.js';
import type { FaceTools } from '../face/analyse.js';
import { parseExpression } from '../face/expression.js';
import type { Device } from '../graph/index.js';
import { type Head, HeadRenderer, headTensors } from '../head/index.js';
import { loadPhoto } from '../photo/load.js';
import type { Photo } from '../photo/photo.js';
import { JokerPrior, openPrior, type PriorModel, sample } from '../prior/index.js';
import { distillFace } from './distill-face.js';
import { type JobContext, stopIfAsked } from './job.js';
import { generatorOf, type MarkOptions, makeMarker } from './marking.js';
import { embeddedPrior, readSubject, type Subject } from './subject.js';

/** Presets of the main job. */
export const HEAD_PRESETS = { draft: draftPreset, table: tablePreset, paper: paperPreset } as const;

/** How a head is distilled. */
export type PresetOptions = {
  readonly preset?: keyof typeof HEAD_PRESETS;
  readonly seed?: number;
  /** the preset's plan squeezed into this many optimisation steps: for quick looks and tests */
  readonly steps?: number;
};

/** The preset with the options' seed and number of steps. @throws JokerError bad-argument for too few steps. */
export function headConfig({ preset = 'draft', seed = 0, steps }: PresetOptions): DistillConfig {
  const config = { ...HEAD_PRESETS[preset], seed };
  return steps === undefined ? config : withSteps(config, steps);
}

/** What to make. */
export type HeadJobOptions = PresetOptions &
  MarkOptions & {
    /** path of the person's photo */
    readonly photo: string;
    /** folder for the results; must not hold anything else */
    readonly out: string;
    /** preset name, `name=weight,…`, or the text of a JSON file with ARKit weights; default: the photo's own expression */
    readonly expression?: string;
    /** path of another photo that gives pose and expression instead */
    readonly drive?: string;
    /** what the normals cannot say; default: a caption of the expression */
    readonly text?: string;
    readonly device?: Device;
    readonly threads?: number;
    /** prior: a folder or compact file; default: the embedded weights */
    readonly weights?: string;
    /** continue a job with the same options that was stopped */
    readonly resume?: boolean;
  };

/** What was made. */
export type HeadJobResult = {
  readonly out: string;
  readonly caption: string;
  readonly files: Manifest['files'];
  /** steps of the distillation */
  readonly steps: number;
};

/** Makes a head. @throws JokerError for every problem that the person can solve. */
export async function makeHead(options: HeadJobOptions, context: JobContext): Promise<HeadJobResult> {
  const { report, signal } = context;
  const { threads, device } = options;
  await checkOutputFolder(options.out, { mayReplace: (names) => isDelivery(options.out, names) });
  const expression = options.expression === undefined ? null : parseExpression(options.expression);
  const config = headConfig(options);
  const model = openPrior(options.weights ?? embeddedPrior());
  report({ kind: 'stage', stage: 'photo', text: `Reading ${options.photo}` });
  const photo = await loadPhoto(options.photo);
  stopIfAsked(signal);
  const marker = await makeMarker(options, markInputs(options), report);
  const tools = await loadFaceTools(undefined, { threads });
  try {
    const subject = await readSubject(options, photo, tools, expression, context);
    const prior = new JokerPrior(model, { threads, device, placer: placeModelFiles, batch: 8 });
    try {
      return await makeFrom(options, context, { config, model, prior, tools, photo, marker, ...subject });
    } finally {
      await prior.dispose();
    }
  } finally {
    await tools.tracker.dispose();
  }
}

type Material = Subject & {
  config: DistillConfig;
  model: PriorModel;
  prior: JokerPrior;
  tools: FaceTools;
  photo: Photo;
  marker: Marker | undefined;
};

/** What makes the run's number, and what the manifests name. */
function markInputs({
  photo,
  drive,
  weights = embeddedPrior(),
  expression,
  text,
  preset,
  steps,
  seed,
}: HeadJobOptions) {
  return { photo, drive, weights, settings: { expression, text, preset, steps, seed } };
}

async function makeFrom(options: HeadJobOptions, context: JobContext, material: Material): Promise<HeadJobResult> {
  const { report, signal } = context;
  const { config, prior, model, caption, tools, reference, target, photo } = material;
  const size = prior.config.image_size;
  report({ kind: 'stage', stage: 'condition', text: `Asking for: ${caption}` });
  const work = workFolder(options.out);
  const settings = settingsOf(options, config, caption);
  const { head, picture, controls } = await distillFace({
    config,
    prior,
    model,
    faceModel: tools.model,
    photo,
    reference,
    target,
    caption,
    report,
    signal,
    resume: await openWork(work, options, settings),
    checkpoint: (state) => saveState(join(work, STATE_FILE), state),
    checkpointEvery: CHECKPOINT_EVERY,
    device: options.device,
    threads: options.threads,
  });
  const extra = await sidePictures(options, context, material, { picture, controls });
  const manifest = await deliver(options, context, {
    head,
    config,
    settings,
    caption,
    extra,
    size,
    marker: material.marker,
  });
  rmSync(work, { recursive: true, force: true });
  return { out: resolve(options.out), caption, files: manifest.files, steps: config.steps };
}

/** Steps between checkpoints: some ten seconds of the draft. */
const CHECKPOINT_EVERY = 60;
const STATE_FILE = 'state.safetensors';
const SETTINGS_FILE = 'settings.json';

/** Where unfinished work is kept: a hidden sibling of the output folder. */
export function workFolder(out: string): string {
  return join(dirname(resolve(out)), `.${basename(resolve(out))}.work`);
}

function settingsOf(options: HeadJobOptions, config: DistillConfig, caption: string): Record<string, Json> {
  const { preset = 'draft', expression, drive, device = 'cpu', weights } = options;
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
  };
}

/** Above this a file is known by path, size and date: hashing gigabytes of weights would take longer than the draft. */
const HASHED_BYTES = 2 ** 28;

/** What the result depends on, by content: a name alone could be another picture. */
function inputHashes({ photo, drive, weights }: HeadJobOptions): Record<string, string> {
  const named = { photo, drive, weights: weights ?? embeddedPrior() };
  const files = Object.entries(named).filter((entry): entry is [string, string] => entry[1] !== undefined);
  const hash = (path: string) => {
    const stat = statSync(path);
    if (stat.isDirectory() || stat.size > HASHED_BYTES) return `${resolve(path)} ${stat.size} ${stat.mtimeMs}`;
    return createHash('sha256').update(readFileBytes(path)).digest('hex');
  };
  return Object.fromEntries(files.map(([name, path]) => [name, hash(path)]));
}

/** Remembers what is being made, and finds an earlier start of the same when asked to resume. */
async function openWork(
  work: string,
  options: HeadJobOptions,
  settings: Record<string, Json>,
): Promise<DistillState | undefined> {
  const [state, text] = [join(work, STATE_FILE), JSON.stringify({ settings, inputs: inputHashes(options) })];
  // Resuming says that the earlier process is gone: a delivery that it was killed in is in nobody's use.
  if (options.resume) await removePartialFolders(options.out);
  // A job that was killed while it removed its work may have left one of the two: then it had delivered.
  if (options.resume && existsSync(state) && existsSync(join(work, SETTINGS_FILE))) {
    if (readFileText(join(work, SETTINGS_FILE)) !== text)
      throw new JokerError(
        'bad-argument',
        `${work}: the stopped job had other options`,
        'Repeat its options, or start anew without --resume.',
      );
    return loadState(state);
  }
  rmSync(work, { recursive: true, force: true });
  await writeFileAtomic(join(work, SETTINGS_FILE), text);
  return undefined;
}

/** What the head was made from, to judge it by: reference, frontal control, the prior's own views. */
async function sidePictures(
  options: HeadJobOptions,
  { report, signal }: JobContext,
  { prior, caption, marker }: Material,
  { picture, controls }: { picture: Image; controls: readonly Image[] },
): Promise<ExtraFile[]> {
  report({ kind: 'stage', stage: 'views', text: "Drawing the prior's own views" });
  const key = foldInName(randomKey(options.seed ?? 0), 'views');
  const condition = await prior.prepare(caption, picture, null);
  const chosen = [0, 0.25, 0.5, 0.75, 1].map((t) => controls[Math.round(t * (controls.length - 1))]!);
  const control = await prior.controlFeatures(chosen);
  const drawn = await sample(prior, { condition, control, views: chosen.length }, key, {
    steps: PRIOR_VIEW_STEPS,
    sampler: 'ddim',
    signal,
  });
  const png = (image: Image, recorded = false) => encodeImage(image, { generator: generatorOf(options), recorded });
  return [
    // The person's own photo is no synthetic picture: it carries no mark that says so.
    {
      path: 'prior/reference.png',
      what: "the photo's crop as the prior sees it",
      bytes: await png(picture, true),
      recorded: true,
    },
    ...(await Promise.all(
      chosen.map(async (image, i) => ({
        path: `prior/control_${i}.png`,
        what: 'control image',
        bytes: await png(image),
      })),
    )),
    ...(await Promise.all(
      drawn.map(async (image, i) => ({
        path: `prior/view_${i}.png`,
        what: "the prior's own view",
        bytes: await png(markImage(image, marker)),
      })),
    )),
  ];
}

/** Enough for pictures that only illustrate; distillation has its own schedule. */
const PRIOR_VIEW_STEPS = 20;

async function deliver(
  options: HeadJobOptions,
  { report, signal }: JobContext,
  made: {
    head: Head;
    config: DistillConfig;
    settings: Record<string, Json>;
    caption: string;
    extra: ExtraFile[];
    size: number;
    marker: Marker | undefined;
  },
): Promise<Manifest> {
  const { head, config, settings, caption, extra, size, marker } = made;
  const { samples, step } = config;
  const renderer = await HeadRenderer.create(config.field, {
    samples,
    step: step ?? undefined,
    device: options.device,
    threads: options.threads,
  });
  const { tensors, metadata } = headTensors(head);
  const field = {
    path: 'head.safetensors',
    what: 'the volumetric head itself',
    bytes: encodeSafetensors(tensors, metadata),
  };
  try {
    const products = productsOfHead(head, { renderer, size: size * 2, settings, caption, extra: [...extra, field] });
    return await writeBundle(products, options.out, {
      generator: generatorOf(options),
      marker,
      resolution: 96,
      frames: 36,
      report,
      signal,
      replace: true,
    });
  } finally {
    await renderer.dispose();
  }
}
