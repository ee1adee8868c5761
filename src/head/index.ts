/**
 * The volumetric head: shape, values, rendering, sampling, files. What other folders may use of head/.
 */
export { directionHarmonics, HARMONICS } from './background.js';
export type { FieldEngine, FieldEngineOptions, ForwardOptions, RunOfStep, TableStep } from './engine.js';
export {
  densityBias,
  draftField,
  FEATURES_PER_LEVEL,
  type FieldConfig,
  type FieldLayout,
  fieldLayout,
  isBackground,
  type LevelLayout,
  networkShapes,
  paperField,
} from './field.js';
export { FieldKernels } from './field-kernels.js';
export { FieldShaders } from './field-shaders.js';
export { headFromTensors, headTensors, loadHead, saveHead } from './file.js';
export { encodePoints, scatterGradient } from './hash.js';
export { type Head, type HeadView, initialHead, paperView } from './head.js';
export { type MarchOptions, makeSampleBatch, marchRays, type SampleBatch } from './march.js';
export { backgroundOnGraph, networkInputs, overBackground } from './network.js';
export { fullOccupancy, markOccupied, type Occupancy, updateOccupancy } from './occupancy.js';
export { openField } from './open-field.js';
export { cameraRays, fillCameraRays, makeRays, type Patch, type Rays } from './rays.js';
export { backgroundFeed, HeadRenderer, type RendererOptions, type Rendering, renderHead } from './render.js';
export { type FieldValues, headBox, sampleDensity, sampleField } from './sample.js';
