/** From what a person asks to what the prior is shown: the shape, and the words of training. */
import { expect, it } from 'vitest';
import { assetPath } from '../core/files/assets.js';
import { type Report, silent } from '../core/progress.js';
import type { FaceTools } from '../face/analyse.js';
import { loadMorphableModel } from '../face/model/load.js';
import { frontalFace } from '../face/testing/frontal-face.js';
import type { PriorConfig } from '../prior/index.js';
import { targetOf, warnOfOtherFaceModel } from './subject.js';

const model = loadMorphableModel(assetPath('face', 'builtin.safetensors'));
/** Without a driving photo nothing is tracked. */
const tools = { model } as FaceTools;
const context = { report: silent, signal: new AbortController().signal };
const reference = frontalFace();
const asked = (jawOpen: number, text?: string) =>
  targetOf({ photo: 'photo.jpg', text }, reference, tools, { jawOpen, mouthSmileLeft: 0.5 }, context);

it('shows what is asked', async () => {
  const { target } = await asked(0.7);
  expect(target.arkit).toEqual({ jawOpen: expect.closeTo(0.7, 5), mouthSmileLeft: expect.closeTo(0.5, 5) });
});

it('says of it what training said of such a mouth, unless the person writes the words', async () => {
  expect((await asked(0.3)).caption).not.toMatch(/open/);
  expect((await asked(0.5)).caption).toMatch(/with mouth open/);
  expect((await asked(0.8)).caption).toMatch(/wide open/);
  expect((await asked(0.8, 'A man shouting')).caption).toBe('a man shouting');
});

it('warns of a prior that learned from fits of another face model, and of no other', () => {
  const said: string[] = [];
  const report: Report = (message) => {
    if (message.kind === 'note') said.push(message.text);
  };
  for (const face_model of [undefined, model.name, 'builtin']) {
    const config = { face_model } as PriorConfig;
    warnOfOtherFaceModel({ config, weights: () => null!, names: [], path: 'mine.safetensors' }, model, {
      ...context,
      report,
    });
  }
  expect(said).toEqual([expect.stringMatching(/^mine\.safetensors learned from .* builtin, .* builtin-2/)]);
});
