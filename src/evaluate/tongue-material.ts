/**
 * People for the question of the tongue: a photo with the tongue in, and an open mouth to be drawn, whose tongue only the words tell.
 *
 * Rendered, tracked and fitted as photos are; the true picture and another render of the same words come with them. Nothing is
 * drawn or judged here.
 */
import type { Image } from '../core/image.js';
import { foldIn, foldInName, type RandomKey, RandomStream, randomKey } from '../core/rng.js';
import { describe } from '../data/synthetic/describe.js';
import { type Person, samplePerson } from '../data/synthetic/person.js';
import type { PeopleRenderer } from '../data/synthetic/render.js';
import { type Shot, type ShotOptions, sampleShot, TONGUE_DIRECTIONS } from '../data/synthetic/shot.js';
import { firstTracked } from '../data/tracked-shot.js';
import type { FaceTools } from '../face/analyse.js';
import type { Face } from '../face/face.js';
import { reenact } from '../face/reenact.js';
import { cropImage } from '../photo/crop.js';
import type { JudgedDirection } from './tongue-network.js';

/** One request. Pictures S×S×3. */
export type TongueItem = {
  readonly person: number;
  readonly direction: JudgedDirection;
  /** the photo's crop */
  readonly picture: Image;
  /** identity of the photo, pose and expression of the open mouth */
  readonly face: Face;
  /** a captioner's words for the true picture, and for the same without its tongue */
  readonly words: { readonly word: string; readonly silent: string };
  readonly truth: Image;
  /** another picture of which a captioner may say the same */
  readonly second: Image;
};

/** What is needed beside the person's number. */
export type TongueMaterial = {
  readonly renderer: PeopleRenderer;
  readonly tools: FaceTools;
  readonly seed: number;
  /** S */
  readonly size: number;
};

/** Side of renders, as in the training set. */
const RENDER_SIZE = 256;
const PHOTO: ShotOptions = { tongueChance: 0 };
const TONGUE_OUT: ShotOptions = { openChance: 1, tongueChance: 1 };

/** The request of a person; directions come in turn. Null when the tracker keeps missing the face. */
export async function tongueItem(person: number, material: TongueMaterial): Promise<TongueItem | null> {
  const { renderer, seed, size } = material;
  const key = foldIn(randomKey(seed), person);
  const who = samplePerson(renderer.anatomy.model, key);
  const photo = await tracked(who, (attempt) => sampleShot(foldIn(foldInName(key, 'photo'), attempt), PHOTO), material);
  if (!photo) return null;
  const direction = TONGUE_DIRECTIONS[person % TONGUE_DIRECTIONS.length]!;
  const { light, background } = photo.shot;
  const target = await tracked(
    who,
    (attempt) => ({ ...tongueShot(foldIn(foldInName(key, 'target'), attempt), direction), light, background }),
    material,
  );
  if (!target) return null;
  const other = { ...target.shot, tongue: tongueShot(foldInName(key, 'second'), direction).tongue };
  const { image } = renderer.render(who, other, { size: RENDER_SIZE, supersample: 1 });
  const caption = (shot: Shot) =>
    // As the captions of the training set: they say nothing of where the head is turned.
    describe(who, { ...shot, pose: { yaw: 0, pitch: 0, roll: 0 } }, new RandomStream(foldInName(key, 'caption')));
  return {
    person,
    direction,
    picture: photo.picture,
    face: reenact(photo.face, target.face),
    words: { word: caption(target.shot), silent: caption({ ...target.shot, tongue: null }) },
    truth: target.picture,
    second: cropImage(image, target.face.crop, size, size, 'blur'),
  };
}

function tongueShot(key: RandomKey, direction: JudgedDirection): Shot {
  const shot = sampleShot(key, TONGUE_OUT);
  return { ...shot, tongue: { ...shot.tongue!, direction } };
}

type Tracked = { readonly shot: Shot; readonly face: Face; readonly picture: Image };

async function tracked(
  who: Person,
  shotOf: (attempt: number) => Shot,
  { renderer, tools, size }: TongueMaterial,
): Promise<Tracked | null> {
  const render = (shot: Shot) => renderer.render(who, shot, { size: RENDER_SIZE, supersample: 1 });
  const found = await firstTracked(shotOf, render, tools);
  if (!found) return null;
  const { shot, face, rendering } = found;
  return { shot, face, picture: cropImage(rendering.image, face.crop, size, size, 'blur') };
}
