/** The watermark: a slow twin of its parts, its promises, and attacks on rendered people and on plain pictures. */

import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { fromBytes, type Image, makeImage, toBytes } from '../../core/image.js';
import { foldIn, RandomStream, randomKey } from '../../core/rng.js';
import { openHeadModel } from '../../data/sources/heads.js';
import { samplePerson } from '../../data/synthetic/person.js';
import { PeopleRenderer } from '../../data/synthetic/render.js';
import { sampleShot } from '../../data/synthetic/shot.js';
import { findFfmpeg, writeVideo } from '../video.js';
import { psnr, watermarkImage } from './watermark.js';
import { readWatermark, readWatermarkOfFrames, WHOLE_THRESHOLD, wholeScore, windowScore } from './watermark-detect.js';
import { cheapestChanges, sumOfSquares } from './watermark-embed.js';
import { blockCoefficients, type Frequency, gridOfCoefficients, lumaOf, toGrid } from './watermark-grid.js';
import { idOfEvidence, presenceLayer } from './watermark-pattern.js';

const renderer = new PeopleRenderer(openHeadModel(undefined));
const people = new Map<string, Image>();
function person(index: number, size: number): Image {
  const name = `${index} ${size}`;
  const key = foldIn(randomKey(900), index);
  const shot = sampleShot(key);
  if (!people.has(name))
    people.set(name, renderer.render(samplePerson(renderer.anatomy.model, key), shot, { size }).image);
  return people.get(name)!;
}

const sharpOf = ({ width, height, channels, data }: Image) =>
  sharp(toBytes({ width, height, channels, data }), { raw: { width, height, channels: channels as 3 } });

async function decoded(bytes: Uint8Array): Promise<Image> {
  const { data, info } = await sharp(bytes).raw().toBuffer({ resolveWithObject: true });
  return fromBytes(data, info.width, info.height, info.channels);
}

describe('the grid', () => {
  it('has the DCT of the formula, and puts coefficients back', () => {
    const stream = new RandomStream(randomKey(3));
    const grid = { side: 16, values: Float32Array.from({ length: 256 }, () => stream.uniform(0, 255)) };
    const all = Array.from({ length: 64 }, (_, i): Frequency => [i >> 3, i & 7]);
    const coefficients = blockCoefficients(grid, all);
    const [v, u, by, bx] = [3, 2, 1, 0];
    let slow = 0;
    for (let y = 0; y < 8; y++)
      for (let x = 0; x < 8; x++) {
        const wave = Math.cos(((2 * y + 1) * v * Math.PI) / 16) * Math.cos(((2 * x + 1) * u * Math.PI) / 16);
        slow += (grid.values[(by * 8 + y) * 16 + bx * 8 + x]! * wave) / 4;
      }
    expect(coefficients[(by * 2 + bx) * 64 + v * 8 + u]).toBeCloseTo(slow, 3); // float32 grid
    const back = gridOfCoefficients(coefficients, 16, all).values;
    back.forEach((value, i) => {
      expect(Math.abs(value - grid.values[i]!)).toBeLessThan(1e-3);
    });
  });
});

describe('cheapestChanges', () => {
  it('stays within the energy, moves only towards the wanted sign, and gains more with more energy', () => {
    const numbers = fc.array(fc.double({ min: -60, max: 60, noNaN: true }), { minLength: 4, maxLength: 60 });
    fc.assert(
      fc.property(numbers, fc.double({ min: 1, max: 5000, noNaN: true }), (hosts, energy) => {
        const signs = Int8Array.from(hosts, (_, i) => (i % 3 === 0 ? -1 : 1));
        const changes = cheapestChanges(Float64Array.from(hosts), signs, energy);
        expect(sumOfSquares(changes)).toBeLessThanOrEqual(energy);
        changes.forEach((change, i) => {
          expect(change * signs[i]!).toBeGreaterThanOrEqual(0);
        });
        expect(sumOfSquares(cheapestChanges(Float64Array.from(hosts), signs, 2 * energy))).toBeGreaterThanOrEqual(
          sumOfSquares(changes),
        );
      }),
    );
  });
});

