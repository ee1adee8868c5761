/** One sample of a synthetic picture: which surface is in front, what it is made of, and how it is lit. */

import type { RasterTarget } from '../../core/raster.js';
import { type Anatomy, insideMouth } from './anatomy.js';
import type { Body } from './body.js';
import { FIELD_COUNT, PLAIN_FIELDS } from './fields.js';
import { PART } from './head-model.js';
import { type Gloss, illuminate, type Lamp, makeLamp, type Sample } from './lighting.js';
import { eyeMaterial, mouthMaterial, type SurfacePoint, skinMaterial } from './materials.js';
import { noise1, noise3 } from './noise.js';
import type { ShadowMap } from './shadow.js';
import type { Shot } from './shot.js';
import { partColor } from './skin.js';

/** Everything that a picture's samples share. Arrays are the renderer's buffers. */
export type ShadeInput = {
  readonly anatomy: Anatomy;
  readonly body: Body;
  readonly shot: Shot;
  readonly shaped: Float32Array;
  readonly posed: Float32Array;
  readonly normals: Float32Array;
  readonly projected: Float32Array;
  readonly hairPosed: Float32Array;
  readonly hairNormals: Float32Array;
  readonly hairProjected: Float32Array;
  readonly shadow: ShadowMap;
  readonly head: RasterTarget;
  readonly hair: RasterTarget;
};

/** Gaze at full weight of an eyeLook name, radians: in and out 35°, up and down 25°, as eyes turn at most in daily life. */
const GAZE_SIDE = 0.6;
const GAZE_HEIGHT = 0.44;

/** Shades the samples of one picture. Owns the scratch values of a sample. */
export class SampleShader {
  /** the last shaded sample, linear light */
  readonly sample: Sample = { r: 0, g: 0, b: 0, cover: 1 };
  private readonly gloss: Gloss = { strength: 0, sharpness: 20, wrap: 0.2 };
  private readonly point: SurfacePoint = { x: 0, y: 0, z: 0, fields: new Float32Array(FIELD_COUNT) };
  private readonly lamp: Lamp;
  private readonly gazes: readonly [readonly [number, number, number], readonly [number, number, number]];
  private readonly closed: readonly [number, number];
  private readonly lipDepth: number;
  /** weights of the current sample's triangle */
  private wa = 0;
  private wb = 0;
  private wc = 0;

  constructor(private readonly input: ShadeInput) {
    this.lamp = makeLamp(input.shot.light);
    this.gazes = [gaze(input.shot, 'Right'), gaze(input.shot, 'Left')];
    const { eyeBlinkRight = 0, eyeBlinkLeft = 0 } = input.shot.expression;
    this.closed = [eyeBlinkRight, eyeBlinkLeft];
    const marks = input.anatomy.model.landmarks;
    const z = (i: number): number => input.shaped[3 * marks[i]! + 2]!;
    this.lipDepth = Math.max(z(62), z(66)) - 0.02;
  }

  /** Shades the sample at index `at` of the targets into `sample`; returns its part, none where only cut-out hair is. */
  shade(at: number): number {
    const { head, hair } = this.input;
    const strand = hair.triangle[at]!;
    if (strand >= 0 && hair.inverseDepth[at]! > head.inverseDepth[at]! && this.shadeHair(strand, at)) return PART.hair;
    const triangle = head.triangle[at]!;
    return triangle < 0 ? PART.none : this.shadeHead(triangle, at);
  }

  /** Perspective-correct weights of corners a, b, c (3·vertex) at a sample's middle. */
  private weigh(p: Float32Array, a: number, b: number, c: number, at: number, width: number): void {
    const x = (at % width) + 0.5 - p[a]!;
    const y = Math.floor(at / width) + 0.5 - p[a + 1]!;
    const bx = p[b]! - p[a]!;
    const by = p[b + 1]! - p[a + 1]!;
    const cx = p[c]! - p[a]!;
    const cy = p[c + 1]! - p[a + 1]!;
    const area = bx * cy - by * cx;
    const wb = ((x * cy - y * cx) / area) * p[b + 2]!;
    const wc = ((bx * y - by * x) / area) * p[c + 2]!;
    const wa = (1 - (x * cy - y * cx) / area - (bx * y - by * x) / area) * p[a + 2]!;
    const sum = 1 / (wa + wb + wc);
    this.wa = wa * sum;
    this.wb = wb * sum;
    this.wc = wc * sum;
  }

