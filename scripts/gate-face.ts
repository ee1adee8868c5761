/**
 * Measures tracker and fit: on a real photo, and on rendered people with known landmarks and pose.
 *
 * Run: npx tsx scripts/gate-face.ts <ict-facekit-light.safetensors | -> <photo | -> [out folder | ''] [people] [size]
 * Writes pictures to look at when an out folder is given. Gates: photo < 5 %, renders < 3 % mean reprojection error over the
 * 68 named landmarks; ≥ 95 % of frontal renders at 256² found; identity within 3 σ.
 */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import { analyseFace, type FaceReport, loadFaceTools } from '../src/condition/analyse-face.js';
import { openSafetensors } from '../src/core/files/safetensors.js';
import { type Image, toBytes } from '../src/core/image.js';
import { foldIn, randomKey } from '../src/core/rng.js';
import { readIct } from '../src/data/synthetic/ict.js';
import { samplePerson } from '../src/data/synthetic/person.js';
import { PeopleRenderer } from '../src/data/synthetic/render.js';
import { sampleShot } from '../src/data/synthetic/shot.js';
import { LANDMARKS_68 } from '../src/face/tracker/topology.js';
import { fromCrop } from '../src/photo/align.js';
import { loadPhoto } from '../src/photo/load.js';
import { photoFromImage } from '../src/photo/photo.js';

const [ict = '-', photoPath = '-', out, peopleText = '100', sizeText = '256'] = process.argv.slice(2);
const tools = await loadFaceTools();
if (out) mkdirSync(out, { recursive: true });

const degrees = (radians: number) => (radians * 180) / Math.PI;
const mean = (values: readonly number[]) => values.reduce((a, b) => a + b, 0) / Math.max(1, values.length);
const quantile = (values: readonly number[], q: number) =>
  [...values].sort((a, b) => a - b)[Math.floor(q * (values.length - 1))] ?? 0;

function correlation(pairs: readonly (readonly [number, number])[]): number {
  const [mx, my] = [mean(pairs.map((p) => p[0])), mean(pairs.map((p) => p[1]))];
  const sum = (f: (x: number, y: number) => number) => pairs.reduce((s, [x, y]) => s + f(x - mx, y - my), 0);
  return sum((x, y) => x * y) / Math.sqrt(sum((x) => x * x) * sum((_, y) => y * y));
}

async function save(name: string, images: readonly Image[]): Promise<void> {
  if (!out) return;
  const tiles = images.map(async (image, i) => ({
    input: await sharp(toBytes(image), { raw: { width: image.width, height: image.height, channels: 3 } })
      .png()
      .toBuffer(),
    left: images.slice(0, i).reduce((x, { width }) => x + width, 0),
    top: 0,
  }));
  const width = images.reduce((x, image) => x + image.width, 0);
  const canvas = sharp({ create: { width, height: images[0]!.height, channels: 3, background: '#000' } });
  await canvas
    .composite(await Promise.all(tiles))
    .png()
    .toFile(join(out, `${name}.png`));
}

async function gatePhoto(path: string): Promise<void> {
  const photo = await loadPhoto(path);
  await analyseFace(photo, tools);
  const start = performance.now();
  const report = await analyseFace(photo, tools);
  const time = performance.now() - start;
  await save('photo', [report.crop, report.overlay, report.normals]);
  const { face } = report;
  console.log(`photo: error ${face.errorPercent!.toFixed(2)} % (gate 5), ${time.toFixed(0)} ms in all`);
  console.log(
    `  angles ${face.angle.map((a) => degrees(a).toFixed(1)).join(' ')}°, largest |identity| ${largest(face.identity)} σ`,
  );
  console.log(
    `  ${Object.entries(face.arkit)
      .filter(([, w]) => w > 0.1)
      .map(([n, w]) => `${n}=${w.toFixed(2)}`)
      .join(' ')}`,
  );
}