describe('the mark', () => {
  const sizes = [24, 64, 128, 256];

  it.each(sizes)('costs less than the promise and is found, at %i pixels', (size) => {
    for (let i = 0; i < 4; i++) {
      const plain = fromBytes(toBytes(person(i, size)), size, size, 3);
      const marked = watermarkImage(plain, 0xdeadbeef);
      expect(psnr(plain, marked)).toBeGreaterThanOrEqual(38);
      const reading = readWatermark(marked);
      expect(reading.present).toBe(true);
      expect(reading.runId).toBe(size >= 256 ? 'deadbeef' : null);
      expect(readWatermark(plain).present).toBe(false);
    }
  });

  it('keeps the promise on pictures without detail, of pure noise, and black or white', () => {
    const stream = new RandomStream(randomKey(8));
    for (const make of [() => 0.5, () => stream.uniform(), () => 0, () => 1, () => Number(stream.chance(0.5))]) {
      const plain = makeImage(64, 64, 3);
      plain.data.forEach((_, i) => {
        plain.data[i] = make();
      });
      expect(psnr(fromBytes(toBytes(plain), 64, 64, 3), watermarkImage(plain, 1))).toBeGreaterThanOrEqual(38);
      expect(readWatermark(plain).present).toBe(false);
    }
  });

  it.each([64, 256])('survives each attack of the promise at %i pixels', async (size) => {
    for (let i = 0; i < 4; i++) {
      const marked = watermarkImage(person(i, size), 7);
      const half = Math.round(size / 2);
      const attacked = [
        ...[90, 80, 70].map((quality) => sharpOf(marked).jpeg({ quality })),
        ...(['lanczos3', 'linear'] as const).map((kernel) => sharpOf(marked).resize(half, half, { kernel }).png()),
        sharpOf(marked)
          .resize(2 * size, 2 * size)
          .png(),
      ];
      for (const picture of attacked) expect(readWatermark(await decoded(await picture.toBuffer())).present).toBe(true);
    }
  });

  it('is found in a crop by the search, and there only', () => {
    const marked = watermarkImage(person(1, 256), 7);
    const luma = lumaOf(crop(marked, 20, 9, 224));
    expect(wholeScore(luma)).toBeLessThan(WHOLE_THRESHOLD);
    expect(readWatermark(crop(marked, 20, 9, 224))).toMatchObject({ present: true, runId: null });
    expect(windowScore(lumaOf(crop(person(1, 256), 20, 9, 224)))).toBeLessThan(6);
  });

  it('gives the windows the score that a slow look at each of them gives', () => {
    const luma = lumaOf(person(1, 64));
    expect(windowScore(luma)).toBeCloseTo(slowWindowScore(luma), 3);
  });

  it('scores unmarked pictures around 0 with deviation 1 over keys, whatever the picture', () => {
    const luma = lumaOf(person(2, 64));
    const scores = Array.from({ length: 200 }, (_, i) => wholeScore(luma, presenceLayer(foldIn(randomKey(1), i))));
    const mean = scores.reduce((a, b) => a + b, 0) / scores.length;
    const deviation = Math.sqrt(scores.reduce((a, b) => a + (b - mean) ** 2, 0) / scores.length);
    expect(Math.abs(mean)).toBeLessThan(0.25); // 3.5 standard errors
    expect(deviation).toBeGreaterThan(0.6);
    expect(deviation).toBeLessThan(1.3);
  });
});

/** Every side from 44 to 63, every place, every block inside, by the formula of the score. */
function slowWindowScore(luma: Image): number {
  const { frequencies, signs } = presenceLayer();
  let best = Number.NEGATIVE_INFINITY;
  for (let side = 44; side <= 63; side += 1)
    for (let top = 0; top <= 64 - side; top++)
      for (let left = 0; left <= 64 - side; left++) best = Math.max(best, scoreOfWindow(side, left, top));
  return best;

  function scoreOfWindow(side: number, left: number, top: number): number {
    const padded = { side: 64, values: new Float32Array(64 * 64) }; // the window in its place on the whole grid
    const { values } = toGrid(luma, side);
    for (let y = 0; y < side; y++) padded.values.set(values.subarray(y * side, (y + 1) * side), (top + y) * 64 + left);
    const coefficients = blockCoefficients(padded, frequencies);
    let [sum, squares] = [0, 0];
    for (let i = 0; i < coefficients.length; i++) {
      const block = Math.floor(i / frequencies.length);
      const [x, y] = [(block % 8) * 8, Math.floor(block / 8) * 8];
      if (x < left || y < top || x + 8 > left + side || y + 8 > top + side) continue;
      const evidence = Math.max(-1, Math.min(1, coefficients[i]! / 3));
      sum += signs[i]! * evidence;
      squares += evidence * evidence;
    }
    return sum / Math.sqrt(squares);
  }
}

function crop(image: Image, left: number, top: number, side: number): Image {
  const out = makeImage(side, side, 3);
  for (let y = 0; y < side; y++) {
    const start = ((top + y) * image.width + left) * 3;
    out.data.set(image.data.subarray(start, start + 3 * side), y * side * 3);
  }
  return out;
}

describe('the run id', () => {
  it('is refused when its check fails', () => {
    expect(idOfEvidence(new Float64Array(48).fill(1))).toBeNull();
    expect(idOfEvidence(new Float64Array(48))).toBeNull();
  });
});

const ffmpeg = await findFfmpeg();

/** Only where the person who runs the tests has ffmpeg: the product takes theirs, too. */
describe.runIf(ffmpeg)('in H.264', () => {
  it.each([64, 256])('survives the delivered video at %i²', async (size) => {
    const folder = mkdtempSync(join(tmpdir(), 'joker3d-watermark-'));
    const file = join(folder, 'sweep.mp4');
    const marked = [0, 1, 2, 3, 4, 5].map((index) => watermarkImage(person(index, size), 0xc0ffee));
    await writeVideo(marked, file, { generator: 'joker3d test', ffmpeg: ffmpeg! });
    const raw = ['-loglevel', 'error', '-i', file, '-f', 'rawvideo', '-pix_fmt', 'rgb24', 'pipe:1'];
    const { stdout } = spawnSync(ffmpeg!, raw, { maxBuffer: 1 << 26 });
    rmSync(folder, { recursive: true });
    const bytes = 3 * size * size;
    expect(stdout.length).toBe(6 * bytes);
    const frames = marked.map((_, i) => fromBytes(stdout.subarray(i * bytes, (i + 1) * bytes), size, size, 3));
    const reading = readWatermarkOfFrames(frames);
    expect(reading.present).toBe(true);
    expect(frames.filter((frame) => readWatermark(frame).present).length).toBeGreaterThanOrEqual(5);
    if (size === 256) expect(reading.runId).toBe('00c0ffee');
  });
});
