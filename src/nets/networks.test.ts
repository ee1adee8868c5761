/**
 * Whole networks at small width: properties that hold whatever the weights, and outputs recorded when the same code agreed
 * with diffusers on PyTorch to 2·10⁻⁶ (docs/RESULTS.md, `joker verify`).
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { randomKey } from '../core/rng.js';
import { compile, Graph, type Tensor, type Values } from '../graph/index.js';
import {
  type ClipTextConfig,
  clipText,
  clipTextConfigSchema,
  controlEmbedding,
  controlnet,
  controlnetConfigSchema,
  initialise,
  parseConfig,
  scopeOf,
  selfAttentionLayers,
  unet,
  unetConfigSchema,
  vaeConfigSchema,
  vaeDecode,
  vaeEncode,
} from './index.js';

const shared = {
  block_out_channels: [8, 16, 16],
  down_block_types: ['CrossAttnDownBlock2D', 'CrossAttnDownBlock2D', 'DownBlock2D'],
  layers_per_block: 2,
  cross_attention_dim: 12,
  norm_num_groups: 4,
  attention_head_dim: 2,
};
const unetConfig = parseConfig(
  unetConfigSchema,
  { ...shared, up_block_types: ['UpBlock2D', 'CrossAttnUpBlock2D', 'CrossAttnUpBlock2D'] },
  'unet',
);
const controlConfig = parseConfig(
  controlnetConfigSchema,
  { ...shared, conditioning_embedding_out_channels: [4, 8, 12] },
  'controlnet',
);
const vaeConfig = parseConfig(
  vaeConfigSchema,
  {
    down_block_types: ['DownEncoderBlock2D', 'DownEncoderBlock2D'],
    up_block_types: ['UpDecoderBlock2D', 'UpDecoderBlock2D'],
    block_out_channels: [8, 12],
    layers_per_block: 2,
    norm_num_groups: 4,
  },
  'vae',
);
const textConfig: ClipTextConfig = parseConfig(
  clipTextConfigSchema,
  {
    hidden_size: 12,
    num_attention_heads: 3,
    num_hidden_layers: 2,
    intermediate_size: 24,
    vocab_size: 20,
    max_position_embeddings: 6,
  },
  'text',
);

/** Weights that need no storing: a fixed wave over each parameter, another phase per name. */
function formulaWeights(name: string, shape: readonly number[]): Float32Array {
  const size = shape.reduce((a, b) => a * b, 1);
  const phase = [...name].reduce((sum, c) => (sum * 31 + c.charCodeAt(0)) % 9973, 7);
  const norm = /norm[0-9a-z_]*\.weight$/.test(name);
  const scale = norm ? 0.3 : 1 / Math.sqrt(Math.max(1, size / shape[0]!));
  return Float32Array.from({ length: size }, (_, i) => scale * Math.sin(phase + 1.7 * i) + (norm ? 1 : 0));
}

const wave = (size: number, step: number): Float32Array =>
  Float32Array.from({ length: size }, (_, i) => Math.sin(step * (i + 1)));

async function run(
  outputs: Record<string, Tensor>,
  feeds: Record<string, Values>,
  weights: (name: string, shape: readonly number[]) => Float32Array = formulaWeights,
): Promise<Record<string, Float32Array>> {
  const source = (name: string, shape: readonly number[]) => ({ kind: 'memory' as const, data: weights(name, shape) });
  const program = await compile({ outputs, weights: source, threads: 1 });
  const result = await program.run(feeds);
  await program.dispose();
  return result;
}

const feeds = {
  sample: wave(2 * 4 * 64, 0.7),
  timestep: Float32Array.of(17, 501),
  text: wave(2 * 5 * 12, 1.3),
  control: wave(2 * 3 * 32 * 32, 0.9),
};
function unetInputs(graph: Graph) {
  return {
    sample: graph.input('sample', [2, 4, 8, 8]),
    timestep: graph.input('timestep', [2]),
    text: graph.input('text', [2, 5, 12]),
  };
}
function feedsOf(...names: (keyof typeof feeds)[]): Record<string, Values> {
  return Object.fromEntries(names.map((name) => [name, feeds[name]]));
}
function controlOf(graph: Graph, inputs: ReturnType<typeof unetInputs>) {
  const scope = scopeOf(graph, 'controlnet.');
  const embedding = controlEmbedding(scope, controlConfig, graph.input('control', [2, 3, 32, 32]));
  return controlnet(scope, controlConfig, { ...inputs, embedding });
}

