/** Rendered pictures against what is known about them: projection, crop, tongue, light, and the same bytes every time. */
import { beforeAll, describe, expect, test } from 'vitest';
import { projectPoint } from '../../core/camera.js';
import { resizeArea, toBytes } from '../../core/image.js';
import { randomKey } from '../../core/rng.js';
import { cropBox } from '../../photo/align.js';
import { makeFormula } from './formula.js';
import { PART, poseMatrix } from './head-model.js';
import { type Person, samplePerson } from './person.js';
import { PeopleRenderer } from './render.js';
import { type Shot, sampleShot, TONGUE_DIRECTIONS } from './shot.js';

let renderer: PeopleRenderer;
let person: Person;
const plain: Shot = {
  ...sampleShot(randomKey(2)),
  expression: {},
  tongue: null,
  pose: { yaw: 0, pitch: 0, roll: 0 },
  framing: { dx: 0, dy: 0, scale: 1 },
};
const SIZE = 96;

beforeAll(() => {
  renderer = new PeopleRenderer(makeFormula());
  const sampled = samplePerson(renderer.anatomy.model, randomKey(4));
  person = {
    ...sampled,
    hair: { ...sampled.hair, style: 'short' },
    beard: { ...sampled.beard, style: 'none' },
    glasses: null,
  };
});

describe('truth', () => {
  test('landmarks are the posed vertices as the camera sees them, and the picture shows the face there', () => {
    const shot: Shot = { ...plain, pose: { yaw: 0.4, pitch: -0.1, roll: 0.1 } };
    const { truth, partId } = renderer.render(person, shot, { size: SIZE });
    const r = poseMatrix(shot.pose);
    renderer.anatomy.model.landmarks.forEach((v, i) => {
      const [x, y, z] = [truth.vertices[3 * v]!, truth.vertices[3 * v + 1]!, truth.vertices[3 * v + 2]!];
      const world = [0, 3, 6].map((k) => r[k]! * x + r[k + 1]! * y + r[k + 2]! * z) as [number, number, number];
      const [column, row] = projectPoint(truth.camera, ...world);
      expect(truth.landmarks[i]![0]).toBeCloseTo(column, 3);
      expect(truth.landmarks[i]![1]).toBeCloseTo(row, 3);
    });
    const [column, row] = truth.landmarks[30]!; // nose tip
    expect(partId[Math.floor(row) * SIZE + Math.floor(column)]).toBe(PART.skin);
  });

  test('without jitter the picture already is the aligned crop, turned heads included', () => {
    for (const yaw of [0, 0.5]) {
      const { truth } = renderer.render(
        person,
        { ...plain, pose: { yaw, pitch: 0.1, roll: -0.1 } },
        { size: 512, supersample: 1 },
      );
      const box = cropBox(truth.fivePoints, 512, 512);
      for (const [edge, value] of [
        [box.x0, 0],
        [box.y0, 0],
        [box.x1, 512],
        [box.y1, 512],
      ] as const)
        expect(Math.abs(edge - value)).toBeLessThan(2); // whole-pixel rounding of the original at 512, twice
    }
  });

  test('depth, mask and parts agree: about 10 units away, nearest at the nose', () => {
    const { depth, mask, partId, truth } = renderer.render(person, plain, { size: SIZE });
    const nose = truth.landmarks[30]!;
    const at = Math.floor(nose[1]) * SIZE + Math.floor(nose[0]);
    const wrong = Array.from(depth.keys()).filter((i) => {
      const drawn = partId[i] !== PART.none;
      if (depth[i]! > 0 !== drawn || (mask.data[i] === 0 && drawn)) return true;
      return drawn && depth[i]! < depth[at]! - 0.03; // nothing but hair of a fringe may come as near as the nose
    });
    expect(wrong).toEqual([]);
    expect(depth[at]!).toBeGreaterThan(9);
    expect(depth[at]!).toBeLessThan(9.6);
  });
});

