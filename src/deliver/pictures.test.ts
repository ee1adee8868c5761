/** Pictures, depth maps and animations, read back by sharp. */
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { makeImage } from '../core/image.js';
import { DEPTH_UNIT, depthPreview, encodeDepth } from './depth.js';
import type { Frame } from './field.js';
import { encodeAnimation, encodeImage } from './images.js';
import { DIGITAL_SOURCE_TYPE, escapeMarkup } from './marks.js';

const maker = { generator: 'joker3d <test> & "co"' };

function gradient(width: number, height: number, shift = 0) {
  const image = makeImage(width, height, 3);
  image.data.forEach((_, i) => {
    image.data[i] = ((i * 7 + shift) % 256) / 255;
  });
  return image;
}

async function xmpOf(bytes: Uint8Array): Promise<string> {
  return (await sharp(bytes).metadata()).xmp?.toString('utf8') ?? '';
}

describe('encodeImage', () => {
  it.each(['png', 'jpeg', 'webp'] as const)('marks %s as synthetic', async (format) => {
    const bytes = await encodeImage(gradient(16, 12), { ...maker, format, description: 'a "smile" <b>' });
    const xmp = await xmpOf(bytes);
    expect(xmp).toContain(`Iptc4xmpExt:DigitalSourceType="${DIGITAL_SOURCE_TYPE}"`);
    expect(xmp).toContain('xmp:CreatorTool="joker3d &lt;test&gt; &amp; &quot;co&quot;"');
    expect(xmp).toContain('a &quot;smile&quot; &lt;b&gt;');
    expect(Buffer.from(bytes).includes(DIGITAL_SOURCE_TYPE)).toBe(true); // found by plain scanning too
  });

  it('keeps every value of a PNG', async () => {
    const image = gradient(9, 5);
    const { data, info } = await sharp(await encodeImage(image, maker))
      .raw()
      .toBuffer({ resolveWithObject: true });
    expect([info.width, info.height, info.channels]).toEqual([9, 5, 3]);
    data.forEach((value, i) => {
      expect(value).toBe(Math.round(image.data[i]! * 255));
    });
  });

  it('refuses two channels', async () => {
    await expect(encodeImage(makeImage(4, 4, 2), maker)).rejects.toThrow(/2 channels/);
  });
});

describe('encodeAnimation', () => {
  it('holds all frames, their time and the mark', async () => {
    const frames = [0, 80, 160].map((level) => {
      const frame = makeImage(32, 24, 3);
      frame.data.fill(level / 255);
      return frame;
    });
    const bytes = await encodeAnimation(frames, { ...maker, fps: 20 });
    const info = await sharp(bytes, { animated: true }).metadata();
    expect(info).toMatchObject({ format: 'webp', pages: 3, pageHeight: 24, width: 32, loop: 0, delay: [50, 50, 50] });
    expect(await xmpOf(bytes)).toContain(DIGITAL_SOURCE_TYPE);
    for (let page = 0; page < 3; page++) {
      const { channels } = await sharp(bytes, { page }).stats();
      expect(Math.abs(channels[0]!.mean - page * 80)).toBeLessThan(3); // lossy
    }
  });

  it('refuses no frames and frames of two sizes', async () => {
    await expect(encodeAnimation([], maker)).rejects.toThrow(/no frames/);
    await expect(encodeAnimation([gradient(8, 8), gradient(8, 9)], maker)).rejects.toThrow(/8×8×3 and 8×9×3/);
  });
});

describe('depth', () => {
  const frame: Frame = { color: makeImage(3, 1, 3), opacity: makeImage(3, 1, 1), depth: makeImage(3, 1, 1) };
  frame.opacity.data.set([1, 1, 0.2]);
  frame.depth.data.set([0.9, 1.1, 5]);

  it('is stored in 16 bits with 0 for nothing, and marked', async () => {
    const bytes = await encodeDepth(frame, maker);
    const { data, info } = await sharp(bytes)
      .toColourspace('grey16')
      .raw({ depth: 'ushort' })
      .toBuffer({ resolveWithObject: true });
    expect(info.channels).toBe(1);
    expect((await sharp(bytes).metadata()).bitsPerSample).toBe(16);
    expect([0, 2, 4].map((at) => data.readUInt16LE(at))).toEqual(
      [0.9 / DEPTH_UNIT, 1.1 / DEPTH_UNIT, 0].map(Math.round),
    );
    expect(await xmpOf(bytes)).toContain(DIGITAL_SOURCE_TYPE);
  });

  it('previews near as light, far as dark, nothing as black', () => {
    const { data } = depthPreview(frame);
    const sum = (i: number) => data[3 * i]! + data[3 * i + 1]! + data[3 * i + 2]!;
    expect(sum(0)).toBeGreaterThan(sum(1));
    expect(sum(1)).toBeGreaterThan(0);
    expect(sum(2)).toBe(0);
  });

  it('previews spread the colours over the head, whatever hangs before or behind it', () => {
    const width = 200;
    const opacity = makeImage(width, 1, 1);
    opacity.data.fill(1);
    const depth = makeImage(width, 1, 1);
    depth.data.forEach((_, i) => {
      depth.data[i] = 1 + i / width;
    });
    const plain = depthPreview({ color: makeImage(width, 1, 3), opacity, depth });
    depth.data.set([0.1, 0.2, 0.3]);
    depth.data.set([40, 50, 60], width - 3);
    const { data } = depthPreview({ color: makeImage(width, 1, 3), opacity, depth });
    for (let i = 3 * 10; i < 3 * (width - 10); i++) expect(Math.abs(data[i]! - plain.data[i]!)).toBeLessThan(0.02);
    const cut = depthPreview({ color: makeImage(width, 1, 3), opacity, depth }, 30);
    expect([...cut.data.slice(-9)]).toEqual(new Array(9).fill(0));
  });
});

describe('escapeMarkup', () => {
  it('leaves nothing that ends an attribute or a tag', () => {
    expect(escapeMarkup(`<a href="x" b='y'>&\u0000\n`)).toBe('&lt;a href=&quot;x&quot; b=&#39;y&#39;&gt;&amp;  ');
  });
});
