/**
 * People for the evaluation of heads: rendered in studio light, with many true views, and treated as photos are.
 *
 * The prior is told only what a photo tells: the reference is another frame of the same person, the face to be shown is the
 * tracker's fit of a rendered frame. The renderer's truth is what results are compared with, and the turns of the rig, which a real
 * studio knows too. Protocol: Joker (2024), section on 3D results, with the true views that rendering gives for free.
 */
import { captionOf, reenactCaption } from '../condition/caption.js';
import { recropped, WORLD_SCALE } from '../condition/orbit.js';
import type { Camera } from '../core/camera.js';
import type { Image } from '../core/image.js';
import { foldIn, foldInName, type RandomKey, randomKey } from '../core/rng.js';
import { poseMatrix } from '../data/synthetic/head-model.js';
import { type Person, samplePerson } from '../data/synthetic/person.js';
import type { PeopleRenderer } from '../data/synthetic/render.js';
import { type Shot, sampleShot } from '../data/synthetic/shot.js';
import { firstTracked } from '../data/tracked-shot.js';
import type { OrbitGrid, ViewAngles } from '../distill/index.js';
import type { FaceTools } from '../face/analyse.js';
import { type Face, headCamera } from '../face/face.js';
import { reenact, withAngle } from '../face/reenact.js';
import { type Angles, anglesOf, rotationMatrix } from '../face/rotation.js';
import type { Photo } from '../photo/photo.js';

/** One true view. S = the prior's pictures. */
export type TrueView = {
  /** the camera in the head's frame as the fit places it, S×S */
  readonly camera: Camera;
  /** the fitted face turned into this view, as the prior is shown it */
  readonly face: Face;
  /** S×S×3 */
  readonly color: Image;
  /** S×S×1 share of the pixel that the person covers */
  readonly mask: Image;
  /** S×S×1 millimetres along the viewing direction, 0 beside the person */
  readonly depth: Image;
};

/** A person to make a head of. */
export type StudioPerson = {
  readonly index: number;
  readonly photo: Photo;
  /** fit of the photo */
  readonly reference: Face;
  /** expression and pose of another frame, identity of the photo */
  readonly target: Face;
  readonly caption: string;
  readonly views: readonly TrueView[];
};

/** Side of a photo, as in the training set. */
const PHOTO_SIZE = 256;
/** Samples per pixel and axis of a true view: a pixel of 64² is as fine as one of a 256² photo. */
const VIEW_SAMPLES = 4;
/** A decimetre, the renderer's unit. */
const MILLIMETRES = 100;

/** From world units of the 3D stage to millimetres of a head of natural size. */
export const WORLD_MILLIMETRES = MILLIMETRES / WORLD_SCALE;

/** Views that the evaluation looks from, shares of the range: between those of any teacher's grid, the last two at the rim. */
const PLACES: readonly (readonly [azimuth: number, elevation: number])[] = [
  [0.1, 0.05],
  [-0.45, 0.6],
  [0.55, -0.7],
  [-0.85, -0.1],
  [0.95, 0.95],
  [-0.95, 0.9],
];

/** The angles of the evaluation's views inside the range of a grid. */
export function evaluationAngles({ azimuthRange, elevationRange }: OrbitGrid): ViewAngles[] {
  return PLACES.map(([a, e]) => ({ azimuth: a * azimuthRange, elevation: e * elevationRange }));
}

/** What `studioPerson` needs beside the person's number. */
export type StudioOptions = {
  readonly renderer: PeopleRenderer;
  readonly tools: FaceTools;
  /** of the people; training uses others */
  readonly seed: number;
  /** S */
  readonly size: number;
  readonly angles: readonly ViewAngles[];
};

/** Renders a person's frames and true views and fits the frames; null when the tracker keeps missing the face. */
export async function studioPerson(index: number, options: StudioOptions): Promise<StudioPerson | null> {
  const { renderer, tools, seed } = options;
  const key = foldIn(randomKey(seed), index);
  const person = samplePerson(renderer.anatomy.model, key);
  const render = (shot: Shot) => renderer.render(person, shot, { size: PHOTO_SIZE });
  const tracked = (shotOf: (attempt: number) => Shot) => firstTracked(shotOf, render, tools);
  const reference = await tracked((k) => referenceShot(foldIn(key, k + 1)));
  if (!reference) return null;
  const driving = await tracked((k) => targetShot(foldIn(key, k + 1), reference.shot));
  if (!driving) return null;
  const target = recropped(reenact(reference.face, driving.face), tools.model);
  return {
    index,
    photo: reference.photo,
    reference: reference.face,
    target,
    caption: reenactCaption('a person', captionOf({ expression: target.arkit })).toLowerCase(),
    views: options.angles.map((angles) => trueView(person, driving.shot, target, angles, options)),
  };
}

/** Studio people keep their tongue in: the fit cannot see it, and no person is there to say it. */
const STUDIO = { setting: 'studio', tongueChance: 0 } as const;

function referenceShot(key: RandomKey): Shot {
  return sampleShot(foldInName(key, 'reference'), { ...STUDIO, yaw: 0.35, pitch: 0.15 });
}

/** Another expression of the same sitting, facing the rig's middle camera. */
function targetShot(key: RandomKey, { light, background }: Shot): Shot {
  const shot = sampleShot(foldInName(key, 'target'), STUDIO);
  return { ...shot, light, background, pose: FRONTAL, framing: EXACT };
}

const FRONTAL = { yaw: 0, pitch: 0, roll: 0 } as const;
const EXACT = { dx: 0, dy: 0, scale: 1 } as const;

/**
 * The person turned before the still camera, and the same turn of the fitted face: its own rotation first, then the rig's.
 * Pictures are crops around the face on both sides: the renderer's around the true landmarks, ours around the fit's.
 */
function trueView(
  person: Person,
  shot: Shot,
  target: Face,
  { azimuth, elevation }: ViewAngles,
  { renderer, tools, size }: StudioOptions,
): TrueView {
  const turned = turnedShot(shot, { azimuth, elevation });
  const { image, mask, depth } = renderer.render(person, turned, { size, supersample: VIEW_SAMPLES });
  const turn = product(poseMatrix(turned.pose), rotationMatrix(target.angle as Angles));
  const face = recropped(withAngle(target, anglesOf(turn)), tools.model);
  return {
    camera: headCamera(face, size, WORLD_SCALE),
    face,
    color: image,
    mask,
    depth: { width: size, height: size, channels: 1, data: depth.map((d) => d * MILLIMETRES) },
  };
}

/** The head turned together with its light, as if the camera had moved: colours of the surface hold. */
function turnedShot(shot: Shot, { azimuth, elevation }: ViewAngles): Shot {
  const pose = { yaw: azimuth, pitch: elevation, roll: 0 };
  const r = poseMatrix(pose);
  const [x, y, z] = shot.light.direction;
  const along = (i: number) => r[3 * i]! * x + r[3 * i + 1]! * y + r[3 * i + 2]! * z;
  return { ...shot, pose, light: { ...shot.light, direction: [along(0), along(1), along(2)] } };
}

/** a·b, row-major 3×3. */
function product(a: ArrayLike<number>, b: ArrayLike<number>): Float64Array {
  return Float64Array.from({ length: 9 }, (_, i) => {
    const [row, column] = [3 * Math.floor(i / 3), i % 3];
    return a[row]! * b[column]! + a[row + 1]! * b[3 + column]! + a[row + 2]! * b[6 + column]!;
  });
}
