/** Turned photos: a colour stays on its point of the face, and what the photo does not see is not claimed to be known. */
import { describe, expect, it } from 'vitest';
import { assetPath } from '../core/files/assets.js';
import { type Image, makeImage } from '../core/image.js';
import { makeRasterTarget, projectVertices, rasterize } from '../core/raster.js';
import { cropCamera, type Face, posedShape } from '../face/face.js';
import { loadMorphableModel } from '../face/model/load.js';
import { frontalFace } from '../face/testing/frontal-face.js';
import { recropped } from './orbit.js';
import { turnPhoto } from './turned-photo.js';

const SIZE = 128;
const model = loadMorphableModel(assetPath('face', 'builtin.safetensors'));
const face = recropped(frontalFace({ identity: [0.5, -0.5, 1], angle: [0.05, -0.1, 0] }), model);

/** A smooth picture whose colour says where a pixel is. */
function places(): Image {
  const image = makeImage(SIZE, SIZE, 3);
  for (let y = 0; y < SIZE; y++)
    for (let x = 0; x < SIZE; x++) image.data.set([(x + 0.5) / SIZE, (y + 0.5) / SIZE, 0], 3 * (y * SIZE + x));
  return image;
}

/** Vertices in the plane of a crop: [column, row, 1/depth] each. */
function projected(of: Face): Float32Array {
  const positions = posedShape(of, model);
  const out = new Float32Array(positions.length);
  projectVertices(cropCamera(of, SIZE), positions, out);
  return out;
}

describe('a turned photo', () => {
  it('is the photo where nothing turns', () => {
    const [elevation, azimuth] = face.angle;
    const { picture, known } = turnPhoto(places(), face, model, { azimuth, elevation });
    const wanted = places();
    for (let i = 0; i < SIZE * SIZE; i++)
      for (
        let c = 0;
        c < 2;
        c++ // the crop is aligned once more, to whole pixels of its 512: half a pixel here
      )
        expect(Math.abs(picture.data[3 * i + c]! - wanted.data[3 * i + c]!)).toBeLessThan(1 / SIZE);
    const share = known.data.reduce((sum, value) => sum + value, 0) / known.data.length;
    expect(share).toBeGreaterThan(0.15); // a face fills a fifth to a third of its crop
    expect(known.data[0]).toBe(0);
  });

  it('carries the colour of each vertex along', () => {
    const turned = turnPhoto(places(), face, model, { azimuth: 0.3, elevation: -0.1 });
    const [before, after] = [projected(face), projected(turned.face)];
    const seen = makeRasterTarget(SIZE, SIZE);
    rasterize(seen, after, model.triangles, { cull: 'back' });
    let compared = 0;
    for (let v = 0; v < after.length / 3; v++) {
      const [column, row] = [Math.floor(after[3 * v]!), Math.floor(after[3 * v + 1]!)];
      const at = row * SIZE + column;
      // in front of all that lies there: not hidden by the nose
      if (!turned.known.data[at] || Math.abs(seen.inverseDepth[at]! / after[3 * v + 2]! - 1) > 1e-3) continue;
      compared++;
      for (let c = 0; c < 2; c++)
        expect(Math.abs(turned.picture.data[3 * at + c]! * SIZE - before[3 * v + c]!)).toBeLessThan(2.5); // a pixel's width, stretched
    }
    expect(compared).toBeGreaterThan(700);
  });

  it('knows less of a side that the photo does not show', () => {
    const known = (azimuth: number) =>
      turnPhoto(places(), face, model, { azimuth, elevation: 0 }).known.data.reduce((sum, value) => sum + value, 0);
    expect(known(0.9)).toBeLessThan(0.75 * known(0));
  });

  it('leaves the rest of the picture as it was', () => {
    const { picture, known } = turnPhoto(places(), face, model, { azimuth: 0.4, elevation: 0 });
    expect([...picture.data.slice(0, 2)]).toEqual([...places().data.slice(0, 2)]);
    expect(known.data.every((value) => value === 0 || value === 1)).toBe(true);
  });
});
