/**
 * `joker prepare` on the real command line: killed at a random moment and started again it leaves the tree of the undisturbed run,
 * byte by byte; so do several processes; a second run changes nothing; what cannot be read is named, counted and left out.
 */
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { fromBytes, toBytes } from '../src/core/image.js';
import { RandomStream, randomKey } from '../src/core/rng.js';
import { drawPair, validationPair } from '../src/data/prepared.js';
import { loadPair, openPrepared } from '../src/data/sources/prepared-root.js';
import { loadPhoto } from '../src/photo/load.js';
import { type PrepareOptions, type PrepareResult, prepareData } from '../src/run/prepare.js';
import { preparedPictures } from '../src/run/prepared-pictures.js';
import { writePerson } from './fixtures/person.js';

const folder = mkdtempSync(join(tmpdir(), 'joker-prepare-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const at = (...names: string[]) => join(folder, ...names);
const command = ['bin/joker.mjs', 'prepare'];
const small = ['--size', '64', '--threads', '1', '--json'];
const wild = ['rendered:wild', '--people', '2', '--frames', '2', '--val-share', '0.5', ...small];

function run(...args: string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [...command, ...args], { encoding: 'utf8' });
  return { status, stderr, result: (status === 0 ? JSON.parse(stdout) : null) as PrepareResult };
}

/** Runs until some lines of progress and some milliseconds have passed, then kills; the exit code, null when killed. */
async function runAndKill(lines: number, delay: number, ...args: string[]): Promise<number | null> {
  const child = spawn(process.execPath, [...command, ...args], { stdio: ['ignore', 'ignore', 'pipe'] });
  let seen = 0;
  let killer: NodeJS.Timeout | undefined;
  child.stderr.on('data', (chunk: Buffer) => {
    seen += chunk.toString().split('\n').length - 1;
    if (seen >= lines) killer ??= setTimeout(() => child.kill('SIGKILL'), delay);
  });
  const code = await new Promise<number | null>((resolve) => child.on('close', resolve));
  clearTimeout(killer);
  return code;
}

/** Every file below a root, hidden ones too: path → hash. */
function tree(root: string): Record<string, string> {
  const names = readdirSync(root, { recursive: true }).map(String).sort();
  const files = names.filter((name) => statSync(join(root, name)).isFile());
  return Object.fromEntries(
    files.map((name) => [
      name,
      createHash('sha256')
        .update(readFileSync(join(root, name)))
        .digest('hex'),
    ]),
  );
}

describe('rendered people', () => {
  const calm = at('calm');
  let whole: Record<string, string> = {};
  beforeAll(() => {
    const { status, result, stderr } = run(...wild, '--out', calm);
    expect(status, stderr).toBe(0);
    expect(result).toMatchObject({ made: 4, found: 0, skipped: 0, lists: { all: 4, train: 2, val: 2 } });
    whole = tree(calm);
  }, 600_000);

  test('become the files of the layout', () => {
    const frame = '00000/sequences/SEQ-1/frame_00100';
    const kinds = [
      'images-64/cam_00.jpg',
      'bfm_normals-64/cam_00.jpg',
      'bfm_eg3d/cam_00.json',
      'blip_captions/cam_00.txt',
    ];
    const own = ['mask-64/cam_00.png', 'sharpness_own_score/cam_00.txt', 'source.json'];
    const found = Object.keys(whole).filter((name) => name.startsWith(`${frame}/`));
    expect(found).toEqual([...kinds, ...own].map((kind) => `${frame}/${kind}`).sort());
    const root = Object.keys(whole).filter((name) => !name.includes('/'));
    const lists = ['ALL_FRAMES.txt', 'VALID_FRAMES.txt', 'REJECTED_FRAMES.jsonl', 'PREPARE.json', 'SUBJECT_SPLIT.json'];
    expect(root).toEqual([...lists, 'TRAIN_METAS.json', 'VAL_METAS.json', 'VALID_DIVEX_METAS.json'].sort());
  });

  test('a second run makes nothing and changes no byte', { timeout: 600_000 }, () => {
    expect(run(...wild, '--out', calm).result).toMatchObject({ made: 0, found: 4 });
    expect(tree(calm)).toEqual(whole);
  });

  test('killed at random moments and started again, leave the same tree', { timeout: 600_000 }, async () => {
    const random = new RandomStream(randomKey(Number(process.env['JOKER_KILL_SEED'] ?? 1)));
    const out = at('killed');
    const moments: [number, number][] = [];
    for (let k = 0; k < 2; k++) {
      const moment: [number, number] = [1 + random.integer(3), random.integer(1500)];
      moments.push(moment);
      expect([null, 0]).toContain(await runAndKill(...moment, ...wild, '--out', out)); // 0: done before the moment came
    }
    expect(run(...wild, '--out', out).status, `killed at ${JSON.stringify(moments)}`).toBe(0);
    expect(tree(out), `killed at ${JSON.stringify(moments)}`).toEqual(whole);
  });

  test('two processes share the work; the last one writes the lists', { timeout: 600_000 }, () => {
    const out = at('parts');
    const first = run(...wild, '--out', out, '--parts', '2', '--part', '1');
    expect(first.result).toMatchObject({ made: 2, lists: null });
    expect(first.stderr).toContain('Other parts');
    expect(run(...wild, '--out', out, '--parts', '2', '--part', '0').result).toMatchObject({
      made: 2,
      lists: { all: 4 },
    });
    expect(tree(out)).toEqual(whole);
  });

  test('are read by the loader: pictures of one size, masks, captions', async () => {
    const set = openPrepared(calm, { setting: 'wild', split: 'val' });
    const item = await loadPair(calm, set, validationPair(set, 0));
    for (const picture of [item.image, item.reference, item.normals])
      expect([picture.width, picture.channels]).toEqual([64, 3]);
    expect(item.mask).toMatchObject({ width: 64, channels: 1 });
    expect(item.caption).toMatch(/man|person/);
    const train = openPrepared(calm, { setting: 'wild', split: 'train' });
    const pair = drawPair(train, 0, randomKey(1));
    expect(pair.reference.folder).not.toBe(pair.target.folder);
    expect(pair.reference.folder.split('/')[0]).toBe(pair.target.folder.split('/')[0]);
  });

  test('are a training set in memory, with controls drawn from the fits', async () => {
    const set = await preparedPictures(calm, true);
    expect(set.faceModel).toBe('builtin-2');
    expect([set.people, set.frames, set.views, set.size, set.captions.length]).toEqual([1, 2, 1, 64, 2]);
    const frame = openPrepared(calm, { setting: 'wild', split: 'train' }).frames[0]!; // the same order: one person's, by divex
    const { image } = await loadPhoto(join(calm, frame.meta.path));
    const pixels = 64 * 64 * 3;
    expect(set.images.subarray(0, pixels)).toEqual(toBytes(image));
    const stored = await loadPhoto(join(calm, frame.folder, 'bfm_normals-64/cam_00.jpg'));
    const drawn = fromBytes(set.normals!.subarray(0, pixels), 64, 64, 3);
    const error = drawn.data.reduce((sum, v, i) => sum + Math.abs(v - stored.image.data[i]!), 0) / pixels;
    expect(error).toBeLessThan(0.03); // what JPEG at quality 75 loses of a small picture of edges
    expect(error).toBeGreaterThan(0); // not the JPEG itself
  });

  test('of another face model are not mixed with: neither made beside them nor trained on', {
    timeout: 600_000,
  }, async () => {
    const out = at('older-model');
    cpSync(calm, out, { recursive: true });
    const options = join(out, 'PREPARE.json');
    writeFileSync(options, readFileSync(options, 'utf8').replace(',"faceModel":"builtin-2"', ''));
    expect(run(...wild, '--out', out).stderr).toMatch(/was prepared with .*now asked for is .*"faceModel":"builtin-2"/);
    const frame = openPrepared(out, { setting: 'wild', split: 'train' }).frames[1]!;
    const fit = join(out, frame.folder, 'bfm_eg3d/cam_00.json');
    writeFileSync(fit, readFileSync(fit, 'utf8').replace('"builtin-2"', '"builtin"'));
    await expect(preparedPictures(out, true)).rejects.toThrow(/fits of the face models builtin-2 and builtin/);
  });

  test('a damaged file of a finished frame is named, and its frame is not valid', { timeout: 600_000 }, () => {
    const out = at('damaged');
    cpSync(calm, out, { recursive: true });
    const [fit, caption] = ['bfm_eg3d/cam_00.json', 'blip_captions/cam_00.txt'];
    truncateSync(join(out, '00000/sequences/SEQ-1/frame_00100', fit), 100);
    rmSync(join(out, '00001/sequences/SEQ-1/frame_00100', caption));
    const { result, stderr } = run(...wild, '--out', out);
    expect(stderr).toMatch(/00000.*cam_00\.json: not valid JSON/);
    expect(result.lists).toMatchObject({ valid: 2, rejected: { 'a file is missing or damaged': 1, 'no caption': 1 } });
  });

  test('other options for the same root, unknown sources and held-out seeds are refused', async () => {
    const context = { report: () => {}, signal: new AbortController().signal };
    const cases: [Omit<PrepareOptions, 'out'>, RegExp][] = [
      [
        { source: 'rendered:wild', frames: 3, size: 64 },
        /was prepared with .*"frames":2.*now asked for is .*"frames":3/,
      ],
      [{ source: 'rendered:wild', frames: 2, size: 64, variety: 'rich' }, /now asked for is .*"variety":"rich"/],
      [{ source: 'rendered:bench', variety: 'rich' }, /bench's people are plain/],
      [{ source: 'rendered:moon' }, /unknown source rendered:moon/],
      [{ source: 'rendered:wild', seed: 130213 }, /held out/],
      [{ source: 'rendered:wild', parts: 2, part: 2 }, /part 2 of 2/],
    ];
    for (const [options, message] of cases)
      await expect(prepareData({ ...options, out: calm }, context)).rejects.toThrow(message);
    expect(tree(calm)).toEqual(whole);
  });
});

describe('a folder of photos', () => {
  const photos = at('photos');
  const out = at('photos-out');
  const args = [photos, ...small, '--out', out];
  beforeAll(async () => {
    for (const [i, name] of ['ann/1.jpg', 'ann/2.jpg', 'bob/1.jpg', 'bob/2.jpg'].entries()) {
      mkdirSync(dirname(join(photos, name)), { recursive: true });
      await writePerson(join(photos, name), 1 + (i >> 1));
    }
    truncateSync(join(photos, 'ann/2.jpg'), 500);
    writeFileSync(join(photos, 'bob/2.txt'), 'A Dog On A Sofa\n');
    writeFileSync(join(photos, 'bob/film.mp4'), '');
    mkdirSync(at('generated'));
    await writePerson(at('generated', 'a,b.jpg'), 3);
  });

  test('names the damaged picture, counts it, and prepares the rest', { timeout: 600_000 }, () => {
    const { status, result, stderr } = run(...args, '--forgery-set', at('generated'));
    expect(status, stderr).toBe(0);
    expect(stderr).toMatch(/frame_00002 is left out: .*ann\/2\.jpg/);
    expect(stderr).toMatch(/1 of 4 frames could not be read/);
    expect(stderr).toMatch(/1 files are no pictures.*film\.mp4/);
    expect(result).toMatchObject({
      made: 3,
      skipped: 1,
      lists: { all: 3, valid: 2, rejected: { unreadable: 1, 'the caption names no person': 1 } },
      labelled: 4,
    });
    expect(readFileSync(join(out, 'ann/sequences/SEQ-1/frame_00001/blip_captions/cam_00.txt'), 'utf8')).toMatch(
      /^a person/,
    );
    expect(readFileSync(join(out, 'ALL_FRAMES.txt'), 'utf8').trim().split('\n')).toHaveLength(3);
  });

  test('labels say what is real', () => {
    const csv = readFileSync(join(out, 'FORGERY_LABELS.csv'), 'utf8').trim().split('\n');
    expect(csv[0]).toBe('path,label,kind,split');
    expect(csv.filter((line) => line.includes(',real,photo,'))).toHaveLength(3);
    expect(csv.at(-1)).toBe('"../generated/a,b.jpg",synthetic,generated,');
    const lines = readFileSync(join(out, 'FORGERY_LABELS.jsonl'), 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(lines).toHaveLength(4);
    expect(lines[3]).toEqual({ path: '../generated/a,b.jpg', label: 'synthetic', kind: 'generated', split: '' });
  });

  test('a mended picture is taken up; nothing else changes', { timeout: 600_000 }, async () => {
    const before = tree(out);
    await writePerson(join(photos, 'ann/2.jpg'), 1);
    expect(run(...args).result).toMatchObject({ made: 1, found: 2 + 1, skipped: 0 });
    const after = tree(out);
    expect(Object.keys(after).some((name) => name.endsWith('.skipped'))).toBe(false);
    const kept = Object.keys(before).filter((name) => name.includes('/sequences/') && !name.endsWith('.skipped'));
    for (const name of kept) expect(after[name]).toBe(before[name]);
  });
});
