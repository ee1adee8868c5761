import { describe, expect, it } from 'vitest';
import { type Camera, projectPoint } from '../core/camera.js';
import { assetPath } from '../core/files/assets.js';
import type { Mesh } from '../core/mesh.js';
import { cropCamera, posedShape } from '../face/face.js';
import { loadMorphableModel } from '../face/model/load.js';
import { expressionFromArkit } from '../face/model/model.js';
import { frontalFace } from '../face/testing/frontal-face.js';
import { equalNormals, faceNormals, renderNormals } from './normals.js';

/** A unit sphere of latitude and longitude triangles, counter-clockwise from outside. */
function sphere(rings: number, sectors: number): Mesh {
  const positions: number[] = [];
  const triangles: number[] = [];
  for (let i = 0; i <= rings; i++)
    for (let j = 0; j < sectors; j++) {
      const [a, b] = [(Math.PI * i) / rings, (2 * Math.PI * j) / sectors];
      positions.push(Math.sin(a) * Math.cos(b), Math.cos(a), Math.sin(a) * Math.sin(b));
    }
  for (let i = 0; i < rings; i++)
    for (let j = 0; j < sectors; j++) {
      const at = (r: number, s: number) => (i + r) * sectors + ((j + s) % sectors);
      triangles.push(at(0, 0), at(0, 1), at(1, 0), at(1, 0), at(0, 1), at(1, 1));
    }
  return { positions: Float32Array.from(positions), triangles: Uint32Array.from(triangles) };
}

const camera = (size: number, cameraToWorld = [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 10, 0, 0, 0, 1]): Camera => ({
  width: size,
  height: size,
  intrinsics: { fx: 4 * size, fy: 4 * size, cx: size / 2, cy: size / 2 },
  cameraToWorld,
});

/** The unit sphere's normal at a pixel of `camera(size)`, or null beside it: ray–sphere intersection. */
function sphereNormal(size: number, column: number, row: number): [number, number, number] | null {
  const d = [(column + 0.5 - size / 2) / (4 * size), -(row + 0.5 - size / 2) / (4 * size), -1] as const;
  const a = d[0] ** 2 + d[1] ** 2 + 1;
  const disc = 100 - a * 99; // |(0,0,10) + t·d|² = 1 ⇔ a·t² − 20·t + 99 = 0
  if (disc < 0) return null;
  const t = (10 - Math.sqrt(disc)) / a;
  return [t * d[0], t * d[1], 10 - t];
}

describe('renderNormals', () => {
  it('shows a sphere as the formula does: n·0.5 + 0.5, 0 outside', () => {
    const { normals, mask } = renderNormals(sphere(96, 192), camera(64));
    let compared = 0;
    for (let row = 0; row < 64; row++)
      for (let column = 0; column < 64; column++) {
        const i = row * 64 + column;
        const n = sphereNormal(64, column, row);
        if (mask.data[i] === 0) expect([...normals.data.subarray(3 * i, 3 * i + 3)]).toEqual([0, 0, 0]);
        if (!n || n[2] < 0.3 || mask.data[i] === 0) continue; // near the rim a pixel spans many triangles
        compared++;
        n.forEach((v, c) => {
          expect(normals.data[3 * i + c]).toBeCloseTo(v * 0.5 + 0.5, 2); // facets of 2°: normals within 0.01
        });
      }
    expect(compared).toBeGreaterThan(500);
  });

  it('covers the sphere’s disc and nothing else', () => {
    const { mask } = renderNormals(sphere(96, 192), camera(64));
    let [wrong, inside] = [0, 0];
    for (let row = 0; row < 64; row++)
      for (let column = 0; column < 64; column++) {
        const truth = sphereNormal(64, column, row) ? 1 : 0;
        inside += truth;
        if (mask.data[row * 64 + column] !== truth) wrong++;
      }
    expect(wrong / inside).toBeLessThan(0.02); // the polygon lies inside of the circle by 5e-4 radii: rim pixels only
  });

  it('states normals in the camera’s axes', () => {
    const side = camera(32, [0, 0, 1, 10, 0, 1, 0, 0, -1, 0, 0, 0, 0, 0, 0, 1]); // on +x, looking along −x
    const { normals } = renderNormals(sphere(48, 96), side);
    const middle = (16 * 32 + 16) * 3;
    expect(normals.data[middle + 2]).toBeGreaterThan(0.99);
  });

  it('does not draw what is turned away', () => {
    const open = sphere(48, 96);
    const back = {
      ...open,
      triangles: open.triangles.filter((_, i) => {
        const t = i - (i % 3);
        return [0, 1, 2].every((k) => open.positions[3 * open.triangles[t + k]! + 2]! < 0);
      }),
    };
    expect(renderNormals(back, camera(32)).mask.data.every((v) => v === 0)).toBe(true);
  });
});

