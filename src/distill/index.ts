/**
 * From a 2D teacher to a 3D head. What other folders may use of distill/.
 */
export { type AdamWSettings, adamWStep, type Moments, makeMoments } from './adamw.js';
export {
  type DistillConfig,
  draftPreset,
  type LossWeights,
  paperPreset,
  tablePreset,
  withDynamicTarget,
  withStageTwo,
  withSteps,
  withVariationalTarget,
} from './config.js';
export { countEvaluations, type DistillOptions, distill } from './distill.js';
export type { MatteMaker } from './empty.js';
export { buildLoss, type KnownRays, type LossTerms, type PerceptualTerm } from './losses.js';
export {
  gridAngles,
  type OrbitGrid,
  PAPER_RANGE,
  type ViewAngles,
  viewCamera,
  WIDE_RANGE,
} from './orbit.js';
export { encoderPerceptual, lpipsPerceptual } from './perceptual.js';
export {
  type DynamicTarget,
  dynamicRange,
  listUpdates,
  type NoisePlan,
  type PlanSettings,
  type ProgressiveTarget,
  planStep,
  type ResolutionMilestone,
  type StepPlan,
  type TargetPlan,
  type TargetUpdate,
  type VariationalTarget,
  variationalRange,
} from './plan.js';
export { type PriorTeacherOptions, priorTeacher, rescaledContrast } from './prior-teacher.js';
export { type DistillState, initialState, loadState, saveState, stateFromTensors, stateTensors } from './state.js';
export {
  chooseBatch,
  HeadTrainer,
  initialMoments,
  type MomentTable,
  rateFactor,
  type StepBatch,
  type StepFigures,
  type TrainerOptions,
} from './step.js';
export { perfectTeacher, type TargetRequest, type Teacher } from './teacher.js';
export { type VariationalTeacherOptions, variationalTeacher } from './variational-teacher.js';
