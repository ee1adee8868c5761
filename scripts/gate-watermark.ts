/**
 * Measures the watermark: scores of unmarked pictures, and the share of marked pictures that is found after each attack.
 *
 * Run: npx tsx scripts/gate-watermark.ts [unmarked] [marked per size] [sizes] [photo | -] [shards | -]
 * e.g. npx tsx scripts/gate-watermark.ts 10000 400 64,128,256,512
 * People are rendered (formula family); `shards`, a folder of scripts/render-training-set.ts, gives the unmarked ones faster;
 * `photo` adds random windows of a real photo to both parts. Gates: at most 1 false positive in 10 000; found ≥ 99 % after JPEG
 * q ≥ 70 and after halving; PSNR ≥ 38 dB.
 */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import sharp, { type Sharp } from 'sharp';
import { openSafetensors, readTensorBytes, tensorEntry } from '../src/core/files/safetensors.js';
import { fromBytes, type Image, toBytes } from '../src/core/image.js';
import { foldIn, foldInName, RandomStream, randomKey } from '../src/core/rng.js';
import { openHeadModel } from '../src/data/sources/heads.js';
import { samplePerson } from '../src/data/synthetic/person.js';
import { PeopleRenderer } from '../src/data/synthetic/render.js';
import { sampleShot } from '../src/data/synthetic/shot.js';
import { psnr, watermarkImage } from '../src/deliver/marks/watermark.js';
import {
  readWatermark,
  WHOLE_THRESHOLD,
  WINDOW_THRESHOLD,
  wholeScore,
  windowScore,
} from '../src/deliver/marks/watermark-detect.js';
import { lumaOf } from '../src/deliver/marks/watermark-grid.js';

const [unmarkedText = '10000', markedText = '400', sizesText = '64,128,256,512', photo = '-', shards = '-'] =
  process.argv.slice(2);
const key = foldInName(randomKey(2026), 'gate-watermark');
const renderer = new PeopleRenderer(openHeadModel(undefined));

function renderedPerson(index: number, size: number): Image {
  const own = foldIn(foldInName(key, 'people'), index);
  return renderer.render(samplePerson(renderer.anatomy.model, own), sampleShot(own), { size }).image;
}

async function decoded(bytes: Uint8Array): Promise<Image> {
  const { data, info } = await sharp(bytes).removeAlpha().raw().toBuffer({ resolveWithObject: true });
  return fromBytes(data, info.width, info.height, info.channels);
}

function raw({ width, height, channels, data }: Image): Sharp {
  return sharp(toBytes({ width, height, channels, data }), { raw: { width, height, channels: channels as 3 } });
}

/** A square window of the photo of random place and size, scaled to `size`. */
async function photoWindow(index: number, size: number): Promise<Image> {
  const random = new RandomStream(foldIn(foldInName(key, 'photo'), index));
  const { width = 0, height = 0 } = await sharp(photo).metadata();
  const side = Math.round(random.uniform(64, Math.min(width, height)));
  const [left, top] = [random.integer(width - side + 1), random.integer(height - side + 1)];
  return decoded(
    await sharp(photo).extract({ left, top, width: side, height: side }).resize(size, size).png().toBuffer(),
  );
}

/** Pictures of the training shards, in order. */
function* shardPictures(): Generator<Image> {
  for (const name of readdirSync(shards)
    .filter((file) => /^people-.*\.safetensors$/.test(file))
    .sort()) {
    const file = openSafetensors(join(shards, name));
    const [count, height, width, channels] = tensorEntry(file, 'images').shape as [number, number, number, number];
    const bytes = readTensorBytes(file, 'images');
    const each = height * width * channels;
    for (let i = 0; i < count; i++) yield fromBytes(bytes.subarray(i * each, (i + 1) * each), width, height, channels);
  }
}

const attacks: Record<string, (image: Image, random: RandomStream) => Promise<Image>> = {
  'none (PNG)': async (image) => image,
  'JPEG q 90': (image) => jpeg(image, 90),
  'JPEG q 70': (image) => jpeg(image, 70),
  'JPEG q 50': (image) => jpeg(image, 50),
  'resize 0.5x': (image) => scaled(image, 0.5, 'lanczos3'),
  'resize 2x': (image) => scaled(image, 2, 'lanczos3'),
  'crop 10 %': (image, random) => cropped(image, 0.9, random),
  'crop 25 %': (image, random) => cropped(image, 0.75, random),
  'blur, 1 pixel': async (image) => decoded(await raw(image).blur(1).png().toBuffer()),
  'blur, 2 pixels': async (image) => decoded(await raw(image).blur(2).png().toBuffer()),
  'screenshot-like: 1.37x bilinear, JPEG q 80': async (image) => jpeg(await scaled(image, 1.37, 'linear'), 80),
};

