/**
 * From a 2D teacher to a 3D head. What other folders may use of distill/.
 */
export { type AdamWSettings, adamWStep, type Moments, makeMoments } from './adamw.js';
export { type DistillConfig, draftPreset, type LossWeights, paperPreset } from './config.js';
export { countEvaluations, type DistillOptions, distill } from './distill.js';
export { buildLoss, type LossTerms, type PerceptualTerm } from './losses.js';
export {
  gridAngles,
  type OrbitGrid,
  PAPER_RANGE,
  spiralAngles,
  sweepAngles,
  type ViewAngles,
  viewCamera,
  WIDE_RANGE,
} from './orbit.js';
export { encoderPerceptual } from './perceptual.js';
export {
  listUpdates,
  type NoisePlan,
  planStep,
  type ResolutionMilestone,
  type StepPlan,
} from './plan.js';
export { type PriorTeacherOptions, priorTeacher } from './prior-teacher.js';
export { type DistillState, initialState, loadState, saveState, stateFromTensors, stateTensors } from './state.js';
export {
  HeadTrainer,
  initialMoments,
  type MomentTable,
  rateFactor,
  type StepFigures,
  type TrainerOptions,
} from './step.js';
export { perfectTeacher, type TargetRequest, type Teacher } from './teacher.js';
