/**
 * Rendered people as footage: `wild` (one moving camera, any light: stands where the paper has CelebV-Text), `studio` (sixteen
 * calibrated cameras, even light, twelve extreme recordings: NeRSemble), `bench` (few people, both settings, one camera each: the
 * Joker benchmark).
 *
 * Everything follows from the seed and the names, so frames can be made in any order. Raw pictures are wider than the crop and the
 * face moves in them, so that they go through the same tracking, fit and crop as a person's photos.
 */
import { foldIn, foldInName, type RandomKey, RandomStream, randomKey } from '../../core/rng.js';
import { photoFromImage } from '../../photo/photo.js';
import { type RenderedSetOptions, renderedPerson, renderedShot } from '../rendered.js';
import { describe } from '../synthetic/describe.js';
import type { Person } from '../synthetic/person.js';
import type { PeopleRenderer } from '../synthetic/render.js';
import type { Shot, ShotOptions } from '../synthetic/shot.js';
import type { Variety } from '../synthetic/variety.js';
import { STUDIO_SEQUENCES, WILD_CAMERA, WILD_SEQUENCE } from './layout.js';
import { recordedShot, STUDIO_LENGTH } from './recordings.js';
import { calibrationText, RIG, SENSOR, type Sensor, seenFrom, sensorFraming } from './rig.js';
import { interiorFrames } from './selection.js';
import type { PlannedFrame, PlannedSubject, RawView, Source } from './source.js';

/** The three settings. */
export const RENDERED_SETTINGS = ['wild', 'studio', 'bench'] as const;

/** One of the settings. */
export type RenderedSetting = (typeof RENDERED_SETTINGS)[number];

/** What to render. */
export type RenderedSourceOptions = {
  readonly setting: RenderedSetting;
  readonly seed: number;
  /** indices of the people among those of the seed */
  readonly people: readonly number[];
  /** frames of a recording */
  readonly frames: number;
  /** studio only: cameras of the rig, 1 … 16 */
  readonly cameras: number;
  /** side of the crops that will be cut; raw pictures are 1.3 times as wide, at least 256 */
  readonly size: number;
  /** of people and shots; default plain */
  readonly variety?: Variety;
};

/** Frames of a rendered clip: ten seconds at 30 a second. */
const WILD_LENGTH = 300;
/** Side below which the tracker misses too many faces. */
const LEAST_RAW = 256;
/** Raw pictures in crop widths, as the rig's sensor. */
const WIDER = 1.3;
/** Side of the picture whose only use is its camera. */
const PROBE = 16;

/** Shots of each recording. Tongues are rare in the wild and common where extremes are asked for. */
const SHOTS = {
  wild: { setting: 'wild', tongueChance: 0.1 },
  studio: { setting: 'studio', yaw: 0.2, pitch: 0.15 },
  WILD: { setting: 'wild', openChance: 0.6 },
  STUDIO: { setting: 'studio', openChance: 0.6 },
} as const satisfies Record<string, Omit<ShotOptions, 'variety'>>;

/** The source. It owns no files; `renderer` is used for one picture at a time. */
export function renderedSource(renderer: PeopleRenderer, options: RenderedSourceOptions): Source {
  const { model } = renderer.anatomy;
  const { setting, seed, frames, cameras, size, variety = 'plain' } = options;
  const digits = setting === 'wild' ? 5 : 3; // as subjects are called in CelebV-Text and in NeRSemble
  const named = options.people.map((index) => [String(index).padStart(digits, '0'), index] as const);
  const indices = new Map(named);
  let last: { readonly name: string; readonly person: Person } | null = null;
  const personOf = (name: string) => {
    if (last?.name !== name) last = { name, person: renderedPerson(model, seed, indices.get(name)!, variety) };
    return last.person;
  };
  const rig = RIG.slice(0, cameras);
  const calibration = setting === 'studio' ? calibrationText(rig, rawSize(size)) : null;
  return {
    kind: 'rendered',
    identity: {
      source: `rendered:${setting}`,
      heads: model.family,
      seed,
      frames,
      size,
      ...(calibration && { cameras }),
      ...(variety !== 'plain' && { variety }), // roots from before there was a choice go on
    },
    subjects: named.map(([name, index]) => plannedSubject(name, index, options, calibration)),
    tongueBonus: setting === 'studio' ? 1 : 0,
    load: async (frame, camera) => {
      const person = personOf(frame.subject);
      const shot = shotOf(options, indices.get(frame.subject)!, frame, camera);
      const key = foldInName(frameKey(seed, frame), camera);
      const sensor = setting === 'studio' ? SENSOR : movingSensor(foldInName(key, 'sensor'));
      const words = new RandomStream(foldInName(key, 'caption'));
      return view(renderer, person, shot, {
        sensor,
        words,
        size: rawSize(size),
        name: frame.origins[camera] ?? camera,
      });
    },
  };
}

