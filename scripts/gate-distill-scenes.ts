/**
 * What the distillation gate looks at: a scene is anything that can be seen, with depth, from any angles.
 */

import type { Camera } from '../src/core/camera.js';
import { openSafetensors } from '../src/core/files/safetensors.js';
import type { Image } from '../src/core/image.js';
import { foldIn, randomKey } from '../src/core/rng.js';
import { makeFormula } from '../src/data/synthetic/formula.js';
import { poseMatrix } from '../src/data/synthetic/head-model.js';
import { readIct } from '../src/data/synthetic/ict.js';
import { samplePerson } from '../src/data/synthetic/person.js';
import { PeopleRenderer } from '../src/data/synthetic/render.js';
import { type Shot, sampleShot } from '../src/data/synthetic/shot.js';
import { renderBallHead } from '../src/distill/ball-head.js';
import { type ViewAngles, viewCamera } from '../src/distill/index.js';
import { paperView } from '../src/head/index.js';

/** One view of the truth. */
export type SceneView = { readonly camera: Camera; readonly color: Image; readonly depth: Image };

/** A known head. */
export type Scene = {
  readonly see: (angles: ViewAngles, size: number) => SceneView;
  /** extent of the head from front to back, world units */
  readonly headDepth: number;
  /** what its background is tied to */
  readonly background: 'world' | 'picture';
};

/** Coloured ellipsoids over a background tied to the world. */
export function ballScene(): Scene {
  return {
    headDepth: 0.18,
    background: 'world',
    see: (angles, size) => {
      const camera = viewCamera(angles, paperView, size);
      return { camera, ...renderBallHead(camera) };
    },
  };
}

/** World units of the 3D stage per unit of the synthetic heads (decimetres), as in the paper's distillation. */
const SCALE = 0.12;

/**
 * A synthetic person whose head turns before a still camera and background, as in the paper's sweeps. The light turns with
 * the head, so that the colours of the surface hold.
 * @param ict path of an ICT-FaceKit file; the formula family without it.
 */
export function personScene(seed: number, ict?: string): Scene {
  const model = ict ? readIct(openSafetensors(ict)) : makeFormula();
  const renderer = new PeopleRenderer(model);
  const person = samplePerson(model, foldIn(randomKey(1), seed));
  const shot = sampleShot(foldIn(randomKey(2), seed));
  const z = model.neutral.filter((_, i) => i % 3 === 2);
  return {
    headDepth: (z.reduce((a, b) => Math.max(a, b)) - z.reduce((a, b) => Math.min(a, b))) * SCALE,
    background: 'picture',
    see: ({ azimuth, elevation }, size) => {
      const turned = turnedShot(shot, azimuth, elevation);
      const { image, depth, truth } = renderer.render(person, turned, { size, supersample: 3 });
      const data = depth.map((d) => d * SCALE);
      const camera = inHead(truth.camera, poseMatrix(turned.pose));
      return { camera, color: image, depth: { width: size, height: size, channels: 1, data } };
    },
  };
}

function turnedShot(shot: Shot, azimuth: number, elevation: number): Shot {
  const pose = { yaw: azimuth, pitch: elevation, roll: 0 };
  const r = poseMatrix(pose);
  const [x, y, z] = shot.light.direction;
  const along = (i: number) => r[3 * i]! * x + r[3 * i + 1]! * y + r[3 * i + 2]! * z;
  const light = { ...shot.light, direction: [along(0), along(1), along(2)] as const };
  return { ...shot, pose, light, framing: { dx: 0, dy: 0, scale: 1 } };
}

/** The camera in the space of a head that stands at R: Rᵀ·camera, scaled. */
function inHead(camera: Camera, r: Float64Array): Camera {
  const m = camera.cameraToWorld;
  const column = (c: number, scale: number) =>
    [0, 1, 2].map((i) => scale * (r[i]! * m[c]! + r[3 + i]! * m[4 + c]! + r[6 + i]! * m[8 + c]!));
  const columns = [column(0, 1), column(1, 1), column(2, 1), column(3, SCALE)];
  const rows = [0, 1, 2].flatMap((i) => columns.map((values) => values[i]!));
  return { ...camera, cameraToWorld: [...rows, 0, 0, 0, 1] };
}
