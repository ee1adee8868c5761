/**
 * Public names of nets/: the Stable Diffusion 1.5 family and LPIPS on the graph.
 */
export { type AttentionOptions, attention, DIFFUSERS_PROJECTIONS, type ProjectionNames } from './attention.js';
export type { BlockContext, LevelOptions, ReferenceTokens } from './blocks.js';
export { clipText } from './clip.js';
export {
  type ClipTextConfig,
  type ControlnetConfig,
  clipTextConfigSchema,
  controlnetConfigSchema,
  parseConfig,
  pictureChannels,
  type UnetConfig,
  unetConfigSchema,
  type VaeConfig,
  vaeConfigSchema,
  vaeFactor,
} from './config.js';
export { type ControlnetInputs, controlEmbedding, controlnet } from './controlnet.js';
export { timestepEmbedding, timestepSinusoids } from './embedding.js';
export { initialise, type ParameterLike, startsAtZero } from './initialise.js';
export { canonicalIndex, canonicalKey, isBookkeeping, olderVaeKey } from './keys.js';
export { isLdmCheckpoint, isLdmExtra, type LdmConfig, ldmIndex, ldmName } from './ldm-keys.js';
export {
  LPIPS_PREFIX,
  LPIPS_SMALLEST,
  LPIPS_WIDTHS,
  type LpipsBackbone,
  type LpipsConfig,
  type LpipsModel,
  type LpipsWidths,
  lpipsDistance,
  lpipsParameters,
} from './lpips.js';
export { MATTE_SIDE, matteLoss, matteNetwork } from './matte.js';
export { repeatBatch } from './ops.js';
export { maskTerms, plainBlock, plainConvolution } from './plain-blocks.js';
export { downsample, type ResnetOptions, resnet, upsample } from './resnet.js';
export {
  type ConvolutionOptions,
  convolution,
  dense,
  normaliseGroups,
  normaliseLayer,
  type Scope,
  scopeOf,
} from './scope.js';
export { type TransformerOptions, transformer } from './transformer.js';
export { type ControlResiduals, selfAttentionLayers, type UnetInputs, unet } from './unet.js';
export { type LatentPosterior, vaeDecode, vaeEncode, vaeFeatures } from './vae.js';
