/** `joker inspect` on files as jobs deliver them: each verdict with its exit code, the sidecar, and trust. */

import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeImage, resizeBilinear } from '../src/core/image.js';
import { RandomStream, randomKey } from '../src/core/rng.js';
import {
  developmentKey,
  encodeAnimation,
  encodeImage,
  type Marker,
  markImage,
  signedFiles,
} from '../src/deliver/index.js';
import type { InspectJobResult } from '../src/run/inspect.js';

const folder = mkdtempSync(join(tmpdir(), 'joker-inspect-'));
const at = (...names: string[]) => join(folder, ...names);
const home = { ...process.env, XDG_CONFIG_HOME: at('config') };
const elsewhere = { ...process.env, XDG_CONFIG_HOME: at('nowhere') };

function joker(args: readonly string[], env: NodeJS.ProcessEnv = home) {
  const run = spawnSync(process.execPath, ['bin/joker.mjs', ...args], { encoding: 'utf8', env });
  return { status: run.status, stdout: run.stdout, stderr: run.stderr };
}

function inspect(file: string, env = home, ...more: string[]): { status: number | null; result: InspectJobResult } {
  const { status, stdout } = joker(['inspect', file, '--json', ...more], env);
  return { status, result: JSON.parse(stdout) as InspectJobResult };
}

/** A picture as jobs deliver it: marked with this machine's development key. */
beforeAll(async () => {
  const key = await developmentKey(new Date(), at('config', 'joker3d', 'development-key.pem'));
  const about = {
    ...{ name: 'joker3d', version: '0', models: [{ name: 'prior', sha256: 'ab'.repeat(32) }] },
    inputs: [{ title: 'photo of the person', format: 'image/jpeg', sha256: 'cd'.repeat(32) }],
  };
  const marker: Marker = { key, about, runId: 0x0badcafe };
  const stream = new RandomStream(randomKey(4));
  const plain = resizeBilinear(
    { ...makeImage(24, 24, 3), data: Float32Array.from({ length: 1728 }, () => stream.uniform(0.2, 0.8)) },
    256,
    256,
  );
  const naming = { generator: 'joker3d', description: 'a person' };
  const files = [
    { path: 'view.png', what: '', bytes: await encodeImage(markImage(plain, marker), naming) },
    { path: 'turntable.webp', what: '', bytes: await encodeAnimation(Array(3).fill(markImage(plain, marker)), naming) },
    { path: 'head.glb', what: '', bytes: new TextEncoder().encode('glTF: any bytes') },
  ];
  for (const file of files) for (const { path, bytes } of signedFiles(file, marker)) writeFileSync(at(path), bytes);
  writeFileSync(at('photo.png'), await encodeImage(plain, { ...naming, recorded: true }));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('joker inspect', () => {
  const view = at('view.png');

  it('calls a delivered picture valid where it was made: exit code 0', () => {
    const { status, result } = inspect(view);
    expect([status, result.verdict, result.place]).toEqual([0, 'valid', 'inside']);
    expect(result).toMatchObject({ watermark: { present: true, runId: '0badcafe' }, saysSynthetic: true });
    expect(result.manifest).toMatchObject({
      problems: [],
      digitalSourceType: 'http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia',
      ingredients: ['inputTo: photo of the person'],
      generation: { runId: '0badcafe', models: [{ name: 'prior' }] },
    });
    expect(joker(['inspect', view]).stdout).toMatch(/view.png: valid\n.*DEVELOPMENT key/);
  });

  it('calls it of an unknown signer on another machine (4), unless told to trust the root (0)', () => {
    expect(inspect(view, elsewhere)).toMatchObject({ status: 4, result: { verdict: 'unknown signer' } });
    const pem = readFileSync(at('config', 'joker3d', 'development-key.pem'), 'utf8');
    writeFileSync(at('root.pem'), pem.slice(pem.lastIndexOf('-----BEGIN CERTIFICATE-----')));
    expect(inspect(view, elsewhere, '--trust', at('root.pem'))).toMatchObject({ status: 0 });
  });

  it('finds changed metadata (3), though every pixel is the same', () => {
    const bytes = Buffer.from(readFileSync(view));
    const chunk = bytes.indexOf('iTXtXML:com.adobe.xmp');
    const length = bytes.readUInt32BE(chunk - 4);
    bytes.write('jocker', bytes.indexOf('joker3d" Iptc4xmpExt'), 'latin1');
    bytes.writeUInt32BE(crc32(bytes.subarray(chunk, chunk + 4 + length)), chunk + 4 + length); // a whole PNG all the same
    writeFileSync(at('changed.png'), bytes);
    const { status, result } = inspect(at('changed.png'));
    expect([status, result.verdict]).toEqual([3, 'tampered']);
    expect(result.manifest?.problems).toEqual(['the file was changed after signing']);
  });

  it('finds the watermark alone after the picture was saved anew (5), and nothing in a photo (6)', async () => {
    await sharp(view).jpeg({ quality: 70 }).toFile(at('again.jpg'));
    expect(inspect(at('again.jpg'))).toMatchObject({
      status: 5,
      result: { verdict: 'watermark only', manifest: null },
    });
    expect(inspect(at('photo.png'))).toMatchObject({ status: 6, result: { verdict: 'nothing', saysSynthetic: false } });
  });

  it('fails with 1 for a missing or broken file and with 2 for nonsense', () => {
    expect(joker(['inspect', at('none.png')]).status).toBe(1);
    writeFileSync(at('broken.png'), readFileSync(view).subarray(0, 20));
    expect(joker(['inspect', at('broken.png')])).toMatchObject({
      status: 1,
      stderr: expect.stringContaining('decoded'),
    });
    expect(joker(['inspect']).status).toBe(2);
  });
});

describe('a file with its manifest beside it', () => {
  it('is judged by it', () => {
    expect(inspect(at('turntable.webp'))).toMatchObject({
      ...{ status: 0, result: { place: 'beside', watermark: { present: true, runId: '0badcafe' } } },
    });
    writeFileSync(at('head.glb'), 'other bytes');
    expect(inspect(at('head.glb'))).toMatchObject({ status: 3, result: { verdict: 'tampered', watermark: null } });
  });
});
