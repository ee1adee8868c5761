/**
 * Public names of prior/: Condition + noise → image.
 */

export { rowKeys } from './batches.js';
export { type BpeVocabulary, trainBpe } from './bpe.js';
export {
  controlSize,
  latentShape,
  type PriorConfig,
  parsePriorConfig,
  priorConfigSchema,
  type SchedulerConfig,
} from './config.js';
export type { Spelling } from './import-plan.js';
export {
  controlFeatures,
  type DenoiserInputs,
  type DiffusionConfig,
  denoise,
  PREFIXES,
  type ReferenceInputs,
  referenceTokens,
  tileBatch,
} from './networks.js';
export { priorParameters } from './parameters.js';
export {
  branchesFor,
  JokerPrior,
  type JokerPriorOptions,
  type NoiseQuery,
  type PreparedCondition,
  type ReferenceFeatures,
} from './prior.js';
export {
  type NamedWeight,
  type OpenPriorOptions,
  openPrior,
  type PriorModel,
  priorFromFile,
  type SavePriorOptions,
  savePriorFile,
  savePriorFolder,
} from './prior-files.js';
export { type Branches, type ProgramOptions, referenceInputs, textInput } from './programs.js';
export {
  DEFAULT_GUIDANCE,
  drawLatents,
  type RefineOptions,
  refine,
  type SampleOptions,
  sample,
  type ViewBatch,
  type WalkOptions,
  walkDdim,
  walkPlms,
} from './sampler.js';
export * from './schedule.js';
export {
  makeTokenizer,
  type TextTokenizer,
  type TokenizerJson,
  tokenizerFromPair,
  tokenizerJson,
} from './tokenizer.js';
export {
  relativeError,
  requirePassed,
  type VerifyOptions,
  type VerifyResult,
  type VerifyRow,
  verifyFolder,
} from './verify.js';
export type { CheckContext, VerifyCheck } from './verify-check.js';
export { type WeightFile, type WeightOptions, weightNames, weightsFrom } from './weights.js';
