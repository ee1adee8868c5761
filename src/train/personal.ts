/**
 * Training on one photo: a trained prior learns the person whom it is about to draw, from that photo and its fit alone.
 *
 * Not the paper's, whose prior has seen many real people: the embedded one has seen rendered ones only, and a real face is
 * outside of what it knows (docs/PAPER.md). The idea is that of subject-driven fine-tuning (DreamBooth, Ruiz et al. 2023; pivotal
 * tuning, Roich et al. 2022). What reads the expression (ControlNet) and the words (text encoder) does not train, so that both keep
 * their meaning though the photo shows one expression only. Not the fit of the photo and not the encoding: run/personal-prior.ts.
 */
import { type Image, makeImage, sampleBilinear, toBytes } from '../core/image.js';
import { type RandomKey, RandomStream } from '../core/rng.js';
import type { CaptionedLatents } from './base.js';
import type { PriorNetworks, StageOptions } from './config.js';
import type { TrainingTask } from './loop.js';
import type { PictureSet } from './pictures.js';
import { priorTask } from './prior.js';

/** Steps by default: RESULTS ("Training on the photo") has what fewer and more give. */
export const PERSONAL_STEPS = 80;

/** The recipe but for steps and seed. No averages: they would lag behind in so few steps. */
export const PERSONAL_RECIPE = {
  batch: 8,
  learningRate: 4e-4,
  warmupSteps: 5,
  decayShare: 0.5,
  weightDecay: 0,
  clipNorm: 1,
  averageDecay: 0,
} as const satisfies Omit<StageOptions, 'steps' | 'seed'>;

/** A crop moved a little: side of the window in crops, and its centre's place from the crop's, in crops. */
export type Move = { readonly window: number; readonly right: number; readonly down: number };

const AT_REST: Move = { window: 1, right: 0, down: 0 };
/** Largest moves, in crops: some pixels of 64. They make the networks find the face by its normals; chosen, not compared. */
const MOST = { window: 0.08, shift: 0.04 } as const;
/** Pictures in the set, of which the first third are the crop as it is: that is what the reference will be. */
const FRAMES = 24;

/**
 * The window of a square picture, reduced to S×S: each pixel is the mean of N/S × N/S points of the N×N picture.
 * @param beyond what lies outside of the picture: its edge's colour, or nothing (black).
 */
export function movedPicture(picture: Image, size: number, move: Move, beyond: 'edge' | 'black'): Image {
  const side = picture.width;
  const points = Math.max(1, Math.round(side / size));
  const out = makeImage(size, size, 3);
  const colour = new Float32Array(3);
  const place = (at: number, point: number, shift: number) =>
    (((at + (point + 0.5) / points) / size - 0.5) * move.window + 0.5 + shift) * side;
  for (let y = 0; y < size; y++)
    for (let x = 0; x < size; x++)
      for (let p = 0; p < points * points; p++) {
        const [u, v] = [place(x, p % points, move.right), place(y, Math.floor(p / points), move.down)];
        const outside = Math.min(u, v) < 0 || Math.max(u, v) > side;
        if (outside && beyond === 'black') continue;
        sampleBilinear(picture, u, v, colour);
        for (let c = 0; c < 3; c++) out.data[(y * size + x) * 3 + c]! += colour[c]! / points ** 2;
      }
  return out;
}

/** The photo as training pictures. */
export type PersonalPictures = {
  /** crops S×S×3, to be encoded */
  readonly crops: readonly Image[];
  /** the same and their control pictures as a set of one person */
  readonly set: PictureSet;
};

/**
 * Crops of the photo, each moved a little together with its normals.
 * @param crop N×N×3, N a multiple of S. @param normals control picture of its fit, N×N×3. @param size S.
 * @param caption of the photo's own expression.
 */
export function personalPictures(
  { crop, normals, size, caption }: { crop: Image; normals: Image; size: number; caption: string },
  key: RandomKey,
): PersonalPictures {
  const random = new RandomStream(key);
  const shift = () => random.uniform(-MOST.shift, MOST.shift);
  const moves = Array.from({ length: FRAMES }, (_, i) =>
    i < FRAMES / 3 ? AT_REST : { window: 1 + random.uniform(-MOST.window, MOST.window), right: shift(), down: shift() },
  );
  const crops = moves.map((move) => movedPicture(crop, size, move, 'edge'));
  const controls = moves.map((move) => movedPicture(normals, size, move, 'black'));
  const captions = moves.map(() => caption);
  const set = { size, people: 1, frames: FRAMES, views: 1, images: joined(crops), normals: joined(controls), captions };
  return { crops, set };
}

function joined(images: readonly Image[]): Uint8Array {
  const parts = images.map(toBytes);
  const out = new Uint8Array(parts.length * parts[0]!.length);
  parts.forEach((part, i) => {
    out.set(part, i * part.length);
  });
  return out;
}

/** The task: as the prior's (prior.ts), on the photo, for the two networks that carry a person's looks. */
export function personalTask(
  networks: PriorNetworks,
  material: CaptionedLatents & { readonly pictures: PictureSet },
  weights: ReadonlyMap<string, Float32Array>,
): TrainingTask {
  const task = priorTask(networks, PERSONAL_RECIPE.batch, [material], weights, { wholeDenoiser: true });
  return { ...task, name: 'on the photo', trains: (name) => isPersonal(name) && task.trains(name) };
}

/** Whether a weight may learn the person: the denoiser's and the reference network's. */
export function isPersonal(name: string): boolean {
  return name.startsWith('unet.') || name.startsWith('ref_unet.');
}
