/** Which pictures of a folder become which frames. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { photoFolder } from './photo-folder.js';

let root = '';
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'joker-photos-'));
});
afterEach(() => rmSync(root, { recursive: true }));

function put(...paths: string[]): void {
  for (const path of paths) {
    mkdirSync(join(root, dirname(path)), { recursive: true });
    writeFileSync(join(root, path), 'x');
  }
}

const frames = async (options = {}) =>
  (await photoFolder(root, { size: 64, ...options })).subjects.flatMap((s) =>
    s.frames.map((f) => `${f.subject}|${f.sequence}|${f.frame}|${Object.entries(f.origins).flat().join('=')}`),
  );

test('subject/sequence/picture, subject/picture and frame folders with cameras', async () => {
  put('ann/SEQ-1/b.jpg', 'ann/SEQ-1/a.png', 'bob/x.webp', 'carl/S/f1/left.jpg', 'carl/S/f1/right.jpg');
  expect(await frames()).toEqual([
    'ann|SEQ-1|0|cam_00=ann/SEQ-1/a.png',
    'ann|SEQ-1|1|cam_00=ann/SEQ-1/b.jpg',
    'bob|SEQ-1|0|cam_00=bob/x.webp',
    'carl|S|0|left=carl/S/f1/left.jpg=right=carl/S/f1/right.jpg',
  ]);
});

test('numbers in names number the frames; one name without a number makes it the order', async () => {
  put('a/S/00012.jpg', 'a/S/frame_3.jpg');
  expect(await frames()).toEqual(['a|S|3|cam_00=a/S/frame_3.jpg', 'a|S|12|cam_00=a/S/00012.jpg']);
  put('a/S/last.jpg');
  expect((await frames()).map((line) => line.split('|')[2])).toEqual(['0', '1', '2']);
});

test('takes interior frames and subjects in turn over their owners', async () => {
  put(...Array.from({ length: 9 }, (_, i) => `a/S/${i}.jpg`));
  expect((await frames({ frames: 2 })).map((line) => line.split('|')[2])).toEqual(['3', '5']);
  put('aaaaaaaaaaa_1/S/1.jpg', 'aaaaaaaaaaa_2/S/1.jpg', 'bbbbbbbbbbb_1/S/1.jpg');
  expect(new Set((await frames({ people: 3 })).map((line) => line.split('|')[0]))).toEqual(
    new Set(['a', 'aaaaaaaaaaa_1', 'bbbbbbbbbbb_1']),
  );
});

test('names other files, leaves captions and hidden ones alone', async () => {
  put('a/S/1.jpg', 'a/S/1.txt', 'a/S/film.mp4', 'a/S/.DS_Store');
  expect((await photoFolder(root, { size: 64 })).ignored).toEqual([join(root, 'a/S/film.mp4')]);
});

test('awkward names become plain ones; two that become one are refused', async () => {
  put('Ann Smith/S/1.jpg');
  expect((await frames())[0]).toBe('Ann_Smith|S|1|cam_00=Ann Smith/S/1.jpg');
  put('Ann_Smith/S/1.jpg');
  await expect(frames()).rejects.toThrow(/"Ann Smith" and "Ann_Smith" become one/);
});

test('pictures without a sequence and a folder of that name are refused', async () => {
  put('ann/00002.jpg', 'ann/SEQ-1/00003.jpg');
  await expect(frames()).rejects.toThrow(/"SEQ-1" and "SEQ-1" become one name/);
});

test('an empty or absent folder is refused', async () => {
  await expect(frames()).rejects.toThrow(/holds no pictures/);
  await expect(photoFolder(join(root, 'absent'), { size: 64 })).rejects.toThrow(/no such/);
});
