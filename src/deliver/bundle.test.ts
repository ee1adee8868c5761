import { createHash } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { JobMessage } from '../core/progress.js';
import { RandomStream, randomKey } from '../core/rng.js';
import { writeBundle } from './bundle.js';
import { bakeField } from './field.js';
import type { BundleOptions, HeadProducts } from './products.js';
import { formulaHead, renderPlainly } from './testing/formula-head.js';
import { BURIED_DEPTH, buriedCells } from './viewer/buried.js';
import { viewerPage } from './viewer/page.js';
import { VIEWER_SCRIPT } from './viewer/script.js';
import { quantise } from './viewer/volume.js';

const field = formulaHead();
const head: HeadProducts = {
  field,
  render: (camera) => renderPlainly(field, camera, 16),
  view: { distance: 1, focal: 40, width: 24, height: 24 },
  settings: { seed: 7 },
  extra: [{ path: 'field.bin', what: 'weights', bytes: Uint8Array.of(1, 2, 3) }],
};
const options: BundleOptions = {
  generator: 'joker3d test',
  resolution: 24,
  frames: 4,
  views: 2,
  splats: 500,
  video: 'webp',
};

let parent: string;
beforeAll(async () => {
  parent = await mkdtemp(join(tmpdir(), 'joker-bundle-'));
});
afterAll(() => rm(parent, { recursive: true, force: true }));

