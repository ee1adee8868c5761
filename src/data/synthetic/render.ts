/**
 * The renderer of synthetic people: person + shot → picture and truth. Geometry once per picture, two z-buffers (head with
 * tongue; hair, whose ends are cut out per sample, and hat), shading per sample in linear light, box filter down to the picture.
 *
 * Deterministic: the same person and shot give the same picture at the same size on every machine with IEEE arithmetic.
 */

import { type Camera, projectPoint, resizeCamera } from '../../core/camera.js';
import { type Image, makeImage } from '../../core/image.js';
import { clearRaster, makeRasterTarget, projectVertices, type RasterTarget, rasterize } from '../../core/raster.js';
import { type Anatomy, makeAnatomy } from './anatomy.js';
import { fillBackground } from './background.js';
import { type Body, expressBody, makeBody, normalsInto, turn } from './body.js';
import { toSrgb } from './color.js';
import { landmarkPositions, shotCamera } from './framing.js';
import { HAIR_VERTICES } from './hair.js';
import { HAT_VERTICES } from './hats.js';
import { fivePoints, type HeadModel, PART } from './head-model.js';
import type { Person } from './person.js';
import { SampleShader } from './shade.js';
import { ShadowMap } from './shadow.js';
import type { Shot } from './shot.js';

/** What is known about a rendered picture without looking at it. */
export type Truth = {
  /** 68 points, pixels of the picture, pixel centres at +0.5 */
  readonly landmarks: readonly (readonly [number, number])[];
  /** eye centres, nose tip, mouth corners, in pixels */
  readonly fivePoints: readonly (readonly [number, number])[];
  readonly camera: Camera;
  /** 3·V positions in the head's space, expression applied; world = pose · these */
  readonly vertices: Float32Array;
};

/** A rendered picture. H = W = size. */
export type Rendering = {
  /** H×W×3 sRGB */
  readonly image: Image;
  /** H×W×1 share of the pixel that the person covers */
  readonly mask: Image;
  /** H·W: PART of the sample next to the pixel's middle */
  readonly partId: Uint8Array;
  /** H·W: depth along the viewing direction in world units of that sample, 0 for background */
  readonly depth: Float32Array;
  /** H×W×1 share of the pixel that the tongue covers, whether it is out or seen in an open mouth */
  readonly tongueMask: Image;
  readonly truth: Truth;
};

/** How to render. */
export type RenderOptions = {
  /** side of the picture in pixels */
  readonly size: number;
  /** samples per pixel and axis, default 2 */
  readonly supersample?: number;
};

/** 4096 steps of linear light to sRGB: below 1/4 of an 8-bit step everywhere but the darkest three values. */
const ENCODE = Float32Array.from({ length: 4097 }, (_, i) => toSrgb(i / 4096));

/** Renders people of one family. Owns the buffers, and remembers the last person. */
export class PeopleRenderer {
  readonly anatomy: Anatomy;
  private body: Body | null = null;
  private readonly shadow = new ShadowMap();
  private readonly shaped: Float32Array;
  private readonly posed: Float32Array;
  private readonly normals: Float32Array;
  private readonly projected: Float32Array;
  private readonly shadowProjected: Float32Array;
  private readonly cover: Cover = makeCover();
  private targets: { head: RasterTarget; hair: RasterTarget; sky: Float32Array } | null = null;

  constructor(model: HeadModel) {
    this.anatomy = makeAnatomy(model);
    const length = 3 * this.anatomy.vertexCount;
    this.shaped = new Float32Array(length);
    this.posed = new Float32Array(length);
    this.normals = new Float32Array(length);
    this.projected = new Float32Array(length);
    this.shadowProjected = new Float32Array(length);
  }

  /** Renders one picture. */
  render(person: Person, shot: Shot, options: RenderOptions): Rendering {
    const { size, supersample = 2 } = options;
    const body = this.body?.person === person ? this.body : makeBody(this.anatomy, person);
    this.body = body;
    expressBody(this.anatomy, body, shot, this.shaped);
    turn(shot.pose, this.shaped, this.posed);
    normalsInto(this.posed, this.anatomy.triangles, this.normals);
    const camera = shotCamera(this.anatomy.model, shot, this.posed, size);
    const fine = resizeCamera(camera, size * supersample, size * supersample);
    const { head, hair, sky } = this.prepareTargets(size, size * supersample);
    projectVertices(fine, this.posed, this.projected);
    rasterize(head, this.projected, this.anatomy.triangles, { cull: 'back' });
    this.drawCover(body, shot, fine, hair);
    this.castShadows(body, shot);
    fillBackground(shot.background, size, sky);
    const shader = new SampleShader({
      anatomy: this.anatomy,
      body,
      shot,
      shaped: this.shaped,
      posed: this.posed,
      normals: this.normals,
      projected: this.projected,
      cover: this.cover,
      shadow: this.shadow,
      head,
      hair,
    });
    return { ...composite(shader, head, hair, sky, size, supersample), truth: this.truth(camera) };
  }

