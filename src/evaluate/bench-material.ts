/**
 * Renders the pairs of `bench` and treats them as photos: track, fit, crop, as the training material was made.
 *
 * A renderer knows what a photographer does not: the matte, and in the cross protocol the true picture, that is the reference's
 * person with the driver's pose and expression. Where the tracker finds no face, the pair is left out.
 */
import type { Image } from '../core/image.js';
import { foldIn, foldInName, RandomStream, randomKey } from '../core/rng.js';
import { type RenderedSetOptions, renderedPerson, renderedShot } from '../data/rendered.js';
import { describe } from '../data/synthetic/describe.js';
import type { Person } from '../data/synthetic/person.js';
import type { PeopleRenderer, Rendering } from '../data/synthetic/render.js';
import type { Shot } from '../data/synthetic/shot.js';
import { firstTracked } from '../data/tracked-shot.js';
import type { FaceTools } from '../face/analyse.js';
import type { Face } from '../face/face.js';
import { reenact } from '../face/reenact.js';
import type { Box } from '../photo/align.js';
import { cropImage } from '../photo/crop.js';
import type { Photo } from '../photo/photo.js';
import { benchPeople, type Pair } from './bench.js';

/** A pair with all that a prior is given and all that it is measured by. Pictures S×S. */
export type BenchItem = Pair & {
  /** reference crop S×S×3 */
  readonly picture: Image;
  /** the reference before cropping, and its own fit */
  readonly source: { readonly photo: Photo; readonly face: Face };
  /** identity of the reference, pose and expression of the driver: what the control image shows */
  readonly face: Face;
  /** the words of a captioner who saw the true picture (the rewrite that the paper's authors recommend for cross pairs) */
  readonly caption: string;
  /** the driver's picture, S×S×3; the true picture in the self protocol */
  readonly driving: Image;
  /** what a perfect prior would draw, S×S×3 */
  readonly truth: Image;
  /** S×S×1: share of each pixel of the true picture that the person covers */
  readonly matte: Image;
};

/** Side of renders, as in the training set. */
const RENDER_SIZE = 256;

type Frame = {
  readonly shot: Shot;
  readonly photo: Photo;
  readonly face: Face;
  readonly picture: Image;
  readonly matte: Image;
};

/** Renders frames of the bench's people as they are asked for, and keeps them. */
export class BenchStudio {
  private readonly frames = new Map<string, Promise<Frame | null>>();
  private readonly people: readonly Person[];
  private readonly indices: readonly number[];
  private readonly options: RenderedSetOptions;

  /**
   * @param size side S of the crops in pixels.
   * @throws JokerError bad-argument for a seed whose people are not held out.
   */
  constructor(
    private readonly renderer: PeopleRenderer,
    private readonly tools: FaceTools,
    private readonly seed: number,
    private readonly size: number,
  ) {
    const { model } = renderer.anatomy;
    this.indices = benchPeople(model, seed);
    this.people = this.indices.map((index) => renderedPerson(model, seed, index));
    this.options = { seed, frames: 0, views: 1, size };
  }

  /** The pair's pictures; null when no face was found in one of them. */
  async item(pair: Pair): Promise<BenchItem | null> {
    const reference = await this.frame(pair.person, pair.reference);
    const driving = await this.frame(pair.driver, pair.target);
    if (!reference || !driving) return null;
    const { photo, face, picture } = reference;
    const shot = { ...driving.shot, light: reference.shot.light, background: reference.shot.background };
    const own = pair.driver === pair.person;
    const true_ = own ? driving : this.crop(this.render(pair.person, shot), driving.face.crop);
    return {
      ...pair,
      picture,
      source: { photo, face },
      face: reenact(face, driving.face),
      caption: this.caption(pair, shot),
      driving: driving.picture,
      truth: true_.picture,
      matte: true_.matte,
    };
  }

  private frame(person: number, frame: number): Promise<Frame | null> {
    const name = `${person}/${frame}`;
    const known = this.frames.get(name);
    if (known) return known;
    const made = this.shoot(person, frame);
    this.frames.set(name, made);
    return made;
  }

  private async shoot(person: number, frame: number): Promise<Frame | null> {
    const found = await firstTracked(
      (attempt) => renderedShot(this.options, this.indices[person]!, frame, 0, attempt),
      (shot) => this.render(person, shot),
      this.tools,
    );
    if (!found) return null;
    const { shot, photo, face, rendering } = found;
    return { shot, photo, face, ...this.crop(rendering, face.crop) };
  }

  private render(person: number, shot: Shot): Rendering {
    return this.renderer.render(this.people[person]!, shot, { size: RENDER_SIZE, supersample: 1 });
  }

  private crop({ image, mask }: Rendering, box: Box): Pick<Frame, 'picture' | 'matte'> {
    const { size } = this;
    return { picture: cropImage(image, box, size, size, 'blur'), matte: cropImage(mask, box, size, size, 'black') };
  }

  /** As the captions of the training set: they say nothing of where the head is turned, which the control image shows. */
  private caption({ person, driver, target }: Pair, shot: Shot): string {
    const key = foldIn(foldIn(foldInName(randomKey(this.seed), 'captions'), driver), target);
    return describe(
      this.people[person]!,
      { ...shot, pose: { yaw: 0, pitch: 0, roll: 0 } },
      new RandomStream(foldIn(key, person)),
    );
  }
}
