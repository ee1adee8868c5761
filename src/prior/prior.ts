/**
 * The 2D prior ready to run: text, pictures, reference features and guided noise predictions (Joker, section "2D prior").
 *
 * Speaks noise (ε) whatever the network was trained to put out, and scaled latents. Not the sampler: walks over timesteps
 * are in `sampler.ts`. Letters: V views, C h w latents, S text tokens, D text width, R branches.
 */

import { JokerError } from '../core/errors.js';
import { fromNetwork, type Image } from '../core/image.js';
import type { RandomKey } from '../core/rng.js';
import { inBatches, normalRows, pictureRows, rowsOf } from './batches.js';
import { controlSize, latentShape, type PriorConfig } from './config.js';
import type { PriorModel } from './prior-files.js';
import { type Branches, PriorPrograms, type ProgramOptions } from './programs.js';
import { makeSchedule, type NoiseSchedule, noiseFromV } from './schedule.js';
import { makeTokenizer, type TextTokenizer } from './tokenizer.js';

/** What stays the same for all views of one head: the words and the person. */
export type PreparedCondition = {
  /** tokens of (empty prompt, prompt), [2, S, D] */
  readonly text: Float32Array;
  /** clean, scaled latents of the reference picture, [C, h, w] */
  readonly reference: Float32Array;
};

/** The reference network's tokens at one timestep, for all views and calls that share condition and timestep. */
export type ReferenceFeatures = {
  readonly timestep: number;
  readonly branches: Branches;
  /** [R, T, C] by layer */
  readonly tokens: Readonly<Record<string, Float32Array>>;
};

/** A batch of views to predict noise for. */
export type NoiseQuery = {
  /** noisy, scaled latents [V, C, h, w] */
  readonly latents: Float32Array;
  /** of `controlFeatures`, [V, width, h, w] */
  readonly control: Float32Array;
  /** of `referenceFeatures`; says the timestep */
  readonly features: ReferenceFeatures;
  /** scale s of ε_u + s·(ε_c − ε_u); needs features with two branches above 1, is ignored with one */
  readonly guidance: number;
};

/** Options of `JokerPrior`. */
export type JokerPriorOptions = ProgramOptions & {
  /** views computed at once; larger is faster and needs more memory. Default 4. */
  readonly batch?: number;
  /**
   * compute the two branches of guidance one after the other: half the memory for what lies between the layers, which for
   * full-size networks at 512² is gigabytes. Default false.
   */
  readonly branchesApart?: boolean;
};

/** Branches that a guidance scale needs: guidance is skipped at 1 and below. */
export function branchesFor(guidance: number): Branches {
  return guidance > 1 ? 2 : 1;
}

/** A prior with its compiled programs. Owns native memory: `dispose` when done. */
export class JokerPrior {
  readonly config: PriorConfig;
  readonly schedule: NoiseSchedule = makeSchedule();
  private readonly programs: PriorPrograms;
  private readonly tokenizer: TextTokenizer;
  private readonly batch: number;
  private readonly apart: boolean;

  constructor(model: PriorModel, options: JokerPriorOptions = {}) {
    this.config = model.config;
    this.programs = new PriorPrograms(model, options);
    this.batch = options.batch ?? 4;
    this.apart = options.branchesApart ?? false;
    const { tokenizer, text_encoder: text } = model.config;
    this.tokenizer = makeTokenizer(tokenizer, text.max_position_embeddings, model.path);
    if (this.tokenizer.size > text.vocab_size)
      throw new JokerError(
        'bad-weights',
        `${model.path}: ${this.tokenizer.size} tokens for an encoder of ${text.vocab_size}`,
        'Use tokenizer and text encoder of the same model.',
      );
  }

  /** Shape of one latent: C, h, w. */
  get latentShape(): readonly [number, number, number] {
    return latentShape(this.config);
  }

  /** Tokens of texts, [B, S, D]; the empty text is the unconditional one. */
  async encodeText(texts: readonly string[]): Promise<Float32Array> {
    const ids = texts.flatMap((text) => [...this.tokenizer.encode(text)]);
    const program = await this.programs.text(texts.length);
    return (await program.run({ ids: BigInt64Array.from(ids) })).tokens!;
  }

  /**
   * Scaled latents of pictures of the prior's size, [B, C, h, w].
   * @param keys one per picture: draws from its posterior; null takes the posteriors' means.
   */
  async encodeImages(images: readonly Image[], keys: readonly RandomKey[] | null): Promise<Float32Array> {
    const size = this.latentSize();
    const image = pictureRows(images, this.config.image_size, "the prior's pictures");
    const draws = keys ? normalRows(keys, size) : new Float32Array(images.length * size);
    const noise = rowsOf(draws, images.length);
    const batch = Math.min(images.length, this.batch);
    const program = await this.programs.encode(batch);
    const scale = this.config.vae.scaling_factor;
    return inBatches({ image, noise }, batch, async (part) => {
      const { mean, logVariance } = await program.run({ image: part.image });
      return mean!.map((value, i) => scale * (value + Math.exp(0.5 * logVariance![i]!) * part.noise[i]!));
    });
  }

  /** Pictures of scaled latents [B, C, h, w], clamped to [0, 1]. */
  async decodeLatents(latents: Float32Array): Promise<Image[]> {
    const count = latents.length / this.latentSize();
    const unscaled = latents.map((value) => value / this.config.vae.scaling_factor);
    const batch = Math.min(count, this.batch);
    const program = await this.programs.decode(batch);
    const pixels = await inBatches({ latent: rowsOf(unscaled, count) }, batch, async (part) => {
      return (await program.run(part)).image!;
    });
    const side = this.config.image_size;
    return Array.from({ length: count }, (_, i) => fromNetwork(pixels, side, side, 3, i * 3 * side * side));
  }