async function jpeg(image: Image, quality: number): Promise<Image> {
  return decoded(await raw(image).jpeg({ quality }).toBuffer());
}

async function scaled(image: Image, factor: number, kernel: 'lanczos3' | 'linear'): Promise<Image> {
  const [width, height] = [Math.round(image.width * factor), Math.round(image.height * factor)];
  return decoded(await raw(image).resize(width, height, { kernel, fit: 'fill' }).png().toBuffer());
}

/** Keeps a share of each side, at a random place. */
async function cropped(image: Image, share: number, random: RandomStream): Promise<Image> {
  const [width, height] = [Math.round(image.width * share), Math.round(image.height * share)];
  const [left, top] = [random.integer(image.width - width + 1), random.integer(image.height - height + 1)];
  return decoded(await raw(image).extract({ left, top, width, height }).png().toBuffer());
}

const mean = (values: readonly number[]) => values.reduce((a, b) => a + b, 0) / values.length;
const deviation = (values: readonly number[]) => Math.sqrt(mean(values.map((value) => (value - mean(values)) ** 2)));

function reportNull(what: string, whole: readonly number[], windows: readonly number[]): void {
  const wrong = whole.filter((score, i) => score >= WHOLE_THRESHOLD || windows[i]! >= WINDOW_THRESHOLD).length;
  const figures = (values: readonly number[]) =>
    `mean ${mean(values).toFixed(2)} deviation ${deviation(values).toFixed(2)} largest ${Math.max(...values).toFixed(2)}`;
  console.log(`unmarked ${what}: ${wrong} false positives of ${whole.length}`);
  console.log(`  whole picture ${figures(whole)} (threshold ${WHOLE_THRESHOLD})`);
  console.log(`  best window   ${figures(windows)} (threshold ${WINDOW_THRESHOLD})`);
}

async function nullOf(what: string, count: number, next: (index: number) => Promise<Image | null>): Promise<void> {
  const [whole, windows] = [[] as number[], [] as number[]];
  for (let i = 0; i < count; i++) {
    const image = await next(i);
    if (image === null) break;
    const luma = lumaOf(image);
    whole.push(wholeScore(luma));
    windows.push(windowScore(luma));
    if (whole.length % 1000 === 0 && whole.length < count) reportNull(`${what} so far`, whole, windows);
  }
  if (whole.length > 0) reportNull(what, whole, windows);
}

async function survival(what: string, count: number, size: number, next: (index: number) => Promise<Image>) {
  const found = new Map(Object.keys(attacks).map((name) => [name, { present: 0, id: 0 }]));
  const quality: number[] = [];
  for (let i = 0; i < count; i++) {
    const plain = await next(i);
    const runId = new RandomStream(foldIn(key, i)).uint32();
    const marked = watermarkImage(plain, runId);
    quality.push(psnr(fromBytes(toBytes(plain), plain.width, plain.height, plain.channels), marked));
    const random = new RandomStream(foldIn(foldInName(key, 'attacks'), i));
    for (const [name, attack] of Object.entries(attacks)) {
      const reading = readWatermark(await attack(marked, random));
      const row = found.get(name)!;
      if (reading.present) row.present++;
      if (reading.runId !== null && Number.parseInt(reading.runId, 16) === runId) row.id++;
    }
  }
  console.log(
    `marked ${what}, ${size}x${size}, n ${count}: PSNR least ${Math.min(...quality).toFixed(2)} mean ${mean(quality).toFixed(2)} dB`,
  );
  for (const [name, { present, id }] of found) {
    const share = (value: number) => `${((100 * value) / count).toFixed(1)} %`;
    console.log(`  ${name.padEnd(44)} present ${share(present)}${size >= 256 ? `  run id ${share(id)}` : ''}`);
  }
}

const [unmarked, marked] = [Number(unmarkedText), Number(markedText)];
for (const size of sizesText
  .split(',')
  .map(Number)
  .filter((side) => side > 0)) {
  await survival('people', marked, size, async (i) => renderedPerson(i, size));
  if (photo !== '-') await survival('windows of a photo', marked, size, (i) => photoWindow(i, size));
}
const pictures = shards === '-' ? null : shardPictures();
const nextPerson = async (i: number): Promise<Image | null> =>
  pictures ? ((pictures.next().value as Image | undefined) ?? null) : renderedPerson(1_000_000 + i, 64);
await nullOf('people, 64x64', unmarked, nextPerson);
if (photo !== '-') await nullOf('windows of a photo, 64x64', unmarked, (i) => photoWindow(1_000_000 + i, 64));
