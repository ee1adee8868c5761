/**
 * The checks of `joker verify` that run one network once: UNet, ControlNet, autoencoder, text encoder.
 *
 * The reference outputs come from other people's programs; nothing here knows what they should be.
 */
import { readIntegers, tensorEntry } from '../core/files/safetensors.js';
import { compile, Graph, type Tensor, type Values } from '../graph/index.js';
import {
  clipText,
  clipTextConfigSchema,
  controlEmbedding,
  controlnet,
  controlnetConfigSchema,
  parseConfig,
  scopeOf,
  unet,
  unetConfigSchema,
  vaeConfigSchema,
  vaeDecode,
  vaeEncode,
} from '../nets/index.js';
import { PREFIXES } from './networks.js';
import { asFiles, type CheckContext, feedsOf, inputOf, tensorFiles, type VerifyCheck } from './verify-check.js';
import { type WeightFile, weightsFrom } from './weights.js';

/** Compiles, runs once, frees. */
async function runOnce(
  outputs: Record<string, Tensor>,
  weights: readonly WeightFile[],
  feeds: Record<string, Values>,
  threads: number | undefined,
): Promise<Record<string, Float32Array>> {
  const program = await compile({ outputs, weights: weightsFrom(weights), threads });
  try {
    return await program.run(feeds);
  } finally {
    await program.dispose();
  }
}

const UNET_INPUTS = ['sample', 'timestep', 'encoder_hidden_states'] as const;

async function checkUnet(context: CheckContext): Promise<void> {
  const io = context.tensors('unet_io');
  const graph = new Graph();
  const [sample, timestep, text] = UNET_INPUTS.map((key) => inputOf(graph, io, key)) as [Tensor, Tensor, Tensor];
  const config = parseConfig(unetConfigSchema, context.json('unet'), context.path('unet.json'));
  const out = unet(scopeOf(graph), config, { sample, timestep, text });
  const weights = asFiles('', context.tensors('unet'));
  const ours = await runOnce({ out }, weights, feedsOf(io, UNET_INPUTS), context.threads);
  context.compare('out', ours.out!, io, 'out');
}

/** ControlNet alone, or with the UNet that its residuals go into. */
async function checkControlnet(context: CheckContext, withUnet: boolean): Promise<void> {
  const io = context.tensors('unet_io');
  const graph = new Graph();
  const keys = [...UNET_INPUTS, 'controlnet_cond'];
  const [sample, timestep, text, picture] = keys.map((key) => inputOf(graph, io, key)) as [
    Tensor,
    Tensor,
    Tensor,
    Tensor,
  ];
  const config = parseConfig(controlnetConfigSchema, context.json('controlnet'), context.path('controlnet.json'));
  const scope = scopeOf(graph, PREFIXES.controlnet);
  const embedding = controlEmbedding(scope, config, picture);
  const residuals = controlnet(scope, config, { sample, timestep, text, embedding });
  const weights = asFiles(PREFIXES.controlnet, context.tensors('controlnet'));
  const outputs: Record<string, Tensor> = {};
  if (withUnet) {
    const base = parseConfig(unetConfigSchema, context.json('unet'), context.path('unet.json'));
    outputs.out_with_control = unet(scopeOf(graph, PREFIXES.unet), base, {
      sample,
      timestep,
      text,
      control: residuals,
    });
    weights.push(...asFiles(PREFIXES.unet, context.tensors('unet')));
  } else {
    residuals.down.forEach((residual, i) => {
      outputs[`down_residual.${i}`] = residual;
    });
    outputs.mid_residual = residuals.mid;
  }
  const ours = await runOnce(outputs, weights, feedsOf(io, keys), context.threads);
  for (const key of Object.keys(outputs)) context.compare(key, ours[key]!, io, key);
}

async function checkVae(context: CheckContext, weights: string): Promise<void> {
  const io = context.tensors('vae_io');
  const config = parseConfig(vaeConfigSchema, context.json('vae'), context.path('vae.json'));
  const graph = new Graph();
  const scope = scopeOf(graph, PREFIXES.vae);
  const posterior = vaeEncode(scope, config, inputOf(graph, io, 'image'));
  const decoded = vaeDecode(scope, config, inputOf(graph, io, 'mean'));
  const outputs = { mean: posterior.mean, logvar: posterior.logVariance, decoded };
  const files = asFiles(PREFIXES.vae, context.tensors(weights));
  const ours = await runOnce(outputs, files, feedsOf(io, ['image', 'mean']), context.threads);
  for (const key of ['mean', 'logvar', 'decoded']) context.compare(key, ours[key]!, io, key);
}

async function checkClip(context: CheckContext): Promise<void> {
  const io = context.tensors('clip_text_io');
  const config = parseConfig(clipTextConfigSchema, context.json('clip_text'), context.path('clip_text.json'));
  const graph = new Graph();
  const ids = graph.input('input_ids', tensorEntry(io, 'input_ids').shape, 'int64');
  const out = clipText(scopeOf(graph, PREFIXES.textEncoder), config, ids);
  const feeds = { input_ids: BigInt64Array.from(readIntegers(io, 'input_ids'), BigInt) };
  const files = asFiles(PREFIXES.textEncoder, context.tensors('clip_text'));
  const ours = await runOnce({ out }, files, feeds, context.threads);
  context.compare('last_hidden_state', ours.out!, io, 'last_hidden_state');
}

/** The checks, in the order of their rows. */
export const NETWORK_CHECKS: readonly VerifyCheck[] = [
  { what: 'unet', outputs: 'unet_io.safetensors', files: ['unet.json', 'unet.safetensors'], run: checkUnet },
  {
    what: 'controlnet',
    outputs: 'unet_io.safetensors',
    files: ['controlnet.json', 'controlnet.safetensors'],
    run: (context) => checkControlnet(context, false),
  },
  {
    what: 'unet + controlnet',
    outputs: 'unet_io.safetensors',
    files: ['unet.json', 'controlnet.json', ...tensorFiles('unet', 'controlnet')],
    run: (context) => checkControlnet(context, true),
  },
  {
    what: 'vae',
    outputs: 'vae_io.safetensors',
    files: ['vae.json', 'vae.safetensors'],
    run: (context) => checkVae(context, 'vae'),
  },
  {
    what: 'vae (new keys)',
    outputs: 'vae_io.safetensors',
    files: ['vae.json', 'vae_new_keys.safetensors'],
    run: (context) => checkVae(context, 'vae_new_keys'),
  },
  {
    what: 'clip_text',
    outputs: 'clip_text_io.safetensors',
    files: ['clip_text.json', 'clip_text.safetensors'],
    run: checkClip,
  },
];
