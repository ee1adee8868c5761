/**
 * Depth error of fitted faces: rendered people with their expressions are tracked and fitted, and the fitted mesh's depth is
 * compared with that of the true skin, pixel by pixel where both are seen. One offset a picture, the median, is taken out: a
 * single picture does not tell how far away a head is.
 *
 * Run: npx tsx scripts/gate-face-depth.ts <ict-facekit-light.safetensors> [people] [model.safetensors …]
 */
import { assetPath } from '../src/core/files/assets.js';
import { openSafetensors } from '../src/core/files/safetensors.js';
import { makeRasterTarget, projectVertices, rasterize } from '../src/core/raster.js';
import { foldIn, randomKey } from '../src/core/rng.js';
import { turn } from '../src/data/synthetic/body.js';
import { PART } from '../src/data/synthetic/head-model.js';
import { readIct } from '../src/data/synthetic/ict.js';
import { samplePerson } from '../src/data/synthetic/person.js';
import { PeopleRenderer } from '../src/data/synthetic/render.js';
import { sampleShot } from '../src/data/synthetic/shot.js';
import { findFace } from '../src/face/analyse.js';
import { CROP_SIZE, cropCamera, type Face, posedShape } from '../src/face/face.js';
import { loadMorphableModel } from '../src/face/model/load.js';
import type { MorphableModel } from '../src/face/model/model.js';
import { Tracker } from '../src/face/tracker/tracker.js';
import { photoFromImage } from '../src/photo/photo.js';

const [ict, peopleText = '100', ...paths] = process.argv.slice(2);
if (!ict) throw new Error('usage: gate-face-depth.ts <ict-facekit-light.safetensors> [people] [model …]');
const SIZE = 256;
const models = (paths.length > 0 ? paths : [assetPath('face', 'builtin.safetensors')]).map(loadMorphableModel);
const head = readIct(openSafetensors(ict));
const skin = Uint32Array.from(skinTriangles());
const renderer = new PeopleRenderer(head);
const tracker = await Tracker.load(assetPath('tracker'), { threads: 1 });

function skinTriangles(): number[] {
  const out: number[] = [];
  for (let t = 0; t < head.triangles.length; t += 3) {
    const corners = [...head.triangles.subarray(t, t + 3)];
    if (corners.every((v) => head.parts[v] === PART.skin)) out.push(...corners);
  }
  return out;
}

/** Depth of each pixel, dm; 0 where nothing is. `projected`: column, row, 1/depth of each vertex. */
function depthOf(projected: Float32Array, triangles: Uint32Array): Float32Array {
  const target = makeRasterTarget(SIZE, SIZE);
  rasterize(target, projected, triangles, { cull: 'back' });
  return target.inverseDepth.map((w) => (w > 0 ? 1 / w : 0));
}

/** A fitted face's depth in the pixels of the whole picture. */
function fittedDepth(face: Face, model: MorphableModel): Float32Array {
  const posed = posedShape(face, model);
  const projected = new Float32Array(posed.length);
  projectVertices(cropCamera(face), posed, projected);
  const scale = (face.crop.x1 - face.crop.x0) / CROP_SIZE;
  for (let i = 0; i < projected.length; i += 3) {
    projected[i] = face.crop.x0 + scale * projected[i]!;
    projected[i + 1] = face.crop.y0 + scale * projected[i + 1]!;
  }
  return depthOf(projected, model.triangles);
}

const quantile = (values: readonly number[], q: number) =>
  [...values].sort((a, b) => a - b)[Math.floor(q * (values.length - 1))]!;
const mean = (values: readonly number[]) => values.reduce((a, b) => a + b, 0) / values.length;

const figures = models.map(() => ({ median: [] as number[], high: [] as number[] }));
for (let i = 0; i < Number(peopleText); i++) {
  const key = foldIn(randomKey(2028), i);
  const shot = { ...sampleShot(key, { setting: 'studio' }), tongue: null };
  const { image, truth } = renderer.render(samplePerson(head, key), shot, { size: SIZE });
  const photo = photoFromImage(image);
  const posed = new Float32Array(truth.vertices.length);
  turn(shot.pose, truth.vertices, posed);
  const projected = new Float32Array(posed.length);
  projectVertices(truth.camera, posed, projected);
  const real = depthOf(projected, skin);
  for (const [m, model] of models.entries()) {
    const found = await findFace(photo, { tracker, model }).catch(() => null);
    if (!found) continue;
    const fitted = fittedDepth(found.face, model);
    const both = [...fitted.keys()].filter((p) => fitted[p]! > 0 && real[p]! > 0);
    const offset = quantile(
      both.map((p) => fitted[p]! - real[p]!),
      0.5,
    );
    const errors = both.map((p) => 100 * Math.abs(fitted[p]! - real[p]! - offset)); // dm to mm
    figures[m]!.median.push(quantile(errors, 0.5));
    figures[m]!.high.push(quantile(errors, 0.95));
  }
}
await tracker.dispose();
for (const [m, model] of models.entries()) {
  const { median, high } = figures[m]!;
  console.log(
    `${paths[m] ?? 'builtin'} (${model.name}): ${median.length} faces; depth error, mm: median of a face ${mean(median).toFixed(2)}, ` +
      `its 95th percentile ${mean(high).toFixed(2)}`,
  );
}
