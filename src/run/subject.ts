/**
 * The beginning that the jobs on a person share: weights, the fitted face, the target expression, the caption.
 *
 * Only the order of the stages' calls.
 */

import { existsSync } from 'node:fs';
import { captionOf, reenactCaption } from '../condition/caption.js';
import { JokerError } from '../core/errors.js';
import { assetPath } from '../core/files/assets.js';
import { type FaceTools, findFace } from '../face/analyse.js';
import type { ExpressionWeights } from '../face/expression.js';
import type { Face } from '../face/face.js';
import type { MorphableModel } from '../face/model/model.js';
import { reenact, withExpression } from '../face/reenact.js';
import { runtimeKind } from '../graph/index.js';
import { loadPhoto } from '../photo/load.js';
import type { Photo } from '../photo/photo.js';
import type { PriorModel } from '../prior/index.js';
import { type JobContext, stopIfAsked } from './job.js';

/** The weights that are shipped. @throws JokerError missing-file. */
export function embeddedPrior(): string {
  const path = assetPath('prior', 'mini.safetensors');
  if (existsSync(path)) return path;
  throw new JokerError(
    'missing-file',
    `${path}: the embedded weights are missing`,
    'Install the package again or name a prior with --weights.',
  );
}

/** Whom a job is about and what is asked of the face. */
export type Subject = { readonly reference: Face; readonly target: Face; readonly caption: string };

/** What names a subject; see `HeadJobOptions`. */
export type SubjectOptions = {
  readonly photo: string;
  readonly drive?: string;
  readonly text?: string;
};

/** Fits the photo's face, poses it as the driving photo, gives it the expression, and finds the words for it. @throws as the two below. */
export async function readSubject(
  options: SubjectOptions,
  photo: Photo,
  tools: FaceTools,
  expression: ExpressionWeights | null,
  context: JobContext,
): Promise<Subject> {
  const reference = await readReference(photo, options.photo, tools, context);
  return { reference, ...(await targetOf(options, reference, tools, expression, context)) };
}

/** The photo's face. @throws JokerError no-face. */
export async function readReference(photo: Photo, path: string, tools: FaceTools, context: JobContext): Promise<Face> {
  await warnOfFallback(context);
  context.report({ kind: 'stage', stage: 'face', text: 'Finding and fitting the face' });
  return onlyFace(photo, path, tools, context);
}

/** The face to be shown and the words for it. @throws JokerError no-face, and what reading the driving photo throws. */
export async function targetOf(
  options: SubjectOptions,
  reference: Face,
  tools: FaceTools,
  expression: ExpressionWeights | null,
  context: JobContext,
): Promise<Omit<Subject, 'reference'>> {
  let target = reference;
  if (options.drive !== undefined) {
    const driving = await onlyFace(await loadPhoto(options.drive), options.drive, tools, context);
    target = reenact(reference, driving);
  }
  if (expression) target = withExpression(target, tools.model, expression);
  const wanted = expression ?? target.arkit;
  const caption = options.text ?? reenactCaption('a person', captionOf({ expression: wanted }));
  return { target, caption: caption.toLowerCase() };
}

/** Says so when a prior's control images came from fits of another face model than the one at hand. */
export function warnOfOtherFaceModel(
  { config, path }: PriorModel,
  model: MorphableModel,
  { report }: JobContext,
): void {
  if (config.face_model === undefined || config.face_model === model.name) return;
  const text = `${path} learned from fits of the face model ${config.face_model}, faces are fitted with ${model.name}: expressions may come out weaker or wrong`;
  report({ kind: 'note', level: 'warning', text });
}

/** Says so when the native runtime is missing: the work is the same and takes several times longer. */
async function warnOfFallback({ report }: JobContext): Promise<void> {
  if ((await runtimeKind('cpu')) === 'native') return;
  const text = 'onnxruntime-node is not installed: using the WebAssembly runtime, which is several times slower';
  report({ kind: 'note', level: 'warning', text });
}

async function onlyFace(photo: Photo, path: string, tools: FaceTools, { report, signal }: JobContext): Promise<Face> {
  const { face, count } = await findFace(photo, tools);
  stopIfAsked(signal);
  if (count > 1) report({ kind: 'note', level: 'warning', text: `${count} faces in ${path}; the largest one is used` });
  return face;
}
