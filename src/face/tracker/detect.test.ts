import { describe, expect, it } from 'vitest';
import { anchorCentres, type Detection, decodeDetections, overlap } from './detect.js';

const box = (x: number, y: number, width: number, height: number): Detection => ({
  x,
  y,
  width,
  height,
  score: 1,
  keypoints: new Float32Array(12),
});

describe('BlazeFace decoding', () => {
  it('has 896 anchors: 16×16×2, then 8×8×6', () => {
    const anchors = anchorCentres();
    expect(anchors.length).toBe(896 * 2);
    expect([...anchors.subarray(0, 6)]).toEqual([8, 8, 8, 8, 24, 8]);
    expect([...anchors.subarray(1024, 1026)]).toEqual([16, 16]);
    expect([...anchors.subarray(-2)]).toEqual([240, 240]);
  });

  it('adds offsets to anchors, keeps the best of overlapping boxes, and drops low scores', () => {
    const scores = new Float32Array(896).fill(-10);
    const boxes = new Float32Array(896 * 16);
    const put = (i: number, logit: number, values: number[]) => {
      scores[i] = logit;
      boxes.set(values, i * 16);
    };
    put(0, 2, [10, 20, 50, 60, 1, 2]);
    put(1, 3, [12, 20, 50, 60]);
    put(895, 1, [0, 0, 30, 30]);
    const found = decodeDetections(scores, boxes);
    expect(found.map((d) => [d.x, d.y, d.width])).toEqual([
      [20, 28, 50],
      [240, 240, 30],
    ]);
    expect(found[0]!.score).toBeCloseTo(1 / (1 + Math.exp(-3)), 6);
    expect(decodeDetections(scores, boxes, 0.99)).toEqual([]);
  });

  it('measures overlap as intersection over union', () => {
    expect(overlap(box(0, 0, 2, 2), box(0, 0, 2, 2))).toBe(1);
    expect(overlap(box(0, 0, 2, 2), box(1, 0, 2, 2))).toBeCloseTo(1 / 3, 12);
    expect(overlap(box(0, 0, 2, 2), box(5, 0, 2, 2))).toBe(0);
  });
});
