/** The loaders' choices: weights 4 : 2 : 1, other camera and other frame in the studio, the same items at every validation. */
import { describe, expect, test } from 'vitest';
import { foldIn, randomKey } from '../core/rng.js';
import { FRONTAL_CAMERA } from './prepare/layout.js';
import type { Meta } from './prepare/metas.js';
import { drawPair, type PreparedFrame, type PreparedSet, selectMetas, validationPair } from './prepared.js';

const folderOf = (subject: string, frame: number) => `${subject}/sequences/SEQ-1/frame_0000${frame}`;
const picture = (subject: string, frame: number) => `${folderOf(subject, frame)}/images-64/cam_00.jpg`;
function meta(subject: string, frame: number, divex = 0, neighbours: number[] = []): Meta {
  return {
    path: picture(subject, frame),
    divex,
    expressiveness: 0,
    max_diversity: 0,
    farest_neighbors: neighbours.map((n) => picture(subject, n)),
    diversities: neighbours.map(() => 1),
  };
}
function frame(one: Meta, cameras = ['cam_00']): PreparedFrame {
  const [subject = ''] = one.path.split('/');
  return { meta: one, subject, folder: one.path.split('/images')[0]!, size: 64, cameras };
}
const wild = (frames: PreparedFrame[]): PreparedSet => ({ setting: 'wild', split: 'train', frames });
const draws = (set: PreparedSet, index: number, count: number) =>
  Array.from({ length: count }, (_, i) => drawPair(set, index, foldIn(randomKey(1), i)));

describe('wild', () => {
  test('keeps the frames of highest divex', () => {
    const list = [meta('a', 0, 1), meta('b', 0, 3), meta('a', 1, 2)];
    expect(selectMetas(list, 'wild', 'train', 2).map(({ divex }) => divex)).toEqual([3, 2]);
  });

  test('draws the three farthest neighbours 4 : 2 : 1', () => {
    const set = wild([frame(meta('a', 0, 1, [3, 1, 4, 2, 5]))]);
    const count = 7000;
    const counts = new Map<string, number>();
    for (const { reference } of draws(set, 0, count))
      counts.set(reference.folder, (counts.get(reference.folder) ?? 0) + 1);
    const shares = [3, 1, 4].map((n) => (counts.get(folderOf('a', n)) ?? 0) / count);
    // five standard deviations of a share of 7000 draws: 5·√(0.25/7000) = 0.03
    shares.forEach((share, i) => {
      expect(Math.abs(share - [4, 2, 1][i]! / 7)).toBeLessThan(0.03);
    });
    expect(counts.size).toBe(3);
  });

  test('without neighbours takes any other frame of the subject, itself when alone', () => {
    const set = wild([frame(meta('a', 0)), frame(meta('a', 1)), frame(meta('a', 2)), frame(meta('b', 0))]);
    const seen = new Set(draws(set, 0, 50).map(({ reference }) => reference.folder));
    expect(seen).toEqual(new Set([folderOf('a', 1), folderOf('a', 2)]));
    expect(drawPair(set, 3, randomKey(1)).reference.folder).toBe(folderOf('b', 0));
  });
});

describe('studio', () => {
  const cameras = [FRONTAL_CAMERA, 'cam_2', 'cam_3'];
  const set: PreparedSet = {
    setting: 'studio',
    split: 'train',
    frames: [frame(meta('a', 0), cameras), frame(meta('a', 1), cameras), frame(meta('b', 0), ['cam_2'])],
  };

  test('takes subjects in turn, each in greedy order, for training only', () => {
    const list = [meta('b', 0, 5), meta('b', 1, 4), meta('a', 2, 1), meta('a', 0, 9), meta('a', 1, 0)];
    const paths = (split: 'train' | 'val', limit?: number) =>
      selectMetas(list, 'studio', split, limit).map(({ path }) => path);
    expect(paths('train')).toEqual([
      picture('a', 2),
      picture('b', 0),
      picture('a', 0),
      picture('b', 1),
      picture('a', 1),
    ]);
    expect(paths('train', 3)).toHaveLength(3);
    expect(paths('val')[0]).toBe(picture('a', 0));
  });

  test('shows every camera; the reference is another frame from another camera', () => {
    const pairs = draws(set, 0, 100);
    expect(new Set(pairs.map(({ target }) => target.camera))).toEqual(new Set(cameras));
    for (const { target, reference } of pairs) {
      expect(reference.folder).toBe(folderOf('a', 1));
      expect(reference.camera).not.toBe(target.camera);
    }
  });

  test('the caption is the frontal camera’s', () => {
    for (const { caption, target } of draws(set, 1, 20))
      expect([caption.camera, caption.folder]).toEqual([FRONTAL_CAMERA, target.folder]);
  });

  test('falls back to the same frame and camera when there is nothing else', () => {
    const { target, reference } = drawPair(set, 2, randomKey(1));
    expect(reference).toEqual(target);
  });

  test('validation items are the same every time and differ by index', () => {
    const many: PreparedSet = { ...set, split: 'val', frames: Array.from({ length: 20 }, () => set.frames[0]!) };
    const all = many.frames.map((_, i) => validationPair(many, i));
    expect(many.frames.map((_, i) => validationPair(many, i))).toEqual(all);
    expect(new Set(all.map(({ target }) => target.camera)).size).toBeGreaterThan(1);
  });
});
