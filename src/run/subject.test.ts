/** From what a person asks to what the prior is shown: in the units of fits, and in the words of training. */
import { expect, it } from 'vitest';
import { assetPath } from '../core/files/assets.js';
import { silent } from '../core/progress.js';
import type { FaceTools } from '../face/analyse.js';
import { loadMorphableModel } from '../face/model/load.js';
import { frontalFace } from '../face/testing/frontal-face.js';
import { targetOf } from './subject.js';

const model = loadMorphableModel(assetPath('face', 'builtin.safetensors'));
/** Without a driving photo nothing is tracked. */
const tools = { model } as FaceTools;
const context = { report: silent, signal: new AbortController().signal };
const reference = frontalFace();
const asked = (jawOpen: number, text?: string) =>
  targetOf({ photo: 'photo.jpg', text }, reference, tools, { jawOpen, mouthSmileLeft: 0.5 }, context);

it('shows an asked opening as the fit of a truly open mouth, other shapes as asked', async () => {
  const { target } = await asked(1);
  expect(target.arkit['jawOpen']).toBeCloseTo(0.56, 5);
  expect(target.arkit['mouthSmileLeft']).toBeCloseTo(0.5, 5);
});

it('says of it what training said of such a mouth, unless the person writes the words', async () => {
  expect((await asked(0.3)).caption).not.toMatch(/open/);
  expect((await asked(0.5)).caption).toMatch(/with mouth open/);
  expect((await asked(0.8)).caption).toMatch(/wide open/);
  expect((await asked(0.8, 'A man shouting')).caption).toBe('a man shouting');
});
