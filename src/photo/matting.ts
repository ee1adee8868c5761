/**
 * The matte of a picture: how much of each pixel is the person. For pictures that the embedded prior draws and for renders.
 *
 * Trained on rendered people only (scripts/train-matting.ts), whose figures on unseen renders stand in its file's metadata; the paper has
 * MODNet, which is made for photos. Nobody has measured this one there.
 */
import { openSafetensors, readTensor } from '../core/files/safetensors.js';
import { type Image, makeImage, resizeArea, resizeBilinear, toNetwork } from '../core/image.js';
import { compile, type Device, Graph, type Program, sigmoid, type WeightSource } from '../graph/index.js';
import { MATTE_SIDE, matteNetwork } from '../nets/index.js';

/** How it runs. */
export type MattingOptions = {
  /** threads of the runtime; default: all cores */
  readonly threads?: number;
  readonly device?: Device;
};

/** Pictures looked at at once: the network is so small that one by one would spend its time between calls. */
const BATCH = 8;

/** The network, compiled. Owns native memory: `dispose` when done. */
export class Matting {
  private constructor(private readonly program: Program) {}

  /** Opens weights (assets/matting/matting.safetensors). @throws JokerError missing-file, bad-file, bad-weights. */
  static async load(path: string, options: MattingOptions = {}): Promise<Matting> {
    const file = openSafetensors(path);
    return Matting.fromWeights((name) => ({ kind: 'memory', data: readTensor(file, name) }), options);
  }

  /** From weights in memory. */
  static async fromWeights(weights: WeightSource, { threads, device }: MattingOptions = {}): Promise<Matting> {
    const graph = new Graph();
    const share = sigmoid(matteNetwork(graph.input('picture', [BATCH, 3, MATTE_SIDE, MATTE_SIDE])));
    return new Matting(await compile({ outputs: { share }, weights, threads, device }));
  }

  /** Mattes S×S×1 in [0, 1] of square pictures S×S×3 in [0, 1]; other sizes than 64² are resampled there and back. */
  async mattes(pictures: readonly Image[]): Promise<Image[]> {
    const mattes: Image[] = [];
    for (let first = 0; first < pictures.length; first += BATCH)
      mattes.push(...(await this.batch(pictures.slice(first, first + BATCH))));
    return mattes;
  }

  private async batch(pictures: readonly Image[]): Promise<Image[]> {
    const pixels = MATTE_SIDE ** 2;
    const picture = new Float32Array(BATCH * 3 * pixels);
    for (const [i, image] of pictures.entries()) toNetwork(resized(image, MATTE_SIDE), picture, i * 3 * pixels);
    const { share } = await this.program.run({ picture });
    return pictures.map(({ width }, i) => {
      const matte = makeImage(MATTE_SIDE, MATTE_SIDE, 1);
      matte.data.set(share!.subarray(i * pixels, (i + 1) * pixels));
      return resized(matte, width);
    });
  }

  /** Frees the network. */
  async dispose(): Promise<void> {
    await this.program.dispose();
  }
}

function resized(image: Image, side: number): Image {
  if (image.width === side) return image;
  return image.width > side ? resizeArea(image, side, side) : resizeBilinear(image, side, side);
}
