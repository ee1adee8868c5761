/**
 * `csim(faceres)`: the face descriptor of HSE-FaceRes (Savchenko 2019), read from the folder of models of the npm package
 * @vladmandic/human when the person names it. Used for measuring only; nothing of it is shipped, and we did not train it.
 *
 * A stand-in for ArcFace, with which the paper measures: results carry its name. It looks at a square around the landmarks
 * with level eyes, colour values 0 … 255, and needs no centre.
 */
import type { Image } from '../core/image.js';
import { type Region, sampleRegion } from '../face/tracker/region.js';
import { compile, Graph, type Program } from '../graph/index.js';
import { buildChain, readGraphModel } from './graph-model.js';

/** Name of the model's two files without their endings. */
export const DESCRIPTOR_NAME = 'faceres';
/** Side of its input. */
const SIDE = 224;
/**
 * The square is this much larger than the landmarks' box. On 39 renders (64², ICT) of the bench's 13 people, margins of 1, 1.15,
 * 1.3 and 1.5 rank pairs of one person above pairs of two in 99.2, 99.3, 99.5 and 99.3 % of comparisons (cosines 0.76 and 0.51).
 */
const MARGIN = 1.3;
/** Outer corners of the eyes in the tracker's mesh: the line between them becomes level. */
const EYES = [33, 263] as const;

/** Something that tells faces apart. */
export type Descriptor = {
  /** as it stands in results, e.g. `faceres` */
  readonly name: string;
  /** one vector per picture and its 478×3 landmarks in pixels of that picture */
  describe(image: Image, landmarks: ArrayLike<number>): Promise<Float32Array>;
  /** frees native memory */
  dispose(): Promise<void>;
};

/** The square of a picture that a descriptor looks at: centred on the landmarks, eyes level. */
export function faceCut(landmarks: ArrayLike<number>, margin = MARGIN): Region {
  const [a, b] = EYES.map((i) => 3 * i) as [number, number];
  const angle = Math.atan2(landmarks[b + 1]! - landmarks[a + 1]!, landmarks[b]! - landmarks[a]!);
  const [c, s] = [Math.cos(angle), Math.sin(angle)];
  let [u0, u1, v0, v1] = [Infinity, -Infinity, Infinity, -Infinity];
  for (let i = 0; i < landmarks.length; i += 3) {
    const [u, v] = [c * landmarks[i]! + s * landmarks[i + 1]!, -s * landmarks[i]! + c * landmarks[i + 1]!];
    [u0, u1, v0, v1] = [Math.min(u0, u), Math.max(u1, u), Math.min(v0, v), Math.max(v1, v)];
  }
  const [u, v] = [(u0 + u1) / 2, (v0 + v1) / 2];
  return { x: c * u - s * v, y: s * u + c * v, size: margin * Math.max(u1 - u0, v1 - v0), angle };
}

/**
 * The descriptor of a folder with faceres.json and faceres.bin: 1024 values.
 * @throws JokerError missing-file or bad-file.
 */
export async function openDescriptor(folder: string, options: { threads?: number } = {}): Promise<Descriptor> {
  const g = new Graph();
  const image = g.input('image', [1, 3, SIDE, SIDE]);
  const { output, weights } = buildChain(g, readGraphModel(folder, DESCRIPTOR_NAME), image);
  const program: Program = await compile({
    outputs: { output },
    weights: (name) => ({ kind: 'memory', data: weights.get(name)! }),
    threads: options.threads,
  });
  return {
    name: DESCRIPTOR_NAME,
    describe: async (picture, landmarks) => {
      const input = new Float32Array(3 * SIDE * SIDE);
      sampleRegion(picture, faceCut(landmarks), SIDE, { scale: 255, shift: 0 }, input);
      return (await program.run({ image: input })).output!;
    },
    dispose: () => program.dispose(),
  };
}
