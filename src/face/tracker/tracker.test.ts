import { afterAll, describe, expect, it } from 'vitest';
import { assetPath } from '../../core/files/assets.js';
import { type Image, makeImage, resizeArea } from '../../core/image.js';
import { vertexNormals } from '../../core/mesh.js';
import {
  interpolateAttributes,
  makeRasterTarget,
  projectVertices,
  rasterize,
  resolveBarycentrics,
} from '../../core/raster.js';
import { cropCamera, posedShape } from '../face.js';
import { loadMorphableModel } from '../model/load.js';
import { frontalFace } from '../testing/frontal-face.js';
import { EYE_RIM, LANDMARKS_68 } from './topology.js';
import { Tracker } from './tracker.js';

const model = loadMorphableModel(assetPath('face', 'builtin.safetensors'));
const tracker = await Tracker.load(assetPath('tracker'));
afterAll(() => tracker.dispose());

const SIZE = 512;
const plain = frontalFace({
  intrinsics: { fx: 1500, fy: 1500, cx: 256, cy: 256 },
});

/** A drawn face: the builtin model in skin colour, lit from the front, with drawn eyes, brows and lips; and its 68 points. */
function drawn(angle: [number, number, number]): { image: Image; truth: [number, number][] } {
  const positions = posedShape({ ...plain, angle }, model);
  const projected = new Float32Array(positions.length);
  projectVertices(cropCamera({ ...plain, angle }), positions, projected);
  const target = makeRasterTarget(SIZE, SIZE);
  rasterize(target, projected, model.triangles, { cull: 'back' });
  const normals = vertexNormals({ positions, triangles: model.triangles });
  const colours = Float32Array.from(
    normals,
    (_, i) => [0.85, 0.62, 0.52][i % 3]! * (0.3 + 0.7 * normals[i - (i % 3) + 2]!),
  );
  const image = makeImage(SIZE, SIZE, 3);
  image.data.fill(0.45);
  const skin = interpolateAttributes(
    target,
    model.triangles,
    resolveBarycentrics(target, projected, model.triangles),
    colours,
    3,
  );
  for (let i = 0; i < SIZE * SIZE; i++)
    if (target.triangle[i]! >= 0) image.data.set(skin.subarray(3 * i, 3 * i + 3), 3 * i);
  const at = (v: number): [number, number] => [projected[3 * v]!, projected[3 * v + 1]!];
  for (const rim of [EYE_RIM.left, EYE_RIM.right]) drawEye(image, target.triangle, rim.map(at));
  for (const first of [17, 22])
    for (let k = first; k < first + 4; k++)
      stroke(image, at(LANDMARKS_68[k]!), at(LANDMARKS_68[k + 1]!), 5, [0.2, 0.12, 0.08]);
  for (let k = 48; k < 59; k++) stroke(image, at(LANDMARKS_68[k]!), at(LANDMARKS_68[k + 1]!), 4, [0.65, 0.25, 0.25]);
  return { image, truth: LANDMARKS_68.map(at) };
}

/** White with a dark disc wherever no skin was drawn near the eye's middle. */
function drawEye(image: Image, triangle: Int32Array, rim: [number, number][]): void {
  const [x, y] = [0, 1].map((c) => rim.reduce((s, p) => s + p[c]!, 0) / rim.length) as [number, number];
  for (let row = Math.floor(y - 20); row < y + 20; row++)
    for (let column = Math.floor(x - 32); column < x + 32; column++) {
      if (triangle[row * SIZE + column]! >= 0) continue;
      const distance = Math.hypot(column + 0.5 - x, row + 0.5 - y);
      image.data.fill(
        distance < 5 ? 0.02 : distance < 11 ? 0.25 : 0.9,
        3 * (row * SIZE + column),
        3 * (row * SIZE + column) + 3,
      );
    }
}

