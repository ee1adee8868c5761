/** End to end on a rendered person with a tiny random prior: photo, face, condition, prior, files. */

import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { JobMessage } from '../src/core/progress.js';
import { inspectFile, ownCertificates } from '../src/deliver/index.js';
import { lookAtFace } from '../src/run/face.js';
import { type SampleJobOptions, samplePictures } from '../src/run/sample.js';
import { writePerson } from './fixtures/person.js';
import { writeTinyPrior } from './fixtures/tiny-prior.js';

const folder = mkdtempSync(join(tmpdir(), 'joker-sample-'));
const [photo, weights, out] = ['person.jpg', 'tiny.safetensors', 'out'].map((name) => join(folder, name)) as [
  string,
  string,
  string,
];
beforeAll(async () => {
  await writePerson(photo);
  await writeTinyPrior(weights);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const options: SampleJobOptions = {
  photo,
  weights,
  out,
  expression: 'jawOpen=0.7',
  azimuths: [-20, 20],
  steps: 2,
  threads: 1,
};
const context = { report: () => {}, signal: new AbortController().signal };

describe('the sample job', () => {
  it('draws one picture per side, all marked as synthetic, and the same again for the same seed', async () => {
    const { files, caption } = await samplePictures(options, context);
    expect(caption).toMatch(/mouth/);
    expect(readdirSync(out).sort()).toEqual([
      'control_0.png',
      'control_1.png',
      'reference.png',
      'view_0.png',
      'view_1.png',
    ]);
    const views = files.filter((file) => file.includes('view_')).map((file) => readFileSync(file));
    for (const view of views) {
      expect(await sharp(view).metadata()).toMatchObject({ width: 32, height: 32, channels: 3 });
      expect(view.includes('trainedAlgorithmicMedia')).toBe(true);
    }
    expect(views[0]!.equals(views[1]!)).toBe(false);
    await samplePictures(options, context);
    expect(readFileSync(join(out, 'view_0.png')).equals(views[0]!)).toBe(true);
  });

  it('signs and watermarks the pictures but not the own photo, and leaves both out on request, which it records', async () => {
    const look = async (name: string) => {
      const bytes = readFileSync(join(out, name));
      return inspectFile({ bytes, sidecar: null, anchors: ownCertificates(), now: new Date() });
    };
    const { marks } = await samplePictures({ ...options, azimuths: [0] }, context);
    expect(marks).toMatchObject({ signedWith: 'development key', runId: expect.stringMatching(/^[0-9a-f]{8}$/) });
    expect(await look('view_0.png')).toMatchObject({
      ...{ verdict: 'valid', watermark: { present: true } },
      manifest: { ingredients: ['inputTo: photo of the person'], generation: { runId: marks?.runId } },
    });
    expect(await look('reference.png')).toMatchObject({ verdict: 'nothing', saysSynthetic: false });
    const messages: JobMessage[] = [];
    const report = (message: JobMessage) => messages.push(message);
    const bare = await samplePictures({ ...options, azimuths: [0], marks: false }, { ...context, report });
    expect(bare.marks).toBeNull();
    expect(messages).toContainEqual(expect.objectContaining({ text: expect.stringContaining('--no-marks') }));
    expect(await look('view_0.png')).toMatchObject({ verdict: 'nothing', saysSynthetic: true });
    expect(readFileSync(join(out, 'view_0.png')).includes('joker3d --no-marks')).toBe(true);
    await samplePictures(options, context);
  });

  it('trains on the photo first when asked to, to the same bits again, and only what speaks v', async () => {
    const own = join(folder, 'tuned');
    const speaksV = join(folder, 'tiny-v.safetensors');
    await writeTinyPrior(speaksV, 'v_prediction');
    const draw = async (tune?: number) => {
      await samplePictures({ ...options, weights: speaksV, out: own, marks: false, tune }, context);
      return readFileSync(join(own, 'view_0.png'));
    };
    const [plain, tuned, again] = [await draw(), await draw(3), await draw(3)];
    expect(tuned.equals(plain)).toBe(false);
    expect(again.equals(tuned)).toBe(true);
    expect((await draw(0)).equals(plain)).toBe(true);
    const noise = samplePictures({ ...options, out: join(folder, 'none'), tune: 3 }, context);
    await expect(noise).rejects.toMatchObject({ code: 'bad-argument', what: expect.stringContaining('epsilon') });
    expect(existsSync(join(folder, 'none'))).toBe(false);
    rmSync(own, { recursive: true });
    rmSync(speaksV);
  });

  it('refuses half of an own key before any work', async () => {
    const run = samplePictures({ ...options, signKey: 'own.pem' }, context);
    await expect(run).rejects.toMatchObject({ code: 'bad-argument' });
  });

  it('stops before its next step, and leaves what was there', async () => {
    const controller = new AbortController();
    const report = (message: JobMessage) => message.kind === 'progress' && controller.abort();
    const before = readFileSync(join(out, 'view_0.png'));
    const run = samplePictures({ ...options, steps: 50, seed: 3 }, { report, signal: controller.signal });
    await expect(run).rejects.toMatchObject({ code: 'interrupted' });
    expect(readFileSync(join(out, 'view_0.png')).equals(before)).toBe(true);
    expect(readdirSync(folder).sort()).toEqual(['out', 'person.jpg', 'tiny.safetensors']);
  });

  it('refuses a folder with files of somebody else before any work', async () => {
    writeFileSync(join(out, 'mine.txt'), '');
    await expect(samplePictures(options, context)).rejects.toMatchObject({ code: 'not-writable' });
    rmSync(join(out, 'mine.txt'));
  });
});

describe('the face job', () => {
  it('writes pictures and coefficients that read back', async () => {
    const folderOut = join(folder, 'face');
    const result = await lookAtFace({ photo, out: folderOut, size: 128, threads: 1 }, context);
    expect(result.face.errorPercent).toBeLessThan(5); // a rendered head; the gate on many of them is 3 %
    expect(readdirSync(folderOut).sort()).toEqual([
      'crop.png',
      'face.json',
      'normals.png',
      'overlay.png',
      'report.json',
    ]);
    expect(await sharp(join(folderOut, 'overlay.png')).metadata()).toMatchObject({ width: 128, height: 128 });
    expect(JSON.parse(readFileSync(join(folderOut, 'report.json'), 'utf8'))).toMatchObject({ count: 1 });
  });
});
