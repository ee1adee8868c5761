/**
 * The training set in memory, and batches drawn from it by key.
 *
 * Letters: P people, F frames of a person, V views of a frame (same expression and caption, another camera), S side.
 * Not a file format: see data/.
 */
import { type RandomKey, RandomStream } from '../core/rng.js';

/** Prepared pictures of people. */
export type PictureSet = {
  /** S, pixels */
  readonly size: number;
  readonly people: number;
  readonly frames: number;
  readonly views: number;
  /** frames in a row that differ in the tongue alone (data/rendered.ts); a divisor of F. Default 1 */
  readonly variants?: number;
  /** [P, F, V, S, S, 3], sRGB bytes */
  readonly images: Uint8Array;
  /** control pictures of the fits, same layout; null until they have been made */
  readonly normals: Uint8Array | null;
  /** name of the face model whose fits drew them, where the set says so */
  readonly faceModel?: string;
  /** one per frame, P·F */
  readonly captions: readonly string[];
};

/** Index of the first view of a frame. */
export function viewIndex(set: PictureSet, person: number, frame: number, view: number): number {
  return (person * set.frames + frame) * set.views + view;
}

/** Copies a picture into [3, S, S] in [−1, 1] at an offset. */
export function pictureTo(bytes: Uint8Array, index: number, size: number, out: Float32Array, offset: number): void {
  const pixels = size * size;
  const start = index * pixels * 3;
  for (let i = 0; i < pixels; i++)
    for (let c = 0; c < 3; c++) out[offset + c * pixels + i] = bytes[start + i * 3 + c]! / 127.5 - 1;
}

/** Draws batches of single pictures, for the autoencoder. */
export type PictureSource = {
  readonly size: number;
  /** `image` [B, 3, S, S] and `noise` of B·noiseLength standard normals */
  readonly randomPictures: (
    key: RandomKey,
    batch: number,
    noiseLength: number,
  ) => { image: Float32Array; noise: Float32Array };
};

/** Pictures of a set, uniformly. */
export function pictureSource(set: PictureSet): PictureSource {
  const count = set.people * set.frames * set.views;
  return {
    size: set.size,
    randomPictures: (key, batch, noiseLength) => {
      const random = new RandomStream(key);
      const image = new Float32Array(batch * 3 * set.size * set.size);
      for (let b = 0; b < batch; b++)
        pictureTo(set.images, random.integer(count), set.size, image, b * 3 * set.size * set.size);
      return { image, noise: random.normals(batch * noiseLength) };
    },
  };
}
