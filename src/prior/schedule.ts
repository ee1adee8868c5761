/**
 * The one noise schedule of the project and everything that walks along it: DDPM's forward process, DDIM, truncated DDIM,
 * PLMS. Pure functions on flat arrays; no networks, no randomness.
 *
 * Ho et al. 2020 (DDPM), Song et al. 2021 (DDIM), Liu et al. 2022 (PNDM; the linear multi-step half is PLMS). Constants are
 * Stable Diffusion 1.5's; the truncated walk is Joker's (supplement, 3D distillation).
 * Letters: ᾱ_t cumulative signal share, x_t noisy latents, ε noise, v = √ᾱ ε − √(1−ᾱ) x0 (Salimans and Ho 2022).
 */

/** Number of noise levels; timesteps are 0 … 999. */
export const TRAINING_STEPS = 1000;
/** Betas at the first and the last timestep; their square roots are spaced evenly ("scaled linear"). */
const FIRST_BETA = 0.00085;
const LAST_BETA = 0.012;
/** Stable Diffusion's `steps_offset`: inference timesteps end at 1, not 0. */
const STEPS_OFFSET = 1;

/** ᾱ_t for t = 0 … 999: 0.99915 … 0.00466. */
export type NoiseSchedule = { readonly alphasCumprod: Float64Array };

/** The schedule. Cheap: 1000 numbers. */
export function makeSchedule(): NoiseSchedule {
  const alphasCumprod = new Float64Array(TRAINING_STEPS);
  let product = 1;
  for (let t = 0; t < TRAINING_STEPS; t++) {
    const root = Math.sqrt(FIRST_BETA) + ((Math.sqrt(LAST_BETA) - Math.sqrt(FIRST_BETA)) * t) / (TRAINING_STEPS - 1);
    product *= 1 - root * root;
    alphasCumprod[t] = product;
  }
  return { alphasCumprod };
}

/** ᾱ at a timestep; before the first (t < 0) it is ᾱ_0, not 1 (`set_alpha_to_one` false). */
export function alphaAt(schedule: NoiseSchedule, t: number): number {
  const alpha = schedule.alphasCumprod[Math.max(0, t)];
  if (alpha === undefined) throw new Error(`internal: timestep ${t} outside 0 … ${TRAINING_STEPS - 1}`);
  return alpha;
}

function combine(a: number, x: Float32Array, b: number, y: Float32Array): Float32Array {
  const out = new Float32Array(x.length);
  for (let i = 0; i < out.length; i++) out[i] = a * x[i]! + b * y[i]!;
  return out;
}

/** DDPM forward: x_t = √ᾱ_t x0 + √(1−ᾱ_t) ε. */
export function addNoise(schedule: NoiseSchedule, clean: Float32Array, noise: Float32Array, t: number): Float32Array {
  const alpha = alphaAt(schedule, t);
  return combine(Math.sqrt(alpha), clean, Math.sqrt(1 - alpha), noise);
}

/** ε from a network's v: ε = √ᾱ v + √(1−ᾱ) x_t. */
export function noiseFromV(schedule: NoiseSchedule, v: Float32Array, noisy: Float32Array, t: number): Float32Array {
  const alpha = alphaAt(schedule, t);
  return combine(Math.sqrt(alpha), v, Math.sqrt(1 - alpha), noisy);
}

/** v, the target of training in v form: √ᾱ ε − √(1−ᾱ) x0. */
export function vTarget(schedule: NoiseSchedule, clean: Float32Array, noise: Float32Array, t: number): Float32Array {
  const alpha = alphaAt(schedule, t);
  return combine(Math.sqrt(alpha), noise, -Math.sqrt(1 - alpha), clean);
}

/** x0 that a noise estimate implies: (x_t − √(1−ᾱ) ε) / √ᾱ. */
export function cleanFromNoise(
  schedule: NoiseSchedule,
  noise: Float32Array,
  noisy: Float32Array,
  t: number,
): Float32Array {
  const alpha = alphaAt(schedule, t);
  return combine(1 / Math.sqrt(alpha), noisy, -Math.sqrt((1 - alpha) / alpha), noise);
}

/** One step of a walk from noise to image. */
export type Step = {
  /** the network is asked at this timestep */
  readonly from: number;
  /** the latents are at this timestep afterwards; negative stands for the end, where ᾱ is ᾱ_0 */
  readonly to: number;
};

/** Options of `ddimStep`. */
export type DdimOptions = {
  /**
   * bound of |x0|, in latent units; the noise is then recomputed so that x_t stays on its line. For small models only,
   * whose x0 is far off at high noise. Default: none, as Stable Diffusion.
   */
  readonly clipClean?: number | null;
};

/** Deterministic DDIM (η = 0): √ᾱ_to x0 + √(1−ᾱ_to) ε with x0 from ε. */
export function ddimStep(
  schedule: NoiseSchedule,
  step: Step,
  noisy: Float32Array,
  noise: Float32Array,
  options: DdimOptions = {},
): Float32Array {
  const [alpha, next] = [alphaAt(schedule, step.from), alphaAt(schedule, step.to)];
  const clean = cleanFromNoise(schedule, noise, noisy, step.from);
  const { clipClean } = options;
  if (!clipClean) return combine(Math.sqrt(next), clean, Math.sqrt(1 - next), noise);
  for (let i = 0; i < clean.length; i++) clean[i] = Math.max(-clipClean, Math.min(clipClean, clean[i]!));
  const consistent = combine(1 / Math.sqrt(1 - alpha), noisy, -Math.sqrt(alpha / (1 - alpha)), clean);
  return combine(Math.sqrt(next), clean, Math.sqrt(1 - next), consistent);
}

