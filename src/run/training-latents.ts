/**
 * Latents of a training set: encoded once and kept beside the stages, with their scale, and what each of their channels shows.
 */
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { openSafetensors, readTensor, writeSafetensors } from '../core/files/safetensors.js';
import { silent } from '../core/progress.js';
import { compile, Graph } from '../graph/index.js';
import { scopeOf, type VaeConfig, vaeDecode, vaeEncode } from '../nets/index.js';
import { channelWeights, WEIGHED_PICTURES } from '../train/channel-weights.js';
import type { LatentSet } from '../train/diffusion.js';
import { type PictureSet, pictureTo } from '../train/pictures.js';
import type { TrainRequest } from './train.js';

const ENCODE_BATCH = 16;
const SCALE_PICTURES = 512;

/** Latents times their scale. */
export type Encoded = { readonly latents: LatentSet; readonly scale: number };

/**
 * Latents of the set, made once and kept beside the stages: they are as good as the autoencoder's weights and the pictures
 * that they were made of, and are made again when either has changed.
 */
export async function cachedLatents(
  request: TrainRequest,
  config: VaeConfig,
  weights: ReadonlyMap<string, Float32Array>,
  { pictures, name, wantedScale }: { pictures: PictureSet; name: string; wantedScale: number | undefined },
): Promise<Encoded> {
  const path = join(request.out, name);
  const made = latentsOf(weights, pictures.images, wantedScale);
  if (existsSync(path)) {
    const file = openSafetensors(path);
    if (file.metadata['made'] === made) {
      const [means, deviations] = [readTensor(file, 'means'), readTensor(file, 'deviations')];
      const length = means.length / (pictures.people * pictures.frames * pictures.views);
      return { latents: { length, means, deviations }, scale: Number(file.metadata['scale']) };
    }
  }
  const encoded = await encodeAll(config, weights, pictures, wantedScale, request);
  const { means, deviations } = encoded.latents;
  const tensors = Object.entries({ means, deviations }).map(([name, data]) => ({
    name,
    dtype: 'F32' as const,
    shape: [data.length],
    data,
  }));
  await writeSafetensors(path, tensors, { made, scale: String(encoded.scale) });
  return encoded;
}

/** Hash of what latents are made of. */
function latentsOf(
  weights: ReadonlyMap<string, Float32Array>,
  images: Uint8Array,
  wantedScale: number | undefined,
): string {
  const hash = createHash('sha256');
  if (wantedScale !== undefined) hash.update(String(wantedScale));
  for (const [name, values] of weights) hash.update(name).update(values);
  return hash.update(images).digest('hex');
}

async function encodeAll(
  config: VaeConfig,
  weights: ReadonlyMap<string, Float32Array>,
  set: PictureSet,
  wantedScale: number | undefined,
  { threads, device, report = silent }: TrainRequest,
): Promise<Encoded> {
  const graph = new Graph();
  const image = graph.input('image', [ENCODE_BATCH, 3, set.size, set.size]);
  const { mean, logVariance } = vaeEncode(scopeOf(graph, 'vae.'), config, image);
  const program = await compile({
    outputs: { mean, logVariance },
    weights: (name) => ({ kind: 'memory', data: weights.get(name)! }),
    threads,
    device,
  });
  const count = set.people * set.frames * set.views;
  const length = mean.shape.slice(1).reduce((a, b) => a * b, 1);
  const means = new Float32Array(count * length);
  const deviations = new Float32Array(count * length);
  const pixels = 3 * set.size ** 2;
  const buffer = new Float32Array(ENCODE_BATCH * pixels);
  report({ kind: 'stage', stage: 'latents', text: 'encoding pictures', total: count });
  for (let first = 0; first < count; first += ENCODE_BATCH) {
    const batch = Math.min(ENCODE_BATCH, count - first);
    for (let b = 0; b < batch; b++) pictureTo(set.images, first + b, set.size, buffer, b * pixels);
    const out = await program.run({ image: buffer });
    means.set(out['mean']!.subarray(0, batch * length), first * length);
    deviations.set(
      out['logVariance']!.subarray(0, batch * length).map((v) => Math.exp(0.5 * v)),
      first * length,
    );
    report({ kind: 'progress', done: first + batch, total: count });
  }
  await program.dispose();
  // From the first pictures only, so that a set that grows between two stages does not change the scale.
  const scale = wantedScale ?? 1 / deviationOf(means.subarray(0, Math.min(count, SCALE_PICTURES) * length));
  for (let i = 0; i < means.length; i++) {
    means[i]! *= scale;
    deviations[i]! *= scale;
  }
  return { latents: { length, means, deviations }, scale };
}

/** Root mean square of all values: scaled latents get unit power, as diffusion assumes. */
function deviationOf(values: Float32Array): number {
  let total = 0;
  for (const value of values) total += value * value;
  return Math.sqrt(total / values.length);
}

/** What the loss counts each channel, [C], by the first pictures of a set (train/channel-weights.ts). `vae` has the set's scale. */
export async function setChannelWeights(
  vae: VaeConfig,
  weights: ReadonlyMap<string, Float32Array>,
  { means }: LatentSet,
  shape: readonly [number, number, number],
  { threads, device }: Pick<TrainRequest, 'threads' | 'device'>,
): Promise<Float32Array> {
  const length = shape[0] * shape[1] * shape[2];
  const count = Math.min(WEIGHED_PICTURES, means.length / length);
  const graph = new Graph();
  const picture = vaeDecode(scopeOf(graph, 'vae.'), vae, graph.input('latent', [count, ...shape]));
  const source = (name: string) => ({ kind: 'memory' as const, data: weights.get(name)! });
  const program = await compile({ outputs: { picture }, weights: source, threads, device });
  const decode = async (latents: Float32Array) => {
    const { picture } = await program.run({ latent: latents.map((value) => value / vae.scaling_factor) });
    return [picture!];
  };
  try {
    return await channelWeights(decode, means, shape);
  } finally {
    await program.dispose();
  }
}