describe('picture', () => {
  test('the same person and shot give the same bytes, from a fresh renderer too', () => {
    const shot = sampleShot(randomKey(6));
    const first = toBytes(renderer.render(person, shot, { size: 64 }).image);
    renderer.render(samplePerson(renderer.anatomy.model, randomKey(99)), plain, { size: 48 });
    expect(Buffer.compare(toBytes(renderer.render(person, shot, { size: 64 }).image), first)).toBe(0);
    const fresh = new PeopleRenderer(makeFormula()).render(person, shot, { size: 64 });
    expect(Buffer.compare(toBytes(fresh.image), first)).toBe(0);
  });

  test('a picture at twice the size shows the same: it differs only by sampling', () => {
    const small = renderer.render(person, plain, { size: 48, supersample: 4 }).image;
    const large = resizeArea(renderer.render(person, plain, { size: 96 }).image, 48, 48);
    let sum = 0;
    for (let i = 0; i < small.data.length; i++) sum += Math.abs(small.data[i]! - large.data[i]!) / small.data.length;
    expect(sum).toBeLessThan(0.01); // averaging sRGB instead of linear light at edges
  });

  test('values are finite and in range for odd sizes and every supersampling', () => {
    for (const [size, supersample] of [
      [31, 1],
      [17, 3],
    ] as const) {
      const { image } = renderer.render(person, plain, { size, supersample });
      expect(image.data.every((x) => x >= 0 && x <= 1)).toBe(true);
    }
  });

  test('darker skin makes a darker face; the lamp lights its own side', () => {
    const shade = (skin: number, side: number): [number, number] => {
      const tone: Person = {
        ...person,
        skin: { ...person.skin, kind: 'natural', tone: [skin, skin, skin], waves: 0 },
        paint: { ...person.paint, pattern: 'none' },
      };
      const light = { ...plain.light, direction: [0.8 * side, 0, 0.6] as const, lamp: [1, 1, 1] as const };
      const { image, truth } = renderer.render(tone, { ...plain, light }, { size: SIZE });
      const at = (i: number, dx: number): number => {
        const [x, y] = truth.landmarks[i]!;
        return image.data[3 * (Math.floor(y + 4) * SIZE + Math.floor(x + dx)) + 1]!;
      };
      return [at(31, -5), at(35, 5)];
    };
    expect(shade(0.1, 1)[1]).toBeLessThan(shade(0.6, 1)[1] - 0.2);
    expect(shade(0.5, 1)[1]).toBeGreaterThan(shade(0.5, 1)[0]);
    expect(shade(0.5, -1)[0]).toBeGreaterThan(shade(0.5, -1)[1]);
  });
});

describe('tongue', () => {
  const wide: Shot = { ...plain, expression: { jawOpen: 0.7 } };
  const centre = (mask: { data: Float32Array }): [number, number, number] => {
    let [x, y, sum] = [0, 0, 0];
    mask.data.forEach((w, i) => {
      x += w * (i % SIZE);
      y += w * Math.floor(i / SIZE);
      sum += w;
    });
    return [x / sum, y / sum, sum];
  };

  test('every direction shows it, and it points where it says', () => {
    const at = new Map(
      TONGUE_DIRECTIONS.map((direction) => {
        const tongue = { direction, length: 0.35, width: 0.16 };
        return [direction, centre(renderer.render(person, { ...wide, tongue }, { size: SIZE }).tongueMask)];
      }),
    );
    for (const [, [, , area]] of at) expect(area).toBeGreaterThan(40);
    expect(at.get('left')![0]).toBeLessThan(at.get('out')![0] - 1);
    expect(at.get('right')![0]).toBeGreaterThan(at.get('out')![0] + 1);
    expect(at.get('up')![1]).toBeLessThan(at.get('out')![1] - 1);
    expect(at.get('down')![1]).toBeGreaterThan(at.get('up')![1] + 2);
  });

  test('in a closed mouth none is seen', () => {
    expect(centre(renderer.render(person, plain, { size: SIZE }).tongueMask)[2]).toBe(0);
  });
});
