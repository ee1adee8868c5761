/**
 * Gate of distillation with a perfect teacher: held-out views, depth, time.
 *
 *   npx tsx scripts/gate-distill.ts [--scene ball|person] [--ict file] [--seed 0] [--size 64] [--steps 480] [--threads 1]
 *     [--set field.levels=8 …] [--out folder]
 *
 * Prints PSNR and depth error on views between those of the teacher's grid; with --out also writes pictures.
 */

import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import sharp from 'sharp';
import { type Image, makeImage, toBytes } from '../src/core/image.js';
import {
  type DistillConfig,
  distill,
  draftPreset,
  gridAngles,
  perfectTeacher,
  type ViewAngles,
} from '../src/distill/index.js';
import { type Head, HeadRenderer, type Rendering } from '../src/head/index.js';
import { ballScene, personScene, type SceneView } from './gate-distill-scenes.js';

const { values } = parseArgs({
  options: {
    scene: { type: 'string', default: 'ball' },
    ict: { type: 'string' },
    seed: { type: 'string', default: '0' },
    size: { type: 'string', default: '64' },
    steps: { type: 'string', default: String(draftPreset.steps) },
    threads: { type: 'string', default: '1' },
    set: { type: 'string', multiple: true, default: [] },
    out: { type: 'string' },
  },
});
const size = Number(values.size);
const steps = Number(values.steps);
const threads = Number(values.threads);
const scene = values.scene === 'ball' ? ballScene() : personScene(Number(values.seed), values.ict);

type Tree = { [key: string]: Tree | number };
/** --set field.densityScale=5 */
function override<T>(config: T, sets: readonly string[]): T {
  const copy = structuredClone(config) as Tree;
  for (const set of sets) {
    const [path, value] = set.split('=') as [string, string];
    const keys = path.split('.');
    let at = copy;
    for (const key of keys.slice(0, -1)) at = at[key] as Tree;
    at[keys.at(-1)!] = Number(value);
  }
  return copy as T;
}

const draft: DistillConfig = {
  ...draftPreset,
  steps,
  field: { ...draftPreset.field, background: scene.background },
  resolutions: [...draftPreset.resolutions, ...(size > 64 ? [{ from: steps * 0.4, size }] : [])],
};
const config = override(draft, values.set);
const views = gridAngles(config.views).map((angles) => scene.see(angles, size));
const cameras = views.map(({ camera }) => camera);

const { azimuthRange: a, elevationRange: e } = config.views;
/** inside the grid but on none of its views; the last two are at the rim */
const heldOut: ViewAngles[] = [
  { azimuth: 0.1 * a, elevation: 0.05 * e },
  { azimuth: -0.45 * a, elevation: 0.6 * e },
  { azimuth: 0.55 * a, elevation: -0.7 * e },
  { azimuth: -0.85 * a, elevation: -0.1 * e },
  { azimuth: 0.95 * a, elevation: 0.95 * e },
  { azimuth: -0.95 * a, elevation: 0.9 * e },
];

function psnr(x: Image, y: Image): number {
  let total = 0;
  for (let i = 0; i < x.data.length; i++) total += (x.data[i]! - y.data[i]!) ** 2;
  return -10 * Math.log10(total / x.data.length);
}

function medianDepthError(found: Image, truth: Image): number {
  const errors: number[] = [];
  truth.data.forEach((depth, i) => {
    if (depth > 0) errors.push(Math.abs(found.data[i]! - depth));
  });
  return errors.sort((x, y) => x - y)[errors.length >> 1]!;
}

/** Mean of found − true over hit pixels: says whether surfaces lie too deep (> 0) or too near. */
function depthBias(found: Image, truth: Image): number {
  let total = 0;
  let count = 0;
  truth.data.forEach((depth, i) => {
    if (depth <= 0) return;
    total += found.data[i]! - depth;
    count++;
  });
  return total / count;
}

function depthPicture(depth: Image): Image {
  const out = makeImage(depth.width, depth.height, 3);
  depth.data.forEach((d, i) => {
    out.data.fill(d > 0 ? Math.max(0, Math.min(1, (1.32 - d) / 0.26)) : 0, i * 3, i * 3 + 3);
  });
  return out;
}

/** Mean opacity of the pixels that see the head (or do not). */
function meanOpacity(found: Rendering, truth: SceneView, head: boolean): number {
  const chosen = found.opacity.data.filter((_, i) => truth.depth.data[i]! > 0 === head);
  return chosen.reduce((s, x) => s + x, 0) / chosen.length;
}

