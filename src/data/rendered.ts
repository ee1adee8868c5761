/**
 * Training material from rendered people: render, track, align and crop, as footage of real people would be treated.
 *
 * A group is one person; it has F frames (expression, tongue, light, background) of V views (head pose) each. Everything
 * about an item follows from the seed and its indices, so any item can be rendered again at any size.
 */
import { type Image, toBytes } from '../core/image.js';
import { foldIn, foldInName, type RandomKey, randomKey } from '../core/rng.js';
import { fivePoints } from '../face/fit.js';
import type { Tracker } from '../face/tracker/tracker.js';
import { cropBox } from '../photo/align.js';
import { cropImage } from '../photo/crop.js';
import type { HeadModel } from './synthetic/head-model.js';
import { type Person, samplePerson } from './synthetic/person.js';
import type { PeopleRenderer } from './synthetic/render.js';
import { type Shot, type ShotOptions, sampleShot } from './synthetic/shot.js';
import type { Variety } from './synthetic/variety.js';

/** What to render. */
export type RenderedSetOptions = {
  readonly seed: number;
  readonly frames: number;
  readonly views: number;
  /** side of the stored pictures */
  readonly size: number;
  /** side of the pictures that are rendered and tracked; default 256 */
  readonly renderSize?: number;
  readonly shots?: Omit<ShotOptions, 'variety'>;
  /** of people and shots; plain when absent, as in sets that were rendered before there was a choice */
  readonly variety?: Variety;
};

/** One prepared picture. */
export type RenderedItem = {
  /** S·S·3 bytes of the aligned crop */
  readonly picture: Uint8Array;
  /** 478·3 tracked landmarks in pixels of the render */
  readonly landmarks: Float32Array;
};

/** Attempts at an item, each with another pose, before its person is left out: the tracker misses about one in a hundred. */
const TRIES = 3;

/** The person of an index; of plain variety by default. */
export function renderedPerson(model: HeadModel, seed: number, person: number, variety?: Variety): Person {
  return samplePerson(model, personKey(seed, person), variety);
}

function personKey(seed: number, person: number): RandomKey {
  return foldIn(randomKey(seed), person);
}

/**
 * The shot of a view: views of a frame share everything but pose and framing; frames of a person share light and background,
 * as the frames of one clip do (otherwise nothing could tell a model what stands behind the head). `attempt` counts redrawn
 * poses.
 */
export function renderedShot(
  options: RenderedSetOptions,
  person: number,
  frame: number,
  view: number,
  attempt: number,
): Shot {
  const key = foldIn(foldInName(personKey(options.seed, person), 'frames'), frame);
  const shots: ShotOptions = { ...options.shots, variety: options.variety };
  const { light, background } = sampleShot(foldInName(personKey(options.seed, person), 'scene'), shots);
  const shot = { ...sampleShot(key, shots), light, background };
  if (view === 0 && attempt === 0) return shot;
  const other = sampleShot(foldIn(foldIn(key, 1 + view), attempt), shots);
  return { ...shot, pose: other.pose, framing: other.framing };
}

/** Renders and tracks all items of a person, [F·V]; null when the tracker keeps missing one of them. */
export async function renderPerson(
  renderer: PeopleRenderer,
  tracker: Tracker,
  options: RenderedSetOptions,
  index: number,
): Promise<RenderedItem[] | null> {
  const person = renderedPerson(renderer.anatomy.model, options.seed, index, options.variety);
  const items: RenderedItem[] = [];
  for (let frame = 0; frame < options.frames; frame++)
    for (let view = 0; view < options.views; view++) {
      const item = await renderItem(renderer, tracker, options, person, (attempt) =>
        renderedShot(options, index, frame, view, attempt),
      );
      if (!item) return null;
      items.push(item);
    }
  return items;
}

async function renderItem(
  renderer: PeopleRenderer,
  tracker: Tracker,
  options: RenderedSetOptions,
  person: Person,
  shotOf: (attempt: number) => Shot,
): Promise<RenderedItem | null> {
  const { renderSize = 256, size } = options;
  for (let attempt = 0; attempt < TRIES; attempt++) {
    const { image } = renderer.render(person, shotOf(attempt), { size: renderSize, supersample: 1 });
    const face = (await tracker.track(image, { maxFaces: 1 }))[0];
    if (face) return { picture: toBytes(alignedCrop(image, face.landmarks, size)), landmarks: face.landmarks };
  }
  return null;
}

function alignedCrop(image: Image, landmarks: Float32Array, size: number): Image {
  return cropImage(image, cropBox(fivePoints(landmarks), image.width, image.height), size, size, 'blur');
}
