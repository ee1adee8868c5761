/**
 * Makes the control images of rendered shards from the tracked landmarks: fit, then normals of the fitted face. Resumable.
 *
 *   npx tsx scripts/render-controls.ts FOLDER [--part 0] [--parts 1]
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { controlImage } from '../src/condition/control.js';
import { assetPath } from '../src/core/files/assets.js';
import { openSafetensors, writeSafetensors } from '../src/core/files/safetensors.js';
import { makeImage, toBytes } from '../src/core/image.js';
import { type RenderedSetOptions, variantsOf } from '../src/data/rendered.js';
import { normalsPath, shardLandmarks, shardNames } from '../src/data/sources/rendered-shards.js';
import { faceFromTracking } from '../src/face/analyse.js';
import { loadMorphableModel } from '../src/face/model/load.js';
import { photoFromImage } from '../src/photo/photo.js';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { part: { type: 'string', default: '0' }, parts: { type: 'string', default: '1' } },
});
const folder = positionals[0]!;
const model = loadMorphableModel(assetPath('face', 'builtin.safetensors'));
for (const [index, shard] of shardNames(folder).entries()) {
  if (index % Number(values.parts) !== Number(values.part)) continue;
  const path = normalsPath(folder, shard);
  if (existsSync(path)) continue;
  const start = performance.now();
  const options = JSON.parse(openSafetensors(join(folder, shard)).metadata['options']!) as RenderedSetOptions;
  const { size, renderSize = 256 } = options;
  const photo = photoFromImage(makeImage(renderSize, renderSize, 3), shard);
  const points = shardLandmarks(folder, shard);
  const count = points.length / (478 * 3);
  const normals = new Uint8Array(count * size * size * 3);
  const errors: number[] = [];
  const pixels = size * size * 3;
  for (let i = 0; i < count; i++) {
    const same = firstVariant(i, options);
    if (same !== i) {
      normals.copyWithin(i * pixels, same * pixels, (same + 1) * pixels);
      continue;
    }
    const landmarks = points.slice(i * 478 * 3, (i + 1) * 478 * 3);
    const box = { x0: 0, y0: 0, x1: renderSize, y1: renderSize };
    const face = faceFromTracking({ landmarks, box, confidence: 1 }, photo, model);
    errors.push(face.errorPercent ?? 0);
    normals.set(toBytes(controlImage(face, model, size)), i * pixels);
  }
  await writeSafetensors(path, [{ name: 'normals', dtype: 'U8', shape: [count, size, size, 3], data: normals }], {
    model: model.name,
  });
  const median = errors.sort((a, b) => a - b)[errors.length >> 1]!;
  const seconds = (performance.now() - start) / 1000;
  console.log(`${path}: ${count} controls in ${seconds.toFixed(0)} s, median fit error ${median.toFixed(2)} %`);
}

/** The item of the same shot and view without a tongue, whose landmarks all variants share: its control is theirs. */
function firstVariant(item: number, { frames, views, ...options }: RenderedSetOptions): number {
  const frame = Math.floor(item / views) % frames;
  return item - (frame % variantsOf(options)) * views;
}
