/**
 * Fit error on photographs of many people: a picture of faces in rows and columns is cut up, and each cell that shows a face is
 * tracked and fitted. Figures are means over people of the mean reprojection error of 68 named landmarks, percent of the distance of the
 * outer eye corners.
 *
 * Run: npx tsx scripts/gate-face-photos.ts <picture> <first row's top> <columns> <rows> [model.safetensors …]
 */
import sharp from 'sharp';
import { assetPath } from '../src/core/files/assets.js';
import { fromBytes } from '../src/core/image.js';
import { findFace } from '../src/face/analyse.js';
import { loadMorphableModel } from '../src/face/model/load.js';
import { Tracker } from '../src/face/tracker/tracker.js';
import { type Photo, photoFromImage } from '../src/photo/photo.js';

const [picture, ...rest] = process.argv.slice(2);
const [top, columns, rows] = rest.slice(0, 3).map(Number) as [number, number, number];
if (!picture || !(columns > 0 && rows > 0))
  throw new Error('usage: gate-face-photos.ts <picture> <first row top> <columns> <rows> [model …]');
const paths = rest.slice(3);
const models = (paths.length > 0 ? paths : [assetPath('face', 'builtin.safetensors')]).map(loadMorphableModel);
const tracker = await Tracker.load(assetPath('tracker'), { threads: 1 });
const { width = 0, height = 0 } = await sharp(picture).metadata();

/** A cell, three times as large: the tracker wants faces of 100 pixels and more. */
async function cell(column: number, row: number): Promise<Photo> {
  const [w, h] = [width / columns, (height - top) / rows];
  const box = {
    left: Math.round(column * w),
    top: Math.round(top + row * h),
    width: Math.floor(w),
    height: Math.floor(h),
  };
  box.left = Math.min(box.left, width - box.width);
  box.top = Math.min(box.top, height - box.height);
  const { data, info } = await sharp(picture!)
    .extract(box)
    .resize(3 * box.width, 3 * box.height, { kernel: 'cubic' })
    .removeAlpha()
    .raw()
    .toBuffer({ resolveWithObject: true });
  return photoFromImage(fromBytes(data, info.width, info.height, 3));
}

const errors = models.map((): number[] => []);
for (let row = 0; row < rows; row++)
  for (let column = 0; column < columns; column++) {
    const photo = await cell(column, row);
    for (const [m, model] of models.entries()) {
      const found = await findFace(photo, { tracker, model }).catch(() => null);
      if (found) errors[m]!.push(found.face.errorPercent!);
    }
  }
await tracker.dispose();
for (const [m, list] of errors.entries()) {
  const sorted = [...list].sort((a, b) => a - b);
  const mean = list.reduce((a, b) => a + b, 0) / list.length;
  const at = (q: number) => sorted[Math.floor(q * (sorted.length - 1))]!.toFixed(2);
  console.log(
    `${paths[m] ?? 'builtin'} (${models[m]!.name}): ${list.length} of ${columns * rows} cells show a face; error mean ${mean.toFixed(2)} %, ` +
      `median ${at(0.5)} %, 90th percentile ${at(0.9)} %`,
  );
}