function stroke(image: Image, a: [number, number], b: [number, number], width: number, colour: number[]): void {
  for (let t = 0; t <= 1; t += 0.02)
    for (let dy = -width; dy <= width; dy++)
      for (let dx = -width; dx <= width; dx++) {
        if (Math.hypot(dx, dy) > width) continue;
        const [x, y] = [Math.floor(a[0] + (b[0] - a[0]) * t) + dx, Math.floor(a[1] + (b[1] - a[1]) * t) + dy];
        image.data.set(colour, 3 * (y * SIZE + x));
      }
}

/** Mean distance over the 68 points in percent of the eyes' distance. */
function error(landmarks: Float32Array, truth: [number, number][], scale = 1, dx = 0, dy = 0): number {
  const eyes = Math.hypot(truth[36]![0] - truth[45]![0], truth[36]![1] - truth[45]![1]) * scale;
  const distances = LANDMARKS_68.map((p, i) => {
    return Math.hypot(landmarks[3 * p]! - truth[i]![0] * scale - dx, landmarks[3 * p + 1]! - truth[i]![1] * scale - dy);
  });
  return (100 * distances.reduce((a, b) => a + b, 0)) / distances.length / eyes;
}

/** The picture at (x, y) on a grey canvas. */
function pasted(canvas: { width: number; height: number }, parts: { image: Image; x: number; y: number }[]): Image {
  const out = makeImage(canvas.width, canvas.height, 3);
  out.data.fill(0.45);
  for (const { image, x, y } of parts)
    for (let row = 0; row < image.height; row++)
      out.data.set(
        image.data.subarray(row * image.width * 3, (row + 1) * image.width * 3),
        ((y + row) * canvas.width + x) * 3,
      );
  return out;
}

describe('Tracker', () => {
  it('places landmarks on a drawn face from several sides', async () => {
    for (const angle of [
      [0, 0, 0],
      [0, 0.35, 0],
      [0.1, -0.3, 0],
      [0, 0, 0.5],
    ] as [number, number, number][]) {
      const { image, truth } = drawn(angle);
      const [face] = await tracker.track(image);
      expect(face?.confidence).toBeGreaterThan(0.5);
      // a cartoon without a skull: measured 2.2 … 3.3 %; the bound leaves room for other drawings of it
      expect(error(face!.landmarks, truth)).toBeLessThan(6);
      expect(face!.box.x0).toBeLessThan(truth[36]![0]);
    }
  });

  it('returns several faces, the largest first', async () => {
    const { image, truth } = drawn([0, 0, 0]);
    const picture = pasted({ width: 800, height: 520 }, [
      { image: resizeArea(image, 256, 256), x: 20, y: 100 },
      { image: resizeArea(image, 420, 420), x: 350, y: 50 },
    ]);
    const faces = await tracker.track(picture);
    expect(faces.length).toBe(2);
    expect(error(faces[0]!.landmarks, truth, 420 / 512, 350, 50)).toBeLessThan(6);
    expect(error(faces[1]!.landmarks, truth, 256 / 512, 20, 100)).toBeLessThan(6);
    expect((await tracker.track(picture, { maxFaces: 1 })).length).toBe(1);
  });

  it('finds a faint face and a face that fills the frame', async () => {
    const { image } = drawn([0, 0, 0]);
    const faint = { ...image, data: image.data.map((v) => 0.5 + 0.06 * (v - 0.5)) };
    expect((await tracker.track(faint)).length).toBe(1);
    const tight = makeImage(240, 300, 3);
    for (let y = 0; y < 300; y++)
      for (let x = 0; x < 240; x++)
        tight.data.set(
          image.data.subarray(((y + 110) * SIZE + x + 136) * 3, ((y + 110) * SIZE + x + 137) * 3),
          (y * 240 + x) * 3,
        );
    expect((await tracker.track(tight)).length).toBe(1);
  });

  it('finds nothing where nothing is', async () => {
    expect(await tracker.track(makeImage(64, 64, 3))).toEqual([]);
    expect(await tracker.track(makeImage(1, 1, 3))).toEqual([]);
  });

  it('names the file and the remedy when the networks are missing', async () => {
    await expect(Tracker.load('/nowhere')).rejects.toThrow(/nowhere/);
  });
});
