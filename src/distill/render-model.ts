/**
 * A copy of the prior's denoiser that learns what the head's renders look like while the head is made: the second model of
 * variational score distillation.
 *
 * ProlificDreamer (Wang et al. 2023) trains low-rank additions to a frozen network; here the copy is whole, because the embedded denoiser is small.
 * Its camera is the control image, as the prior's. Not the target that is made of it: variational-teacher.ts. Letters: B views, C h w
 * latents, S text tokens, D text width, T tokens of a layer.
 */
import {
  adamW,
  add,
  compile,
  type Device,
  Graph,
  gradients,
  mean,
  mul,
  type Program,
  square,
  sub,
  type Tensor,
} from '../graph/index.js';
import {
  denoise,
  latentShape,
  type NoiseSchedule,
  noiseFromV,
  PREFIXES,
  type PriorModel,
  type ReferenceFeatures,
  referenceInputs,
  textInput,
} from '../prior/index.js';

/** How the copy learns and where. */
export type RenderModelOptions = {
  readonly learningRate: number;
  /** views B that are given at once */
  readonly views: number;
  readonly threads?: number;
  readonly device?: Device;
};

/** One look at renders. */
export type RenderQuery = {
  /** scaled latents of the renders [B, C, h, w], and their noise */
  readonly clean: Float32Array;
  readonly noise: Float32Array;
  /** control features of the views, of `JokerPrior.controlFeatures` */
  readonly control: Float32Array;
  /** tokens of the prompt, [1, S, D] */
  readonly text: Float32Array;
  /** of the prompt alone (one branch); says the timestep, too */
  readonly features: ReferenceFeatures;
};

/** ProlificDreamer's, and the paper's for its prior; clipping keeps a run of few steps from leaping. */
const [WEIGHT_DECAY, CLIP_NORM] = [0.01, 1];

/** Owns the program and the copy's weights. */
export class RenderModel {
  private step = 0;

  private constructor(
    private readonly program: Program,
    private readonly model: PriorModel,
    private readonly schedule: NoiseSchedule,
    private readonly learningRate: number,
  ) {}

  /** @throws Error (internal) for weights that are not in memory: the copy of a full-size prior would not fit there. */
  static async create(model: PriorModel, schedule: NoiseSchedule, options: RenderModelOptions): Promise<RenderModel> {
    const graph = new Graph({ wide: options.device === 'webgpu' });
    const { prediction, loss } = buildLoss(graph, model, options.views);
    const trained = graph.parameters().filter(({ name }) => name.startsWith(PREFIXES.unet));
    const initial = trained.map(({ name, shape }) => {
      const data = model.weights(name, shape);
      if (data.kind !== 'memory') throw new Error(`internal: ${name} is not in memory`);
      return data.data;
    });
    const state = adamW(graph, {
      parameters: trained,
      initial,
      gradients: gradients(loss, trained),
      learningRate: graph.input('learning_rate', []),
      step: graph.input('adam_step', []),
      weightDecay: WEIGHT_DECAY,
      clipNorm: CLIP_NORM,
    });
    const { threads, device } = options;
    const program = await compile({ outputs: { prediction }, state, weights: model.weights, threads, device });
    return new RenderModel(program, model, schedule, options.learningRate);
  }

  /** The noise that the copy finds in the renders, [B, C, h, w]; then it learns from them, one step. */
  async look({ clean, noise, control, text, features }: RenderQuery): Promise<Float32Array> {
    const { timestep, tokens } = features;
    const alpha = this.schedule.alphasCumprod[timestep]!;
    const [signal, spread] = [Math.sqrt(alpha), Math.sqrt(1 - alpha)];
    const outputs = await this.program.run({
      ...tokens,
      clean,
      noise,
      control,
      text,
      timestep: Float32Array.of(timestep),
      signal: Float32Array.of(signal),
      spread: Float32Array.of(spread),
      learning_rate: Float32Array.of(this.learningRate),
      adam_step: Float32Array.of(++this.step),
    });
    const prediction = outputs['prediction']!;
    if (this.model.config.scheduler.prediction_type === 'epsilon') return prediction;
    const noisy = clean.map((value, i) => signal * value + spread * noise[i]!);
    return noiseFromV(this.schedule, prediction, noisy, timestep);
  }

  /** Frees the program's memory. */
  dispose(): Promise<void> {
    return this.program.dispose();
  }
}

/** The denoiser on noised renders, and the mean squared error of what it is trained to predict. */
function buildLoss(graph: Graph, { config }: PriorModel, views: number): { prediction: Tensor; loss: Tensor } {
  const shape = [views, ...latentShape(config)];
  const [clean, noise] = [graph.input('clean', shape), graph.input('noise', shape)];
  const [signal, spread] = [graph.input('signal', []), graph.input('spread', [])];
  const prediction = denoise(graph, config, {
    sample: add(mul(clean, signal), mul(noise, spread)),
    timestep: graph.input('timestep', [1]),
    text: textInput(graph, config, 1),
    control: graph.input('control', [views, config.unet.block_out_channels[0]!, shape[2]!, shape[3]!]),
    reference: referenceInputs(graph, config, 1),
  });
  const velocity = config.scheduler.prediction_type === 'v_prediction';
  const wanted = velocity ? sub(mul(noise, signal), mul(clean, spread)) : noise;
  return { prediction, loss: mean(square(sub(prediction, wanted))) };
}