  private prepareTargets(size: number, side: number): { head: RasterTarget; hair: RasterTarget; sky: Float32Array } {
    if (this.targets?.head.width !== side || this.targets.sky.length !== size * size * 3)
      this.targets = {
        head: makeRasterTarget(side, side),
        hair: makeRasterTarget(side, side),
        sky: new Float32Array(size * size * 3),
      };
    clearRaster(this.targets.head);
    clearRaster(this.targets.hair);
    return this.targets;
  }

  /** Hair and hat: their vertices stand one after the other, and what a person lacks is not drawn. */
  private drawCover(body: Body, shot: Shot, camera: Camera, target: RasterTarget): void {
    const { posed, normals, projected } = this.cover;
    const range = coverRange(this.anatomy, body);
    if (range.end === range.first) return;
    if (body.hair) turn(shot.pose, body.hair.positions, posed);
    if (body.hat) turn(shot.pose, body.hat, posed.subarray(3 * HAIR_VERTICES));
    normalsInto(posed, this.anatomy.coverTriangles, normals, range);
    projectVertices(camera, posed, projected);
    rasterize(target, projected, this.anatomy.coverTriangles, range);
  }

  /** Only skin casts, besides hair and hats: what is inside the mouth is darkened by its depth instead. */
  private castShadows(body: Body, shot: Shot): void {
    this.shadow.aim(shot.light.direction);
    if (shot.light.shadow === 0) return;
    const scratch = this.shadowProjected;
    const skin = this.anatomy.skinTriangles;
    this.shadow.draw(this.posed, skin, scratch, { first: 0, end: skin.length / 3 });
    const range = coverRange(this.anatomy, body);
    if (range.end > range.first) this.shadow.draw(this.cover.posed, this.anatomy.coverTriangles, scratch, range);
  }

  private truth(camera: Camera): Truth {
    const points = landmarkPositions(this.anatomy.model, this.posed).map(([x, y, z]): [number, number] => {
      const [column, row] = projectPoint(camera, x, y, z);
      return [column, row];
    });
    return {
      landmarks: points,
      fivePoints: fivePoints(points),
      camera,
      vertices: this.shaped.slice(0, 3 * this.anatomy.model.vertexCount),
    };
  }
}

/** Arrays of hair and hat, 3 per vertex: HAIR_VERTICES, then HAT_VERTICES. */
export type Cover = {
  readonly posed: Float32Array;
  readonly normals: Float32Array;
  readonly projected: Float32Array;
};

function makeCover(): Cover {
  const make = (): Float32Array => new Float32Array(3 * (HAIR_VERTICES + HAT_VERTICES));
  return { posed: make(), normals: make(), projected: make() };
}

/** Triangles of the cover that a person has. */
function coverRange(anatomy: Anatomy, body: Body): { first: number; end: number } {
  const all = anatomy.coverTriangles.length / 3;
  return { first: body.hair ? 0 : anatomy.hatsFirst, end: body.hat ? all : anatomy.hatsFirst };
}

type Pixels = Omit<Rendering, 'truth'>;

/** Shades every sample and averages: linear light in, sRGB out. */
function composite(
  shader: SampleShader,
  head: RasterTarget,
  hair: RasterTarget,
  sky: Float32Array,
  size: number,
  n: number,
): Pixels {
  const image = makeImage(size, size, 3);
  const mask = makeImage(size, size, 1);
  const tongueMask = makeImage(size, size, 1);
  const partId = new Uint8Array(size * size);
  const depth = new Float32Array(size * size);
  const side = size * n;
  const middle = Math.floor(n / 2);
  const share = 1 / (n * n);
  const { sample } = shader;
  for (let row = 0, i = 0; row < size; row++)
    for (let column = 0; column < size; column++, i++) {
      let r = 0;
      let g = 0;
      let b = 0;
      let cover = 0;
      let tongue = 0;
      for (let v = 0; v < n; v++)
        for (let u = 0; u < n; u++) {
          const at = (row * n + v) * side + column * n + u;
          const part = head.triangle[at]! >= 0 || hair.triangle[at]! >= 0 ? shader.shade(at) : PART.none;
          if (part === PART.none) continue;
          r += sample.r;
          g += sample.g;
          b += sample.b;
          cover++;
          if (part === PART.tongue) tongue++;
          if (u === middle && v === middle) {
            partId[i] = part;
            depth[i] = 1 / (part === PART.hair || part === PART.hat ? hair : head).inverseDepth[at]!;
          }
        }
      const behind = 1 - cover * share;
      image.data[3 * i] = encode(r * share + behind * sky[3 * i]!);
      image.data[3 * i + 1] = encode(g * share + behind * sky[3 * i + 1]!);
      image.data[3 * i + 2] = encode(b * share + behind * sky[3 * i + 2]!);
      mask.data[i] = cover * share;
      tongueMask.data[i] = tongue * share;
    }
  return { image, mask, partId, depth, tongueMask };
}

function encode(linear: number): number {
  return ENCODE[linear >= 1 ? 4096 : linear <= 0 ? 0 : Math.round(linear * 4096)]!;
}
