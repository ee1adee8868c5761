/** One sample of a synthetic picture: which surface is in front, what it is made of, and how it is lit. */

import type { RasterTarget } from '../../core/raster.js';
import { type Anatomy, insideMouth } from './anatomy.js';
import type { Body } from './body.js';
import { FIELD_COUNT, PLAIN_FIELDS } from './fields.js';
import { HAIR_VERTICES } from './hair.js';
import { hatMaterial } from './hat-material.js';
import { faceOpening } from './hats.js';
import { PART, poseMatrix } from './head-model.js';
import { addLamps } from './lamps.js';
import { type Gloss, illuminate, type Lamp, makeLamp, type Sample } from './lighting.js';
import { eyeMaterial, mouthMaterial, type SurfacePoint, skinMaterial } from './materials.js';
import { noise1, noise3 } from './noise.js';
import type { Cover } from './render.js';
import type { ShadowMap } from './shadow.js';
import type { Shot } from './shot.js';
import { partColor } from './skin.js';
import { type PrintSample, readPrint } from './skin-print.js';
import { frayed, strandGlint, strandTone } from './strands.js';
import { toothMaterial } from './teeth.js';

/** Everything that a picture's samples share. Arrays are the renderer's buffers. */
export type ShadeInput = {
  readonly anatomy: Anatomy;
  readonly body: Body;
  readonly shot: Shot;
  readonly shaped: Float32Array;
  readonly posed: Float32Array;
  readonly normals: Float32Array;
  readonly projected: Float32Array;
  readonly cover: Cover;
  readonly shadow: ShadowMap;
  readonly head: RasterTarget;
  readonly hair: RasterTarget;
};