function stride(steps: number): number {
  if (!(Number.isInteger(steps) && steps >= 1 && steps <= TRAINING_STEPS))
    throw new Error(`internal: ${steps} sampling steps; 1 … ${TRAINING_STEPS} are possible`);
  return Math.floor(TRAINING_STEPS / steps);
}

/** Steps of DDIM: t = (steps − 1)·⌊1000/steps⌋ + 1, …, 1; one network call each. */
export function ddimSteps(steps: number): Step[] {
  const ratio = stride(steps);
  return Array.from({ length: steps }, (_, i) => {
    const from = (steps - 1 - i) * ratio + STEPS_OFFSET;
    return { from: Math.min(from, TRAINING_STEPS - 1), to: from - ratio };
  });
}

/**
 * Steps of PLMS without Runge–Kutta start (`skip_prk_steps`): the second call repeats the first step's end, so that 100
 * steps are 101 network calls: 991, 981, 981, 971, …, 1. With fewer than two steps there is nothing to repeat.
 */
export function plmsSteps(steps: number): Step[] {
  const [first, ...rest] = ddimSteps(steps) as [Step, ...Step[]];
  if (rest.length === 0) return [first];
  return [first, { from: rest[0]!.from, to: rest[0]!.from }, ...rest];
}

/** What PLMS remembers between calls. Plain data: store it to resume. */
export type PlmsHistory = {
  /** calls made so far */
  readonly calls: number;
  /** earlier noise estimates, newest last, at most three */
  readonly noises: readonly Float32Array[];
  /** the first call's input, kept for the second */
  readonly start: Float32Array | null;
};

/** A history before the first call. */
export const NO_HISTORY: PlmsHistory = { calls: 0, noises: [], start: null };

/**
 * One call of PLMS.
 * @param steps the list of `plmsSteps`; `history.calls` says which one it is.
 * @param noisy x at this step; the second call works on the first call's x, but the network has seen `noisy`.
 * @param noise the network's estimate.
 */
export function plmsStep(
  schedule: NoiseSchedule,
  steps: readonly Step[],
  history: PlmsHistory,
  noisy: Float32Array,
  noise: Float32Array,
): { next: Float32Array; history: PlmsHistory } {
  const { calls, noises } = history;
  if (calls === 1) {
    // Heun's correction of the first step: mean of the slopes at both of its ends.
    const mean = combine(0.5, noise, 0.5, noises[0]!);
    const next = ddimStep(schedule, { from: steps[0]!.from, to: steps[1]!.to }, history.start!, mean);
    return { next, history: { calls: 2, noises, start: null } };
  }
  const known = [...noises, noise].slice(-4);
  const next = ddimStep(schedule, steps[calls]!, noisy, multiStep(known));
  return { next, history: { calls: calls + 1, noises: known.slice(-3), start: calls === 0 ? noisy : null } };
}

/** Adams–Bashforth weights, newest estimate first, by how many estimates there are. */
const ADAMS_BASHFORTH: readonly (readonly number[])[] = [
  [1],
  [3 / 2, -1 / 2],
  [23 / 12, -16 / 12, 5 / 12],
  [55 / 24, -59 / 24, 37 / 24, -9 / 24],
];

function multiStep(noises: readonly Float32Array[]): Float32Array {
  const weights = ADAMS_BASHFORTH[noises.length - 1]!;
  const out = new Float32Array(noises[0]!.length);
  weights.forEach((weight, age) => {
    const noise = noises[noises.length - 1 - age]!;
    for (let i = 0; i < out.length; i++) out[i]! += weight * noise[i]!;
  });
  return out;
}

/** numpy's rounding: halves go to the even neighbour, so that ladders agree with the published lists. */
function roundHalfEven(x: number): number {
  const low = Math.floor(x);
  if (x - low !== 0.5) return Math.round(x);
  return low % 2 === 0 ? low : low + 1;
}

/**
 * Joker's noise levels of the distillation: round(999·(1 − k/levels)), k = 0 … levels − 1. For 100: 999, 989, …, 20, 10.
 * No steps offset in this walk.
 */
export function noiseLadder(levels = 100): number[] {
  return Array.from({ length: levels }, (_, k) => roundHalfEven((TRAINING_STEPS - 1) * (1 - k / levels)));
}

/**
 * Timesteps of a truncated walk from `start` in `count` network calls: round(linspace(start, 0, count + 1)) without its
 * last. Stage 1 of the distillation uses one call, Stage 2 the last levels at once (L = 40: 400, 390, …, 10).
 */
export function truncatedTimesteps(start: number, count: number): number[] {
  return Array.from({ length: count }, (_, i) => roundHalfEven(start * (1 - i / count)));
}

/** Steps through falling timesteps, the last one to timestep 0, where ᾱ_0 = 0.99915 and nothing is left to do. */
export function stepsThrough(timesteps: readonly number[]): Step[] {
  return timesteps.map((from, i) => ({ from, to: timesteps[i + 1] ?? 0 }));
}
