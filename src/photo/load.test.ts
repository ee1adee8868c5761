import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { crc32, deflateSync } from 'node:zlib';
import fc from 'fast-check';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { JokerError } from '../core/errors.js';
import { loadPhoto } from './load.js';

/** 6×4, left half red, right half blue. */
const halves = () => {
  const pixels = Buffer.alloc(6 * 4 * 3);
  for (let i = 0; i < 24; i++) pixels.set(i % 6 < 3 ? [255, 0, 0] : [0, 0, 255], 3 * i);
  return sharp(pixels, { raw: { width: 6, height: 4, channels: 3 } });
};
const code = async (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => 'no error',
    (error: unknown) => (error instanceof JokerError ? error.code : `wrong error: ${String(error)}`),
  );

/** A PNG whose header promises `width`×`height` pixels and whose data hold none of them. */
function promisingPng(width: number, height: number): Buffer {
  const chunk = (type: string, data: Buffer) => {
    const body = Buffer.concat([Buffer.from(type), data]);
    const frame = Buffer.alloc(8);
    frame.writeUInt32BE(data.length, 0);
    frame.writeUInt32BE(crc32(body) >>> 0, 4);
    return Buffer.concat([frame.subarray(0, 4), body, frame.subarray(4)]);
  };
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, 2, 0, 0, 0], 8);
  const parts = [chunk('IHDR', header), chunk('IDAT', deflateSync(Buffer.alloc(16))), chunk('IEND', Buffer.alloc(0))];
  return Buffer.concat([Buffer.from([137, 80, 78, 71, 13, 10, 26, 10]), ...parts]);
}

describe('loadPhoto', () => {
  it('decodes to sRGB floats, row by row', async () => {
    const photo = await loadPhoto(await halves().png().toBuffer(), { name: 'halves' });
    expect([photo.image.width, photo.image.height, photo.image.channels, photo.name]).toEqual([6, 4, 3, 'halves']);
    expect([...photo.image.data.subarray(0, 3)]).toEqual([1, 0, 0]);
    expect([...photo.image.data.subarray(15, 18)]).toEqual([0, 0, 1]);
  });

  it('applies EXIF orientation once', async () => {
    const turned = await halves().withMetadata({ orientation: 6 }).png().toBuffer(); // 6: turn clockwise by 90°
    const photo = await loadPhoto(turned);
    expect([photo.image.width, photo.image.height]).toEqual([4, 6]);
    expect([photo.originalWidth, photo.originalHeight]).toEqual([4, 6]);
    expect([...photo.image.data.subarray(0, 3)]).toEqual([1, 0, 0]); // the left side is now on top
  });

  it('lays transparency over white and makes grey pictures three channels', async () => {
    const clear = sharp({ create: { width: 3, height: 3, channels: 4, background: { r: 0, g: 0, b: 0, alpha: 0 } } });
    expect((await loadPhoto(await clear.webp({ lossless: true }).toBuffer())).image.data[0]).toBe(1);
    const grey = await halves().greyscale().png().toBuffer();
    expect((await loadPhoto(grey)).image.channels).toBe(3);
  });

  it('shrinks large pictures and remembers their size', async () => {
    const photo = await loadPhoto(await halves().resize(600, 400).jpeg().toBuffer(), { maxSide: 60 });
    expect([photo.image.width, photo.image.height, photo.originalWidth]).toEqual([60, 40, 600]);
  });

  it('says what is wrong', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'joker-photo-'));
    const jpeg = await halves().resize(300, 200).jpeg().toBuffer();
    const png = await halves().resize(300, 200).png({ compressionLevel: 0 }).toBuffer();
    await writeFile(join(folder, 'text.jpg'), 'no picture');
    expect(await code(loadPhoto(join(folder, 'absent.jpg')))).toBe('missing-file');
    expect(await code(loadPhoto(folder))).toBe('missing-file');
    expect(await code(loadPhoto(join(folder, 'text.jpg')))).toBe('not-an-image');
    expect(await code(loadPhoto(new Uint8Array()))).toBe('not-an-image');
    expect(await code(loadPhoto(jpeg.subarray(0, jpeg.length >> 1)))).toBe('not-an-image');
    expect(await code(loadPhoto(png.subarray(0, png.length >> 1)))).toBe('not-an-image');
    expect(await code(loadPhoto(await halves().gif().toBuffer()))).toBe('not-an-image');
    expect(await code(loadPhoto(jpeg, { maxBytes: 100 }))).toBe('image-too-large');
    expect(await code(loadPhoto(promisingPng(40_000, 40_000)))).toBe('image-too-large');
    expect(await code(loadPhoto(promisingPng(100, 100)))).toBe('not-an-image');
    await rm(folder, { recursive: true });
  });

  it('turns any damage into a picture or a JokerError', async () => {
    const whole = await halves().png().toBuffer();
    await fc.assert(
      fc.asyncProperty(fc.nat(whole.length - 1), fc.nat(255), fc.boolean(), async (at, value, cut) => {
        const bytes = Uint8Array.from(cut ? whole.subarray(0, at) : whole);
        if (!cut) bytes[at] = value;
        expect(await code(loadPhoto(bytes))).toMatch(/^(no error|not-an-image|image-too-large)$/);
      }),
      { numRuns: 60 },
    );
  });
});
