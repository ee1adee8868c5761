/**
 * The public names of `joker3d`, one per line. What is not listed here is not for use outside the package.
 */

// core
export { type Camera, cameraCenter, orbitCamera, projectPoint, rayDirection, resizeCamera } from './core/camera.js';
export { type ErrorCode, exitCodeOf, JokerError } from './core/errors.js';
export { withOutputFolder, writeFileAtomic } from './core/files/atomic.js';
export { openSafetensors, parseSafetensors, readTensor, writeSafetensors } from './core/files/safetensors.js';
export { fromBytes, type Image, makeImage, resizeArea, resizeBilinear, toBytes } from './core/image.js';
export { type Mesh, vertexNormals } from './core/mesh.js';
export { type JobMessage, type Report, silent } from './core/progress.js';
export { foldIn, foldInName, type RandomKey, RandomStream, randomKey } from './core/rng.js';

// run
export { type JobContext, type JobFunction, type JobReference, jobOf, runJob } from './run/job.js';
export { listModels, type ModelListing } from './run/models.js';
