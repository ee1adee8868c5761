/** The fit's file: its three cameras agree with the face's own, the face comes back, hostile files are refused. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { projectPoint } from '../../core/camera.js';
import { JokerError } from '../../core/errors.js';
import { assetPath } from '../../core/files/assets.js';
import { cropCamera, type Face, posedShape } from '../../face/face.js';
import { loadMorphableModel } from '../../face/model/load.js';
import { shapeOf } from '../../face/model/model.js';
import { arkitOf, type FittedJson, faceless, faceOf, fitFromText, fitJson, fitToText } from './fit-json.js';

const model = loadMorphableModel(assetPath('face', 'builtin.safetensors'));
const size = 256;
const face: Face = {
  model: model.name,
  identity: model.identityBasis.map((_, i) => Math.sin(i)),
  expression: model.expressionNames.map((_, i) => (i % 7 === 0 ? 0.5 : 0)),
  arkit: {},
  angle: [0.1, -0.4, 0.05],
  translation: [0.1, -0.05, 0.2],
  intrinsics: { fx: 2190, fy: 2180, cx: 250, cy: 262 },
  crop: { x0: 30, y0: -20, x1: 330, y1: 280 },
  landmarks: Array.from({ length: 478 * 3 }, (_, i) => (i * 37) % 512),
  errorPercent: 2.5,
  confidence: 0.9,
};
const frame = { width: 400, height: 300, size };
const fit = fitJson(face, model.expressionNames, frame);
const apply = (m: readonly (readonly number[])[], v: readonly number[]) =>
  m.map((row) => row.reduce((sum, value, i) => sum + value * v[i]!, 0));

/** Vertex v in camera space as the regressor counts it: (x, y, 10 − z). */
function cameraSpace(v: number): [number, number, number] {
  const p = posedShape(face, model);
  return [p[3 * v]!, p[3 * v + 1]!, 10 - p[3 * v + 2]!];
}

describe('the cameras of the file', () => {
  // 1e-3 px: float32 vertices times a focal length of 1000 px at a distance of 10
  const near = ([a, b]: readonly number[], [c, d]: readonly number[]) => {
    expect(Math.abs(a! - c!)).toBeLessThan(1e-3);
    expect(Math.abs(b! - d!)).toBeLessThan(1e-3);
  };
  const camera = cropCamera(face, size);
  test.each([0, 100, 1000])('all see vertex %i where the face’s own camera sees it', (v) => {
    const p = posedShape(face, model);
    const [column, row] = projectPoint(camera, p[3 * v]!, p[3 * v + 1]!, p[3 * v + 2]!);
    const seen = cameraSpace(v);
    // rows of the transposed matrix are what the row vector's entries multiply; heights are counted from below
    const k = fit.facemodel_perc_proj!;
    const [a, b, c] = [0, 1, 2].map((j) => seen.reduce((sum, value, i) => sum + value * k[i]![j]!, 0));
    near([a! / c!, size - b! / c!], [column, row]);
    const [x, y, z, w] = apply(fit.ndc_proj!, [...seen, 1]);
    near([((x! / w! + 1) * size) / 2, ((1 - y! / w!) * size) / 2], [column, row]);
    expect(Math.abs(z! / w!)).toBeLessThan(1); // between the clip planes
    const s = shapeOf(model, face);
    const world = [s[3 * v]!, s[3 * v + 1]!, s[3 * v + 2]!, 1];
    const [u, t, d] = apply(fit.intrinsics!, apply(fit.extrinsics!, world).slice(0, 3));
    near([u! / d!, t! / d!], [column, row]);
  });

  test('the regressor’s box has the focal length 1015 at 224 pixels', () => {
    const [x0, y0, x1, y1] = fit.bbx_orig!;
    expect((1015 * (x1 - x0)) / 224).toBeCloseTo(fit.intrinsics![0]![0]!, 9);
    expect((y0 + y1) / 2).toBeCloseTo(fit.intrinsics![1]![2]!, 9);
  });

  test('the five points lie in crop and picture at the same place', () => {
    fit.lmks_cropped!.forEach(([x, y], i) => {
      const [u, v] = fit.lmks_uncropped![i]!;
      expect([30 + (x * 300) / size, -20 + (y * 300) / size]).toEqual([expect.closeTo(u, 9), expect.closeTo(v, 9)]);
    });
  });
});

describe('the text of the file', () => {
  test('gives the face back', () => {
    const back = faceOf(fitFromText(fitToText(fit), 'x') as FittedJson);
    expect(back.intrinsics.fx).toBeCloseTo(face.intrinsics.fx, 4);
    expect(back.intrinsics.cy).toBeCloseTo(face.intrinsics.cy, 4);
    expect(back.identity).toEqual(face.identity.map((v) => Number(v.toPrecision(9))));
    expect(back.crop).toEqual(face.crop);
    expect(arkitOf(fit)[model.expressionNames[7]!]).toBe(0.5);
  });

  test('without a face has nulls and is read back', () => {
    const none = faceless('builtin', face.crop, frame);
    expect([none.id, none.exp, none.tex, none.angle, none.gamma, none.trans]).toEqual(new Array(6).fill(null));
    expect(fitFromText(fitToText(none), 'x')).toEqual(none);
  });

  test('of other tools lacks our keys: its numbers belong to bfm09', () => {
    const { model: _, exp_names: __, confidence: ___, error_percent: ____, ...theirs } = fit;
    const read = fitFromText(JSON.stringify({ ...theirs, exp: new Array(64).fill(0.1) }), 'x');
    expect([read.model, read.exp_names, read.error_percent]).toEqual(['bfm09', [], null]);
  });

  test('is refused with path and key when a value is wrong', () => {
    const broken = (change: object) => () => fitFromText(JSON.stringify({ ...fit, ...change }), 'cam.json');
    expect(broken({ angle: [0, 1] })).toThrow(/cam\.json.*angle/);
    expect(broken({ id: new Array(1001).fill(0) })).toThrow(/cam\.json.*id/);
    expect(broken({ intrinsics: [[1]] })).toThrow(/intrinsics/);
    expect(broken({ hw_cropped: [0, 0] })).toThrow(/hw_cropped/);
    expect(broken({ more: 1 })).toThrow(/more/);
    expect(() => fitFromText('{"id":null,"id":null}', 'cam.json')).toThrow(/twice/);
  });

  test('survives any JSON', () => {
    const key = fc.constantFrom(...Object.keys(fit));
    fc.assert(
      fc.property(key, fc.jsonValue(), (name, value) => {
        try {
          fitFromText(JSON.stringify({ ...fit, [name]: value }), 'cam.json');
        } catch (error) {
          expect(error).toBeInstanceOf(JokerError);
        }
      }),
    );
  });
});
