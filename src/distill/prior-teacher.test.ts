/** The prior as a teacher: what it hands to the walk, checked against the walk called directly on a tiny random prior. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Image, makeImage, resizeBilinear } from '../core/image.js';
import { foldIn, foldInName, RandomStream, randomKey } from '../core/rng.js';
import { paperView } from '../head/index.js';
import { JokerPrior, parsePriorConfig, priorParameters, refine, tokenizerJson, trainBpe } from '../prior/index.js';
import { viewCamera } from './orbit.js';
import { priorTeacher } from './prior-teacher.js';

const unet = {
  in_channels: 4,
  block_out_channels: [8, 16],
  down_block_types: ['CrossAttnDownBlock2D', 'DownBlock2D'],
  layers_per_block: 1,
  cross_attention_dim: 8,
  norm_num_groups: 4,
  attention_head_dim: 2,
};
const parts = {
  unet: { ...unet, out_channels: 4, up_block_types: ['UpBlock2D', 'CrossAttnUpBlock2D'] },
  controlnet: { ...unet, conditioning_embedding_out_channels: [4, 8, 8] },
  vae: {
    down_block_types: Array(3).fill('DownEncoderBlock2D'),
    up_block_types: Array(3).fill('UpDecoderBlock2D'),
    block_out_channels: [8, 8, 8],
    norm_num_groups: 4,
  },
  text_encoder: {
    hidden_size: 8,
    num_attention_heads: 2,
    num_hidden_layers: 1,
    intermediate_size: 16,
    vocab_size: 530,
    max_position_embeddings: 8,
  },
  scheduler: {},
  tokenizer: tokenizerJson(trainBpe(['a man', 'a man smiling', 'smiling'], 530)),
  image_size: 16,
};
const key = randomKey(5);

function makePrior(): JokerPrior {
  const config = parsePriorConfig(parts, 'test');
  const values = new Map(
    priorParameters(config).map(({ name, shape }) => {
      const size = shape.reduce((a, b) => a * b, 1);
      return [name, new RandomStream(foldInName(key, name)).normals(size).map((x) => 0.3 * x)];
    }),
  );
  const model = {
    config,
    weights: (name: string) => ({ kind: 'memory' as const, data: values.get(name)! }),
    names: [...values.keys()],
    path: 'test',
  };
  return new JokerPrior(model, { threads: 1, batch: 2 });
}

function picture(index: number, size: number): Image {
  const stream = new RandomStream(foldIn(key, index));
  const image = makeImage(size, size, 3);
  for (let i = 0; i < image.data.length; i++) image.data[i] = stream.uniform();
  return image;
}

let prior: JokerPrior;
beforeAll(() => {
  prior = makePrior();
});
afterAll(() => prior.dispose());

describe('priorTeacher', () => {
  it('refines enlarged renders of the asked views, under their own controls and keys', async () => {
    const condition = await prior.prepare('a man', picture(9, 16), null);
    const controls = [0, 1, 2].map((i) => picture(20 + i, 16));
    const teacher = await priorTeacher({ prior, condition, controls, guidance: 5 });
    expect(teacher.size).toBe(16);
    const camera = viewCamera({ azimuth: 0, elevation: 0 }, paperView, 16);
    const requests = [2, 0].map((view) => ({
      view,
      camera,
      key: foldIn(key, view),
      render: async () => picture(view, 8),
    }));
    const told: number[] = [];
    const targets = await teacher.updateTargets(requests, [500, 250], (done) => told.push(done));
    const twin = await refine(
      prior,
      { condition, control: await prior.controlFeatures([controls[2]!, controls[0]!]), views: 2 },
      [resizeBilinear(picture(2, 8), 16, 16), resizeBilinear(picture(0, 8), 16, 16)],
      [foldIn(key, 2), foldIn(key, 0)],
      { timesteps: [500, 250], guidance: 5 },
    );
    expect(targets.map(({ data }) => data)).toEqual(twin.map(({ data }) => data));
    expect(told).toEqual([1, 2]);
  });
});
