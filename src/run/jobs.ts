/**
 * References to the jobs of this package, for `runJob`: importing this loads none of them, so that a caller's thread stays
 * small and starts fast.
 */

import { jobOf } from './job.js';

/** What the program sees in a photo: `lookAtFace` in face.ts. */
export const faceJob = jobOf<typeof import('./face.js'), 'lookAtFace'>(
  new URL('./face.js', import.meta.url),
  'lookAtFace',
);

/** Photo, expression and words to a head: `makeHead` in head.ts. */
export const headJob = jobOf<typeof import('./head.js'), 'makeHead'>(new URL('./head.js', import.meta.url), 'makeHead');

/** Many heads of one photo: `makeHeads` in heads.ts. */
export const headsJob = jobOf<typeof import('./heads.js'), 'makeHeads'>(
  new URL('./heads.js', import.meta.url),
  'makeHeads',
);

/** A finished head in other forms: `exportHead` in export.ts. */
export const exportJob = jobOf<typeof import('./export.js'), 'exportHead'>(
  new URL('./export.js', import.meta.url),
  'exportHead',
);

/** Heads of rendered people against the truth: `evaluateHead` in evaluate-head.ts. */
export const evaluateHeadJob = jobOf<typeof import('./evaluate-head.js'), 'evaluateHead'>(
  new URL('./evaluate-head.js', import.meta.url),
  'evaluateHead',
);

/** Heads against the prior's own views: `evaluateViews` in evaluate-views.ts. */
export const evaluateViewsJob = jobOf<typeof import('./evaluate-views.js'), 'evaluateViews'>(
  new URL('./evaluate-views.js', import.meta.url),
  'evaluateViews',
);

/** Does the text bring the tongue: `evaluateTongue` in evaluate-tongue.ts. */
export const evaluateTongueJob = jobOf<typeof import('./evaluate-tongue.js'), 'evaluateTongue'>(
  new URL('./evaluate-tongue.js', import.meta.url),
  'evaluateTongue',
);

/** The pairs of the evaluation as files for other programs: `evaluatePairs` in evaluate-exchange.ts. */
export const evaluatePairsJob = jobOf<typeof import('./evaluate-exchange.js'), 'evaluatePairs'>(
  new URL('./evaluate-exchange.js', import.meta.url),
  'evaluatePairs',
);

/** A prior on held-out people by the paper's protocols: `evaluatePrior` in evaluate-prior.ts. */
export const evaluatePriorJob = jobOf<typeof import('./evaluate-prior.js'), 'evaluatePrior'>(
  new URL('./evaluate-prior.js', import.meta.url),
  'evaluatePrior',
);

/** Pictures of the prior alone: `samplePictures` in sample.ts. */
export const sampleJob = jobOf<typeof import('./sample.js'), 'samplePictures'>(
  new URL('./sample.js', import.meta.url),
  'samplePictures',
);

/** What a file says about its origin: `inspect` in inspect.ts. */
export const inspectJob = jobOf<typeof import('./inspect.js'), 'inspect'>(
  new URL('./inspect.js', import.meta.url),
  'inspect',
);

/** Recomputes reference outputs: `verify` in verify.ts. */
export const verifyJob = jobOf<typeof import('./verify.js'), 'verify'>(
  new URL('./verify.js', import.meta.url),
  'verify',
);

/** Trains one stage: `trainStage` in train-job.ts. */
export const trainJob = jobOf<typeof import('./train-job.js'), 'trainStage'>(
  new URL('./train-job.js', import.meta.url),
  'trainStage',
);

/** Weights of others into our form: `importModel` in import-model.ts. */
export const importJob = jobOf<typeof import('./import-model.js'), 'importModel'>(
  new URL('./import-model.js', import.meta.url),
  'importModel',
);

/** Photos or rendered people into the disk layout of the paper's data: `prepareData` in prepare.ts. */
export const prepareJob = jobOf<typeof import('./prepare.js'), 'prepareData'>(
  new URL('./prepare.js', import.meta.url),
  'prepareData',
);
