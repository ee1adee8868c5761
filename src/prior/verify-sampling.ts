/**
 * The checks of `joker verify` that walk along the noise schedule: the schedulers alone on an analytic noise model, and
 * the whole prior with guidance.
 *
 * The reference outputs come from other people's programs; nothing here knows what they should be.
 */
import { z } from 'zod';
import { readIntegers, readTensor, type SafetensorsFile, tensorEntry } from '../core/files/safetensors.js';
import { compile, Graph, type Tensor, type Values } from '../graph/index.js';
import { controlnetConfigSchema, parseConfig, unetConfigSchema } from '../nets/index.js';
import { controlFeatures, type DiffusionConfig, denoise, PREFIXES, referenceTokens } from './networks.js';
import {
  addNoise,
  ddimStep,
  ddimSteps,
  makeSchedule,
  NO_HISTORY,
  type PlmsHistory,
  plmsStep,
  plmsSteps,
} from './schedule.js';
import { asFiles, type CheckContext, feedsOf, inputOf, tensorFiles, type VerifyCheck } from './verify-check.js';
import { weightsFrom } from './weights.js';

/** The noise model of the scheduler references: ε(x, t) = 0.9·x + 0.1·sin(t / 100). */
function analyticNoise(x: Float32Array, t: number): Float32Array {
  return x.map((value) => 0.9 * value + 0.1 * Math.sin(t / 100));
}

type Predict = (x: Float32Array, t: number) => Float32Array | Promise<Float32Array>;

/** Every state after each step of DDIM. */
async function ddimTrajectory(steps: number, start: Float32Array, predict: Predict): Promise<Float32Array[]> {
  const schedule = makeSchedule();
  const states: Float32Array[] = [];
  let x = start;
  for (const step of ddimSteps(steps)) {
    x = ddimStep(schedule, step, x, await predict(x, step.from));
    states.push(x);
  }
  return states;
}

/** Every state after each call of PLMS. */
async function plmsTrajectory(steps: number, start: Float32Array, predict: Predict): Promise<Float32Array[]> {
  const schedule = makeSchedule();
  const list = plmsSteps(steps);
  const states: Float32Array[] = [];
  let x = start;
  let history: PlmsHistory = NO_HISTORY;
  for (const step of list) {
    const moved = plmsStep(schedule, list, history, x, await predict(x, step.from));
    ({ next: x, history } = moved);
    states.push(x);
  }
  return states;
}

function flat(parts: readonly Float32Array[]): Float32Array {
  return Float32Array.from(parts.flatMap((part) => [...part]));
}

async function checkSchedulers(context: CheckContext, name: string): Promise<void> {
  const io = context.tensors(name);
  const steps = tensorEntry(io, 'ddim.timesteps').shape[0]!;
  const start = readTensor(io, 'start');
  const times = (list: readonly { from: number }[]): number[] => list.map((step) => step.from);
  context.compare('ddim.timesteps', times(ddimSteps(steps)), io, 'ddim.timesteps');
  context.compare('ddim.trajectory', flat(await ddimTrajectory(steps, start, analyticNoise)), io, 'ddim.trajectory');
  context.compare('pndm.timesteps', times(plmsSteps(steps)), io, 'pndm.timesteps');
  context.compare('pndm.trajectory', flat(await plmsTrajectory(steps, start, analyticNoise)), io, 'pndm.trajectory');
  context.compare('ddpm.alphas_cumprod', makeSchedule().alphasCumprod, io, 'ddpm.alphas_cumprod');
  context.compare('ddpm.noised', noised(io), io, 'ddpm.noised');
}

function noised(io: SafetensorsFile): Float32Array {
  const schedule = makeSchedule();
  const [clean, noise] = [readTensor(io, 'ddpm.clean'), readTensor(io, 'ddpm.noise')];
  const times = readIntegers(io, 'ddpm.t');
  const size = clean.length / times.length;
  const part = (x: Float32Array, i: number): Float32Array => x.subarray(i * size, (i + 1) * size);
  return flat([...times].map((t, i) => addNoise(schedule, part(clean, i), part(noise, i), t)));
}

