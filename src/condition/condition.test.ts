import { describe, expect, it } from 'vitest';
import { assetPath } from '../core/files/assets.js';
import { makeImage } from '../core/image.js';
import { loadMorphableModel } from '../face/model/load.js';
import { withExpression } from '../face/reenact.js';
import { frontalFace } from '../face/testing/frontal-face.js';
import { photoFromImage } from '../photo/photo.js';
import { analyseFace, loadFaceTools } from './analyse-face.js';
import { makeCondition, referenceCrop } from './condition.js';
import { drawFace } from './overlay.js';

const model = loadMorphableModel(assetPath('face', 'builtin.safetensors'));
const face = frontalFace({
  identity: [1],
  crop: { x0: 20, y0: 10, x1: 120, y1: 110 },
  landmarks: [256, 256, 0],
});
const photo = photoFromImage({ ...makeImage(140, 130, 3), data: new Float32Array(140 * 130 * 3).fill(0.5) }, 'grey');

describe('makeCondition', () => {
  it('puts crop, normals, words and camera together at one size', () => {
    const target = withExpression(face, model, { jawOpen: 0.8 });
    const made = makeCondition({ photo, reference: face, target, model, caption: 'a person', size: 64 });
    expect([made.normals.width, made.mask.channels, made.reference.height, made.camera.width]).toEqual([64, 1, 64, 64]);
    expect(made.reference.data[100]).toBeCloseTo(0.5, 5);
    const calm = makeCondition({ photo, reference: face, target: face, model, caption: '', size: 64 });
    const open = made.mask.data.reduce((a, b) => a + b, 0);
    expect(open).not.toBe(calm.mask.data.reduce((a, b) => a + b, 0));
  });
});

describe('drawFace', () => {
  it('draws over a copy', () => {
    const crop = referenceCrop(photo, face, 128);
    const before = crop.data.slice();
    const picture = drawFace(crop, face, model);
    expect(crop.data).toEqual(before);
    expect(picture.data.some((v, i) => Math.abs(v - before[i]!) > 0.3)).toBe(true);
    expect(picture.data[(64 * 128 + 64) * 3 + 2]).toBeLessThan(0.45); // the yellow landmark in the middle lacks blue
  });
});

describe('analyseFace', () => {
  it('says so when there is no face', async () => {
    const tools = await loadFaceTools();
    await expect(analyseFace(photo, tools)).rejects.toMatchObject({
      code: 'no-face',
      what: expect.stringContaining('grey'),
    });
    await tools.tracker.dispose();
  });
});
