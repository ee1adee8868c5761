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
import { type Shot, type ShotOptions, sampleShot, TONGUE_DIRECTIONS, type TongueDirection } from './synthetic/shot.js';
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
  /**
   * 'each': every shot is an open mouth and rendered seven times, without a tongue and with one in each direction, all else alike.
   * Only words tell such pictures apart. Default: each frame is a shot of its own.
   */
  readonly tongues?: 'each';
};

/** Frames in a row that show the same shot with other tongues: 1 unless each tongue is rendered. */
export function variantsOf({ tongues }: Pick<RenderedSetOptions, 'tongues'>): number {
  return tongues === 'each' ? 1 + TONGUE_DIRECTIONS.length : 1;
}

/** One prepared picture. */
export type RenderedItem = {
  /** S·S·3 bytes of the aligned crop */
  readonly picture: Uint8Array;
  /** 478·3 tracked landmarks in pixels of the render */
  readonly landmarks: Float32Array;
};

/** Attempts at an item, each with another pose, before its person is left out: the tracker misses about one in a hundred. */
export const TRIES = 3;

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
  const variants = variantsOf(options);
  const key = foldIn(foldInName(personKey(options.seed, person), 'frames'), Math.floor(frame / variants));
  const mouth = variants > 1 ? { openChance: 1, tongueChance: 1 } : {};
  const shots: ShotOptions = { ...options.shots, ...mouth, variety: options.variety };
  const { light, background } = sampleShot(foldInName(personKey(options.seed, person), 'scene'), shots);
  const shot = withVariant({ ...sampleShot(key, shots), light, background }, frame % variants, variants);
  if (view === 0 && attempt === 0) return shot;
  const other = sampleShot(foldIn(foldIn(key, 1 + view), attempt), shots);
  return { ...shot, pose: other.pose, framing: other.framing };
}

/** Which frame of a run shows a direction; the one without a tongue is 0. */
export function variantOf(direction: TongueDirection): number {
  return 1 + TONGUE_DIRECTIONS.indexOf(direction);
}

/** The shot with the tongue of a variant: none for 0, then the directions. */
function withVariant(shot: Shot, variant: number, variants: number): Shot {
  if (variants === 1) return shot;
  return { ...shot, tongue: variant === 0 ? null : { ...shot.tongue!, direction: TONGUE_DIRECTIONS[variant - 1]! } };
}

/**
 * Renders and tracks all items of a person, [F·V]; null when the tracker keeps missing one of them. Variants of a shot are cropped
 * by the landmarks of the one without a tongue, so that they differ in nothing else.
 */
export async function renderPerson(
  renderer: PeopleRenderer,
  tracker: Tracker,
  options: RenderedSetOptions,
  index: number,
): Promise<RenderedItem[] | null> {
  const person = renderedPerson(renderer.anatomy.model, options.seed, index, options.variety);
  const variants = variantsOf(options);
  const items = new Array<RenderedItem>(options.frames * options.views);
  for (let first = 0; first < options.frames; first += variants)
    for (let view = 0; view < options.views; view++) {
      const shotOf = (variant: number, attempt: number) => renderedShot(options, index, first + variant, view, attempt);
      const found = await renderItems(renderer, tracker, options, person, shotOf);
      if (!found) return null;
      found.forEach((item, variant) => {
        items[(first + variant) * options.views + view] = item;
      });
    }
  return items;
}

/** All variants of a view, by the landmarks of the first. */
async function renderItems(
  renderer: PeopleRenderer,
  tracker: Tracker,
  options: RenderedSetOptions,
  person: Person,
  shotOf: (variant: number, attempt: number) => Shot,
): Promise<RenderedItem[] | null> {
  const { renderSize = 256, size } = options;
  const render = (shot: Shot) => renderer.render(person, shot, { size: renderSize, supersample: 1 }).image;
  for (let attempt = 0; attempt < TRIES; attempt++) {
    const first = render(shotOf(0, attempt));
    const landmarks = (await tracker.track(first, { maxFaces: 1 }))[0]?.landmarks;
    if (!landmarks) continue;
    const others = Array.from({ length: variantsOf(options) - 1 }, (_, v) => render(shotOf(v + 1, attempt)));
    return [first, ...others].map((image) => ({ picture: toBytes(alignedCrop(image, landmarks, size)), landmarks }));
  }
  return null;
}

function alignedCrop(image: Image, landmarks: Float32Array, size: number): Image {
  return cropImage(image, cropBox(fivePoints(landmarks), image.width, image.height), size, size, 'blur');
}
