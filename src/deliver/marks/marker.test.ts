/** A whole delivery with marks: what is signed, where, what carries the watermark, and that it is the same again. */

import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeImage, resizeBilinear } from '../../core/image.js';
import { RandomStream, randomKey } from '../../core/rng.js';
import { writeBundle } from '../bundle.js';
import type { Manifest } from '../manifest.js';
import type { HeadProducts } from '../products.js';
import { formulaHead, renderPlainly } from '../testing/formula-head.js';
import { sidecarName } from './containers.js';
import { inspectFile } from './inspect.js';
import type { Marker } from './marker.js';
import { passingKey } from './signing-key.js';

const now = new Date();
const key = passingKey(now);
const about = { name: 'joker3d', version: '0', inputs: [], models: [{ name: 'prior', sha256: 'ab'.repeat(32) }] };
const marker: Marker = { key, about, runId: 0x00c0ffee };
const field = formulaHead();
/** A picture with detail, since the formula head drawn this small is a flat disc. */
const stream = new RandomStream(randomKey(4));
const coarse = { ...makeImage(12, 12, 3), data: Float32Array.from({ length: 432 }, () => stream.uniform(0.2, 0.8)) };
const head: HeadProducts = {
  field,
  render: async (camera) => ({ ...(await renderPlainly(field, camera, 8)), color: resizeBilinear(coarse, 64, 64) }),
  view: { distance: 1, focal: 100, width: 64, height: 64 },
  settings: { seed: 7 },
  extra: [
    { path: 'head.safetensors', what: 'the field', bytes: Uint8Array.of(1, 2, 3) },
    { path: 'reference.png', what: "the person's photo", bytes: Uint8Array.of(4, 5, 6), recorded: true },
  ],
};
const what = ['viewer', 'mesh', 'ply', 'splat-glb', 'spz', 'views', 'sweep'] as const;
const options = {
  what,
  generator: 'joker3d test',
  resolution: 24,
  frames: 2,
  views: 1,
  splats: 100,
  video: 'webp',
} as const;

let parent: string;
let manifest: Manifest;
beforeAll(async () => {
  parent = await mkdtemp(join(tmpdir(), 'joker-marker-'));
  manifest = await writeBundle(head, join(parent, 'a'), { ...options, marker });
});
afterAll(() => rm(parent, { recursive: true, force: true }));

async function inspect(path: string) {
  const read = (name: string) => readFile(join(parent, 'a', name)).catch(() => null);
  const [bytes, sidecar] = [(await read(path))!, await read(sidecarName(path))];
  return inspectFile({ bytes, sidecar, anchors: [key.chain[1]!], now });
}

describe('a delivery with marks', () => {
  it('signs every picture, animation and model, inside or beside', async () => {
    const inside = ['views/view_000.png', 'depth/depth_000.png', 'depth/preview_000.png', 'normals/normals_000.png'];
    const beside = ['turntable.webp', 'head.glb', 'head-splats.glb', 'head.ply', 'head.spz', 'head.safetensors'];
    for (const path of inside) expect(await inspect(path)).toMatchObject({ verdict: 'valid', place: 'inside' });
    for (const path of beside) expect(await inspect(path)).toMatchObject({ verdict: 'valid', place: 'beside' });
    const names = manifest.files.map(({ path }) => path);
    expect(names.filter((name) => name.endsWith('.c2pa'))).toEqual(beside.map(sidecarName).sort());
    expect(manifest.marks).toEqual({
      signedWith: 'development key',
      watermark: 'joker watermark 1',
      runId: '00c0ffee',
    });
  });

  it('watermarks pictures and frames, not the numbers of depth and normal maps', async () => {
    for (const path of ['views/view_000.png', 'turntable.webp'])
      expect(await inspect(path), path).toMatchObject({ watermark: { present: true } });
    for (const path of ['depth/depth_000.png', 'normals/normals_000.png'])
      expect(await inspect(path), path).toMatchObject({ watermark: { present: false } });
  });

  it("leaves the person's own photo as it is", async () => {
    expect(await readFile(join(parent, 'a', 'reference.png'))).toEqual(Buffer.from([4, 5, 6]));
  });

  it('gives the same bytes again for the same run and key', async () => {
    const again = await writeBundle(head, join(parent, 'b'), { ...options, marker });
    expect(again.files).toEqual(manifest.files);
  });
});