  private mean(values: Float32Array, a: number, b: number, c: number): number {
    return this.wa * values[a]! + this.wb * values[b]! + this.wc * values[c]!;
  }

  private shadeHead(triangle: number, at: number): number {
    const { anatomy, projected, head } = this.input;
    const { triangles, parts } = anatomy;
    const va = triangles[3 * triangle]!;
    const vb = triangles[3 * triangle + 1]!;
    const vc = triangles[3 * triangle + 2]!;
    this.weigh(projected, 3 * va, 3 * vb, 3 * vc, at, head.width);
    const part = parts[va]!;
    if (part === PART.skin) this.skin(va, vb, vc);
    else if (part === PART.eye) this.eye(va, vb, vc);
    else this.inner(part, va, vb, vc);
    this.light(part, va, vb, vc);
    return part;
  }

  private skin(va: number, vb: number, vc: number): void {
    const { anatomy, body } = this.input;
    const { point, sample } = this;
    const { canonical, fields, plain } = anatomy;
    const [a, b, c] = [3 * va, 3 * vb, 3 * vc];
    point.x = this.mean(canonical, a, b, c);
    point.y = this.mean(canonical, a + 1, b + 1, c + 1);
    point.z = this.mean(canonical, a + 2, b + 2, c + 2);
    if (plain[va] && plain[vb] && plain[vc]) point.fields.set(PLAIN_FIELDS);
    else
      for (let k = 0; k < FIELD_COUNT; k++)
        point.fields[k] = this.mean(fields, va * FIELD_COUNT + k, vb * FIELD_COUNT + k, vc * FIELD_COUNT + k);
    sample.r = this.mean(body.colors, a, b, c);
    sample.g = this.mean(body.colors, a + 1, b + 1, c + 1);
    sample.b = this.mean(body.colors, a + 2, b + 2, c + 2);
    skinMaterial(body.person, point, sample, this.gloss);
  }

  private eye(va: number, vb: number, vc: number): void {
    const { anatomy, body } = this.input;
    const { canonical, model } = anatomy;
    const side = va >= model.eyes[0].range[0] && va < model.eyes[0].range[1] ? 0 : 1;
    const { centre } = model.eyes[side];
    const [a, b, c] = [3 * va, 3 * vb, 3 * vc];
    const x = this.mean(canonical, a, b, c) - centre[0];
    const y = this.mean(canonical, a + 1, b + 1, c + 1) - centre[1];
    const z = this.mean(canonical, a + 2, b + 2, c + 2) - centre[2];
    const scale = 1 / Math.sqrt(x * x + y * y + z * z);
    const { sample } = this;
    sample.r = this.mean(body.colors, a, b, c);
    sample.g = this.mean(body.colors, a + 1, b + 1, c + 1);
    sample.b = this.mean(body.colors, a + 2, b + 2, c + 2);
    eyeMaterial(
      body.person,
      [x * scale, y * scale, z * scale],
      this.gazes[side],
      this.closed[side],
      sample,
      this.gloss,
    );
  }

  private inner(part: number, va: number, vb: number, vc: number): void {
    const { anatomy, shaped } = this.input;
    const { sample, gloss } = this;
    const worn = part === PART.glasses ? this.input.body.person.glasses : null;
    const color = worn ? worn.color : partColor(part);
    let grain = 1;
    if (part === PART.tongue) {
      const { canonical } = anatomy;
      const u = this.mean(canonical, 3 * va, 3 * vb, 3 * vc);
      const v = this.mean(canonical, 3 * va + 2, 3 * vb + 2, 3 * vc + 2);
      grain = 0.88 + 0.24 * noise3(u * 60, v * 60, 0, 77);
    }
    sample.r = color[0] * grain;
    sample.g = color[1] * grain;
    sample.b = color[2] * grain;
    if (insideMouth(part)) {
      const z = this.mean(shaped, 3 * va + 2, 3 * vb + 2, 3 * vc + 2);
      mouthMaterial(this.lipDepth - z, part === PART.teeth || part === PART.tongue ? 0.3 : 0.15, sample, gloss);
    } else {
      gloss.strength = part === PART.glasses ? 0.35 : 0.05;
      gloss.sharpness = 30;
      gloss.wrap = 0;
    }
  }

