/**
 * The product of the condition stage: all that the 2D prior is told about one picture to be made.
 */
import type { Camera } from '../core/camera.js';
import { type Image, makeImage } from '../core/image.js';
import { type Face, headCamera } from '../face/face.js';
import type { MorphableModel } from '../face/model/model.js';
import { cropImage, type Padding } from '../photo/crop.js';
import type { Photo } from '../photo/photo.js';
import { faceNormals } from './normals.js';
import { WORLD_SCALE } from './orbit.js';

/** What the prior reads. Pictures are square, of one size S. */
export type Condition = {
  /** control image S×S×3 in [0, 1], 0 outside of the face */
  readonly normals: Image;
  /** S×S×1: 1 where the control image shows the face */
  readonly mask: Image;
  /** reference crop S×S×3 in [0, 1] */
  readonly reference: Image;
  /** what the picture is to show, lower-case words */
  readonly caption: string;
  /** camera in the head's frame, world units of the 3D stage */
  readonly camera: Camera;
};

/** What `makeCondition` combines. */
export type ConditionInput = {
  /** the person's photo and the face fitted in it: identity and look */
  readonly photo: Photo;
  readonly reference: Face;
  /** the face to be shown: expression, pose, camera; see face/reenact.ts */
  readonly target: Face;
  readonly model: MorphableModel;
  readonly caption: string;
  /** S in pixels */
  readonly size: number;
  /** surroundings of a crop that reaches outside of the photo; default black, as in the released demo */
  readonly padding?: Padding;
};

/** Crops the reference, renders the target's normals, and puts both beside the words. */
export function makeCondition(input: ConditionInput): Condition {
  const { photo, reference, target, model, caption, size } = input;
  return {
    ...faceNormals(target, model, size),
    reference: referenceCrop(photo, reference, size, input.padding),
    caption,
    camera: headCamera(target, size, WORLD_SCALE),
  };
}

/** The crop of a photo around a fitted face, S×S×3. */
export function referenceCrop(photo: Photo, face: Face, size: number, padding: Padding = 'black'): Image {
  return cropImage(photo.image, face.crop, size, size, padding);
}

/** A condition without a photo's look or a face: what is known of a picture without a face. Black normals, empty mask. */
export function emptyNormals(size: number): Pick<Condition, 'normals' | 'mask'> {
  return { normals: makeImage(size, size, 3), mask: makeImage(size, size, 1) };
}
