/** Camera paths, transforms.json and the ffmpeg pipe. */
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { cameraCenter, projectPoint } from '../core/camera.js';
import { makeImage } from '../core/image.js';
import { encodeTransforms } from './transforms.js';
import { camerasAlong, checkSweepSize, horizontalPath, spiralPath, sweepPath, turntablePath } from './turntable.js';
import { findFfmpeg, writeVideo } from './video.js';

const view = { distance: 1, focal: 100, width: 64, height: 48 };
const maker = { generator: 'joker3d test' };

describe('paths', () => {
  it('turntable: starts in front, stays in range, closes', () => {
    const path = turntablePath({ frames: 40 });
    expect(path[0]).toEqual({ azimuth: 0, elevation: 0 });
    expect(Math.max(...path.map((p) => p.azimuth))).toBeCloseTo(Math.PI / 4, 6);
    const step = (a: number, b: number) => Math.abs(path[a]!.azimuth - path[b]!.azimuth);
    expect(step(39, 0)).toBeCloseTo(step(0, 1), 6);
  });

  it('spiral: radius 0 at the start, full after one turn, azimuth by cosine', () => {
    const path = spiralPath({ frames: 300 });
    expect(path[0]).toEqual({ azimuth: 0, elevation: 0 });
    expect(path[100]!.azimuth).toBeCloseTo(Math.PI / 4, 6);
    expect(path[125]!.elevation).toBeCloseTo((20 * Math.PI) / 180, 6);
    expect(path[299]!.azimuth).toBeLessThan(0.02);
    for (const { azimuth, elevation } of path)
      expect(Math.hypot(azimuth / (Math.PI / 4), elevation / (Math.PI / 9))).toBeLessThanOrEqual(1 + 1e-9);
  });

  it('horizontal: 15 views from −45° to 45°, one view in front', () => {
    const path = horizontalPath({ frames: 15 });
    expect(path.map((p) => Math.round((p.azimuth * 180) / Math.PI)).slice(0, 3)).toEqual([-45, -39, -32]);
    expect(path[14]!.azimuth).toBeCloseTo(Math.PI / 4, 6);
    expect(horizontalPath({ frames: 1 })[0]!.azimuth).toBe(0);
  });
});

describe('sweeps by name', () => {
  it("are the paths, with the paper's numbers of frames", () => {
    expect(sweepPath('spiral')).toEqual(spiralPath({ frames: 300 }));
    expect(sweepPath('val')).toEqual(horizontalPath({ frames: 15 }));
    expect(sweepPath('turntable', { frames: 7, azimuth: 0.2 })).toEqual(turntablePath({ frames: 7, azimuth: 0.2 }));
  });

  it('are refused when they would not fit into memory, with what would', () => {
    checkSweepSize(300, 512);
    expect(() => checkSweepSize(300, 1024)).toThrow(/300 frames of 1024×1024.*at most 128 frames/);
  });
});

describe('encodeTransforms', () => {
  it('projects a z-up point where our camera projects it', () => {
    const cameras = camerasAlong(horizontalPath({ frames: 3 }), view);
    const parsed = JSON.parse(
      encodeTransforms(
        cameras.map((camera, i) => ({ camera, file: `v/${i}.png` })),
        maker,
      ),
    );
    expect(parsed).toMatchObject({ synthetic: true, camera_model: 'OPENCV' });
    cameras.forEach((camera, i) => {
      const m: number[][] = parsed.frames[i].transform_matrix;
      const [x, y, z] = [0.03, 0.05, 0.07];
      const offset = [x, -z, y].map((value, a) => value - m[a]![3]!); // the same point with z up
      const axis = (column: number) => offset.reduce((sum, value, a) => sum + value * m[a]![column]!, 0);
      const [column, row, depth] = projectPoint(camera, x, y, z);
      expect(-axis(2)).toBeCloseTo(depth, 6);
      expect(parsed.frames[i].cx + (parsed.frames[i].fl_x * axis(0)) / depth).toBeCloseTo(column, 4);
      expect(parsed.frames[i].cy - (parsed.frames[i].fl_y * axis(1)) / depth).toBeCloseTo(row, 4);
    });
    expect(cameraCenter(cameras[1]!)[2]).toBe(1);
  });
});

describe.skipIf(process.platform === 'win32')('video', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'joker-video-'));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  /** A program in ffmpeg's place: `script` sees its arguments. */
  async function program(script: string): Promise<string> {
    const path = join(folder, 'ffmpeg');
    await writeFile(path, `#!/bin/sh\n${script}\n`);
    await chmod(path, 0o755);
    return path;
  }
  const frames = [0, 1, 2].map(() => makeImage(30, 20, 3));

  it('pipes all pixels with the right size', async () => {
    const ffmpeg = await program('for last; do :; done; echo "$@" > "$last.args"; cat > "$last"');
    expect(await findFfmpeg(`relative:${folder}`)).toBe(ffmpeg);
    const out = join(folder, 'a.mp4');
    await writeVideo(frames, out, { ...maker, ffmpeg, fps: 25 });
    expect((await readFile(out)).length).toBe(3 * 30 * 20 * 3);
    const args = await readFile(`${out}.args`, 'utf8');
    expect(args).toContain('-s 30x20 -r 25 -i pipe:0');
    expect(args).toContain('synthetic');
  });

  it('reports the last complaint of a program that ends early', async () => {
    const ffmpeg = await program('echo "Unknown encoder libx264" >&2; exit 3');
    const many = Array.from({ length: 50 }, () => makeImage(200, 200, 3));
    await expect(writeVideo(many, join(folder, 'b.mp4'), { ...maker, ffmpeg })).rejects.toThrow(/Unknown encoder/);
  });

  it('stops a program that hangs, and says when there is none', async () => {
    const ffmpeg = await program('exec sleep 30');
    await expect(writeVideo(frames, join(folder, 'c.mp4'), { ...maker, ffmpeg, timeout: 0.3 })).rejects.toThrow(
      /stopped/,
    );
    await expect(writeVideo(frames, join(folder, 'd.mp4'), { ...maker, ffmpeg: '/nowhere/ffmpeg' })).rejects.toThrow(
      /no video/,
    );
    expect(await findFfmpeg('/nowhere')).toBeNull();
  });
});