  private light(part: number, va: number, vb: number, vc: number): void {
    const { anatomy, normals, posed, shot, shadow } = this.input;
    const [a, b, c] = [3 * va, 3 * vb, 3 * vc];
    let nx = this.mean(normals, a, b, c);
    let ny = this.mean(normals, a + 1, b + 1, c + 1);
    let nz = this.mean(normals, a + 2, b + 2, c + 2);
    const scale = 1 / (Math.sqrt(nx * nx + ny * ny + nz * nz) || 1);
    nx *= scale;
    ny *= scale;
    nz *= scale;
    const open = part === PART.skin || part === PART.socket ? this.mean(anatomy.open, va, vb, vc) : 1;
    let lit = 1;
    if (shot.light.shadow > 0 && (!insideMouth(part) || part === PART.tongue)) {
      const x = this.mean(posed, a, b, c);
      const y = this.mean(posed, a + 1, b + 1, c + 1);
      const z = this.mean(posed, a + 2, b + 2, c + 2);
      lit = 1 - shot.light.shadow * (1 - shadow.lit(x, y, z));
    }
    illuminate(this.sample, this.lamp, this.gloss, nx, ny, nz, 0.15 + 0.85 * open, lit);
  }

  /** Hair, or false where the sample falls between the ends of locks. */
  private shadeHair(triangle: number, at: number): boolean {
    const { anatomy, body, hairProjected, hairPosed, hairNormals, hair, shot, shadow } = this.input;
    const grown = body.hair!;
    const t = anatomy.hairTriangles;
    const [va, vb, vc] = [t[3 * triangle]!, t[3 * triangle + 1]!, t[3 * triangle + 2]!];
    const [a, b, c] = [3 * va, 3 * vb, 3 * vc];
    this.weigh(hairProjected, a, b, c, at, hair.width);
    const u = this.mean(grown.along, 2 * va, 2 * vb, 2 * vc);
    const v = this.mean(grown.along, 2 * va + 1, 2 * vb + 1, 2 * vc + 1);
    const { seed, hair: look } = body.person;
    if (v > 1 - grown.ragged * noise1(u * 1.7, seed + 41)) return false;
    const streak =
      0.62 + 0.5 * noise1(u * 2.6 + 0.6 * noise1(v * 6, seed), seed + 42) + 0.22 * noise1(u * 9, seed + 43);
    const { sample, gloss } = this;
    const roots = 0.8 + 0.2 * v;
    sample.r = look.color[0] * streak * roots;
    sample.g = look.color[1] * streak * roots;
    sample.b = look.color[2] * streak * roots;
    let nx = this.mean(hairNormals, a, b, c);
    let ny = this.mean(hairNormals, a + 1, b + 1, c + 1);
    let nz = this.mean(hairNormals, a + 2, b + 2, c + 2);
    const scale = (nz < 0 ? -1 : 1) / (Math.sqrt(nx * nx + ny * ny + nz * nz) || 1); // the sheet has two sides
    nx = nx * scale + 0.25 * (streak - 0.98);
    ny *= scale;
    nz *= scale;
    gloss.strength = 0.05;
    gloss.sharpness = 12;
    gloss.wrap = 0.25;
    const x = this.mean(hairPosed, a, b, c);
    const y = this.mean(hairPosed, a + 1, b + 1, c + 1);
    const z = this.mean(hairPosed, a + 2, b + 2, c + 2);
    const lit = shot.light.shadow > 0 ? 1 - shot.light.shadow * (1 - shadow.lit(x, y, z)) : 1;
    illuminate(sample, this.lamp, gloss, nx, ny, nz, 0.8, lit);
    return true;
  }
}

function gaze(shot: Shot, eye: 'Left' | 'Right'): readonly [number, number, number] {
  const e = shot.expression;
  const out =
    eye === 'Left'
      ? (e.eyeLookOutLeft ?? 0) - (e.eyeLookInLeft ?? 0)
      : (e.eyeLookOutRight ?? 0) - (e.eyeLookInRight ?? 0);
  const up =
    eye === 'Left'
      ? (e.eyeLookUpLeft ?? 0) - (e.eyeLookDownLeft ?? 0)
      : (e.eyeLookUpRight ?? 0) - (e.eyeLookDownRight ?? 0);
  const yaw = GAZE_SIDE * out * (eye === 'Left' ? 1 : -1);
  const pitch = GAZE_HEIGHT * up;
  return [Math.sin(yaw) * Math.cos(pitch), Math.sin(pitch), Math.cos(yaw) * Math.cos(pitch)];
}
