/**
 * The loss's emphasis: mean 1, more on the face than beside it, on its eyes, and most on the mouth, also when the head is off centre; plain
 * where there is no face.
 */
import { expect, test } from 'vitest';
import { emphasisOf } from './emphasis.js';
import type { PictureSet } from './pictures.js';

const SIZE = 32;
const SIDE = 8;
const EMPHASIS = { face: 1, eyes: 2, mouth: 4 };

/** A set of one control: a filled ellipse around (cx, cy) with radii (rx, ry), in pixels. */
function oneFace(cx: number, cy: number, rx: number, ry: number): PictureSet {
  const normals = new Uint8Array(SIZE * SIZE * 3);
  for (let y = 0; y < SIZE; y++)
    for (let x = 0; x < SIZE; x++)
      if (((x + 0.5 - cx) / rx) ** 2 + ((y + 0.5 - cy) / ry) ** 2 < 1)
        normals.fill(128, (y * SIZE + x) * 3, (y * SIZE + x) * 3 + 3);
  return { size: SIZE, people: 1, frames: 1, views: 1, images: normals, normals, captions: [''] };
}

for (const [name, cx] of [
  ['centred', 16],
  ['to the left', 10],
] as const)
  test(`a face that stands ${name}`, () => {
    const weights = emphasisOf(oneFace(cx, 16, 9, 12), 0, SIDE, EMPHASIS);
    const at = (x: number, y: number) => weights[Math.floor(y / 4) * SIDE + Math.floor(x / 4)]!;
    expect(weights.reduce((a, b) => a + b, 0) / weights.length).toBeCloseTo(1, 5);
    // Rows of cells: the face spans rows 4 to 28, so the band of the eyes is the row of pixels 12 to 15.
    const [corner, brow, eye, mouth, chin] = [at(30, 2), at(cx, 8), at(cx + 5, 13), at(cx, 21), at(cx, 27)];
    expect(brow / corner).toBeCloseTo(2, 1); // 1 + face
    expect(eye / corner).toBeCloseTo(4, 1); // 1 + face + eyes
    expect(mouth / corner).toBeCloseTo(6, 1); // 1 + face + mouth
    expect(chin).toBeGreaterThan(3 * corner); // where a tongue hangs
  });

test('a control without a face weighs all cells alike', () => {
  const weights = emphasisOf(oneFace(-50, -50, 1, 1), 0, SIDE, EMPHASIS);
  expect(new Set(weights)).toEqual(new Set([1]));
});
