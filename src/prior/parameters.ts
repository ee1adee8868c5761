/**
 * All parameters of a prior, by name and shape: for training from nothing and for checking files.
 */
import { Graph } from '../graph/index.js';
import { clipText, type ParameterLike, pictureChannels, scopeOf, unet, vaeDecode, vaeEncode } from '../nets/index.js';
import { controlSize, latentShape, type PriorConfig } from './config.js';
import { controlFeatures, denoise, PREFIXES, referenceTokens } from './networks.js';

/** Names (with prefixes) and shapes of every weight that a prior's programs and files need, in order of use. */
export function priorParameters(config: PriorConfig): ParameterLike[] {
  const graph = new Graph();
  const latent = graph.input('latent', [1, ...latentShape(config)]);
  const timestep = graph.input('timestep', [1]);
  const ids = graph.input('ids', [1, config.text_encoder.max_position_embeddings], 'int64');
  const text = clipText(scopeOf(graph, PREFIXES.textEncoder), config.text_encoder, ids);
  const { vae, image_size: side, controlnet } = config;
  vaeEncode(scopeOf(graph, PREFIXES.vae), vae, graph.input('image', [1, pictureChannels(vae), side, side]));
  vaeDecode(scopeOf(graph, PREFIXES.vae), vae, latent);
  const picture = graph.input('control', [
    1,
    controlnet.conditioning_channels,
    controlSize(config),
    controlSize(config),
  ]);
  const control = controlFeatures(graph, config, picture);
  const reference = referenceTokens(graph, config, { latent, timestep, text });
  denoise(graph, config, { sample: latent, timestep, text, control, reference });
  unet(scopeOf(graph, PREFIXES.referenceUnet), config.unet, { sample: latent, timestep, text });
  return graph.parameters().map(({ name, shape }) => ({ name, shape }));
}
