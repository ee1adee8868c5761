/** Hostile input for the real command line: every failure is one line with what, where and what to do, and leaves nothing. */

import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { deflateSync } from 'node:zlib';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const folder = mkdtempSync(join(tmpdir(), 'joker-cli-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const at = (name: string) => join(folder, name);
const command = ['bin/joker.mjs', 'face'];

function face(...args: string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [...command, ...args], { encoding: 'utf8' });
  return { status, stdout, last: stderr.trimEnd().split('\n').at(-1), stderr };
}

/** A PNG whose header is right and says 40 000 × 40 000; its pixels are not there. */
function hugePng(): Buffer {
  const table = Array.from({ length: 256 }, (_, n) => {
    let c = n;
    for (let k = 0; k < 8; k++) c = c & 1 ? 0xedb88320 ^ (c >>> 1) : c >>> 1;
    return c >>> 0;
  });
  const chunk = (name: string, data: Buffer) => {
    const body = Buffer.concat([Buffer.from(name), data]);
    const sum = body.reduce((c, byte) => table[(c ^ byte) & 255]! ^ (c >>> 8), 0xffffffff) ^ 0xffffffff;
    const out = Buffer.alloc(body.length + 8);
    out.writeUInt32BE(data.length);
    body.copy(out, 4);
    out.writeUInt32BE(sum >>> 0, body.length + 4);
    return out;
  };
  const header = Buffer.from([0, 0, 0x9c, 0x40, 0, 0, 0x9c, 0x40, 8, 2, 0, 0, 0]);
  const signature = Buffer.from([137, 80, 78, 71, 13, 10, 26, 10]);
  return Buffer.concat([
    signature,
    chunk('IHDR', header),
    chunk('IDAT', deflateSync('')),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

beforeAll(async () => {
  const noise = Buffer.from(Array.from({ length: 128 * 128 * 3 }, (_, i) => (i * 2654435761) >>> 24));
  const jpeg = await sharp(noise, { raw: { width: 128, height: 128, channels: 3 } })
    .jpeg()
    .toBuffer();
  writeFileSync(at('noise.jpg'), jpeg);
  writeFileSync(at('cut.jpg'), jpeg.subarray(0, jpeg.length / 2));
  writeFileSync(at('text.jpg'), 'this is no picture');
  writeFileSync(at('huge.png'), hugePng());
  mkdirSync(at('full'));
  writeFileSync(at('full/mine.txt'), 'keep');
});

describe('joker face', () => {
  const cases: [what: string, args: string[], status: number, line: RegExp][] = [
    ['a missing file', ['absent.jpg'], 1, /absent\.jpg.*not found\. Check the path/],
    ['text instead of a picture', ['text.jpg'], 1, /text\.jpg.*picture/],
    ['a truncated picture', ['cut.jpg'], 1, /cut\.jpg/],
    ['40 000 × 40 000 pixels', ['huge.png'], 1, /40000×40000.*Scale it down/],
    ['no face', ['noise.jpg'], 1, /noise\.jpg.*no face/],
    ['an option out of range', ['noise.jpg', '--size', '7'], 2, /--size.*from 32 to 2048/],
  ];
  it.each(cases)('answers %s with one line', (_, [name = '', ...rest], status, line) => {
    const result = face(at(name), '--out', at('out'), ...rest);
    expect(result.status).toBe(status);
    expect(result.last).toMatch(/^joker: .*\.$/);
    expect(result.last).toMatch(line);
    expect(result.stderr).not.toMatch(/^\s+at /m); // no stack
    expect(result.stdout).toBe('');
    expect(readdirSync(folder).filter((entry) => entry.includes('out'))).toEqual([]);
  });

  it('shows the stack with --verbose, and the failure as JSON with --json', () => {
    const { stderr, stdout } = face(at('absent.jpg'), '--verbose', '--json');
    expect(stderr).toMatch(/^\s+at /m);
    expect(JSON.parse(stdout)).toMatchObject({ error: { code: 'missing-file' } });
  });

  it('stops on Ctrl-C with exit code 130 and leaves no folder', async () => {
    const child = spawn(process.execPath, [...command, at('noise.jpg'), '--out', at('out')]);
    let stderr = '';
    let asked = false;
    child.stderr.on('data', (data: Buffer) => {
      stderr += data;
      if (!asked && stderr.includes('Finding')) asked = child.kill('SIGINT');
    });
    const status = await new Promise((resolve) => child.on('exit', resolve));
    expect(status).toBe(130);
    expect(stderr.trimEnd().split('\n').at(-1)).toBe('joker: stopped on request');
    expect(existsSync(at('out'))).toBe(false);
  });
});