  /**
   * Text and reference, encoded once for all views.
   * @param key draws the reference from its posterior, as the paper does; null takes the mean.
   */
  async prepare(text: string, reference: Image, key: RandomKey | null): Promise<PreparedCondition> {
    return { text: await this.encodeText(['', text]), reference: await this.encodeImages([reference], key && [key]) };
  }

  /** Features of the views' control pictures (normal maps in [0, 1], black outside), [V, width, h, w]; hold at all t. */
  async controlFeatures(controls: readonly Image[]): Promise<Float32Array> {
    const control = pictureRows(controls, controlSize(this.config), 'the control pictures');
    const batch = Math.min(controls.length, this.batch);
    const program = await this.programs.control(batch);
    return inBatches({ control }, batch, async (part) => (await program.run(part)).features!);
  }

  /** The reference network at a timestep (0 … 999), for one branch (prompt only) or both. */
  async referenceFeatures(
    condition: PreparedCondition,
    timestep: number,
    branches: Branches,
  ): Promise<ReferenceFeatures> {
    const program = await this.programs.reference(this.atOnce(branches));
    const shared = { latent: condition.reference, timestep: Float32Array.of(timestep) };
    const tokens = await this.inTurn(branches, { text: textOf(condition, branches) }, (part) =>
      program.run({ ...shared, ...part }),
    );
    return { timestep, branches, tokens };
  }

  /** Guided noise ε of every view, [V, C, h, w]. */
  async predictNoise(condition: PreparedCondition, query: NoiseQuery): Promise<Float32Array> {
    const { latents, control, features, guidance } = query;
    if (features.branches !== branchesFor(guidance))
      throw new Error(`internal: guidance ${guidance} with reference features of ${features.branches} branches`);
    const views = latents.length / this.latentSize();
    const batch = Math.min(views, this.batch);
    const { branches } = features;
    const program = await this.programs.denoise(batch, this.atOnce(branches));
    const timestep = Float32Array.of(features.timestep);
    const branched = { ...features.tokens, text: textOf(condition, branches) };
    const inputs = { sample: rowsOf(latents, views), control: rowsOf(control, views) };
    const prediction = await inBatches(inputs, batch, async (part) => {
      const all = await this.inTurn(branches, branched, (own) => program.run({ ...own, ...part, timestep }));
      return guide(all.prediction!, branches, guidance);
    });
    return this.toNoise(prediction, latents, features.timestep);
  }

  /** Branches of one run. */
  private atOnce(branches: Branches): Branches {
    return this.apart ? 1 : branches;
  }

  /** Runs all branches at once, or one after the other with its part of the inputs; outputs are [R, …] either way. */
  private async inTurn(
    branches: Branches,
    inputs: Readonly<Record<string, Float32Array>>,
    run: (part: Readonly<Record<string, Float32Array>>) => Promise<Record<string, Float32Array>>,
  ): Promise<Record<string, Float32Array>> {
    if (this.atOnce(branches) === branches) return run(inputs);
    const halves = ([0, 1] as const).map((half) => mapValues(inputs, (value) => halfOf(value, half)));
    const [first, second] = [await run(halves[0]!), await run(halves[1]!)];
    return mapValues(first, (value, name) => joined(value, second[name]!));
  }

  /** Guidance is affine and the conversion too, so guiding v and converting once is the same as guiding ε. */
  private toNoise(prediction: Float32Array, latents: Float32Array, timestep: number): Float32Array {
    const { prediction_type: form } = this.config.scheduler;
    return form === 'epsilon' ? prediction : noiseFromV(this.schedule, prediction, latents, timestep);
  }

  private latentSize(): number {
    return this.latentShape.reduce((a, b) => a * b, 1);
  }

  /** Frees the programs' memory. The prior must not be used afterwards. */
  async dispose(): Promise<void> {
    await this.programs.dispose();
  }
}

function mapValues(
  record: Readonly<Record<string, Float32Array>>,
  change: (value: Float32Array, name: string) => Float32Array,
): Record<string, Float32Array> {
  return Object.fromEntries(Object.entries(record).map(([name, value]) => [name, change(value, name)]));
}

function halfOf(values: Float32Array, half: 0 | 1): Float32Array {
  const length = values.length / 2;
  return values.subarray(half * length, (half + 1) * length);
}

function joined(first: Float32Array, second: Float32Array): Float32Array {
  const out = new Float32Array(first.length + second.length);
  out.set(first);
  out.set(second, first.length);
  return out;
}

/** Both prompts' tokens, or the prompt's alone. */
function textOf(condition: PreparedCondition, branches: Branches): Float32Array {
  return branches === 2 ? condition.text : condition.text.subarray(condition.text.length / 2);
}

/** ε_u + s·(ε_c − ε_u) over [2, V, …]; one branch passes through. */
function guide(prediction: Float32Array, branches: Branches, guidance: number): Float32Array {
  if (branches === 1) return prediction;
  const half = prediction.length / 2;
  const out = new Float32Array(half);
  for (let i = 0; i < half; i++) out[i] = prediction[i]! + guidance * (prediction[half + i]! - prediction[i]!);
  return out;
}
