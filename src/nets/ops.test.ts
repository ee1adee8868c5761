/**
 * Patches into channels and back, against a slow twin, and an autoencoder that works on patches.
 */
import { expect, test } from 'vitest';
import { RandomStream, randomKey } from '../core/rng.js';
import { compile, Graph } from '../graph/index.js';
import { initialise, scopeOf, vaeConfigSchema, vaeDecode, vaeEncode, vaeFactor } from './index.js';
import { channelsToPatches, patchesToChannels } from './ops.js';

const [B, C, H, W, P] = [2, 3, 8, 12, 4] as const;

test('blocks of pixels go into channels in the order (c, row, column), and back', async () => {
  const values = new RandomStream(randomKey(1)).normals(B * C * H * W);
  const graph = new Graph();
  const x = graph.input('x', [B, C, H, W]);
  const packed = patchesToChannels(x, P);
  expect(packed.shape).toEqual([B, C * P * P, H / P, W / P]);
  const program = await compile({ outputs: { packed, back: channelsToPatches(packed, P) }, threads: 1 });
  const out = await program.run({ x: values });
  const twin = new Float32Array(values.length);
  for (let b = 0; b < B; b++)
    for (let c = 0; c < C; c++)
      for (let y = 0; y < H; y++)
        for (let column = 0; column < W; column++) {
          const channel = c * P * P + (y % P) * P + (column % P);
          const at = ((b * C * P * P + channel) * (H / P) + Math.floor(y / P)) * (W / P) + Math.floor(column / P);
          twin[at] = values[((b * C + c) * H + y) * W + column]!;
        }
  expect(out['packed']).toEqual(twin);
  expect(out['back']).toEqual(values);
  await program.dispose();
});

test('an autoencoder of patches has the factor of its patch', async () => {
  const config = vaeConfigSchema.parse({
    in_channels: 48,
    out_channels: 48,
    down_block_types: ['DownEncoderBlock2D'],
    up_block_types: ['UpDecoderBlock2D'],
    block_out_channels: [8],
    norm_num_groups: 2,
    latent_channels: 5,
    mid_block_add_attention: false,
    patch_size: 4,
  });
  expect(vaeFactor(config)).toBe(4);
  const graph = new Graph();
  const { mean } = vaeEncode(scopeOf(graph, 'vae.'), config, graph.input('image', [1, 3, 16, 16]));
  expect(mean.shape).toEqual([1, 5, 4, 4]);
  const image = vaeDecode(scopeOf(graph, 'vae.'), config, graph.input('latent', [1, 5, 4, 4]));
  expect(image.shape).toEqual([1, 3, 16, 16]);
  const weights = initialise(graph.parameters(), randomKey(2));
  const program = await compile({
    outputs: { mean, image },
    weights: (name) => ({ kind: 'memory', data: weights.get(name)! }),
    threads: 1,
  });
  const out = await program.run({ image: new Float32Array(768), latent: new Float32Array(80) });
  expect(out['mean']!.every(Number.isFinite) && out['image']!.every(Number.isFinite)).toBe(true);
  await program.dispose();
  expect(() => vaeConfigSchema.parse({ ...config, in_channels: 3 })).toThrow(/patch_size/);
});
