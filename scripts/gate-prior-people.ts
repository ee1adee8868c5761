/**
 * The people and the requests of gate-prior.ts: rendered faces that no training saw, treated as photos, and what is asked of
 * each. Not a gate by itself.
 */
import { captionOf } from '../src/condition/caption.js';
import { referenceCrop } from '../src/condition/condition.js';
import { controlImage } from '../src/condition/control.js';
import { turnFace } from '../src/condition/orbit.js';
import { type Image, resizeArea } from '../src/core/image.js';
import { foldIn, foldInName, type RandomKey, RandomStream, randomKey } from '../src/core/rng.js';
import { type Person, samplePerson } from '../src/data/synthetic/person.js';
import type { PeopleRenderer } from '../src/data/synthetic/render.js';
import { type Shot, sampleShot, type Tongue } from '../src/data/synthetic/shot.js';
import { firstTracked } from '../src/data/tracked-shot.js';
import type { FaceTools } from '../src/face/analyse.js';
import type { ExpressionWeights } from '../src/face/expression.js';
import type { Face } from '../src/face/face.js';
import type { MorphableModel } from '../src/face/model/model.js';
import { withExpression } from '../src/face/reenact.js';

/** A person whom the prior has never seen. */
export type HeldOut = {
  readonly index: number;
  readonly key: RandomKey;
  /** what was rendered */
  readonly person: Person;
  readonly shot: Shot;
  readonly face: Face;
  /** the crop S×S×3 */
  readonly reference: Image;
};

/** One picture that is asked for. */
export type Ask = {
  readonly kind: 'jaw' | 'yaw' | 'skin' | 'word';
  readonly caption: string;
  readonly control: Image;
  readonly target: Face;
  /** start noise */
  readonly noise: RandomKey;
  /** jawOpen or radians */
  readonly asked: number;
  /** judged for a tongue, too */
  readonly tongue: boolean;
};

/** Side of renders, as in the training set. */
const RENDER_SIZE = 256;

/**
 * Renders, tracks and fits a person; null when the tracker keeps missing. The tongue stays in: a reference with a tongue would
 * answer the question about the word by itself.
 */
export async function heldOutPerson(
  renderer: PeopleRenderer,
  tools: FaceTools,
  seed: number,
  index: number,
  size: number,
): Promise<HeldOut | null> {
  const key = foldIn(randomKey(seed), index);
  const person = samplePerson(renderer.anatomy.model, key);
  const found = await firstTracked(
    (attempt) => sampleShot(foldIn(key, attempt + 1), { tongueChance: 0 }),
    (shot) => renderer.render(person, shot, { size: RENDER_SIZE, supersample: 1 }),
    tools,
  );
  if (!found) return null;
  const { shot, photo, face } = found;
  return { index, key, person, shot, face, reference: referenceCrop(photo, face, size, 'blur') };
}

/** The largest jawOpen and |yaw| that are asked for: yaws of training reach 0.7 rad, most stay below 0.5. */
const MOST_JAW = 0.9;
const MOST_YAW = 0.5;
/** jawOpen from which the tongue is asked for: training shows tongues from 0.4 on. */
const OPEN = 0.5;

/**
 * What is asked of a person: four openings of the jaw (two below and two above `OPEN`), two turns, one picture of the driver
 * with this person's look, and the two open mouths again with the word, same normals and noise. Levels are spread evenly
 * over people.
 */
export function asksOf(person: HeldOut, people: number, driver: HeldOut, model: MorphableModel, words: boolean): Ask[] {
  const place = (k: number) => ((person.index + 0.5) / people + k) % 1;
  const noise = (name: string, i: number) => foldIn(foldInName(person.key, name), i);
  const size = person.reference.width;
  const posed = (face: Face, weights: ExpressionWeights, yaw: number) =>
    turnFace(withExpression(face, model, weights), model, { azimuth: yaw, elevation: 0 });
  const drawn = (target: Face) => ({ target, control: controlImage(target, model, size) });
  const caption = (expression: ExpressionWeights) => captionOf({ expression: words ? expression : {} });
  const closed = [0, 0.5].map((k) => OPEN * place(k));
  const open = [0, 0.5].map((k) => OPEN + (MOST_JAW - OPEN) * place(k));
  const jaws = [...closed, ...open].map((jawOpen, i): Ask => {
    const noiseKey = noise('jaw', i);
    const view = drawn(posed(person.face, { jawOpen }, 0));
    return {
      kind: 'jaw',
      caption: caption({ jawOpen }),
      ...view,
      noise: noiseKey,
      asked: jawOpen,
      tongue: jawOpen >= OPEN,
    };
  });
  const said = jaws
    .filter((ask) => ask.tongue)
    .map(
      (ask): Ask => ({
        ...ask,
        kind: 'word',
        caption: captionOf({ expression: { jawOpen: ask.asked, tongueOut: 1 } }),
      }),
    );
  const yaws = [0, 0.5].map((k, i): Ask => {
    const yaw = MOST_YAW * (2 * place(k) - 1);
    const view = drawn(posed(person.face, {}, yaw));
    return { kind: 'yaw', caption: caption({}), ...view, noise: noise('yaw', i), asked: yaw, tongue: false };
  });
  const shared = drawn(posed(driver.face, {}, 0)); // one control, one text, one noise: only the reference differs
  const skin: Ask = {
    kind: 'skin',
    caption: caption({}),
    ...shared,
    noise: foldInName(driver.key, 'skin'),
    asked: 0,
    tongue: false,
  };
  return [...jaws, ...said, ...yaws, skin];
}

/** A tongue of the middle of the sizes that training shows. */
const PLAIN_TONGUE: Omit<Tongue, 'direction'> = { length: 0.28, width: 0.17 };

/**
 * What a perfect prior would draw: the renderer's own picture of a request, S×S×3. Shows what the measures can reach at all.
 */
export function truePicture(renderer: PeopleRenderer, subject: HeldOut, ask: Ask, size: number): Image {
  const { kind, asked, noise } = ask;
  const direction = new RandomStream(noise).pick(['out', 'down'] as const);
  const shot: Shot = {
    ...subject.shot,
    kind: 'neutral',
    expression: kind === 'jaw' || kind === 'word' ? { jawOpen: asked } : {},
    tongue: kind === 'word' ? { ...PLAIN_TONGUE, direction } : null,
    pose: { yaw: kind === 'yaw' ? asked : 0, pitch: 0, roll: 0 },
    framing: { dx: 0, dy: 0, scale: 1 },
  };
  const { image } = renderer.render(subject.person, shot, { size: RENDER_SIZE, supersample: 1 });
  return resizeArea(image, size, size);
}
