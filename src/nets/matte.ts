/**
 * The network of the matte: a small encoder–decoder (after Ronneberger et al. 2015) that says of each pixel how much of it is the
 * person, hair and clothes included.
 *
 * Our own, in the place of the paper's MODNet; made for pictures that the embedded prior draws, not for photos. Letters: B pictures, W side.
 */
import { add, averagePool2x, concat, type Graph, sub, type Tensor, upsampleNearest2x } from '../graph/index.js';
import { maskTerms, plainBlock, plainConvolution } from './plain-blocks.js';

/** W: the embedded prior's pictures. A multiple of 8, for three halvings. */
export const MATTE_SIDE = 64;

/** Channels at full, half, quarter and eighth size: what fits into a file of 250 kB. */
const WIDTHS = [16, 24, 32, 48] as const;

/** Logits of "this pixel is the person", [B, 1, W, W], of pictures [B, 3, W, W] in [−1, 1]. Parameters are made on the pictures' graph. */
export function matteNetwork(picture: Tensor): Tensor {
  const [full, half, quarter, eighth] = WIDTHS;
  const x1 = plainBlock(picture, 'full', full);
  const x2 = plainBlock(plainBlock(averagePool2x(x1), 'half1', half), 'half2', half);
  const x3 = plainBlock(plainBlock(averagePool2x(x2), 'quarter1', quarter), 'quarter2', quarter);
  const x4 = plainBlock(plainBlock(averagePool2x(x3), 'eighth1', eighth), 'eighth2', eighth);
  const y3 = plainBlock(concat([upsampleNearest2x(x4), x3], 1), 'up_quarter', quarter);
  const y2 = plainBlock(concat([upsampleNearest2x(y3), x2], 1), 'up_half', half);
  const y1 = plainBlock(concat([upsampleNearest2x(y2), x1], 1), 'up_full', full);
  return plainConvolution(y1, 'mask', 1, 1);
}

/**
 * Loss of a batch: cross entropy per pixel + soft Jaccard distance (Rahman and Wang 2016). Inputs made on the graph: `picture`
 * [B, 3, W, W] in [−1, 1], `truth` [B, 1, W, W] shares.
 */
export function matteLoss(graph: Graph, batch: number): { loss: Tensor; figures: Record<string, Tensor> } {
  const mask = matteNetwork(graph.input('picture', [batch, 3, MATTE_SIDE, MATTE_SIDE]));
  const truth = graph.input('truth', mask.shape);
  const { entropy, overlap } = maskTerms(mask, truth);
  return { loss: add(sub(1, overlap), entropy), figures: { entropy, overlap } };
}
