/** The judge of heads: a head is its own truth, and known changes of the truth are measured as what they are. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { writeTinyPrior } from '../../test/fixtures/tiny-prior.js';
import { makeImage } from '../core/image.js';
import { randomKey } from '../core/rng.js';
import { tablePreset, viewCamera } from '../distill/index.js';
import { type Head, initialHead, paperView, renderHead } from '../head/index.js';
import { openPrior } from '../prior/index.js';
import { WORLD_MILLIMETRES } from './evaluate-people.js';
import { HeadJudge, type JudgedView } from './head-judge.js';

const folder = mkdtempSync(join(tmpdir(), 'joker3d-judge-'));
const field = { ...tablePreset.field, levels: 2, log2TableSize: 10, hidden: 8 };
let judge: HeadJudge;
let head: Head;
beforeAll(async () => {
  const path = join(folder, 'prior.safetensors');
  await writeTinyPrior(path);
  judge = await HeadJudge.create(openPrior(path), null, { ...tablePreset, field }, 1);
  head = initialHead(field, randomKey(3), paperView);
});
afterAll(async () => {
  await judge.dispose();
  rmSync(folder, { recursive: true });
});

/** Whole steps of 8 bits, at which pictures are compared. */
const STEPS = 26 / 255;

/** The opaque ball that a new head is, as the truth of a view. */
async function truth(azimuth: number): Promise<JudgedView> {
  const camera = viewCamera({ azimuth, elevation: 0.1 }, paperView, 32);
  const { samples, step } = tablePreset;
  const { color, opacity, depth } = await renderHead(head, camera, { samples, step: step ?? undefined, threads: 1 });
  const solid = opacity.data.map((o) => (o >= 0.5 ? 1 : 0));
  const millimetres = depth.data.map((d, i) => d * solid[i]! * WORLD_MILLIMETRES);
  return { camera, color, mask: { ...opacity, data: solid }, depth: { ...depth, data: millimetres } };
}

describe('HeadJudge', () => {
  it('finds no fault with a head that is the truth', async () => {
    const { measures, row } = await judge.look(head, [await truth(0), await truth(0.3)]);
    expect(measures.ssim).toBeCloseTo(1, 6);
    expect(measures).toMatchObject({ perceptual: 0, mse: 0, psnr: Number.POSITIVE_INFINITY, seen: 1 });
    expect(measures.depthTail).toBeCloseTo(0, 3); // thousandths of a millimetre: float32 at 10^3 mm
    expect(row.views.length).toBe(2);
  });
  it('measures what was changed: colours under the matte, depth, and what is not covered', async () => {
    const view = await truth(0);
    const person = view.mask.data.filter((m) => m > 0).length;
    const brighter = { ...view.color, data: view.color.data.map((x) => x + STEPS) };
    const step = view.depth.data.map((d, i) => (d > 0 && i % 4 === 0 ? d + 20 : d));
    const changed = { ...view, color: brighter, depth: { ...view.depth, data: step } };
    const { measures } = await judge.look(head, [changed]);
    expect(measures.mse).toBeCloseTo((STEPS ** 2 * person) / 32 ** 2, 5);
    expect(measures.psnr).toBeCloseTo(-10 * Math.log10(measures.mse), 6);
    expect(measures.perceptual).toBeGreaterThan(0);
    expect(measures.depthMedian).toBeCloseTo(0, 3);
    expect(measures.depthTail).toBeCloseTo(20, 3);
    const everywhere = { ...view, depth: { ...makeImage(32, 32, 1), data: new Float32Array(32 * 32).fill(1200) } };
    expect(measures.haze).toBeLessThan(0.5); // below a half is what this truth calls nobody
    const nobody = { ...view, mask: makeImage(32, 32, 1) };
    const { opacity } = await renderHead(head, view.camera, { samples: tablePreset.samples, threads: 1 });
    const mean = opacity.data.reduce((sum, o) => sum + o, 0) / 32 ** 2;
    expect((await judge.look(head, [nobody])).measures.haze).toBeCloseTo(mean, 2);
    expect((await judge.look(head, [everywhere])).measures.seen).toBeCloseTo(person / 32 ** 2, 9);
  });
});