describe('writeBundle', () => {
  it('writes every file that the manifest lists, and no other', async () => {
    const folder = join(parent, 'whole');
    const messages: JobMessage[] = [];
    const manifest = await writeBundle(head, folder, { ...options, report: (m) => messages.push(m) });
    const found = (await readdir(folder, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile());
    expect(found).toHaveLength(manifest.files.length + 1);
    for (const file of manifest.files) {
      const bytes = await readFile(join(folder, file.path));
      expect(bytes.length).toBe(file.bytes);
      expect(createHash('sha256').update(bytes).digest('hex')).toBe(file.sha256);
    }
    expect(JSON.parse(await readFile(join(folder, 'manifest.json'), 'utf8'))).toEqual(manifest);
    expect(manifest).toMatchObject({ synthetic: true, settings: { seed: 7 }, generator: 'joker3d test' });
    expect(manifest.files.map((file) => file.path)).toEqual(
      expect.arrayContaining(['viewer.html', 'head.glb', 'head.ply', 'turntable.webp', 'transforms.json', 'field.bin']),
    );
    expect(messages.filter((m) => m.kind === 'file')).toHaveLength(manifest.files.length);
  });

  it('gives the same bytes again for the same head', async () => {
    const [a, b] = [
      await writeBundle(head, join(parent, 'a'), options),
      await writeBundle(head, join(parent, 'b'), options),
    ];
    expect(a.files).toEqual(b.files);
  });

  it('writes only the forms that are asked for, the sweep under its name', async () => {
    const names = async (folder: string, asked: Partial<BundleOptions>) =>
      (await writeBundle({ ...head, extra: [] }, join(parent, folder), { ...options, ...asked })).files.map(
        (f) => f.path,
      );
    expect(await names('val', { what: ['sweep'], sweep: 'val' })).toEqual(['val.webp']);
    expect(await names('spiral', { what: ['sweep'], sweep: 'spiral' })).toEqual(['spiral.webp']);
    expect(await names('splats', { what: ['spz', 'splat-glb'] })).toEqual(['head-splats.glb', 'head.spz']);
    const view = ['depth/depth_000.png', 'depth/preview_000.png', 'normals/normals_000.png', 'transforms.json'];
    expect(await names('views', { what: ['views'], views: 1 })).toEqual([...view, 'views/view_000.png']);
  });

  it('replaces an earlier delivery only when told to', async () => {
    const folder = join(parent, 'a');
    await expect(writeBundle(head, folder, options)).rejects.toThrow(/already holds/);
    await expect(writeBundle(head, folder, { ...options, replace: true })).resolves.toBeTruthy();
  });

  it('leaves no folder behind when rendering fails or the person stops it', async () => {
    const failing = { ...head, render: () => Promise.reject(new Error('out of memory')) };
    await expect(writeBundle(failing, join(parent, 'c'), options)).rejects.toThrow('out of memory');
    const signal = AbortSignal.abort();
    await expect(writeBundle(head, join(parent, 'd'), { ...options, signal })).rejects.toThrow();
    expect((await readdir(parent)).filter((name) => /^\.?[cd]\b/.test(name))).toEqual([]);
  });

  it('refuses an extra file with a name of its own', async () => {
    const extra = [{ path: 'manifest.json', what: 'x', bytes: Uint8Array.of(1) }];
    await expect(writeBundle({ ...head, extra }, join(parent, 'e'), options)).rejects.toThrow(/two files/);
  });
});

describe('viewerPage', () => {
  const view = { azimuth: 0, elevation: 0, distance: 1, fieldOfView: 0.5 };

  it('holds the volume, escapes what it is told, and reaches for nothing', async () => {
    const volume = quantise(await bakeField(field, { resolution: 24 }));
    const page = viewerPage(volume, { generator: 'x', title: '</title><script>alert(1)</script>', view });
    expect(page).not.toContain('<script>alert');
    const packed = /id="volume">([^<]+)</.exec(page)![1]!;
    expect(gunzipSync(Buffer.from(packed, 'base64'))).toEqual(Buffer.from(volume.rgba));
    const links = page.match(/(https?:)?\/\/[a-z][^"' ]*/g) ?? [];
    expect(links.filter((link) => !link.includes('cv.iptc.org') && link.includes(':'))).toEqual([]);
    expect(page).toContain("default-src 'none'");
    expect(() => new Function(VIEWER_SCRIPT)).not.toThrow();
    expect(VIEWER_SCRIPT).not.toMatch(/<\/script/i);
  });

  it('stores opacity over one cell, and colours by what they absorb', async () => {
    const grid = await bakeField(field, { resolution: 24 });
    const { rgba, cell } = quantise(grid); // too coarse a grid for buried cells
    for (let i = 0; i < grid.density.length; i++) {
      const opacity = 1 - Math.exp(-grid.density[i]! * cell);
      expect(rgba[4 * i + 3]).toBe(Math.round(255 * opacity));
      for (let c = 0; c < 3; c++) expect(rgba[4 * i + c]).toBe(Math.round(255 * opacity * grid.color[3 * i + c]!));
    }
  });

  it('stays below 15 MB for a volume of pure noise, the worst to compress', () => {
    const stream = new RandomStream(randomKey(3));
    const rgba = Uint8Array.from({ length: 4 * 128 ** 3 }, () => stream.uint32() & 255);
    const volume = { size: [128, 128, 128] as const, box: field.box, cell: 0.5 / 128, rgba };
    expect(viewerPage(volume, { generator: 'x', view }).length).toBeLessThan(15e6);
  });
});

describe('buriedCells', () => {
  it('agrees with looking at every neighbour', () => {
    const size = [21, 20, 19] as const;
    const rgba = new Uint8Array(4 * 21 * 20 * 19).fill(128); // just dense
    rgba[4 * ((18 * 20 + 4) * 21 + 3) + 3] = 127; // a hole that spoils some of the middle cells and spares others
    const dense = (x: number, y: number, z: number) => {
      const outside = [x, y, z].some((v, a) => v < 0 || v >= size[a]!);
      return !outside && rgba[4 * ((z * 20 + y) * 21 + x) + 3]! >= 128;
    };
    const around = Array.from({ length: 2 * BURIED_DEPTH + 1 }, (_, i) => i - BURIED_DEPTH);
    const expected = Array.from({ length: 21 * 20 * 19 }, (_, i) => {
      const [x, y, z] = [i % 21, Math.floor(i / 21) % 20, Math.floor(i / 420)];
      return Number(around.every((dz) => around.every((dy) => around.every((dx) => dense(x + dx, y + dy, z + dz)))));
    });
    expect(expected.filter((value) => value === 1).length).toBe(5 * 4 * 3 - 4 * 4 * 1);
    expect(Array.from(buriedCells(rgba, size))).toEqual(expected);
  });
});
