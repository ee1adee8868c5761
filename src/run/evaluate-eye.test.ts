/** What measures pictures: LPIPS takes the place of `lpips(mini)` alone, and results say with which files. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { writeTinyPrior } from '../../test/fixtures/tiny-prior.js';
import { hashFile } from '../core/files/hash.js';
import { makeImage, toNetwork } from '../core/image.js';
import { RandomStream, randomKey } from '../core/rng.js';
import { compile, Graph } from '../graph/index.js';
import { LPIPS_PREFIX, LPIPS_WIDTHS, lpipsDistance, scopeOf } from '../nets/index.js';
import { openPrior } from '../prior/index.js';
import { openEye } from './evaluate-eye.js';
import { instruments } from './evaluate-versions.js';
import { lpipsFor } from './lpips.js';
import { openLpips } from './lpips-files.js';

const SIZE = 32;
const files = fileURLToPath(new URL('../nets/fixtures/lpips-alex.safetensors', import.meta.url));
const lpips = openLpips([files], { ...LPIPS_WIDTHS, alex: [4, 6, 5, 3, 4] });
const folder = mkdtempSync(join(tmpdir(), 'joker3d-eye-'));
const prior = join(folder, 'prior.safetensors');
beforeAll(() => writeTinyPrior(prior));
afterAll(() => rmSync(folder, { recursive: true }));

describe('openEye', () => {
  it('measures LPIPS when it has it, and the rest as without it', async () => {
    const random = new RandomStream(randomKey(2));
    const picture = () => ({
      ...makeImage(SIZE, SIZE, 3),
      data: makeImage(SIZE, SIZE, 3).data.map(() => random.uniform()),
    });
    const [a, b] = [picture(), picture()];
    const compareWith = async (model: typeof lpips | null) => {
      const eye = await openEye(openPrior(prior), model, SIZE, 1);
      const found = await eye.compare(a, b);
      await eye.dispose();
      return found;
    };
    const [plain, published] = [await compareWith(null), await compareWith(lpips)];
    const g = new Graph();
    const [x, y] = [g.input('x', [1, 3, SIZE, SIZE]), g.input('y', [1, 3, SIZE, SIZE])];
    const distance = lpipsDistance(scopeOf(g, LPIPS_PREFIX), lpips.config, x, y);
    const program = await compile({ outputs: { distance }, weights: lpips.weights, threads: 1 });
    const direct = await program.run({ x: toNetwork(a), y: toNetwork(b) });
    await program.dispose();
    expect(published.lpips).toBeCloseTo(direct['distance']![0]!, 6);
    expect(published.lpips).not.toBeCloseTo(plain.lpips, 3);
    expect(published.features).toEqual(plain.features);
  });
});

describe('instruments', () => {
  it('name the network of LPIPS and the hash of its file', () => {
    const version = hashFile(files).sha256.slice(0, 12);
    const named = { metric: 'lpips(alex)', network: 'lpips-alex.safetensors', version };
    const [withLpips, without] = [instruments(prior, lpips, undefined), instruments(prior, null, undefined)];
    expect(withLpips.lpips).toEqual(named);
    expect(without.lpips).toMatchObject({ metric: 'lpips(mini)', network: 'image encoder of prior.safetensors' });
    expect({ ...withLpips, lpips: without.lpips }).toEqual(without);
  });
});

describe('lpipsFor', () => {
  it('opens nothing when nothing is named, and refuses what is not the published network', () => {
    expect(lpipsFor(undefined, 8, 'pictures')).toBeNull();
    expect(() => lpipsFor([files], SIZE, 'pictures')).toThrow(/in LPIPS with AlexNet it is \[64,3,11,11\]/);
  });
});
