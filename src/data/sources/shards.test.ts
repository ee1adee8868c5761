/** Shards: what was written is what is read, two writers make one set, and half a shard is none. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { JokerError } from '../../core/errors.js';
import { type DatasetSpec, FRAME_LAYOUT, FRAME_VALUES, type Frame, makeShots } from '../synthetic/dataset.js';
import { PeopleRenderer } from '../synthetic/render.js';
import { openHeadModel } from './heads.js';
import { openShard, openShards, readFrame } from './shards.js';

const folder = mkdtempSync(join(tmpdir(), 'shards-'));
afterAll(() => {
  rmSync(folder, { recursive: true });
});

test('a set of two shards reads back frame by frame; an unfinished third is not seen', () => {
  const renderer = new PeopleRenderer(openHeadModel(undefined));
  const spec: DatasetSpec = { seed: 5, people: 3, shots: 2, size: 24 };
  const frames: Frame[] = [];
  for (const [first, end] of [
    [2, 3],
    [0, 2],
  ] as const) {
    const shard = openShard(folder, { family: 'formula', spec, first, people: end - first });
    const both = { write: (frame: Frame) => [frames.push(frame), shard.write(frame)] };
    makeShots(renderer, spec, both, { first, end });
    shard.close();
  }
  openShard(folder, { family: 'formula', spec, first: 3, people: 1 });
  const set = openShards(folder);
  expect(set.people).toEqual([0, 1, 2]);
  expect(set.spec).toEqual(spec);
  for (const frame of frames) expect(readFrame(set, frame.person, frame.shot)).toEqual(frame);
  expect(() => set.caption(3, 0)).toThrow(JokerError);
  set.close();
});

test('the layout of a frame has no gaps and no overlaps', () => {
  const parts = Object.values(FRAME_LAYOUT).sort((a, b) => a[0] - b[0]);
  let end = 0;
  for (const [start, length] of parts) {
    expect(start).toBe(end);
    end += length;
  }
  expect(end).toBe(FRAME_VALUES);
});

test('an empty or missing folder is refused', () => {
  expect(() => openShards(join(folder, 'nothing'))).toThrow(JokerError);
});