/** Gaze at full weight of an eyeLook name, radians: in and out 35°, up and down 25°, as eyes turn at most in daily life. */
const GAZE_SIDE = 0.6;
const GAZE_HEIGHT = 0.44;
/** Largest wrap of a material: from there on the key gives nothing. */
const MOST_WRAP = 0.3;

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
  private readonly print: PrintSample = { r: 1, g: 1, b: 1, slopeU: 0, slopeV: 0 };
  /** image right, image up of the head in the world */
  private readonly axes: Float64Array;
  private readonly normal: [number, number, number] = [0, 0, 1];
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
    this.axes = poseMatrix(input.shot.pose);
    this.lipDepth = Math.max(z(62), z(66)) - 0.02;
  }

  /** Shades the sample at index `at` of the targets into `sample`; returns its part, none where only cut-out hair is. */
  shade(at: number): number {
    const { anatomy, head, hair } = this.input;
    const strand = hair.triangle[at]!;
    if (strand >= 0 && hair.inverseDepth[at]! > head.inverseDepth[at]!) {
      if (strand >= anatomy.hatsFirst) {
        if (this.shadeHat(strand, at)) return PART.hat;
      } else if (this.shadeHair(strand, at)) return PART.hair;
    }
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
    if (body.print) this.printed(va, vb, vc);
    skinMaterial(body.person, point, sample, this.gloss);
  }

  /** Multiplies by the print's factors; its slopes are used when the normal is known. */
  private printed(va: number, vb: number, vc: number): void {
    const places = this.input.anatomy.printPlaces;
    const { print, sample } = this;
    const u = this.mean(places, 2 * va, 2 * vb, 2 * vc);
    readPrint(this.input.body.print!, u, this.mean(places, 2 * va + 1, 2 * vb + 1, 2 * vc + 1), print);
    sample.r *= print.r;
    sample.g *= print.g;
    sample.b *= print.b;
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
    if (part === PART.teeth && this.input.body.person.rich) {
      const { canonical, bitingEdges } = anatomy;
      const [a, b, c] = [3 * va, 3 * vb, 3 * vc];
      const [x, y] = [this.mean(canonical, a, b, c), this.mean(canonical, a + 1, b + 1, c + 1)];
      toothMaterial(this.input.body.person, bitingEdges, x, y, this.mean(canonical, a + 2, b + 2, c + 2), sample);
    }
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
    const { anatomy, body, normals, posed, shot } = this.input;
    const [a, b, c] = [3 * va, 3 * vb, 3 * vc];
    let nx = this.mean(normals, a, b, c);
    let ny = this.mean(normals, a + 1, b + 1, c + 1);
    let nz = this.mean(normals, a + 2, b + 2, c + 2);
    const scale = 1 / (Math.sqrt(nx * nx + ny * ny + nz * nz) || 1);
    nx *= scale;
    ny *= scale;
    nz *= scale;
    if (part === PART.skin && body.print) {
      const { axes, print } = this;
      const [u, v] = [print.slopeU, print.slopeV];
      nx += u * axes[0]! + v * axes[1]!;
      ny += u * axes[3]! + v * axes[4]!;
      nz += u * axes[6]! + v * axes[7]!;
      const unit = 1 / Math.sqrt(nx * nx + ny * ny + nz * nz);
      nx *= unit;
      ny *= unit;
      nz *= unit;
    }
    const open = part === PART.skin || part === PART.socket ? this.mean(anatomy.open, va, vb, vc) : 1;
    let lit = 1;
    if (shot.light.shadow > 0 && (!insideMouth(part) || part === PART.tongue)) {
      const x = this.mean(posed, a, b, c);
      const y = this.mean(posed, a + 1, b + 1, c + 1);
      const z = this.mean(posed, a + 2, b + 2, c + 2);
      lit = this.lit(x, y, z, nx, ny, nz);
    }
    const { sample, gloss } = this;
    const { r, g, b: blue } = sample;
    illuminate(sample, this.lamp, gloss, nx, ny, nz, 0.15 + 0.85 * open, lit);
    const { lamps } = shot.light;
    if (lamps.length) {
      const seen = insideMouth(part) ? 0.25 : open;
      addLamps(sample, lamps, gloss, r, g, blue, nx, ny, nz, seen);
    }
  }

  /** Hair, or false where the sample falls between the ends of locks or single hairs of the outline. */
  private shadeHair(triangle: number, at: number): boolean {
    const { anatomy, body, cover, hair } = this.input;
    const grown = body.hair!;
    const t = anatomy.coverTriangles;
    const [va, vb, vc] = [t[3 * triangle]!, t[3 * triangle + 1]!, t[3 * triangle + 2]!];
    this.weigh(cover.projected, 3 * va, 3 * vb, 3 * vc, at, hair.width);
    const u = this.mean(grown.along, 2 * va, 2 * vb, 2 * vc);
    const v = this.mean(grown.along, 2 * va + 1, 2 * vb + 1, 2 * vc + 1);
    const { person } = body;
    const { seed, hair: look, rich } = person;
    if (v > 1 - grown.ragged * noise1(u * 1.7, seed + 41)) return false;
    const { sample, gloss, normal } = this;
    this.coverNormal(va, vb, vc);
    if (rich && frayed(person, u, v, Math.abs(normal[2]))) return false;
    const streak = rich
      ? strandTone(u, v, seed)
      : 0.62 + 0.5 * noise1(u * 2.6 + 0.6 * noise1(v * 6, seed), seed + 42) + 0.22 * noise1(u * 9, seed + 43);
    const roots = 0.8 + 0.2 * v;
    sample.r = look.color[0] * streak * roots;
    sample.g = look.color[1] * streak * roots;
    sample.b = look.color[2] * streak * roots;
    normal[0] += 0.25 * (streak - 0.98);
    gloss.strength = 0.05;
    gloss.sharpness = 12;
    gloss.wrap = 0.25;
    this.lightCover(va, vb, vc, rich ? 0.16 * strandGlint(this.tangentOnHalf(va, vb), streak) : 0);
    return true;
  }

  /** Hat, or false where the sheet of a scarf spans the face. */
  private shadeHat(triangle: number, at: number): boolean {
    const { anatomy, body, cover, hair } = this.input;
    const t = anatomy.coverTriangles;
    const [va, vb, vc] = [t[3 * triangle]!, t[3 * triangle + 1]!, t[3 * triangle + 2]!];
    this.weigh(cover.projected, 3 * va, 3 * vb, 3 * vc, at, hair.width);
    const [a, b, c] = [2 * (va - HAIR_VERTICES), 2 * (vb - HAIR_VERTICES), 2 * (vc - HAIR_VERTICES)];
    const column = this.mean(anatomy.hatPlaces, a, b, c);
    const along = this.mean(anatomy.hatPlaces, a + 1, b + 1, c + 1);
    const { seed, rich } = body.person;
    const hat = rich!.hat!;
    if (faceOpening(hat, column, along)) return false;
    this.coverNormal(va, vb, vc);
    this.normal[0] += hatMaterial(hat, seed, column, along, this.sample, this.gloss);
    this.lightCover(va, vb, vc, 0);
    return true;
  }

  /** Unit normal of a sample of the cover, turned to the eye: its sheets have two sides. */
  private coverNormal(va: number, vb: number, vc: number): void {
    const { normals } = this.input.cover;
    const [a, b, c] = [3 * va, 3 * vb, 3 * vc];
    const nx = this.mean(normals, a, b, c);
    const ny = this.mean(normals, a + 1, b + 1, c + 1);
    const nz = this.mean(normals, a + 2, b + 2, c + 2);
    const scale = (nz < 0 ? -1 : 1) / (Math.sqrt(nx * nx + ny * ny + nz * nz) || 1);
    this.normal[0] = nx * scale;
    this.normal[1] = ny * scale;
    this.normal[2] = nz * scale;
  }

  /** Cosine between a lock, whose points are neighbours in memory, and the half vector of the key. */
  private tangentOnHalf(va: number, vb: number): number {
    const { posed } = this.input.cover;
    const [a, b] = vb === va + 1 ? [3 * va, 3 * vb] : [3 * va, 3 * va + 3]; // row by row down a column
    const [x, y, z] = [posed[b]! - posed[a]!, posed[b + 1]! - posed[a + 1]!, posed[b + 2]! - posed[a + 2]!];
    const [hx, hy, hz] = this.lamp.half;
    return (x * hx + y * hy + z * hz) / (Math.sqrt(x * x + y * y + z * z) || 1); // 0 at the crown, where all locks begin
  }

  private lightCover(va: number, vb: number, vc: number, glint: number): void {
    const { posed } = this.input.cover;
    const { sample, gloss, normal } = this;
    const [a, b, c] = [3 * va, 3 * vb, 3 * vc];
    const x = this.mean(posed, a, b, c);
    const y = this.mean(posed, a + 1, b + 1, c + 1);
    const z = this.mean(posed, a + 2, b + 2, c + 2);
    const lit = this.lit(x, y, z, normal[0], normal[1], normal[2]);
    const { r, g, b: blue } = sample;
    illuminate(sample, this.lamp, gloss, normal[0], normal[1], normal[2], 0.8, lit);
    const { lamp, lamps } = this.input.shot.light;
    if (lamps.length) addLamps(sample, lamps, gloss, r, g, blue, normal[0], normal[1], normal[2], 0.8);
    if (glint === 0) return;
    const shine = glint * (0.25 + 0.75 * lit);
    sample.r += shine * lamp[0] * (0.4 + r);
    sample.g += shine * lamp[1] * (0.4 + g);
    sample.b += shine * lamp[2] * (0.4 + blue);
  }

  /** Share of the key that reaches a world point; 1 where the surface is turned away so far that it does not matter. */
  private lit(x: number, y: number, z: number, nx: number, ny: number, nz: number): number {
    const { shot, shadow } = this.input;
    const { shadow: strength, soft, direction: d } = shot.light;
    if (strength === 0) return 1;
    if (soft === 0) return 1 - strength * (1 - shadow.lit(x, y, z));
    const away = nx * d[0] + ny * d[1] + nz * d[2] < -MOST_WRAP;
    return away ? 1 : 1 - strength * (1 - shadow.litSoftly(x, y, z, soft));
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
