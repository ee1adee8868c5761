/**
 * Sets of synthetic people for training and measurement: N people × K shots, every one determined by (seed, person, shot)
 * alone, so that any frame can be drawn again at another size, and so that parts of a set can be made by several processes.
 *
 * Frames leave through a sink: nothing here touches the file system.
 */

import { toBytes } from '../../core/image.js';
import { foldIn, foldInName, type RandomKey, RandomStream, randomKey } from '../../core/rng.js';
import { expressionVector } from './arkit.js';
import { describe } from './describe.js';
import { type Person, samplePerson } from './person.js';
import type { PeopleRenderer, Rendering } from './render.js';
import { type Shot, type ShotOptions, sampleShot, TONGUE_DIRECTIONS } from './shot.js';

/** A set of pictures, determined by these values alone (and the family of heads). */
export type DatasetSpec = {
  /** whole number; other seeds give other people */
  readonly seed: number;
  /** number of people, N */
  readonly people: number;
  /** pictures of each, K */
  readonly shots: number;
  /** side of the stored pictures in pixels */
  readonly size: number;
  readonly shotOptions?: ShotOptions;
};

/** One frame of a set before it is drawn. */
export type FramePlan = { readonly person: Person; readonly shot: Shot; readonly caption: string };

/** One drawn frame, in storage form. */
export type Frame = {
  /** person and shot number within the set */
  readonly person: number;
  readonly shot: number;
  readonly caption: string;
  /** S·S·3 sRGB bytes */
  readonly image: Uint8Array;
  /** S·S: share of the tongue, 0 … 255; all 0 unless the tongue is out */
  readonly tongueMask: Uint8Array;
  /** S·S: share of the person, 0 … 255 */
  readonly mask: Uint8Array;
  /** FRAME_VALUES numbers, see `frameValues` */
  readonly values: Float32Array;
};

/** Takes frames in order of person and shot. */
export type FrameSink = { readonly write: (frame: Frame) => void };

/** Layout of a frame's numbers: [start, length]. */
export const FRAME_LAYOUT = {
  /** ARKit weights in the order of ARKIT_NAMES; tongueOut is 1 when the tongue is out */
  expression: [0, 52],
  /** yaw, pitch, roll in radians */
  pose: [52, 3],
  /** 0: in the mouth; otherwise 1 + index in TONGUE_DIRECTIONS */
  tongue: [55, 1],
  /** fx, fy, cx, cy in pixels of the stored picture; the camera stands at (0, 0, 10) */
  camera: [56, 4],
  /** lamp direction, then lamp colour */
  light: [60, 6],
  /** 5 × (column, row) in pixels */
  five: [66, 10],
  /** 68 × (column, row) in pixels */
  landmarks: [76, 136],
} as const;

/** Numbers of a frame. */
export const FRAME_VALUES = 212;

/** Key of one person of a set. */
export function personKey(seed: number, person: number): RandomKey {
  return foldIn(foldInName(randomKey(seed), 'people'), person);
}

/** Plans one frame from the seed alone: the way to draw it again at any size. */
export function planFrame(renderer: PeopleRenderer, spec: DatasetSpec, person: number, shot: number): FramePlan {
  return planShot(spec, samplePerson(renderer.anatomy.model, personKey(spec.seed, person)), person, shot);
}

function planShot(spec: DatasetSpec, who: Person, person: number, shot: number): FramePlan {
  const key = foldIn(foldInName(personKey(spec.seed, person), 'shots'), shot);
  const sampled = sampleShot(key, spec.shotOptions);
  return { person: who, shot: sampled, caption: describe(who, sampled, new RandomStream(foldInName(key, 'caption'))) };
}

/** Draws one frame of a set again, e.g. at 256². */
export function renderFrame(
  renderer: PeopleRenderer,
  spec: DatasetSpec,
  at: { readonly person: number; readonly shot: number; readonly size?: number },
): Rendering & { readonly plan: FramePlan } {
  const plan = planFrame(renderer, spec, at.person, at.shot);
  return { plan, ...renderer.render(plan.person, plan.shot, { size: at.size ?? spec.size }) };
}

/**
 * Draws people first … end−1 of a set and hands their frames to the sink.
 * @param range default: the whole set. Several processes may share a set by ranges.
 * @param onPerson called after each person with the number done.
 */
export function makeShots(
  renderer: PeopleRenderer,
  spec: DatasetSpec,
  sink: FrameSink,
  range: { readonly first?: number; readonly end?: number; readonly onPerson?: (done: number) => void } = {},
): void {
  const { first = 0, end = spec.people, onPerson } = range;
  for (let person = first; person < end; person++) {
    const who = samplePerson(renderer.anatomy.model, personKey(spec.seed, person));
    for (let shot = 0; shot < spec.shots; shot++) {
      const plan = planShot(spec, who, person, shot);
      sink.write(frameOf(plan, renderer.render(plan.person, plan.shot, { size: spec.size }), person, shot));
    }
    onPerson?.(person - first + 1);
  }
}

function frameOf(plan: FramePlan, drawn: Rendering, person: number, shot: number): Frame {
  const tongueMask = toBytes(drawn.tongueMask);
  if (!plan.shot.tongue) tongueMask.fill(0);
  return {
    person,
    shot,
    caption: plan.caption,
    image: toBytes(drawn.image),
    tongueMask,
    mask: toBytes(drawn.mask),
    values: frameValues(plan.shot, drawn),
  };
}

/** A frame's numbers in the order of FRAME_LAYOUT. */
export function frameValues(shot: Shot, drawn: Rendering): Float32Array {
  const { fx, fy, cx, cy } = drawn.truth.camera.intrinsics;
  return Float32Array.from([
    ...expressionVector({ ...shot.expression, tongueOut: shot.tongue ? 1 : 0 }),
    shot.pose.yaw,
    shot.pose.pitch,
    shot.pose.roll,
    shot.tongue ? 1 + TONGUE_DIRECTIONS.indexOf(shot.tongue.direction) : 0,
    ...[fx, fy, cx, cy],
    ...shot.light.direction,
    ...shot.light.lamp,
    ...drawn.truth.fivePoints.flat(),
    ...drawn.truth.landmarks.flat(),
  ]);
}
