/** Trying shots until a face is found, with a tracker that finds one when it is told to. */
import { expect, it, vi } from 'vitest';
import { assetPath } from '../core/files/assets.js';
import { foldIn, randomKey } from '../core/rng.js';
import type { FaceTools } from '../face/analyse.js';
import { loadMorphableModel } from '../face/model/load.js';
import { Tracker } from '../face/tracker/tracker.js';
import { openHeadModel } from './sources/heads.js';
import { samplePerson } from './synthetic/person.js';
import { PeopleRenderer } from './synthetic/render.js';
import { sampleShot } from './synthetic/shot.js';
import { firstTracked } from './tracked-shot.js';

const renderer = new PeopleRenderer(openHeadModel(undefined));
const key = foldIn(randomKey(1), 0);
const person = samplePerson(renderer.anatomy.model, key);
const shotOf = (attempt: number) => sampleShot(foldIn(key, attempt), { setting: 'studio', yaw: 0.1, pitch: 0.1 });
const render = vi.fn((shot: ReturnType<typeof shotOf>) => renderer.render(person, shot, { size: 256 }));

/** A tracker that misses the first `misses` pictures, then looks. */
async function toolsMissing(misses: number) {
  const tracker = await Tracker.load(assetPath('tracker'), { threads: 1 });
  const track = tracker.track.bind(tracker);
  let seen = 0;
  tracker.track = async (image, options) => (seen++ < misses ? [] : track(image, options));
  const tools = { tracker, model: loadMorphableModel(assetPath('face', 'builtin.safetensors')) } as FaceTools;
  return { tools, seen: () => seen, dispose: () => tracker.dispose() };
}

it('takes the first shot whose face is found, with the picture that it was found in', async () => {
  const { tools, dispose } = await toolsMissing(1);
  render.mockClear();
  const found = await firstTracked(shotOf, render, tools);
  expect(found!.shot).toEqual(shotOf(1));
  expect(found!.rendering).toBe(render.mock.results[1]!.value);
  expect(found!.photo.image.width).toBe(256);
  expect(found!.face.errorPercent).toBeLessThan(5); // the fit's gate on rendered heads
  await dispose();
});

it('gives up after three', async () => {
  const { tools, seen, dispose } = await toolsMissing(9);
  expect(await firstTracked(shotOf, render, tools)).toBeNull();
  expect(seen()).toBe(3);
  await dispose();
});
