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
