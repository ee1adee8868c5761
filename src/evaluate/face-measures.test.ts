/** Measures of drawn faces on faces made by hand. */
import { describe, expect, it } from 'vitest';
import { assetPath } from '../core/files/assets.js';
import { makeImage } from '../core/image.js';
import type { Face } from '../face/face.js';
import { loadMorphableModel } from '../face/model/load.js';
import { mouthOpening, sharedSkin, skinPlaces } from './face-measures.js';

const model = loadMorphableModel(assetPath('face', 'builtin.safetensors'));

/** The mean face in the standard crop: 300 px a unit of a frame of 1024, of which 700 are kept and shrunk to 512. */
function faceAt(yaw: number): Face {
  const f = (300 * 10 * 512) / 700;
  return {
    model: model.name,
    identity: [],
    expression: [],
    arkit: {},
    angle: [0, yaw, 0],
    translation: [0, 0, 0],
    intrinsics: { fx: f, fy: f, cx: 256, cy: 256 },
    crop: { x0: 0, y0: 0, x1: 512, y1: 512 },
    landmarks: [],
    errorPercent: null,
    confidence: null,
  };
}

describe('mouthOpening', () => {
  it('is the lips’ distance in eye distances, at any scale', () => {
    const landmarks = new Float32Array(478 * 3);
    const put = (i: number, x: number, y: number) => landmarks.set([x, y, 0], 3 * i);
    put(33, 10, 20);
    put(263, 50, 20);
    put(13, 30, 60);
    put(14, 30, 70);
    expect(mouthOpening(landmarks)).toBeCloseTo(10 / 40, 6);
    expect(mouthOpening(landmarks.map((v) => 3 * v))).toBeCloseTo(10 / 40, 6);
  });
});

describe('skin', () => {
  it('lies inside the crop on a frontal face, symmetric about its middle', () => {
    const places = skinPlaces(faceAt(0), model);
    expect(places.every((p) => p && p[0] > 0.15 && p[0] < 0.85 && p[1] > 0.05 && p[1] < 0.85)).toBe(true);
    const [left, right] = [places[0]!, places[4]!]; // mesh points 50 and 280 mirror each other
    expect(left[0] + right[0]).toBeCloseTo(1, 1);
    expect(left[0]).toBeLessThan(right[0]);
  });

  it('compares what both pictures show: a turned face hides one cheek, and the other decides', () => {
    const [front, turned] = [skinPlaces(faceAt(0), model), skinPlaces(faceAt(1), model)];
    expect(turned.filter(Boolean).length).toBeLessThan(front.filter(Boolean).length);
    const red = makeImage(64, 64, 3);
    const half = makeImage(64, 64, 3);
    for (let i = 0; i < 64 * 64; i++) {
      red.data[3 * i] = 0.8;
      half.data[3 * i + (i % 64 < 32 ? 0 : 1)] = 0.6;
    }
    const both = sharedSkin({ picture: red, places: front }, { picture: half, places: front });
    expect(both!.a[0]).toBeCloseTo(0.8, 5);
    expect(both!.b[0]).toBeGreaterThan(0.2);
    expect(both!.b[1]).toBeGreaterThan(0.2);
    const hidden = turned.map(() => null);
    expect(sharedSkin({ picture: red, places: front }, { picture: half, places: hidden })).toBeNull();
  });
});
