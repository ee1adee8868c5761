/** A tiny random prior: files in both forms, batching, guidance, prediction forms, walks, against plain compositions. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { randomPicture, tinyConfig, tinyModel, tinyWeights } from '../../test/fixtures/tiny-prior.js';
import { placeModelFiles } from '../core/files/model-folder.js';
import type { Image } from '../core/image.js';
import { foldIn, RandomStream, randomKey } from '../core/rng.js';
import { compile, Graph } from '../graph/index.js';
import { type PriorConfig, parsePriorConfig } from './config.js';
import { controlFeatures, denoise, referenceTokens } from './networks.js';
import { JokerPrior, type PreparedCondition } from './prior.js';
import { openPrior, type PriorModel, savePriorFile, savePriorFolder } from './prior-files.js';
import { refine, sample, type ViewBatch } from './sampler.js';
import { alphaAt } from './schedule.js';

const config: PriorConfig = { ...tinyConfig, image_size: 16, face_model: 'builtin-2' };
const key = randomKey(7);
const weights = tinyWeights();
const model: PriorModel = { ...tinyModel(), config };

const picture = (index: number): Image => randomPicture(index, config.image_size);

const open: JokerPrior[] = [];
function priorOf(from: PriorModel, batch: number): JokerPrior {
  const prior = new JokerPrior(from, { threads: 1, batch });
  open.push(prior);
  return prior;
}

function expectClose(ours: ArrayLike<number>, theirs: ArrayLike<number>, tolerance = 2e-5): void {
  expect(ours.length).toBe(theirs.length);
  let worst = 0;
  for (let i = 0; i < theirs.length; i++) worst = Math.max(worst, Math.abs(ours[i]! - theirs[i]!));
  expect(worst).toBeLessThan(tolerance);
}

const controls = [1, 2, 3, 4, 5].map(picture);
const timestep = 441;
let prior: JokerPrior;
let condition: PreparedCondition;
const latents = new RandomStream(key).normals(5 * 64);

beforeAll(async () => {
  prior = priorOf(model, 2);
  condition = await prior.prepare('a man smiling', picture(0), key);
});
afterAll(async () => {
  for (const each of open) await each.dispose();
});

async function guided(by: JokerPrior, guidance: number, from = condition): Promise<Float32Array> {
  const features = await by.referenceFeatures(from, timestep, guidance > 1 ? 2 : 1);
  const control = await by.controlFeatures(controls);
  return by.predictNoise(from, { latents, control, features, guidance });
}

/** One view, everything in one graph, the reference network included. */
async function obvious(view: number, text: Float32Array): Promise<Float32Array> {
  const graph = new Graph();
  const inputs = {
    sample: graph.input('sample', [1, 4, 4, 4]),
    timestep: graph.input('timestep', [1]),
    text: graph.input('text', [1, 8, 8]),
    control: graph.input('control', [1, 3, 16, 16]),
    latent: graph.input('latent', [1, 4, 4, 4]),
  };
  const reference = referenceTokens(graph, config, inputs);
  const control = controlFeatures(graph, config, inputs.control);
  const program = await compile({
    outputs: { out: denoise(graph, config, { ...inputs, control, reference }) },
    weights: model.weights,
    threads: 1,
  });
  const { data } = controls[view]!;
  const { out } = await program.run({
    sample: latents.subarray(view * 64, (view + 1) * 64),
    timestep: Float32Array.of(timestep),
    text,
    latent: condition.reference,
    // H×W×3 in [0, 1] to 3×H×W in [−1, 1]
    control: Float32Array.from({ length: 768 }, (_, i) => data[(i % 256) * 3 + Math.floor(i / 256)]! * 2 - 1),
  });
  await program.dispose();
  return out!;
}

