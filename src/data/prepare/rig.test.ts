/**
 * The studio's calibration against the renderer: a point of the head, put into the world by the head's own pose, must fall where
 * the renderer draws it. And the twelve recordings show what their names say.
 */
import { describe, expect, test } from 'vitest';
import { projectPoint } from '../../core/camera.js';
import { foldIn, randomKey } from '../../core/rng.js';
import { renderedPerson } from '../rendered.js';
import { makeFormula } from '../synthetic/formula.js';
import { poseMatrix } from '../synthetic/head-model.js';
import { PeopleRenderer } from '../synthetic/render.js';
import { sampleShot } from '../synthetic/shot.js';
import { STUDIO_SEQUENCES } from './layout.js';
import { recordedShot } from './recordings.js';
import { calibrationText, RIG, rigCamera, SENSOR, seenFrom, sensorFraming } from './rig.js';

const model = makeFormula();
const renderer = new PeopleRenderer(model);
const person = renderedPerson(model, 5, 0);
const shot = { ...sampleShot(randomKey(9), { setting: 'studio' }), framing: { dx: 0, dy: 0, scale: 1 } };
const size = 32;

function turnedPoint(v: number, vertices: Float32Array): [number, number, number] {
  const m = poseMatrix(shot.pose);
  const [x, y, z] = [vertices[3 * v]!, vertices[3 * v + 1]!, vertices[3 * v + 2]!];
  return [0, 1, 2].map((r) => m[3 * r]! * x + m[3 * r + 1]! * y + m[3 * r + 2]! * z) as [number, number, number];
}

describe('the rig', () => {
  test('has sixteen cameras with names of their own, the frontal one first', () => {
    expect(new Set(RIG.map(({ name }) => name)).size).toBe(16);
    expect(RIG[0]).toMatchObject({ name: 'cam_222200037', azimuth: 0, elevation: 0 });
  });

  test.each(RIG.map((camera) => [camera.name, camera] as const))(
    '%s sees the head where it is calibrated',
    (_, camera) => {
      const seen = seenFrom(camera, shot);
      const { intrinsics: k } = renderer.render(person, seen, { size, supersample: 1 }).truth.camera;
      const framing = sensorFraming({ focal: k.fx / size, x: k.cx / size, y: k.cy / size }, SENSOR);
      const { truth } = renderer.render(person, { ...seen, framing }, { size, supersample: 1 });
      const calibrated = rigCamera(camera, size);
      for (const index of [8, 30, 36, 45, 48]) {
        const [x, y, z] = turnedPoint(model.landmarks[index]!, truth.vertices);
        const [column, row] = projectPoint(calibrated, x, y, z);
        // 1e-3 px: float32 vertices at a focal length of 105 px
        expect(Math.abs(column - truth.landmarks[index]![0])).toBeLessThan(1e-3);
        expect(Math.abs(row - truth.landmarks[index]![1])).toBeLessThan(1e-3);
      }
    },
  );

  test('its lamp stays in the room', () => {
    const right = RIG[2]!; // from +45 degrees, a lamp in front is 45 degrees to the image's left
    const front = { ...shot, light: { ...shot.light, direction: [0, 0, 1] as const } };
    const [x, y, z] = seenFrom(right, front).light.direction;
    expect([x, y, z]).toEqual([
      expect.closeTo(-Math.SQRT1_2, 9),
      expect.closeTo(0, 9),
      expect.closeTo(Math.SQRT1_2, 9),
    ]);
  });

  test('the calibration file has one pose per camera, rotations that keep lengths', () => {
    const { world_2_cam: poses, intrinsics } = JSON.parse(calibrationText(RIG, 600));
    expect(Object.keys(poses)).toEqual(RIG.map(({ name }) => name.slice(4)));
    expect(intrinsics[0][2]).toBe(300);
    for (const pose of Object.values(poses) as number[][][]) {
      const dot = (a: number, b: number) => [0, 1, 2].reduce((s, i) => s + pose[a]![i]! * pose[b]![i]!, 0);
      expect([dot(0, 0), dot(1, 1), dot(0, 1), dot(1, 2)].map((v) => Math.round(v * 1e6) + 0)).toEqual([
        1e6, 1e6, 0, 0,
      ]);
      expect(pose[2]![3]).toBeCloseTo(10, 6); // the origin lies 10 units in front of each
    }
  });
});

describe('the recordings', () => {
  const moments = Array.from({ length: 200 }, (_, i) => i / 199);
  const at = (sequence: (typeof STUDIO_SEQUENCES)[number], seed = 1) =>
    moments.map((time) => recordedShot(sequence, time, shot, foldIn(randomKey(4), seed)));

  test('tongues are out in the two tongue recordings, with an open mouth, and in no other', () => {
    for (const sequence of STUDIO_SEQUENCES.filter((name) => name !== 'FREE')) {
      const out = at(sequence).filter(({ tongue }) => tongue !== null);
      expect(out.length > 0).toBe(sequence.includes('tongue'));
      for (const { expression } of out) expect(expression.jawOpen).toBeGreaterThanOrEqual(0.45);
    }
    const directions = new Set(at('EXP-7-tongue-2').map(({ tongue }) => tongue?.direction));
    expect(directions).toEqual(new Set([undefined, 'left', 'curled', 'right']));
  });

  test('an act rises from rest to its full strength and falls back', () => {
    const jaw = at('EXP-8-jaw-1').map(({ expression }) => expression.jawOpen ?? 0);
    expect(Math.max(...jaw)).toBeGreaterThan(0.7);
    expect(Math.min(...jaw)).toBeLessThan(0.05);
  });

  test('people begin at different moments; light and background are the base’s', () => {
    const [a, b] = [at('EMO-1-shout+laugh', 1), at('EMO-1-shout+laugh', 2)];
    expect(a.map(({ kind }) => kind)).not.toEqual(b.map(({ kind }) => kind));
    expect([a[3]!.light, a[3]!.background]).toEqual([shot.light, shot.background]);
    expect(new Set(a.map(({ kind }) => kind))).toEqual(new Set(['shout', 'laugh']));
  });
});
