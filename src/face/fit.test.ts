import { describe, expect, it } from 'vitest';
import { projectPoint } from '../core/camera.js';
import { assetPath } from '../core/files/assets.js';
import { RandomStream, randomKey } from '../core/rng.js';
import { cropCamera, type Face, posedShape } from './face.js';
import { fitFace, fivePoints } from './fit.js';
import { loadMorphableModel } from './model/load.js';
import { arkitFromExpression, expressionFromArkit } from './model/model.js';
import { readLandmarks } from './reading.js';

const builtin = loadMorphableModel(assetPath('face', 'builtin.safetensors'));
/** Without its reader, which knows a tracker's landmarks and not exact ones: what the least squares do alone. */
const model = { ...builtin, reader: null };

/** Exact landmarks of a known face in a 512² crop, with the camera that the alignment of a fit would choose. */
function landmarksOf(face: Omit<Face, 'landmarks'>): Float32Array {
  const whole: Face = { ...face, landmarks: [] };
  const posed = posedShape(whole, model);
  const out = new Float32Array(468 * 3);
  for (let i = 0; i < 468; i++) {
    const v = model.trackerVertices[i]! * 3;
    const [column, row] = projectPoint(cropCamera(whole), posed[v]!, posed[v + 1]!, posed[v + 2]!);
    out.set([column, row, (whole.intrinsics.fx * posed[v + 2]!) / 10], 3 * i); // depth in pixels, as a tracker states it
  }
  return out;
}

function randomFace(seed: number): Omit<Face, 'landmarks'> {
  const random = new RandomStream(randomKey(seed));
  const weights = {
    jawOpen: random.uniform(0, 0.8),
    mouthSmileLeft: random.uniform(0, 0.8),
    mouthSmileRight: random.uniform(0, 0.8),
  };
  const expression = expressionFromArkit(model, weights);
  return {
    model: model.name,
    identity: [...random.normals(model.identityBasis.length)].map((v) => 0.6 * v),
    expression: [...expression],
    arkit: arkitFromExpression(model, expression),
    angle: [random.uniform(-0.25, 0.25), random.uniform(-0.5, 0.5), random.uniform(-0.3, 0.3)],
    translation: [0, 0, 0],
    intrinsics: { fx: 2183.5, fy: 2183.5, cx: 256, cy: 256 },
    crop: { x0: 0, y0: 0, x1: 512, y1: 512 },
    errorPercent: null,
    confidence: null,
  };
}

describe('fitFace', () => {
  it('explains exact landmarks of its own model, and finds pose and expression', () => {
    for (let seed = 0; seed < 6; seed++) {
      const truth = randomFace(seed);
      const fit = fitFace(landmarksOf(truth), 512, 512, model);
      expect(fit.errorPercent).toBeLessThan(1); // priors pull a little; noise of 2 % is assumed
      // the five points move with yaw and jaw, so the fitted camera is not the true one: 2° and 0.15 are what that costs
      fit.angle.forEach((a, i) => {
        expect(Math.abs(a - truth.angle[i]!)).toBeLessThan(0.05);
      });
      const found = arkitFromExpression(model, fit.expression);
      for (const name of ['jawOpen', 'mouthSmileLeft', 'mouthSmileRight'])
        expect(Math.abs((found[name] ?? 0) - (truth.arkit[name] ?? 0))).toBeLessThan(0.2);
    }
  });

  it('starts at the reading of a model that has a reader, and stays near what it says of angles', () => {
    for (let seed = 0; seed < 6; seed++) {
      const truth = randomFace(seed);
      const landmarks = landmarksOf(truth);
      const read = readLandmarks(builtin.reader!, landmarks);
      const fit = fitFace(landmarks, 512, 512, builtin);
      expect(fit.errorPercent).toBeLessThan(6); // 2.5 on a tracker's landmarks; of exact ones the reader has learned nothing
      fit.angle.forEach((a, i) => {
        expect(Math.abs(a - read[i]!)).toBeLessThan(0.08); // ten of the deviations that the model allows
        expect(Math.abs(a - truth.angle[i]!)).toBeLessThan(0.2); // exact landmarks are not what a reader has learned from
      });
    }
  });

  it('keeps identity within 3 deviations and expressions within 0 … 1, whatever it is given', () => {
    const random = new RandomStream(randomKey(99));
    const wild = landmarksOf(randomFace(1)).map((v) => v + 40 * random.normal());
    for (const known of [model, builtin]) {
      const fit = fitFace(wild, 512, 512, known);
      expect(Math.max(...fit.identity.map(Math.abs))).toBeLessThanOrEqual(3);
      expect(Math.min(...fit.expression)).toBeGreaterThanOrEqual(0);
      expect(Math.max(...fit.expression)).toBeLessThanOrEqual(1);
      expect(Number.isFinite(fit.errorPercent)).toBe(true);
    }
  });

  it('does not depend on the picture’s scale', () => {
    const landmarks = landmarksOf(randomFace(3));
    const [small, large] = [512, 1024].map((size) =>
      fitFace(
        landmarks.map((v) => (v * size) / 512),
        size,
        size,
        model,
      ),
    );
    // whole-pixel steps of the alignment differ with the scale: up to 2 px of 512, a tenth of a degree
    small!.angle.forEach((a, i) => {
      expect(Math.abs(a - large!.angle[i]!)).toBeLessThan(0.02);
    });
    expect(large!.intrinsics.fx / small!.intrinsics.fx).toBeCloseTo(2, 1);
  });

  it('takes the five points from eye corners, nose tip and mouth corners', () => {
    const landmarks = new Float32Array(478 * 3);
    landmarks.set([10, 20, 0], 33 * 3);
    landmarks.set([30, 40, 0], 133 * 3);
    expect(fivePoints(landmarks)[0]).toEqual([20, 30]);
  });
});
