/**
 * A baseline without any learning: the reference picture, carried over the fitted face to where the target's face is.
 *
 * Reenactment by warping, as in many older methods, with the mesh in place of learned key points (e.g. Siarohin et al., "First order
 * motion model for image animation", 2019, who learn them). It shows what a prior must add: the inside of a mouth that opens, a tongue, skin that was
 * turned away. Not one of the paper's baselines, which are networks of others: run/evaluate-exchange.ts lets those be measured.
 */
import { type Camera, projectPoint } from '../core/camera.js';
import { type Image, makeImage, sampleBilinear } from '../core/image.js';
import {
  interpolateAttributes,
  makeRasterTarget,
  projectVertices,
  rasterize,
  resolveBarycentrics,
} from '../core/raster.js';

/** A surface as it stands before a picture's camera; 3·N positions. */
export type PosedSurface = { readonly positions: Float32Array; readonly camera: Camera };

/**
 * The picture with its face moved as the surface moves. Where no surface is, the motion is filled in smoothly between the face and the
 * picture's border, which stays. Points that `from` does not show get the colour of what stands before them.
 * @param picture H×W×3 as `from.camera` saw it. @param triangles 3·T, the same for both surfaces.
 */
export function warpOverMesh(
  picture: Image,
  from: PosedSurface,
  to: PosedSurface,
  triangles: Uint32Array | Int32Array,
): Image {
  const { width, height } = to.camera;
  const motion = filled(surfaceMotion(from, to, triangles));
  const out = makeImage(width, height, 3);
  const color = new Float32Array(3);
  for (let row = 0; row < height; row++)
    for (let column = 0; column < width; column++) {
      const i = row * width + column;
      sampleBilinear(picture, column + 0.5 + motion.right[i]!, row + 0.5 + motion.down[i]!, color);
      out.data.set(color, 3 * i);
    }
  return out;
}

/** Where each pixel's colour comes from, relative to the pixel, and how sure that is (0: not known). */
type Motion = {
  readonly width: number;
  readonly height: number;
  readonly right: Float32Array;
  readonly down: Float32Array;
  readonly weight: Float32Array;
};

function makeMotion(width: number, height: number): Motion {
  const plane = () => new Float32Array(width * height);
  return { width, height, right: plane(), down: plane(), weight: plane() };
}

function surfaceMotion(from: PosedSurface, to: PosedSurface, triangles: Uint32Array | Int32Array): Motion {
  const { width, height } = to.camera;
  const target = makeRasterTarget(width, height);
  const projected = new Float32Array(to.positions.length);
  projectVertices(to.camera, to.positions, projected);
  rasterize(target, projected, triangles, { cull: 'back' });
  const weights = resolveBarycentrics(target, projected, triangles);
  const points = interpolateAttributes(target, triangles, weights, from.positions, 3);
  const motion = makeMotion(width, height);
  for (let row = 0; row < height; row++)
    for (let column = 0; column < width; column++) {
      const i = row * width + column;
      const isBorder = row === 0 || column === 0 || row === height - 1 || column === width - 1;
      if (target.triangle[i]! >= 0) {
        const [x, y, depth] = projectPoint(from.camera, points[3 * i]!, points[3 * i + 1]!, points[3 * i + 2]!);
        if (!(depth > 0)) continue;
        [motion.right[i], motion.down[i], motion.weight[i]] = [x - column - 0.5, y - row - 0.5, 1];
      } else if (isBorder) motion.weight[i] = 1; // at rest
    }
  return motion;
}

/**
 * Fills what is not known from ever coarser means of what is: pull–push (Gortler et al., "The lumigraph", 1996). Known values stay.
 */
function filled(motion: Motion): Motion {
  const { width, height, right, down, weight } = motion;
  if (width === 1 && height === 1) return motion;
  const coarse = filled(halved(motion));
  for (let row = 0; row < height; row++)
    for (let column = 0; column < width; column++) {
      const i = row * width + column;
      const missing = 1 - Math.min(1, weight[i]!);
      if (missing === 0) continue;
      right[i] = (1 - missing) * right[i]! + missing * between(coarse, coarse.right, column, row);
      down[i] = (1 - missing) * down[i]! + missing * between(coarse, coarse.down, column, row);
    }
  return motion;
}

/** Weighted means of 2×2 cells; a cell is sure when all that it covers together is. */
function halved(fine: Motion): Motion {
  const coarse = makeMotion(Math.ceil(fine.width / 2), Math.ceil(fine.height / 2));
  for (let row = 0; row < fine.height; row++)
    for (let column = 0; column < fine.width; column++) {
      const i = row * fine.width + column;
      const at = (row >> 1) * coarse.width + (column >> 1);
      coarse.right[at]! += fine.weight[i]! * fine.right[i]!;
      coarse.down[at]! += fine.weight[i]! * fine.down[i]!;
      coarse.weight[at]! += fine.weight[i]!;
    }
  for (let at = 0; at < coarse.weight.length; at++) {
    const sum = coarse.weight[at]!;
    if (sum === 0) continue;
    coarse.right[at]! /= sum;
    coarse.down[at]! /= sum;
    coarse.weight[at] = Math.min(1, sum);
  }
  return coarse;
}

/** A coarse plane at the centre of a fine pixel, bilinear. */
function between(coarse: Motion, plane: Float32Array, column: number, row: number): number {
  const [x, y] = [(column + 0.5) / 2 - 0.5, (row + 0.5) / 2 - 0.5];
  const clamp = (v: number, limit: number) => Math.max(0, Math.min(limit - 1, v));
  const [x0, y0] = [Math.floor(x), Math.floor(y)];
  const value = (c: number, r: number) => plane[clamp(r, coarse.height) * coarse.width + clamp(c, coarse.width)]!;
  const [fx, fy] = [x - x0, y - y0];
  const line = (r: number) => (1 - fx) * value(x0, r) + fx * value(x0 + 1, r);
  return (1 - fy) * line(y0) + fy * line(y0 + 1);
}