function rawSize(size: number): number {
  return Math.max(LEAST_RAW, Math.ceil(WIDER * size));
}

function sequencesOf(setting: RenderedSetting): readonly string[] {
  switch (setting) {
    case 'wild':
      return [WILD_SEQUENCE];
    case 'studio':
      return STUDIO_SEQUENCES;
    case 'bench':
      return ['WILD', 'STUDIO'];
    default:
      return setting satisfies never;
  }
}

function plannedSubject(
  name: string,
  index: number,
  { setting, seed, frames, cameras }: RenderedSourceOptions,
  calibration: string | null,
): PlannedSubject {
  const names = setting === 'studio' ? RIG.slice(0, cameras).map((one) => one.name) : [WILD_CAMERA];
  const origin = `rendered ${setting} seed ${seed} person ${index}`;
  const length = setting === 'studio' ? STUDIO_LENGTH : WILD_LENGTH;
  const planned = sequencesOf(setting).flatMap((sequence) =>
    interiorFrames(length, frames).map((frame): PlannedFrame => {
      const from = `${origin} ${sequence} frame ${frame}`;
      return { subject: name, sequence, frame, origins: Object.fromEntries(names.map((c) => [c, `${from} ${c}`])) };
    }),
  );
  return { name, origin, frames: planned, calibration };
}

function frameKey(seed: number, { subject, sequence, frame }: PlannedFrame): RandomKey {
  return foldIn(foldInName(foldInName(randomKey(seed), subject), sequence), frame);
}

/** The shot as a camera sees it; its framing is not used, see `view`. */
function shotOf(options: RenderedSourceOptions, index: number, planned: PlannedFrame, camera: string): Shot {
  const { setting, seed, variety } = options;
  const { sequence, frame } = planned;
  const shots = setting === 'bench' ? SHOTS[sequence === 'WILD' ? 'WILD' : 'STUDIO'] : SHOTS[setting];
  const set: RenderedSetOptions = { seed, frames: options.frames, views: 1, size: options.size, shots, variety };
  const names = sequencesOf(setting);
  const base = renderedShot(set, index, names.indexOf(sequence) * WILD_LENGTH + frame, 0, 0);
  const studio = STUDIO_SEQUENCES.find((one) => one === sequence);
  if (setting !== 'studio' || !studio) return base;
  const key = foldInName(foldInName(randomKey(seed), planned.subject), sequence);
  const played = recordedShot(studio, frame / (STUDIO_LENGTH - 1), base, key);
  return seenFrom(RIG.find((one) => one.name === camera)!, played);
}

type Wanted = {
  readonly sensor: Sensor;
  /** draws the caption's words */
  readonly words: RandomStream;
  readonly size: number;
  readonly name: string;
};

function view(renderer: PeopleRenderer, person: Person, shot: Shot, { sensor, words, size, name }: Wanted): RawView {
  const aligned = { ...shot, framing: { dx: 0, dy: 0, scale: 1 } };
  const { intrinsics } = renderer.render(person, aligned, { size: PROBE, supersample: 1 }).truth.camera;
  const own = { focal: intrinsics.fx / PROBE, x: intrinsics.cx / PROBE, y: intrinsics.cy / PROBE };
  const placed = { ...shot, framing: sensorFraming(own, sensor) };
  const { image, mask } = renderer.render(person, placed, { size, supersample: 1 });
  // As in the training material: the caption says nothing of where the head is turned, which the control image shows.
  const level = { ...shot, pose: { yaw: 0, pitch: 0, roll: 0 } };
  return { photo: photoFromImage(image, name), matte: mask, caption: describe(person, level, words) };
}

/** A person who films another: nearer or farther by a few percent, the face off the middle. */
function movingSensor(key: RandomKey): Sensor {
  const random = new RandomStream(key);
  const off = () => Math.max(-0.08, Math.min(0.08, 0.03 * random.normal())); // picture widths; farther out the head is cut off
  return { focal: SENSOR.focal * random.uniform(0.92, 1.08), x: 0.5 + off(), y: 0.5 + off() };
}