describe('equalNormals', () => {
  it('gives every face one vote, whatever its area', () => {
    // two walls meet at the edge 0–1: a large one facing +z, a small one facing +x
    const positions = Float32Array.of(0, 0, 0, 0, 1, 0, -9, 0, 0, 0, 0, -0.1);
    const mesh = { positions, triangles: Uint32Array.of(0, 1, 2, 0, 3, 1) };
    const [x, y, z] = equalNormals(mesh).subarray(0, 3);
    expect([x, y, z]).toEqual([expect.closeTo(Math.SQRT1_2, 6), expect.closeTo(0, 6), expect.closeTo(Math.SQRT1_2, 6)]);
  });

  it('survives triangles without area and vertices without triangles', () => {
    const mesh = { positions: new Float32Array(12), triangles: Uint32Array.of(0, 1, 2) };
    expect([...equalNormals(mesh)].every((v) => v === 0)).toBe(true);
  });
});

describe('faceNormals', () => {
  const model = loadMorphableModel(assetPath('face', 'builtin.safetensors'));
  const face = (weights: Record<string, number>, yaw = 0) =>
    frontalFace({ expression: [...expressionFromArkit(model, weights)], arkit: weights, angle: [0, yaw, 0] });
  type Point = [number, number, number];

  it('shows a frontal face near (0.5, 0.5, 1), mirrored in red about the middle', () => {
    const { normals, mask } = faceNormals(face({}), model, 128);
    const forehead = (38 * 128 + 64) * 3;
    expect(normals.data[forehead]).toBeCloseTo(0.5, 1);
    expect(normals.data[forehead + 2]).toBeGreaterThan(0.9);
    for (let row = 40; row < 100; row += 7)
      for (let column = 34; column < 60; column += 5) {
        const [i, j] = [row * 128 + column, row * 128 + 127 - column];
        if (!mask.data[i] || !mask.data[j]) continue;
        expect(normals.data[3 * i]! + normals.data[3 * j]!).toBeCloseTo(1, 1); // the template is symmetric to 1 %
      }
  });

  it('has holes at the eyes, and one at the mouth when the jaw opens', () => {
    const [shut, open] = [faceNormals(face({}), model, 256), faceNormals(face({ jawOpen: 0.7 }), model, 256)];
    expect(shut.mask.data[96 * 256 + 94]).toBe(0); // the standard face's left eye: (−0.311, 0.29) units of 109 px
    const hole = (map: typeof shut) => {
      let count = 0;
      for (let row = 160; row < 200; row++) count += map.mask.data[row * 256 + 128] === 0 ? 1 : 0;
      return count;
    };
    expect(hole(shut)).toBeLessThan(6); // the scanned heads' neutral lips part by about 3 mm
    expect(hole(open)).toBeGreaterThan(10);
  });

  it('turns red where the face turns to the image’s right', () => {
    const turned = face({}, 0.5);
    const v = model.trackerVertices[151]! * 3; // the middle of the forehead
    const [x, y] = projectPoint(
      cropCamera(turned, 64),
      ...(posedShape(turned, model).slice(v, v + 3) as unknown as Point),
    );
    const { normals } = faceNormals(turned, model, 64);
    const at = 3 * (Math.floor(y) * 64 + Math.floor(x));
    expect(normals.data[at]).toBeCloseTo(0.5 + 0.5 * Math.sin(0.5), 1); // a forehead is level to a tenth
  });
});