function largest(x: Float32Array): number {
  return Math.max(...x.map(Math.abs));
}
function expectClose(ours: Float32Array, theirs: ArrayLike<number>, relative = 1e-5): void {
  const scale = Math.max(...Array.from(theirs, Math.abs));
  for (let i = 0; i < theirs.length; i++) expect(Math.abs(ours[i]! - theirs[i]!)).toBeLessThan(relative * scale);
}

/** Every 37th value: enough to notice any change, small enough to keep. */
const thin = (x: Float32Array): number[] => [...x.filter((_, i) => i % 37 === 0)].map((v) => Number(v.toPrecision(7)));
const fixture = new URL('./fixtures/recorded.json', import.meta.url);
const recorded = JSON.parse(readFileSync(fixture, 'utf8')) as Record<string, number[]>;

async function allOutputs(): Promise<Record<string, Float32Array>> {
  const graph = new Graph();
  const inputs = unetInputs(graph);
  const control = controlOf(graph, inputs);
  const image = graph.input('image', [1, 3, 16, 16]);
  const posterior = vaeEncode(scopeOf(graph, 'vae.'), vaeConfig, image);
  const ids = graph.input('ids', [2, 6], 'int64');
  const outputs = {
    unet: unet(scopeOf(graph, 'unet.'), unetConfig, inputs),
    controlled: unet(scopeOf(graph, 'unet.'), unetConfig, { ...inputs, control }),
    mid: control.mid,
    mean: posterior.mean,
    logVariance: posterior.logVariance,
    decoded: vaeDecode(scopeOf(graph, 'vae.'), vaeConfig, posterior.mean),
    text: clipText(scopeOf(graph, 'text_encoder.'), textConfig, ids),
  };
  const more = {
    image: wave(768, 0.37),
    ids: BigInt64Array.from([18, 3, 4, 5, 19, 19, 18, 7, 19, 19, 19, 19], BigInt),
  };
  return run(outputs, { ...feedsOf('sample', 'timestep', 'text', 'control'), ...more });
}

describe('networks', () => {
  it('compute what they computed when they agreed with diffusers', async () => {
    const outputs = await allOutputs();
    const small = Object.fromEntries(Object.entries(outputs).map(([name, values]) => [name, thin(values)]));
    // JOKER_RECORD=1 records anew: only after a change of the formulas above, and only while `joker verify` passes.
    if (process.env['JOKER_RECORD']) writeFileSync(fixture, `${JSON.stringify(small)}\n`);
    expect(Object.keys(recorded).sort()).toEqual(Object.keys(outputs).sort());
    for (const [name, values] of Object.entries(outputs)) {
      expect(largest(values), name).toBeGreaterThan(1e-3);
      expectClose(Float32Array.from(thin(values)), recorded[name]!, 1e-4); // other CPUs sum in other orders
    }
  });

  it('do not change when their own tokens are their reference', async () => {
    // Every key twice: softmax over doubled keys mixes the same values, layer after layer.
    const graph = new Graph();
    const inputs = unetInputs(graph);
    const inject = new Map<string, Tensor>();
    const alone = unet(scopeOf(graph, 'unet.'), unetConfig, { ...inputs, record: inject });
    const doubled = unet(scopeOf(graph, 'unet.'), unetConfig, { ...inputs, inject });
    const out = await run({ alone, doubled }, feedsOf('sample', 'timestep', 'text'));
    expectClose(out.doubled!, out.alone!);
    expect([...inject.keys()]).toEqual(selfAttentionLayers(unetConfig));
  });

  it('refuse incomplete reference tokens and wrong control residuals', () => {
    const graph = new Graph();
    const inputs = unetInputs(graph);
    expect(() => unet(scopeOf(graph), unetConfig, { ...inputs, inject: new Map() })).toThrow(/no reference tokens/);
    const control = { down: [], mid: inputs.sample };
    expect(() => unet(scopeOf(graph), unetConfig, { ...inputs, control })).toThrow(/0 control residuals/);
  });

  it('start with a ControlNet that changes nothing and a UNet that predicts zero', async () => {
    const graph = new Graph();
    const inputs = unetInputs(graph);
    const control = controlOf(graph, inputs);
    const outputs = { controlled: unet(scopeOf(graph, 'unet.'), unetConfig, { ...inputs, control }), mid: control.mid };
    const first = initialise(graph.parameters(), randomKey(1));
    const out = await run(outputs, feedsOf('sample', 'timestep', 'text', 'control'), (name) => first.get(name)!);
    expect(largest(out.mid!)).toBe(0);
    expect(largest(out.controlled!)).toBe(0);
  });

  it('read text causally', async () => {
    const graph = new Graph();
    const out = clipText(scopeOf(graph), textConfig, graph.input('ids', [2, 6], 'int64'));
    const ids = BigInt64Array.from([18, 3, 4, 5, 6, 7, 18, 3, 4, 9, 6, 7], BigInt); // they differ at position 3
    const tokens = (await run({ out }, { ids })).out!;
    const [first, second] = [tokens.subarray(0, 72), tokens.subarray(72)];
    expectClose(first.subarray(0, 36), second.subarray(0, 36));
    expect(Math.abs(first[40]! - second[40]!)).toBeGreaterThan(1e-4);
  });

  it('treat the images of a batch apart', async () => {
    const graph = new Graph();
    const out = unet(scopeOf(graph, 'unet.'), unetConfig, unetInputs(graph));
    const both = (await run({ out }, feedsOf('sample', 'timestep', 'text'))).out!;
    const half = (x: Float32Array): Float32Array =>
      Float32Array.from([...x.subarray(x.length / 2), ...x.subarray(0, x.length / 2)]);
    const swapped = { sample: half(feeds.sample), timestep: half(feeds.timestep), text: half(feeds.text) };
    expectClose(half((await run({ out }, swapped)).out!), both);
  });
});

