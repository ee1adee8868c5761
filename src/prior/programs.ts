/**
 * The compiled programs of a prior: one per task and batch size, made when first needed.
 *
 * Owns native memory through the programs. Knows shapes and feeds; what the results mean is `prior.ts`'s affair.
 */
import { compile, type Device, Graph, type ModelPlacer, type Program, type Tensor } from '../graph/index.js';
import { clipText, pictureChannels, scopeOf, selfAttentionLayers, vaeDecode, vaeEncode } from '../nets/index.js';
import { controlSize, latentShape, type PriorConfig } from './config.js';
import { controlFeatures, denoise, PREFIXES, referenceTokens, tileBatch } from './networks.js';
import type { PriorModel } from './prior-files.js';

/** Where programs run. */
export type ProgramOptions = {
  /** Default 'cpu'. */
  readonly device?: Device;
  /** threads of the CPU runtime. Default: all cores. */
  readonly threads?: number;
  /** needed when the weights are read in place */
  readonly placer?: ModelPlacer;
};

/** Guidance branches computed at once: 1 is the prompt alone, 2 is (empty prompt, prompt). */
export type Branches = 1 | 2;

/** Makes and keeps the programs of one prior. `dispose` frees them. */
export class PriorPrograms {
  private readonly made = new Map<string, Promise<Program>>();

  constructor(
    private readonly model: PriorModel,
    private readonly options: ProgramOptions,
  ) {}

  /** ids [B, S] → tokens [B, S, D]. */
  text(batch: number): Promise<Program> {
    return this.get(`text ${batch}`, (graph) => {
      const config = this.model.config.text_encoder;
      const ids = graph.input('ids', [batch, config.max_position_embeddings], 'int64');
      return { tokens: clipText(scopeOf(graph, PREFIXES.textEncoder), config, ids) };
    });
  }

  /** image [B, 3, H, W] → mean, logVariance [B, C, h, w], unscaled. */
  encode(batch: number): Promise<Program> {
    return this.get(`encode ${batch}`, (graph) => {
      const { vae, image_size: side } = this.model.config;
      const image = graph.input('image', [batch, pictureChannels(vae), side, side]);
      return { ...vaeEncode(scopeOf(graph, PREFIXES.vae), vae, image) };
    });
  }

  /** latent [B, C, h, w], unscaled → image [B, 3, H, W]. */
  decode(batch: number): Promise<Program> {
    return this.get(`decode ${batch}`, (graph) => {
      const latent = graph.input('latent', [batch, ...latentShape(this.model.config)]);
      return { image: vaeDecode(scopeOf(graph, PREFIXES.vae), this.model.config.vae, latent) };
    });
  }

  /** latent [1, C, h, w], timestep [1], text [R, S, D] → the tokens of every layer, [R, T, C], R = branches. */
  reference(branches: Branches): Promise<Program> {
    return this.get(`reference ${branches}`, (graph) => {
      const { config } = this.model;
      const latent = tileBatch(graph.input('latent', [1, ...latentShape(config)]), branches);
      const timestep = graph.input('timestep', [1]);
      const tokens = referenceTokens(graph, config, {
        latent,
        timestep,
        text: textInput(graph, this.model.config, branches),
      });
      return Object.fromEntries(tokens);
    });
  }

  /** control [V, 3, H, W] → features [V, width, h, w]. */
  control(views: number): Promise<Program> {
    return this.get(`control ${views}`, (graph) => {
      const { config } = this.model;
      const side = controlSize(config);
      const picture = graph.input('control', [views, config.controlnet.conditioning_channels, side, side]);
      return { features: controlFeatures(graph, config, picture) };
    });
  }

  /**
   * sample [V, C, h, w], timestep [1], text [R, S, D], control features [V, width, h, w], reference tokens by layer →
   * prediction [R·V, C, h, w], branch by branch.
   */
  denoise(views: number, branches: Branches): Promise<Program> {
    return this.get(`denoise ${views} ${branches}`, (graph) => {
      const { config } = this.model;
      const shape = latentShape(config);
      const features = [views, config.unet.block_out_channels[0]!, shape[1], shape[2]];
      const prediction = denoise(graph, config, {
        sample: tileBatch(graph.input('sample', [views, ...shape]), branches),
        timestep: graph.input('timestep', [1]),
        text: textInput(graph, this.model.config, branches),
        control: tileBatch(graph.input('control', features), branches),
        reference: referenceInputs(graph, this.model.config, branches),
      });
      return { prediction };
    });
  }

  private get(name: string, build: (graph: Graph) => Record<string, Tensor>): Promise<Program> {
    const known = this.made.get(name);
    if (known) return known;
    const { device, threads, placer } = this.options;
    const outputs = build(new Graph());
    const program = compile({ outputs, weights: this.model.weights, device, threads, placer });
    this.made.set(name, program);
    // A failed build may be tried again, e.g. after the weights were put in place.
    program.catch(() => this.made.delete(name));
    return program;
  }

  /** Frees the memory of all programs. */
  async dispose(): Promise<void> {
    const programs = [...this.made.values()];
    this.made.clear();
    for (const program of programs) await (await program).dispose();
  }
}

/** Tokens of the prompts of R branches, an input `text` [R, S, D]. */
export function textInput(graph: Graph, { text_encoder: text }: PriorConfig, branches: Branches): Tensor {
  return graph.input('text', [branches, text.max_position_embeddings, text.hidden_size]);
}

/** Inputs [R, T, C] named and shaped as the outputs of the reference network: the recording pass itself says the shapes. */
export function referenceInputs(graph: Graph, config: PriorConfig, branches: Branches): Map<string, Tensor> {
  const scratch = new Graph();
  const shapes = referenceTokens(scratch, config, {
    latent: scratch.input('latent', [branches, ...latentShape(config)]),
    timestep: scratch.input('timestep', [1]),
    text: textInput(scratch, config, branches),
  });
  return new Map(
    selfAttentionLayers(config.unet).map((layer) => [layer, graph.input(layer, shapes.get(layer)!.shape)]),
  );
}
