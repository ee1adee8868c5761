/** Training on one photo: its pictures, and what may learn from them. That it learns is shown in run/personal-prior.test.ts. */
import { describe, expect, it } from 'vitest';
import { type Image, makeImage, resizeArea, toBytes } from '../core/image.js';
import { RandomStream, randomKey } from '../core/rng.js';
import { isPersonal, movedPicture, personalPictures } from './personal.js';

const SIZE = 8;
const SOURCE = 32;

/** A picture of random pixels. */
function noisePicture(seed: number): Image {
  const random = new RandomStream(randomKey(seed));
  const data = Float32Array.from({ length: SOURCE * SOURCE * 3 }, () => random.uniform(0, 1));
  return { width: SOURCE, height: SOURCE, channels: 3, data };
}

/** Where a picture is bright: the mean place, in pixels of it. */
function brightPlace({ width, data }: Image): [x: number, y: number] {
  let [x, y, total] = [0, 0, 0];
  for (let i = 0; i < data.length; i += 3) {
    x += data[i]! * (((i / 3) % width) + 0.5);
    y += data[i]! * (Math.floor(i / 3 / width) + 0.5);
    total += data[i]!;
  }
  return [x / total, y / total];
}

describe('a moved picture', () => {
  it('at rest is the area mean', () => {
    const picture = noisePicture(1);
    const found = movedPicture(picture, SIZE, { window: 1, right: 0, down: 0 }, 'edge');
    const wanted = resizeArea(picture, SIZE, SIZE);
    found.data.forEach((value, i) => {
      expect(value).toBeCloseTo(wanted.data[i]!, 5); // sums of 16 floats in another order
    });
  });

  it('shows a spot where the window says', () => {
    const spot = makeImage(SOURCE, SOURCE, 3);
    for (let y = 18; y < 22; y++)
      for (let x = 10; x < 14; x++) spot.data.fill(1, (y * SOURCE + x) * 3, (y * SOURCE + x) * 3 + 3);
    const move = { window: 0.9, right: 0.05, down: -0.1 };
    const [x, y] = brightPlace(movedPicture(spot, SIZE, move, 'black'));
    // the spot's place 12/32, 20/32, seen from the window's corner
    expect(x).toBeCloseTo(((12 / SOURCE - 0.05 - 0.5) / 0.9 + 0.5) * SIZE, 1);
    expect(y).toBeCloseTo(((20 / SOURCE + 0.1 - 0.5) / 0.9 + 0.5) * SIZE, 1);
  });

  it('beyond the picture is its edge, or nothing', () => {
    const white = makeImage(SOURCE, SOURCE, 3);
    white.data.fill(1);
    const move = { window: 1.5, right: 0, down: 0 };
    expect(Math.min(...movedPicture(white, SIZE, move, 'edge').data)).toBeCloseTo(1, 5);
    const cut = movedPicture(white, SIZE, move, 'black');
    expect(cut.data[0]).toBe(0);
    expect(cut.data[(4 * SIZE + 4) * 3]).toBeCloseTo(1, 5);
  });
});

describe('pictures of one photo', () => {
  const made = (seed: number) =>
    personalPictures(
      { crop: noisePicture(1), normals: noisePicture(1), size: SIZE, caption: 'a person smiling' },
      randomKey(seed),
    );

  it('are one set of one person, the first third at rest, the others moved together with their normals', () => {
    const { crops, set } = made(2);
    expect([set.people, set.frames, set.views, crops.length]).toEqual([1, 24, 1, 24]);
    expect(new Set(set.captions)).toEqual(new Set(['a person smiling']));
    const bytes = crops.map((crop) => toBytes(crop).join());
    expect(new Set(bytes.slice(0, 8)).size).toBe(1);
    expect(new Set(bytes).size).toBe(17);
    // Crop and normals are the same picture here: inside they must move alike. The middle is never beyond the edge.
    const middle = (4 * SIZE + 4) * 3;
    for (let i = 0; i < 24; i++) {
      const at = i * SIZE * SIZE * 3 + middle;
      expect(set.images[at]).toBe(set.normals![at]);
    }
  });

  it('follow from the key', () => {
    expect(made(2).set.images).toEqual(made(2).set.images);
    expect(made(3).set.images).not.toEqual(made(2).set.images);
  });
});

it('neither what reads normals nor what reads words learns', () => {
  expect(['unet.conv_in.weight', 'ref_unet.conv_in.weight'].every(isPersonal)).toBe(true);
  expect(['controlnet.conv_in.weight', 'text_encoder.x', 'vae.encoder.x'].some(isPersonal)).toBe(false);
});