/** Depth where at least half of the ray is stopped. */
function solid({ depth, opacity }: Rendering): Image {
  return { ...depth, data: depth.data.map((d, i) => (opacity.data[i]! >= 0.5 ? d : 0)) };
}

async function writeRow(path: string, images: readonly Image[]): Promise<void> {
  const scale = 256;
  const tiles = await Promise.all(
    images.map((image) =>
      sharp(toBytes(image), { raw: { width: image.width, height: image.height, channels: 3 } })
        .resize(scale, scale, { kernel: 'nearest' })
        .png()
        .toBuffer(),
    ),
  );
  await sharp({ create: { width: scale * tiles.length, height: scale, channels: 3, background: 'black' } })
    .composite(tiles.map((input, i) => ({ input, left: i * scale, top: 0 })))
    .png()
    .toFile(path);
}

async function measure(head: Head): Promise<void> {
  const renderer = await HeadRenderer.create(head.config, { threads });
  const rows: { truth: SceneView; found: Rendering }[] = [];
  for (const angles of heldOut) {
    const truth = scene.see(angles, size);
    rows.push({ truth, found: await renderer.render(head, truth.camera) });
  }
  const start = performance.now();
  await renderer.render(head, cameras[0]!);
  const renderTime = performance.now() - start;
  await renderer.dispose();
  const quality = rows.map(({ truth, found }) => psnr(truth.color, found.color));
  const depth = rows.map(({ truth, found }) => medianDepthError(found.depth, truth.depth) / scene.headDepth);
  console.log(`held-out PSNR dB: ${quality.map((q) => q.toFixed(2)).join(' ')}`);
  console.log(
    `median depth error, share of the head's depth (${scene.headDepth.toFixed(3)}): ${depth.map((d) => d.toFixed(4)).join(' ')}`,
  );
  const bias = rows.map(({ truth, found }) => depthBias(found.depth, truth.depth) / scene.headDepth);
  console.log(`mean signed depth error, same unit: ${bias.map((d) => d.toFixed(4)).join(' ')}`);
  const inside = rows.map(({ truth, found }) => meanOpacity(found, truth, true));
  const outside = rows.map(({ truth, found }) => meanOpacity(found, truth, false));
  console.log(`mean opacity on the head: ${inside.map((d) => d.toFixed(3)).join(' ')}`);
  console.log(`mean opacity off the head: ${outside.map((d) => d.toFixed(3)).join(' ')}`);
  console.log(`one ${size}² view: ${renderTime.toFixed(0)} ms`);
  if (values.out) {
    mkdirSync(values.out, { recursive: true });
    await writeRow(
      join(values.out, 'truth.png'),
      rows.map(({ truth }) => truth.color),
    );
    await writeRow(
      join(values.out, 'found.png'),
      rows.map(({ found }) => found.color),
    );
    await writeRow(
      join(values.out, 'truth-depth.png'),
      rows.map(({ truth }) => depthPicture(truth.depth)),
    );
    await writeRow(
      join(values.out, 'found-depth.png'),
      rows.map(({ found }) => depthPicture(solid(found))),
    );
  }
  const worst = Math.min(...quality);
  const worstDepth = Math.max(...depth);
  const passed = worst >= 26 && worstDepth <= 0.05;
  console.log(
    `${passed ? 'PASSED' : 'FAILED'}: worst PSNR ${worst.toFixed(2)} dB (≥ 26), worst depth ${worstDepth.toFixed(4)} (≤ 0.05)`,
  );
  process.exitCode = passed ? 0 : 1;
}

const start = performance.now();
const head = await distill({
  config,
  cameras,
  teacher: perfectTeacher(views.map(({ color }) => color)),
  threads,
  report: (message) => {
    if (message.kind === 'progress' && message.done % 100 === 0 && message.figures && 'l1' in message.figures) {
      const seconds = (performance.now() - start) / 1000;
      console.log(`${message.done}/${message.total} l1 ${message.figures['l1']!.toFixed(4)} ${seconds.toFixed(1)} s`);
    }
  },
});
const seconds = (performance.now() - start) / 1000;
const samples = config.steps * config.batch.views * config.batch.patch ** 2 * config.samples;
const occupied = head.occupancy.occupied.reduce((sum, x) => sum + x, 0) / head.occupancy.occupied.length;
console.log(
  `${seconds.toFixed(1)} s, ${(samples / seconds / 1000).toFixed(0)} k samples/s, occupied ${(occupied * 100).toFixed(1)} %`,
);
await measure(head);
