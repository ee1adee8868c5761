/**
 * The networks that measure pictures: LPIPS when the person has it, else, and for `fid(mini)` and, without a face descriptor,
 * `csim(mini)`, a prior's own image encoder.
 *
 * One encoder measures all rows of a run, whichever prior drew them, and results name its file and version. It was trained on
 * pictures like these, and knows nothing of people's opinions (LPIPS) or of identities (ArcFace): stand-ins.
 */
import type { Image } from '../core/image.js';
import { toNetwork } from '../core/image.js';
import { encoderPerceptual, lpipsPerceptual } from '../distill/index.js';
import { type Descriptor, faceCut } from '../evaluate/descriptor.js';
import { sampleRegion } from '../face/tracker/region.js';
import {
  averagePool2x,
  compile,
  Graph,
  mean,
  type Program,
  reshape,
  type Tensor,
  type WeightSource,
} from '../graph/index.js';
import { LPIPS_PREFIX, type LpipsModel, scopeOf, vaeFeatures } from '../nets/index.js';
import { PREFIXES, type PriorModel } from '../prior/index.js';

/** What the encoder says of two masked pictures. */
export type Comparison = {
  /** LPIPS or `lpips(mini)`, 0 = equal */
  readonly lpips: number;
  /** [D]: features of each picture for the Fréchet distance */
  readonly features: readonly [Float32Array, Float32Array];
};

/** Side of the face that the stand-in descriptor reads: what the encoder was trained on. */
const FACE_SIDE = 64;
/** Cells per side of the descriptor: enough to tell eyes from mouth, few enough to forgive a pixel of misalignment. */
const CELLS = 4;

/** The encoder, compiled for pairs of pictures and for faces. Owns native memory. */
export type Eye = {
  compare(a: Image, b: Image): Promise<Comparison>;
  /** `csim(mini)`: to be centred on the mean over people, since all faces share most of it */
  readonly descriptor: Descriptor;
  dispose(): Promise<void>;
};

/**
 * Compiles a prior's image encoder, and LPIPS if there is one, for pictures S×S, which LPIPS must be able to look at
 * (`checkLpipsSide`). @throws JokerError bad-weights.
 */
export async function openEye(
  model: PriorModel,
  lpips: LpipsModel | null,
  size: number,
  threads?: number,
): Promise<Eye> {
  const pair = await pairProgram(model, lpips, size, threads);
  const face = await faceProgram(model, threads);
  return {
    compare: async (a, b) => {
      const { distance, one, two } = await pair.run({ a: toNetwork(a), b: toNetwork(b) });
      return { lpips: distance![0]!, features: [one!, two!] };
    },
    descriptor: {
      name: 'mini',
      describe: async (image, landmarks) => {
        const input = new Float32Array(3 * FACE_SIDE * FACE_SIDE);
        sampleRegion(image, faceCut(landmarks), FACE_SIDE, { scale: 2, shift: -1 }, input);
        return (await face.run({ face: input })).cells!;
      },
      dispose: async () => {}, // the eye's affair
    },
    dispose: async () => {
      await pair.dispose();
      await face.dispose();
    },
  };
}

function pairProgram(
  { config, weights: own }: PriorModel,
  lpips: LpipsModel | null,
  size: number,
  threads?: number,
): Promise<Program> {
  const g = new Graph();
  const [a, b] = ['a', 'b'].map((name) => g.input(name, [1, 3, size, size])) as [Tensor, Tensor];
  const term = lpips ? lpipsPerceptual(lpips) : encoderPerceptual(config.vae, own);
  const distance = reshape(term.build(g, a, b), [1]);
  // The deepest level, averaged over the picture: what there is, not where.
  const pooled = (image: Tensor) => mean(vaeFeatures(scopeOf(g, PREFIXES.vae), config.vae, image).at(-1)!, [2, 3]);
  const weights: WeightSource = (name, shape) => (name.startsWith(LPIPS_PREFIX) ? term.weights : own)(name, shape);
  return compile({ outputs: { distance, one: pooled(a), two: pooled(b) }, weights, threads });
}

function faceProgram({ config, weights }: PriorModel, threads?: number): Promise<Program> {
  const g = new Graph();
  const face = g.input('face', [1, 3, FACE_SIDE, FACE_SIDE]);
  let cells = vaeFeatures(scopeOf(g, PREFIXES.vae), config.vae, face).at(-1)!;
  while (cells.shape[2]! > CELLS && cells.shape[2]! % 2 === 0) cells = averagePool2x(cells);
  return compile({ outputs: { cells }, weights, threads });
}
