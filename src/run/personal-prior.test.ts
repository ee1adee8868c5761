/** Training on a photo with a tiny random prior: it learns the photo, and nothing else changes. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { writePerson } from '../../test/fixtures/person.js';
import { writeTinyPrior } from '../../test/fixtures/tiny-prior.js';
import { loadFaceTools } from '../condition/analyse-face.js';
import { referenceCrop } from '../condition/condition.js';
import { controlImage } from '../condition/control.js';
import { silent } from '../core/progress.js';
import { foldIn, randomKey } from '../core/rng.js';
import { findFace } from '../face/analyse.js';
import { loadPhoto } from '../photo/load.js';
import { addNoise, drawLatents, JokerPrior, openPrior, type PriorModel, priorParameters } from '../prior/index.js';
import { PERSONAL_STEPS } from '../train/personal.js';
import { requestDigest } from './head-work.js';
import { type PersonalPhoto, personalPrior, tuneSteps } from './personal-prior.js';

const folder = mkdtempSync(join(tmpdir(), 'joker3d-personal-'));
const [path, weights] = [join(folder, 'person.jpg'), join(folder, 'prior.safetensors')];
const context = { report: silent, signal: new AbortController().signal };
let person: PersonalPhoto;
beforeAll(async () => {
  await writePerson(path);
  await writeTinyPrior(weights, 'v_prediction');
  const photo = await loadPhoto(path);
  const tools = await loadFaceTools(undefined, { threads: 1 });
  person = { photo, reference: (await findFace(photo, tools)).face, faceModel: tools.model };
  await tools.tracker.dispose();
});
afterAll(() => rmSync(folder, { recursive: true }));

/** Mean squared error of the noise that the prior finds in the noised photo, asked with the photo as its reference. */
async function errorOn(model: PriorModel): Promise<number> {
  const { photo, reference, faceModel } = person;
  const size = model.config.image_size;
  const picture = referenceCrop(photo, reference, size, 'blur');
  const prior = new JokerPrior(model, { threads: 1 });
  const condition = await prior.prepare('a person', picture, null);
  const control = await prior.controlFeatures([controlImage(reference, faceModel, size)]);
  const clean = await prior.encodeImages([picture], null);
  let [sum, count] = [0, 0];
  for (const timestep of [100, 400, 700]) {
    const noise = drawLatents(prior, [foldIn(randomKey(1), timestep)]);
    const latents = addNoise(prior.schedule, clean, noise, timestep);
    const features = await prior.referenceFeatures(condition, timestep, 1);
    const found = await prior.predictNoise(condition, { latents, control, features, guidance: 1 });
    found.forEach((value, i) => {
      sum += (value - noise[i]!) ** 2;
      count++;
    });
  }
  await prior.dispose();
  return sum / count;
}

it('learns the photo, with the weights of looks only', { timeout: 120_000 }, async () => {
  const model = openPrior(weights);
  const tuned = await personalPrior(model, person, 40, { threads: 1 }, context);
  expect(await errorOn(tuned)).toBeLessThan(0.9 * (await errorOn(model)));
  const changed = (name: string, shape: readonly number[]) => {
    const [a, b] = [model, tuned].map((m) => m.weights(name, shape));
    return a!.kind === 'memory' && b!.kind === 'memory' && a!.data.some((value, i) => value !== b!.data[i]);
  };
  const names = priorParameters(model.config).filter(({ name, shape }) => changed(name, shape));
  expect(names.length).toBeGreaterThan(0);
  expect(names.filter(({ name }) => !/^(ref_)?unet\./.test(name))).toEqual([]);
});

it('by default trains the embedded weights and leaves others alone', async () => {
  expect(tuneSteps({})).toBe(PERSONAL_STEPS);
  expect([tuneSteps({ weights }), tuneSteps({ preset: 'paper' })]).toEqual([0, 0]);
  expect([tuneSteps({ weights, tune: 7 }), tuneSteps({ tune: 0 })]).toEqual([7, 0]);
  const model = openPrior(weights);
  expect(await personalPrior(model, person, 0, {}, context)).toBe(model);
});

it('is part of what tells one request from another', () => {
  const asked = (tune?: number) => requestDigest({ photo: path, weights, out: join(folder, 'out'), tune });
  expect(asked(3)).not.toBe(asked(0));
  expect(asked()).toBe(asked(0));
});

it('ends at a request to stop', async () => {
  const controller = new AbortController();
  controller.abort();
  const run = personalPrior(openPrior(weights), person, 5, { threads: 1 }, { ...context, signal: controller.signal });
  await expect(run).rejects.toMatchObject({ code: 'interrupted' });
});
