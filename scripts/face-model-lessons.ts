/**
 * What a face model's reader learns from: rendered people's landmarks laid onto their symmetric mean, beside the turn, identity and
 * expression that they truly have.
 *
 * Part of scripts/build-face-model.ts; the learning is face-model-reader.ts. No photo comes here.
 */
import { join } from 'node:path';
import { openSafetensors, readIntegers } from '../src/core/files/safetensors.js';
import { type RenderedSetOptions, renderedPerson, renderedShot, TRIES, variantsOf } from '../src/data/rendered.js';
import { shardLandmarks, shardNames } from '../src/data/sources/rendered-shards.js';
import type { HeadModel, Pose } from '../src/data/synthetic/head-model.js';
import type { MorphableModel } from '../src/face/model/model.js';
import { canonicalLandmarks } from '../src/face/reading.js';
import { anglesOf } from '../src/face/rotation.js';
import { MESH_POINTS } from '../src/face/tracker/topology.js';

/** Values of one set of landmarks. */
export const LENGTH = 3 * MESH_POINTS;

/** One picture whose coefficients are known. */
type Sample = {
  readonly landmarks: Float32Array;
  /** identity and expression, K + E */
  readonly coefficients: readonly number[];
  /** poses that the picture may have: a set does not say which attempt at it the tracker found */
  readonly poses: readonly Pose[];
  readonly heldOut: boolean;
};

/** Landmarks on the reference less the reference, and the C values that a reader should find beside the turn's angles. */
export type Lesson = { readonly seen: Float64Array; readonly truth: Float64Array; readonly heldOut: boolean };

/** A model without its reader, and what the family's heads say about it. */
export type ReaderGround = {
  readonly head: HeadModel;
  readonly model: Omit<MorphableModel, 'reader'>;
  /** coefficients of the model's identity modes, K, of a person of the family */
  readonly identityOf: (coefficients: Float32Array) => Float64Array;
  /** the mesh point on the other side of each of the 468 */
  readonly mirror: readonly number[];
};

/** The lessons of some folders of shards (scripts/render-training-set.ts), every tenth person held out, and their mean landmarks. */
export function readLessons(
  ground: ReaderGround,
  folders: readonly string[],
): { lessons: Lesson[]; reference: Float32Array } {
  const samples = folders.flatMap((folder) => readSamples(ground, folder));
  const reference = meanLandmarks(samples, ground.mirror);
  return { lessons: samples.map((sample) => lesson(sample, reference)), reference };
}

function lesson({ landmarks, coefficients, poses, heldOut }: Sample, reference: Float32Array): Lesson {
  const { points, turn } = canonicalLandmarks(landmarks, reference);
  const seen = anglesOf(turn);
  const missing = poses.map(({ pitch, yaw, roll }) => [pitch, yaw, roll].map((angle, a) => angle - seen[a]!));
  const nearest = missing.sort((a, b) => Math.hypot(...a) - Math.hypot(...b))[0]!;
  return {
    seen: points.map((v, i) => v - reference[i]!),
    truth: Float64Array.from([...nearest, ...coefficients]),
    heldOut,
  };
}

/** The pictures of a folder, one of each run of tongues: those share their landmarks. */
function readSamples({ head, model, identityOf }: ReaderGround, folder: string): Sample[] {
  const out: Sample[] = [];
  for (const name of shardNames(folder)) {
    const file = openSafetensors(join(folder, name));
    const options = JSON.parse(file.metadata['options']!) as RenderedSetOptions;
    const all = shardLandmarks(folder, name);
    for (const [index, person] of readIntegers(file, 'people').entries()) {
      const { identity } = renderedPerson(head, options.seed, person, options.variety);
      const own = identityOf(identity);
      for (let frame = 0; frame < options.frames; frame += variantsOf(options)) {
        const weights: Record<string, number> = renderedShot(options, person, frame, 0, 0).expression;
        const coefficients = [...own, ...model.expressionNames.map((shape) => weights[shape] ?? 0)];
        for (let view = 0; view < options.views; view++) {
          const item = (index * options.frames + frame) * options.views + view;
          const landmarks = all.slice(item * 478 * 3, item * 478 * 3 + LENGTH);
          const poses = Array.from(
            { length: TRIES },
            (_, attempt) => renderedShot(options, person, frame, view, attempt).pose,
          );
          out.push({ landmarks, coefficients, poses, heldOut: person % 10 === 0 });
        }
      }
    }
  }
  return out;
}

/** Rounds of aligning to the mean and taking it anew. The first turns all onto one face; further ones only refine (chosen, not compared). */
const MEAN_ROUNDS = 4;

/** The symmetric mean of landmarks aligned to it: centred, RMS distance 1. */
function meanLandmarks(samples: readonly Sample[], mirror: readonly number[]): Float32Array {
  let mean = canonicalLandmarks(samples[0]!.landmarks, flipped(samples[0]!.landmarks)).points;
  const some = samples.filter((_, i) => i % 7 === 0); // a mean needs no more
  for (let round = 0; round < MEAN_ROUNDS; round++) {
    const sum = new Float64Array(LENGTH);
    for (const { landmarks } of some) add(sum, canonicalLandmarks(landmarks, mean).points);
    add(sum, mirrored(sum.slice(), mirror));
    const size = Math.sqrt(sum.reduce((s, v) => s + v * v, 0) / MESH_POINTS);
    mean = sum.map((v) => v / size);
  }
  return Float32Array.from(mean);
}

/** Landmarks as they are, with +y up and +z towards the viewer. */
export const flipped = (landmarks: ArrayLike<number>): Float64Array =>
  Float64Array.from({ length: LENGTH }, (_, i) => (i % 3 === 1 ? -1 : 1) * landmarks[i]!);

/** Adds factor·values to a sum in place. */
export function add(sum: Float64Array, values: ArrayLike<number>, factor = 1): void {
  for (let i = 0; i < sum.length; i++) sum[i]! += factor * values[i]!;
}

/** The landmarks of the mirrored face. */
export function mirrored(values: ArrayLike<number>, mirror: readonly number[]): Float64Array {
  return Float64Array.from(
    { length: LENGTH },
    (_, i) => (i % 3 ? 1 : -1) * values[3 * mirror[Math.floor(i / 3)]! + (i % 3)]!,
  );
}