const largest = (values: readonly number[]) => Math.max(...values.map(Math.abs)).toFixed(2);

/** Mean distance of the tracker's 68 points from the truth over all, and without the 17 of the contour, % of eye distance. */
function trackerErrors(report: FaceReport, truth: readonly (readonly [number, number])[]): [number, number] {
  const eyes = Math.hypot(truth[36]![0] - truth[45]![0], truth[36]![1] - truth[45]![1]);
  const distances = LANDMARKS_68.map((point, i) => {
    const { landmarks, crop } = report.face;
    const [x, y] = fromCrop(crop, 512, landmarks[3 * point]!, landmarks[3 * point + 1]!);
    return (100 * Math.hypot(x - truth[i]![0], y - truth[i]![1])) / eyes;
  });
  return [mean(distances), mean(distances.slice(17))];
}

async function gateRenders(path: string, people: number, size: number): Promise<void> {
  const model = readIct(openSafetensors(path));
  const renderer = new PeopleRenderer(model);
  const figures = {
    fit: [] as number[],
    all: [] as number[],
    inner: [] as number[],
    frontal: [] as number[],
    yaw: [] as number[],
    pitch: [] as number[],
    time: [] as number[],
  };
  const jaw: [number, number][] = [];
  let [frontal, found, sigma] = [0, 0, 0];
  for (let i = 0; i < people; i++) {
    const key = foldIn(randomKey(2026), i);
    const shot = sampleShot(key);
    const front = Math.abs(shot.pose.yaw) < 0.35 && Math.abs(shot.pose.pitch) < 0.35;
    const { image, truth } = renderer.render(samplePerson(model, key), shot, { size });
    const start = performance.now();
    const report = await analyseFace(photoFromImage(image), tools, { size }).catch(() => null);
    if (front) frontal++;
    if (front && report) found++;
    if (i < 24 && report) await save(`render-${i}`, [image, report.crop, report.overlay, report.normals]);
    if (i < 24 && !report) await save(`render-${i}-lost`, [image]);
    if (!report) continue;
    figures.time.push(performance.now() - start);
    figures.fit.push(report.face.errorPercent!);
    const [all, inner] = trackerErrors(report, truth.landmarks);
    figures.all.push(all);
    figures.inner.push(inner);
    if (front) figures.frontal.push(all);
    figures.yaw.push(Math.abs(degrees(report.face.angle[1] - shot.pose.yaw)));
    figures.pitch.push(Math.abs(degrees(report.face.angle[0] - shot.pose.pitch)));
    jaw.push([shot.expression.jawOpen ?? 0, report.face.arkit['jawOpen'] ?? 0]);
    sigma = Math.max(sigma, ...report.face.identity.map(Math.abs));
  }
  console.log(
    `renders at ${size}²: found ${found} of ${frontal} frontal (gate 95 %), ${figures.fit.length} of ${people} in all`,
  );
  const show = (name: string, unit: string) => {
    const values = figures[name as keyof typeof figures];
    return `mean ${mean(values).toFixed(2)} median ${quantile(values, 0.5).toFixed(2)} 90 % ${quantile(values, 0.9).toFixed(2)} ${unit}`;
  };
  console.log(`  fit error (gate mean 3): ${show('fit', '%')}; largest |identity| ${sigma.toFixed(2)} σ`);
  console.log(`  tracker against truth, 68 points: frontal (gate 5) ${show('frontal', '%')}`);
  console.log(`  … all poses ${show('all', '%')}; all poses without contour ${show('inner', '%')}`);
  console.log(`  yaw error ${show('yaw', '°')}; pitch error ${show('pitch', '°')}`);
  console.log(`  jawOpen: correlation with truth ${correlation(jaw).toFixed(3)}; time ${show('time', 'ms')}`);
}

if (photoPath !== '-') await gatePhoto(photoPath);
if (ict !== '-') await gateRenders(ict, Number(peopleText), Number(sizeText));
await tools.tracker.dispose();
