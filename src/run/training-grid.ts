/**
 * A sheet of samples during training: reference, control, sample with the frame's caption, truth; one row per person.
 */
import sharp from 'sharp';
import { fromBytes, type Image, toBytes } from '../core/image.js';
import { foldIn, randomKey } from '../core/rng.js';
import { type JokerPrior, sample } from '../prior/index.js';
import { type PictureSet, viewIndex } from '../train/pictures.js';

/** How to draw a sheet. */
export type GridOptions = {
  /** rows; people from the end of the set */
  readonly people: number;
  readonly seed: number;
  readonly threads?: number;
};

/** Steps of a training sample: enough to judge, cheap enough to draw often. */
const STEPS = 20;

/** The sheet as PNG bytes. */
export async function sampleGrid(prior: JokerPrior, set: PictureSet, options: GridOptions): Promise<Uint8Array> {
  const rows: Image[][] = [];
  for (let row = 0; row < options.people; row++) rows.push(await sampleRow(prior, set, set.people - 1 - row, options));
  return encodeSheet(rows, set.size);
}

async function sampleRow(prior: JokerPrior, set: PictureSet, person: number, options: GridOptions): Promise<Image[]> {
  const target = viewIndex(set, person, 0, 0);
  const reference = pictureOf(set.images, viewIndex(set, person, set.frames - 1, 0), set.size);
  const control = pictureOf(set.normals!, target, set.size);
  const caption = set.captions[person * set.frames]!;
  const condition = await prior.prepare(caption, reference, null);
  const features = await prior.controlFeatures([control]);
  const batch = { condition, control: features, views: 1 };
  const [drawn] = await sample(prior, batch, foldIn(randomKey(options.seed), person), {
    steps: STEPS,
    sampler: 'ddim',
  });
  return [reference, control, drawn!, pictureOf(set.images, target, set.size)];
}

function pictureOf(bytes: Uint8Array, index: number, size: number): Image {
  const length = size * size * 3;
  return fromBytes(bytes.subarray(index * length, (index + 1) * length), size, size, 3);
}

async function encodeSheet(rows: readonly (readonly Image[])[], size: number): Promise<Uint8Array> {
  const tiles = rows.flatMap((row, y) =>
    row.map((image, x) => ({
      input: Buffer.from(toBytes(image)),
      raw: { width: size, height: size, channels: 3 as const },
      left: x * size,
      top: y * size,
    })),
  );
  const sheet = { width: rows[0]!.length * size, height: rows.length * size, channels: 3 as const, background: '#000' };
  return new Uint8Array(await sharp({ create: sheet }).composite(tiles).png().toBuffer());
}
