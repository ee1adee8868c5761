/** From what a person asks to what the prior is shown: in the units of fits, and in the words of training. */
import { expect, it } from 'vitest';
import { assetPath } from '../core/files/assets.js';
import { silent } from '../core/progress.js';
import type { FaceTools } from '../face/analyse.js';
import type { Face } from '../face/face.js';
import { loadMorphableModel } from '../face/model/load.js';
import { targetOf } from './subject.js';

const model = loadMorphableModel(assetPath('face', 'builtin.safetensors'));
/** Without a driving photo nothing is tracked. */
const tools = { model } as FaceTools;
const context = { report: silent, signal: new AbortController().signal };
const reference: Face = {
  model: 'builtin',
  identity: [],
  expression: [],
  arkit: {},
  angle: [0, 0, 0],
  translation: [0, 0, 0],
  intrinsics: { fx: 2183.5, fy: 2183.5, cx: 256, cy: 256 },
  crop: { x0: 0, y0: 0, x1: 512, y1: 512 },
  landmarks: [],
  errorPercent: 1,
  confidence: 1,
};
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