describe('initialise', () => {
  it('depends on the key and the name only, and keeps the bounds', () => {
    const shape = [16, 8, 3, 3];
    const one = initialise([{ name: 'a.conv1.weight', shape }], randomKey(3)).get('a.conv1.weight')!;
    const two = initialise(
      [
        { name: 'b.weight', shape: [4, 4] },
        { name: 'a.conv1.weight', shape },
      ],
      randomKey(3),
    );
    expect(two.get('a.conv1.weight')).toEqual(one);
    expect(largest(one)).toBeLessThanOrEqual(1 / Math.sqrt(72));
    // the deviation of a uniform distribution within ±b is b / √3
    const deviation = Math.sqrt(one.reduce((sum, x) => sum + x * x, 0) / one.length);
    expect(deviation * Math.sqrt(3 * 72)).toBeCloseTo(1, 1);
  });

  it('starts norms at one and the right convolutions at zero', () => {
    const value = (name: string): Float32Array => initialise([{ name, shape: [8, 8] }], randomKey(3)).get(name)!;
    for (const name of [
      'vae.encoder.conv_norm_out.weight',
      'unet.down_blocks.0.attentions.0.transformer_blocks.0.norm1.weight',
      'text_encoder.encoder.layers.0.layer_norm2.weight',
      'vae.decoder.mid_block.attentions.0.group_norm.weight',
    ])
      expect(
        value(name).every((x) => x === 1),
        name,
      ).toBe(true);
    for (const name of [
      'unet.conv_out.weight',
      'ref_unet.up_blocks.1.resnets.0.conv2.weight',
      'controlnet.controlnet_mid_block.bias',
      'controlnet.controlnet_cond_embedding.conv_out.weight',
      'unet.mid_block.attentions.0.proj_out.bias',
      'text_encoder.final_layer_norm.bias',
    ])
      expect(largest(value(name)), name).toBe(0);
    for (const name of [
      'vae.decoder.conv_out.weight',
      'vae.encoder.down_blocks.0.resnets.0.conv2.weight',
      'vae.decoder.mid_block.resnets.0.conv2.weight',
      'unet.down_blocks.0.resnets.0.conv1.weight',
      'text_encoder.embeddings.token_embedding.weight',
    ])
      expect(largest(value(name)), name).toBeGreaterThan(0);
  });
});