const PRIOR_INPUTS = ['sample', 'timestep', 'text', 'control', 'reference_latent'] as const;
/** Guidance scale and number of steps of the references, as their names say. */
const PRIOR_GUIDANCE = 3;
const PRIOR_STEPS = 5;

async function checkPrior(context: CheckContext): Promise<void> {
  const io = context.tensors('io');
  const graph = new Graph();
  const inputs = PRIOR_INPUTS.map((key) => inputOf(graph, io, key)) as [Tensor, Tensor, Tensor, Tensor, Tensor];
  const program = await compile({
    outputs: { noise: priorPrediction(graph, priorConfig(context), inputs) },
    weights: weightsFrom([
      ...asFiles(PREFIXES.unet, context.tensors('unet')),
      ...asFiles(PREFIXES.referenceUnet, context.tensors('ref_unet')),
      ...asFiles(PREFIXES.controlnet, context.tensors('controlnet')),
    ]),
    threads: context.threads,
  });
  const feeds = feedsOf(io, PRIOR_INPUTS);
  const predict = async (changes: Record<string, Values>): Promise<Float32Array> =>
    (await program.run({ ...feeds, ...changes })).noise!;
  try {
    await comparePrior(context, io, predict);
  } finally {
    await program.dispose();
  }
}

async function comparePrior(
  context: CheckContext,
  io: SafetensorsFile,
  predict: (changes: Record<string, Values>) => Promise<Float32Array>,
): Promise<void> {
  const empty = readTensor(io, 'empty_text');
  const guided = async (changes: Record<string, Values>): Promise<Float32Array> => {
    const [without, withText] = [await predict({ ...changes, text: empty }), await predict(changes)];
    return without.map((value, i) => value + PRIOR_GUIDANCE * (withText[i]! - value));
  };
  const batch = tensorEntry(io, 'timestep').shape[0]!;
  const at = (x: Float32Array, t: number): Promise<Float32Array> =>
    guided({ sample: x, timestep: new Float32Array(batch).fill(t) });
  const start = readTensor(io, 'sample');
  context.compare('noise_prediction', await predict({}), io, 'noise_prediction');
  context.compare('noise_prediction_cfg3', await guided({}), io, 'noise_prediction_cfg3');
  const ddim = await ddimTrajectory(PRIOR_STEPS, start, at);
  context.compare('ddim_5_steps_cfg3', ddim[ddim.length - 1]!, io, 'ddim_5_steps_cfg3');
  const plms = await plmsTrajectory(PRIOR_STEPS, start, at);
  context.compare('pndm_5_steps_cfg3', plms[plms.length - 1]!, io, 'pndm_5_steps_cfg3');
}

function priorPrediction(
  graph: Graph,
  config: DiffusionConfig,
  [sample, timestep, text, control, latent]: readonly [Tensor, Tensor, Tensor, Tensor, Tensor],
): Tensor {
  const reference = referenceTokens(graph, config, { latent, timestep, text });
  return denoise(graph, config, {
    sample,
    timestep,
    text,
    control: controlFeatures(graph, config, control),
    reference,
  });
}

const diffusionConfigSchema = z.object({ unet: unetConfigSchema, controlnet: controlnetConfigSchema });

function priorConfig(context: CheckContext): DiffusionConfig {
  return parseConfig(diffusionConfigSchema, context.json('config'), context.path('config.json'));
}

const PRIOR_FILES = ['config.json', ...tensorFiles('unet', 'ref_unet', 'controlnet')];

/** The checks, in the order of their rows. */
export const SAMPLING_CHECKS: readonly VerifyCheck[] = [
  ...['schedulers_10', 'schedulers_100'].map((name) => ({
    what: name,
    outputs: `${name}.safetensors`,
    files: [],
    run: (context: CheckContext) => checkSchedulers(context, name),
  })),
  // The prior's files may stand in a folder of their own or in the folder that was named.
  { what: 'prior', folder: 'prior', outputs: 'io.safetensors', files: PRIOR_FILES, run: checkPrior },
  { what: 'prior', outputs: 'io.safetensors', files: PRIOR_FILES, run: checkPrior },
];
