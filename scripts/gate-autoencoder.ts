/**
 * How much of a picture survives the embedded autoencoder? PSNR on rendered people that no training saw, beside the best
 * linear code with as many numbers per block (principal components of the training pictures' blocks): an autoencoder below
 * it is not worth training anything on. Exit code 1 in that case.
 *
 *   npx tsx scripts/gate-autoencoder.ts --weights vae.safetensors|prior.safetensors --data shards/ --ict FILE
 *     [--people 12] [--seed 50021] [--sheet pictures.png]
 */
import { parseArgs } from 'node:util';
import sharp from 'sharp';
import { assetPath } from '../src/core/files/assets.js';
import { openSafetensors, readTensor } from '../src/core/files/safetensors.js';
import { type RenderedSetOptions, renderPerson } from '../src/data/rendered.js';
import { openHeadModel } from '../src/data/sources/heads.js';
import { readRenderedSet } from '../src/data/sources/rendered-shards.js';
import { PeopleRenderer } from '../src/data/synthetic/render.js';
import { Tracker } from '../src/face/tracker/tracker.js';
import { compile, Graph } from '../src/graph/index.js';
import { scopeOf, vaeDecode, vaeEncode, vaeFactor } from '../src/nets/index.js';
import { miniNetworks } from '../src/train/config.js';
import { pictureTo } from '../src/train/pictures.js';
import { linearCodeError } from './linear-code.js';

const { values } = parseArgs({
  options: {
    weights: { type: 'string' },
    data: { type: 'string' },
    ict: { type: 'string' },
    people: { type: 'string', default: '12' },
    seed: { type: 'string', default: '50021' },
    sheet: { type: 'string' },
  },
});
const config = miniNetworks(1).vae;
const set = readRenderedSet(values.data!, { controls: false, maximumPeople: 200 });
const { size } = set.options;
const block = vaeFactor(config);
const pixels = size * size * 3;

/** Unseen people through the same preparation. */
async function unseen(): Promise<Uint8Array[]> {
  const renderer = new PeopleRenderer(openHeadModel(values.ict));
  const tracker = await Tracker.load(assetPath('tracker'), { threads: 1 });
  const options: RenderedSetOptions = { ...set.options, seed: Number(values.seed), frames: 3, views: 1 };
  const pictures: Uint8Array[] = [];
  for (let person = 0; person < Number(values.people); person++)
    for (const item of (await renderPerson(renderer, tracker, options, person)) ?? []) pictures.push(item.picture);
  await tracker.dispose();
  return pictures;
}

/** All pictures through the autoencoder (posterior means), in [−1, 1]. */
async function throughAutoencoder(pictures: readonly Uint8Array[]): Promise<Float32Array[]> {
  const graph = new Graph();
  const scope = scopeOf(graph, 'vae.');
  const { mean } = vaeEncode(scope, config, graph.input('image', [1, 3, size, size]));
  const file = openSafetensors(values.weights!);
  const program = await compile({
    outputs: { image: vaeDecode(scope, config, mean) },
    weights: (name) => ({ kind: 'memory', data: readTensor(file, name) }),
    threads: 1,
  });
  const out: Float32Array[] = [];
  for (const picture of pictures) out.push((await program.run({ image: asInput(picture) }))['image']!);
  await program.dispose();
  return out;
}

function asInput(picture: Uint8Array): Float32Array {
  const image = new Float32Array(pixels);
  pictureTo(picture, 0, size, image, 0);
  return image;
}

const psnr = (squared: number): number => 10 * Math.log10(4 / squared); // values span [−1, 1]

const pictures = await unseen();
const decoded = await throughAutoencoder(pictures);
const inputs = pictures.map(asInput);
let squared = 0;
inputs.forEach((input, p) => {
  for (let i = 0; i < pixels; i++)
    squared += (input[i]! - Math.max(-1, Math.min(1, decoded[p]![i]!))) ** 2 / (pixels * inputs.length);
});
const training = Array.from({ length: Math.min(2000, set.images.length / pixels) }, (_, i) =>
  asInput(set.images.subarray(i * pixels, (i + 1) * pixels)),
);
const linear = linearCodeError({ training, test: inputs, size, block, numbers: config.latent_channels });
console.log(
  `${pictures.length} unseen pictures of ${size}², ${config.latent_channels} numbers per ${block}×${block} block: autoencoder ${psnr(squared).toFixed(2)} dB, best linear code ${psnr(linear).toFixed(2)} dB`,
);
if (values.sheet) {
  const shown = Math.min(8, pictures.length);
  const tile = (input: Buffer, left: number, top: number) => ({
    input,
    raw: { width: size, height: size, channels: 3 as const },
    left,
    top,
  });
  const bytes = (chw: Float32Array) => {
    const out = Buffer.alloc(pixels);
    for (let i = 0; i < size * size; i++)
      for (let c = 0; c < 3; c++)
        out[3 * i + c] = Math.max(0, Math.min(255, Math.round((chw[c * size * size + i]! + 1) * 127.5)));
    return out;
  };
  const tiles = Array.from({ length: shown }, (_, i) => [
    tile(Buffer.from(pictures[i]!), i * size, 0),
    tile(bytes(decoded[i]!), i * size, size),
  ]).flat();
  const create = { width: shown * size, height: 2 * size, channels: 3 as const, background: '#000' };
  await sharp({ create }).composite(tiles).png().toFile(values.sheet);
}
if (psnr(squared) < psnr(linear)) process.exitCode = 1;
