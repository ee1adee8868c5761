/** Cast shadows: the head and hair drawn once from the lamp; a point is lit when nothing is nearer to the lamp. */

import { clearRaster, makeRasterTarget, type RasterTarget, rasterize } from '../../core/raster.js';

/** Side of the depth picture: 1.8 mm a pixel, the size of a picture's pixel at 128². */
const SIDE = 160;
/** World units that it spans, about the head's middle. */
const EXTENT = 2.9;
/** Points this much behind the nearest still count as lit: 1.5 cm soft zone hides the steps of the depth picture. */
const BIAS = 0.05;
const SOFT = 0.1;

/** Owns the depth picture of one lamp at a time. */
export class ShadowMap {
  private readonly target: RasterTarget = makeRasterTarget(SIDE, SIDE);
  private right: readonly number[] = [1, 0, 0];
  private up: readonly number[] = [0, 1, 0];
  private back: readonly number[] = [0, 0, 1];

  /** Empties the map and aims it from a lamp's direction (unit vector). */
  aim(direction: readonly [number, number, number]): void {
    const [x, y, z] = direction;
    const across = Math.hypot(x, z) || 1; // straight above never happens: elevation stays below 65°
    this.back = direction;
    this.right = [z / across, 0, -x / across];
    this.up = [(-x * y) / across, across, (-z * y) / across];
    clearRaster(this.target);
  }

  /** Draws triangles `first` to `end` (exclusive) of a mesh; `scratch` takes its 3·N projected vertices. */
  draw(
    positions: Float32Array,
    triangles: Uint32Array,
    scratch: Float32Array,
    { first, end }: { first: number; end: number },
  ): void {
    const { right, up, back } = this;
    const s = SIDE / EXTENT;
    for (let i = 0; i < positions.length; i += 3) {
      const [x, y, z] = [positions[i]!, positions[i + 1]!, positions[i + 2]! + 0.5];
      scratch[i] = SIDE / 2 + s * (x * right[0]! + y * right[1]! + z * right[2]!);
      scratch[i + 1] = SIDE / 2 - s * (x * up[0]! + y * up[1]! + z * up[2]!);
      scratch[i + 2] = 10 + x * back[0]! + y * back[1]! + z * back[2]!;
    }
    rasterize(this.target, scratch, triangles, { first, end, cull: 'back' });
  }

  /** Share of the lamp that reaches a world point, 0 … 1, mean of four pixels about it. */
  lit(px: number, py: number, pz: number): number {
    const { right, up, back } = this;
    const s = SIDE / EXTENT;
    const z = pz + 0.5;
    const u = SIDE / 2 + s * (px * right[0]! + py * right[1]! + z * right[2]!) - 0.5;
    const v = SIDE / 2 - s * (px * up[0]! + py * up[1]! + z * up[2]!) - 0.5;
    const near = 10 + px * back[0]! + py * back[1]! + z * back[2]!;
    const [u0, v0] = [Math.floor(u), Math.floor(v)];
    if (u0 < 0 || v0 < 0 || u0 >= SIDE - 1 || v0 >= SIDE - 1) return 1;
    const [fu, fv] = [u - u0, v - v0];
    const d = this.target.inverseDepth;
    const i = v0 * SIDE + u0;
    const top = open(d[i]! - near) * (1 - fu) + open(d[i + 1]! - near) * fu;
    const bottom = open(d[i + SIDE]! - near) * (1 - fu) + open(d[i + SIDE + 1]! - near) * fu;
    return top * (1 - fv) + bottom * fv;
  }

  /** As `lit`, for a lamp with an area: the mean of four places of the map `soft` pixels around the point's. */
  litSoftly(px: number, py: number, pz: number, soft: number): number {
    const { right, up, back } = this;
    const s = SIDE / EXTENT;
    const z = pz + 0.5;
    const u = SIDE / 2 + s * (px * right[0]! + py * right[1]! + z * right[2]!);
    const v = SIDE / 2 - s * (px * up[0]! + py * up[1]! + z * up[2]!);
    const near = 10 + px * back[0]! + py * back[1]! + z * back[2]!;
    const [far, aside] = [soft, 0.35 * soft]; // a square, turned so that no two taps share a row or column
    if (u < far || v < far || u >= SIDE - far || v >= SIDE - far) return 1;
    return (
      (this.tap(u + far, v + aside, near) +
        this.tap(u - aside, v + far, near) +
        this.tap(u - far, v - aside, near) +
        this.tap(u + aside, v - far, near)) /
      4
    );
  }

  private tap(u: number, v: number, near: number): number {
    return open(this.target.inverseDepth[(v | 0) * SIDE + (u | 0)]! - near);
  }
}

function open(nearer: number): number {
  return nearer <= BIAS ? 1 : nearer >= BIAS + SOFT ? 0 : 1 - (nearer - BIAS) / SOFT;
}
