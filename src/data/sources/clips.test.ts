/** Videos as a source of frames, with the ffmpeg of this machine where there is one; what is no video, and hostile ones. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { findProgram } from '../../core/files/programs.js';
import { type Image, makeImage } from '../../core/image.js';
import { writeVideo } from '../../deliver/index.js';
import { photoFolder } from './photo-folder.js';
import { countFrames, videoFrame } from './video-frames.js';

const root = mkdtempSync(join(tmpdir(), 'joker-clips-'));
afterAll(() => rmSync(root, { recursive: true }));
const ffmpeg = await findProgram('ffmpeg');

/** Grey of frame k of n: told apart by far more than the codec loses. */
const grey = (k: number, n: number) => (k + 0.5) / n;

function greyFrames(count: number): Image[] {
  return Array.from({ length: count }, (_, k) => {
    const image = makeImage(64, 48, 3);
    image.data.fill(grey(k, count));
    return image;
  });
}

async function clip(path: string, frames: number): Promise<void> {
  mkdirSync(join(root, path, '..'), { recursive: true });
  await writeVideo(greyFrames(frames), join(root, path), { ffmpeg: ffmpeg!, generator: 'a test' });
}

describe.runIf(ffmpeg)('videos', () => {
  it('give the frames that are asked for', async () => {
    await clip('single/ann.mp4', 12);
    const path = join(root, 'single/ann.mp4');
    expect(await countFrames(path)).toBe(12);
    for (const k of [0, 5, 11]) {
      const { image } = await videoFrame(path, k);
      expect([image.width, image.height]).toEqual([64, 48]);
      expect(Math.abs(image.data[0]! - grey(k, 12))).toBeLessThan(0.02); // frames lie 0.083 apart, H.264 loses a hundredth
    }
    await expect(videoFrame(path, 12)).rejects.toThrow(/frame 12 cannot be decoded/);
  });

  it('are sequences of ten interior frames, or of as many as asked, with the captions beside them', async () => {
    await clip('people/ann/talk.mp4', 24);
    writeFileSync(join(root, 'people/ann/talk.txt'), 'A Woman Talking\n');
    const source = await photoFolder(join(root, 'people'), { size: 64 });
    const [ann] = source.subjects;
    expect(ann!.frames.map(({ sequence, frame }) => `${sequence} ${frame}`)).toHaveLength(10);
    // linspace(0, 23, 12): 23/11 apart
    expect(ann!.frames.slice(0, 3).map(({ frame }) => frame)).toEqual([2, 4, 6]);
    const view = await source.load(ann!.frames[1]!, 'cam_00');
    expect(Math.abs(view.photo.image.data[0]! - grey(4, 24))).toBeLessThan(0.02); // half of what lies between frames
    expect(view.caption).toBe('a woman talking');
    expect((await photoFolder(join(root, 'people'), { size: 64, frames: 2 })).subjects[0]!.frames).toHaveLength(2);
  });

  it('of several cameras in a folder are the same moments, as far as the shortest goes', async () => {
    await clip('rig/bob/EXP-1/cam_1.mp4', 9);
    await clip('rig/bob/EXP-1/cam_2.mp4', 6);
    const { subjects, load } = await photoFolder(join(root, 'rig'), { size: 64, frames: 4 });
    expect(subjects[0]!.frames.map(({ frame, origins }) => [frame, Object.keys(origins)])).toEqual(
      [1, 2, 3, 4].map((frame) => [frame, ['cam_1', 'cam_2']]),
    );
    const [, second] = subjects[0]!.frames;
    expect((await load(second!, 'cam_2')).photo.image.data[0]).toBeCloseTo(grey(2, 6), 1); // frames lie 0.17 apart
  });

  it('that are none are refused by name', async () => {
    const text = join(root, 'text.mp4');
    writeFileSync(text, 'not a video');
    await expect(countFrames(text)).rejects.toThrow(/text\.mp4: no usable video \(ffprobe: /);
    await expect(countFrames(join(root, 'absent.mp4'))).rejects.toThrow(/absent\.mp4: no such file/);
    execFileSync('mkfifo', [join(root, 'pipe.mp4')]);
    await expect(countFrames(join(root, 'pipe.mp4'))).rejects.toThrow(/pipe\.mp4: no such file/);
    await clip('whole.mp4', 6);
    writeFileSync(join(root, 'cut.mp4'), readFileSync(join(root, 'whole.mp4')).subarray(0, 600));
    await expect(countFrames(join(root, 'cut.mp4'))).rejects.toThrow(/cut\.mp4: no usable video/);
  });

  it('of no use are left out of a preparation with the reason; the others stay', async () => {
    await clip('mixed/ann/good.mp4', 12);
    writeFileSync(join(root, 'mixed/ann/bad.mp4'), 'not a video');
    symlinkSync(join(root, 'gone.mp4'), join(root, 'mixed/ann/link.mp4'));
    const { subjects, ignored } = await photoFolder(join(root, 'mixed'), { size: 64 });
    expect(new Set(subjects[0]!.frames.map(({ sequence }) => sequence))).toEqual(new Set(['good']));
    expect(ignored).toEqual([
      expect.stringMatching(/bad\.mp4: no usable video/),
      expect.stringMatching(/link\.mp4: no such file/),
    ]);
  });

  it('that were trimmed without being coded anew have the frames that can be seen', async () => {
    await clip('long.mp4', 30);
    const [from, to] = ['long.mp4', 'trimmed.mp4'].map((name) => join(root, name)) as [string, string];
    execFileSync(ffmpeg!, ['-v', 'error', '-ss', '0.5', '-i', from, '-c', 'copy', to]);
    const count = await countFrames(to);
    expect(count).toBeLessThan(30);
    expect((await videoFrame(to, count - 1)).image.width).toBe(64);
    await expect(videoFrame(to, count)).rejects.toThrow(/cannot be decoded/);
  });

  it('stop at a request', async () => {
    const controller = new AbortController();
    controller.abort();
    await expect(countFrames(join(root, 'whole.mp4'), controller.signal)).rejects.toMatchObject({
      code: 'interrupted',
    });
  });

  it('that are playlists of other files are not followed', async () => {
    await clip('secret.mp4', 6);
    const list = `#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nfile:${join(root, 'secret.mp4')}\n#EXT-X-ENDLIST\n`;
    writeFileSync(join(root, 'list.mp4'), list);
    await expect(countFrames(join(root, 'list.mp4'))).rejects.toThrow(/no usable video/);
    writeFileSync(join(root, 'concat.mp4'), `ffconcat version 1.0\nfile secret.mp4\n`);
    await expect(videoFrame(join(root, 'concat.mp4'), 0)).rejects.toThrow(/no usable video/);
  });
});

it('without ffmpeg are left out, and it is said what is missing', async () => {
  const path = process.env.PATH;
  process.env.PATH = '';
  writeFileSync(join(root, 'any.mp4'), '');
  try {
    await expect(countFrames(join(root, 'any.mp4'))).rejects.toThrow(/read by ffprobe, which is not on PATH/);
    mkdirSync(join(root, 'only/ann'), { recursive: true });
    writeFileSync(join(root, 'only/ann/talk.mp4'), '');
    await expect(photoFolder(join(root, 'only'), { size: 64 })).rejects.toThrow(
      /holds no pictures; left out, first of 1: .*talk\.mp4: videos are read by ffprobe/,
    );
  } finally {
    process.env.PATH = path;
  }
});
