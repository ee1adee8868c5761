import { describe, expect, it } from 'vitest';
import { projectPoint } from '../core/camera.js';
import { assetPath } from '../core/files/assets.js';
import { loadMorphableModel } from '../face/model/load.js';
import { shapeOf } from '../face/model/model.js';
import { frontalFace } from '../face/testing/frontal-face.js';
import { STANDARD_FACE } from '../photo/align.js';
import { projectedFivePoints, turnFace, viewHead, viewNormals, WORLD_SCALE } from './orbit.js';

const model = loadMorphableModel(assetPath('face', 'builtin.safetensors'));
const face = frontalFace({
  identity: [0.5, -0.5, 1],
  angle: [0.1, 0.2, 0.3],
  translation: [0.2, -0.1, 0.1],
  landmarks: [1, 2, 3],
});

describe('turned views', () => {
  it('are cropped like a photo: the five points stand where the alignment wants them', () => {
    for (const azimuth of [-0.39, 0, 0.39]) {
      const turned = turnFace(face, model, { azimuth, elevation: 0.1 });
      const points = projectedFivePoints(turned, model);
      const middle = [0, 1].map((c) => points.reduce((s, p) => s + p[c]!, 0) / 5);
      const standard = [0, 1].map((c) => STANDARD_FACE.reduce((s, p) => s + p[c]!, 0) / 5);
      // a least-squares fit keeps the mean; a turned head moves depth into width, which the affine fit takes up
      expect(Math.abs(middle[0]! - 256 - 219.4 * standard[0]!)).toBeLessThan(45);
      expect(Math.abs(middle[1]! - 256 + 219.4 * standard[1]!)).toBeLessThan(25);
      expect(turned.angle).toEqual([0.1, azimuth, 0]);
    }
  });

  it('do not crop a second time when nothing changed', () => {
    const once = turnFace(face, model, { azimuth: 0.3, elevation: 0 });
    const twice = turnFace(once, model, { azimuth: 0.3, elevation: 0 });
    expect(Math.abs(twice.intrinsics.fx - once.intrinsics.fx) / once.intrinsics.fx).toBeLessThan(0.005);
    expect(Math.abs(twice.intrinsics.cx - once.intrinsics.cx)).toBeLessThan(2); // one whole-pixel step of the alignment
    expect(Math.abs(twice.intrinsics.cy - once.intrinsics.cy)).toBeLessThan(3); // and H − 1 − row
  });

  it('have a world camera that sees the still head where the control image shows it', () => {
    const view = viewHead(face, model, { azimuth: -0.3, elevation: 0.15 }, 128);
    const { mask } = viewNormals(view, model);
    const still = shapeOf(model, view.face).map((v) => v * WORLD_SCALE);
    const [nose, chin] = [model.landmarks68[30]!, model.landmarks68[8]!];
    for (const v of [nose, chin]) {
      const [x, y, depth] = projectPoint(view.camera, still[3 * v]!, still[3 * v + 1]!, still[3 * v + 2]!);
      expect(depth).toBeGreaterThan(0.9);
      expect(mask.data[Math.floor(y - 1) * 128 + Math.floor(x)]).toBe(1); // one pixel up: the chin is the mask's border
    }
  });

  it('put the camera on the other side of where the face turns', () => {
    const right = viewHead(face, model, { azimuth: 0.4, elevation: 0 }, 64).camera.cameraToWorld;
    expect(right[3]).toBeLessThan(-0.3); // the face looks to +x of the picture, so the camera sees it from −x
    expect(Math.hypot(right[3]!, right[7]!, right[11]!)).toBeCloseTo(1.2, 1);
  });
});
