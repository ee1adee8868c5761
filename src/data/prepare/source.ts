/**
 * Where pictures to prepare come from: one small interface for a person's photos and for rendered people.
 *
 * A source knows all frames before it loads any, so that several processes can share them and a stopped one can go on.
 */

import type { Image } from '../../core/image.js';
import type { Photo } from '../../photo/photo.js';
import type { FrameName } from './layout.js';

/** One frame to be made. */
export type PlannedFrame = FrameName & {
  /** camera → what its picture is made from, in words that tell two pictures apart; at least one */
  readonly origins: Readonly<Record<string, string>>;
};

/** One person, or one clip that counts as a person. */
export type PlannedSubject = {
  readonly name: string;
  /** where the pictures come from, one line */
  readonly origin: string;
  readonly frames: readonly PlannedFrame[];
  /** text of the calibration file; null where cameras are not calibrated */
  readonly calibration: string | null;
};

/** A picture as it comes, before it is cropped. */
export type RawView = {
  readonly photo: Photo;
  /** H×W×1 of the same size as the picture; null where nobody knows */
  readonly matte: Image | null;
  /** lower-case words; null: a caption is to be made from what is tracked */
  readonly caption: string | null;
};

/** Pictures to prepare. */
export interface Source {
  /** what the pictures are: decides labels and how diversity counts tongues */
  readonly kind: 'photo' | 'rendered';
  /** all that decides what a frame looks like, as JSON; a root is made from one of these */
  readonly identity: Readonly<Record<string, unknown>>;
  readonly subjects: readonly PlannedSubject[];
  /** added to the expressiveness of frames whose caption says "tongue" */
  readonly tongueBonus: 0 | 1;
  /**
   * The picture of one camera.
   * @throws JokerError when it is missing, damaged or too large.
   */
  load(frame: PlannedFrame, camera: string): Promise<RawView>;
}
