/**
 * The public names of `joker3d`, one per line. What is not listed here is not for use outside the package.
 */

// photo, face, condition
export { type AnalyseOptions, analyseFace, type FaceReport, loadFaceTools } from './condition/analyse-face.js';
export { captionOf } from './condition/caption.js';
export { type Condition, makeCondition } from './condition/condition.js';
export { faceNormals, type NormalMap } from './condition/normals.js';
// core
export { type Camera, cameraCenter, orbitCamera, projectPoint, rayDirection, resizeCamera } from './core/camera.js';
export { type ErrorCode, exitCodeOf, JokerError } from './core/errors.js';
export { withOutputFolder, writeFileAtomic } from './core/files/atomic.js';
export { openSafetensors, parseSafetensors, readTensor, writeSafetensors } from './core/files/safetensors.js';
export { fromBytes, type Image, makeImage, resizeArea, resizeBilinear, toBytes } from './core/image.js';
export { type Mesh, vertexNormals } from './core/mesh.js';
export { type JobMessage, type Report, silent } from './core/progress.js';
export { foldIn, foldInName, type RandomKey, RandomStream, randomKey } from './core/rng.js';
// head, distill, deliver
export { writeBundle } from './deliver/bundle.js';
export { type Inspection, inspectFile, type Verdict } from './deliver/marks/inspect.js';
export {
  type DistillConfig,
  distill,
  draftPreset,
  paperPreset,
  perfectTeacher,
  type Teacher,
} from './distill/index.js';
export { type FaceTools, type FoundFace, findFace } from './face/analyse.js';
export { ARKIT_52, type ExpressionWeights, PRESETS, parseExpression } from './face/expression.js';
export { type Face, faceFromJson, faceToJson } from './face/face.js';
export { loadMorphableModel } from './face/model/load.js';
export type { MorphableModel } from './face/model/model.js';
export { reenact, withExpression } from './face/reenact.js';
export { type Head, HeadRenderer, loadHead, renderHead, sampleField, saveHead } from './head/index.js';
export { type LoadOptions, loadPhoto } from './photo/load.js';
export { type Photo, photoFromImage } from './photo/photo.js';
// prior
export { type VerifyOptions, type VerifyResult, verifyFolder } from './prior/index.js';
export { type JobContext, type JobFunction, type JobReference, jobOf, runJob } from './run/job.js';
// run
export {
  exportJob,
  faceJob,
  headJob,
  headsJob,
  importJob,
  inspectJob,
  sampleJob,
  trainJob,
  verifyJob,
} from './run/jobs.js';
export { listModels, type ModelListing } from './run/models.js';
export { type Origin, readOrigins, type VerifiedFile, verifyOrigins } from './run/origins.js';
