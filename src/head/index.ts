/**
 * The volumetric head: shape, values, rendering, sampling, files. What other folders may use of head/.
 */
export { directionHarmonics, HARMONICS } from './background.js';
export {
  densityBias,
  draftField,
  FEATURES_PER_LEVEL,
  type FieldConfig,
  type FieldLayout,
  fieldLayout,
  type LevelLayout,
  networkShapes,
  paperField,
} from './field.js';
export { headFromTensors, headTensors, loadHead, saveHead } from './file.js';
export { encodePoints, scatterGradient } from './hash.js';
export { type Head, type HeadView, initialHead, paperView } from './head.js';
export { type MarchOptions, makeSampleBatch, marchRays, type SampleBatch } from './march.js';
export { fullOccupancy, markOccupied, type Occupancy, updateOccupancy } from './occupancy.js';
export { cameraRays, fillCameraRays, makeRays, type Patch, type Rays } from './rays.js';
export {
  type FieldRun,
  feedOf,
  HeadRenderer,
  makeFieldRun,
  type RaysOnGraph,
  type RendererOptions,
  type Rendering,
  raysOnGraph,
  renderHead,
} from './render.js';
export { type FieldValues, headBox, sampleDensity, sampleField } from './sample.js';