describe('JokerPrior', () => {
  it('guides as ε_u + s(ε_c − ε_u), empty prompt in all networks, shared reference, any batch', async () => {
    const ours = await guided(prior, 3);
    for (const view of [0, 4]) {
      const without = await obvious(view, condition.text.subarray(0, 64));
      const withText = await obvious(view, condition.text.subarray(64));
      expectClose(
        ours.subarray(view * 64, (view + 1) * 64),
        without.map((u, i) => u + 3 * (withText[i]! - u)),
      );
    }
    expectClose(await guided(priorOf(model, 5), 3), ours);
  });

  it('gives the same with its branches one after the other', async () => {
    const apart = new JokerPrior(model, { threads: 1, batch: 2, branchesApart: true });
    open.push(apart);
    expectClose(await guided(apart, 3), await guided(prior, 3));
    expectClose(await guided(apart, 1), await guided(prior, 1));
  });

  it('skips the empty branch at guidance 1 and refuses features of the other kind', async () => {
    const single = await guided(prior, 1);
    expectClose(single.subarray(0, 64), await obvious(0, condition.text.subarray(64)));
    const features = await prior.referenceFeatures(condition, timestep, 1);
    const control = await prior.controlFeatures(controls);
    await expect(prior.predictNoise(condition, { latents, control, features, guidance: 3 })).rejects.toThrow(
      /branches/,
    );
  });

  it('lets reference, text and control matter', async () => {
    const base = await guided(prior, 1);
    const other = async (changed: PreparedCondition): Promise<number> => {
      const result = await guided(prior, 1, changed);
      return Math.max(...result.map((value, i) => Math.abs(value - base[i]!)));
    };
    expect(await other(await prior.prepare('a man smiling', picture(9), key))).toBeGreaterThan(1e-3);
    expect(await other(await prior.prepare('smiling', picture(0), key))).toBeGreaterThan(1e-3);
  });

  it('speaks noise when the network was trained in v form', async () => {
    const asV = priorOf(
      { ...model, config: { ...config, scheduler: { ...config.scheduler, prediction_type: 'v_prediction' } } },
      5,
    );
    const raw = await guided(prior, 3);
    const alpha = alphaAt(prior.schedule, timestep);
    expectClose(
      await guided(asV, 3),
      raw.map((v, i) => Math.sqrt(alpha) * v + Math.sqrt(1 - alpha) * latents[i]!),
    );
  });

  it('encodes to the mean without a key, around it with one', async () => {
    const pictures = [0, 1, 2].map(picture);
    const mean = await prior.encodeImages(pictures, null);
    const keys = [3, 4, 5].map((i) => foldIn(key, i));
    const drawn = await prior.encodeImages(pictures, keys);
    expect(drawn).not.toEqual(mean);
    expectClose(await prior.encodeImages([pictures[2]!], [keys[2]!]), drawn.subarray(128));
    expect(await prior.decodeLatents(mean)).toHaveLength(3);
  });

  it('samples reproducibly with both samplers, one network call per step', async () => {
    const batch: ViewBatch = { condition, control: await prior.controlFeatures(controls.slice(0, 3)), views: 3 };
    for (const [sampler, calls] of [
      ['ddim', 3],
      ['pndm', 4],
    ] as const) {
      const seen: number[] = [];
      const onStep = (done: number, total: number) => seen.push(done, total);
      const images = await sample(prior, batch, key, { steps: 3, sampler, onStep });
      expect(seen.slice(-2)).toEqual([calls, calls]);
      const alone = { ...batch, control: batch.control.subarray(0, batch.control.length / 3), views: 1 };
      expectClose((await sample(prior, alone, key, { steps: 3, sampler }))[0]!.data, images[0]!.data, 1e-4);
    }
    const signal = AbortSignal.abort();
    await expect(sample(prior, batch, key, { steps: 3, signal })).rejects.toMatchObject({ code: 'interrupted' });
    await expect(sample(prior, batch, key, { steps: 0 })).rejects.toMatchObject({ code: 'bad-argument' });
  });

  it("updates a view's target without regard to the other views", async () => {
    const views = [0, 1, 2];
    const keys = views.map((view) => foldIn(key, view));
    const control = await prior.controlFeatures(controls.slice(0, 3));
    const pictures = views.map((view) => picture(20 + view));
    const options = { guidance: 19, timesteps: [400, 200] };
    const all = await refine(prior, { condition, control, views: 3 }, pictures, keys, options);
    const last = { condition, control: control.subarray((control.length / 3) * 2), views: 1 };
    const [alone] = await refine(prior, last, [pictures[2]!], [keys[2]!], options);
    expectClose(alone!.data, all[2]!.data, 1e-3); // guidance 19 magnifies rounding twice
  });
});

describe('prior files', () => {
  const folder = mkdtempSync(join(tmpdir(), 'joker-prior-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('come back the same from a folder and from one file', async () => {
    await savePriorFolder(join(folder, 'joker'), config, weights);
    await savePriorFile(join(folder, 'mini.safetensors'), config, weights, { half: false });
    const reference = await guided(prior, 3);
    for (const path of [join(folder, 'joker'), join(folder, 'mini.safetensors')]) {
      const opened = openPrior(path);
      expect(opened.config).toEqual(config);
      expect([...opened.names].sort()).toEqual(weights.map(({ name }) => name).sort());
      expectClose(await guided(priorOf(opened, 5), 3), reference);
    }
  });

  it('lose little in half precision', async () => {
    await savePriorFile(join(folder, 'half.safetensors'), config, weights, { metadata: { made: 'by a test' } });
    const half = await guided(priorOf(openPrior(join(folder, 'half.safetensors')), 5), 1);
    const reference = await guided(prior, 1);
    const scale = Math.max(...reference.map(Math.abs));
    expectClose(half, reference, 0.01 * scale); // 11 bits of mantissa through about 30 layers
  });

  it('are read in place by the runtime, in either precision', async () => {
    await savePriorFolder(join(folder, 'in-place'), config, weights, { half: true });
    const fromMemory = await guided(priorOf(openPrior(join(folder, 'in-place')), 5), 1);
    const placed = new JokerPrior(openPrior(join(folder, 'in-place'), { inPlace: true }), {
      threads: 1,
      batch: 5,
      placer: placeModelFiles,
    });
    open.push(placed);
    expectClose(await guided(placed, 1), fromMemory);
  });

  it('are refused when something is missing or does not fit', async () => {
    await savePriorFile(join(folder, 'part.safetensors'), config, weights.slice(1));
    const incomplete = priorOf(openPrior(join(folder, 'part.safetensors')), 1);
    await expect(incomplete.encodeText([''])).rejects.toMatchObject({ code: 'bad-weights' });
    expect(() => openPrior(join(folder, 'absent'))).toThrow(/no such file/);
    const wide = { ...config, text_encoder: { ...config.text_encoder, hidden_size: 16 } };
    expect(() => parsePriorConfig(wide, 'x')).toThrow(/16 wide/);
    expect(() => parsePriorConfig({ ...config, image_size: 20 }, 'x')).toThrow(/no multiple of 8/);
  });
});
