/**
 * What changes from picture to picture of one person: expression, tongue, pose, light, framing, background. Drawn from a
 * random key; plain data, so that any picture can be drawn again at any size.
 *
 * The tongue cannot be told from the expression weights: among open mouths it is out as often as not, whatever else the
 * face does, so that only the caption says it. `tongueOut` is stated in the shot's tongue, never in its expression.
 */

import { foldInName, type RandomKey, RandomStream } from '../../core/rng.js';
import { type ArkitName, type Expression, mirrored } from './arkit.js';
import { hsv, mix, type Rgb } from './color.js';
import { DOWNWARD, TONGUE_DIRECTIONS, type TongueDirection, UPWARD } from './directions.js';
import { EXPRESSION_KINDS, type ExpressionKind } from './expressions.js';
import type { Pose } from './head-model.js';
import type { FurtherLamp } from './lamps.js';
import { enrichShot } from './rich-shot.js';
import type { Scene } from './scenes.js';
import type { Variety } from './variety.js';

export { TONGUE_DIRECTIONS, type TongueDirection } from './directions.js';

/** A tongue that is out. */
export type Tongue = {
  readonly direction: TongueDirection;
  /** how far it comes out beyond the lips, world units, 0.15 … 0.4 */
  readonly length: number;
  /** half-width at its widest, world units */
  readonly width: number;
};

/** Light: one lamp far away that casts shadows, a sky, and in rich shots further lamps. */
export type Light = {
  /** unit vector towards the lamp */
  readonly direction: readonly [number, number, number];
  /** linear, about 0.5 … 1.4 */
  readonly lamp: Rgb;
  /** light from above and from below, linear */
  readonly sky: Rgb;
  readonly ground: Rgb;
  /** 0 = no cast shadow … 1 */
  readonly shadow: number;
  /** half-width of the shadow's edge in pixels of its map (1.8 mm), 0 = as hard as the map */
  readonly soft: number;
  readonly lamps: readonly FurtherLamp[];
};

/** A soft shape of the background, in picture widths. */
export type Blob = {
  readonly x: number;
  readonly y: number;
  readonly rx: number;
  readonly ry: number;
  readonly soft: number;
  readonly color: Rgb;
};

/** Gradient between two colours along an angle, with soft shapes on it; or a scene instead of both. */
export type Background = {
  readonly from: Rgb;
  readonly to: Rgb;
  readonly angle: number;
  readonly blobs: readonly Blob[];
  readonly scene: Scene | null;
};

/** One picture of a person. */
export type Shot = {
  readonly kind: ExpressionKind;
  readonly expression: Expression;
  /** null: in the mouth */
  readonly tongue: Tongue | null;
  readonly pose: Pose;
  readonly light: Light;
  readonly background: Background;
  /** errors of the alignment as a detector makes them: shift in picture widths, factor of scale */
  readonly framing: { readonly dx: number; readonly dy: number; readonly scale: number };
};

/** What kind of pictures to draw. */
export type ShotOptions = {
  /** share of tongues among mouths with jawOpen ≥ 0.4, default 0.5 */
  readonly tongueChance?: number;
  /** share of shots whose mouth is made to open (jawOpen ≥ 0.4), default 0.4 */
  readonly openChance?: number;
  /** largest |yaw| and |pitch| in radians, default 0.7 and 0.3; yaw is drawn from a normal of half that deviation */
  readonly yaw?: number;
  readonly pitch?: number;
  /** 'wild' (default): any light and background. 'studio': even light, grey background */
  readonly setting?: 'wild' | 'studio';
  /** default 'plain' */
  readonly variety?: Variety;
};

/** jawOpen from which a mouth counts as open. */
export const OPEN_MOUTH = 0.4;

/** The shot of a key. */
export function sampleShot(key: RandomKey, options: ShotOptions = {}): Shot {
  const { variety = 'plain', setting = 'wild' } = options;
  const shot = samplePlain(key, options);
  switch (variety) {
    case 'plain':
      return shot;
    case 'rich':
      return enrichShot(shot, key, setting);
    default:
      return variety satisfies never;
  }
}

function samplePlain(key: RandomKey, options: ShotOptions): Shot {
  const random = new RandomStream(foldInName(key, 'shot'));
  const { tongueChance = 0.5, openChance = 0.4, setting = 'wild' } = options;
  const { kind, expression } = sampleExpression(random, openChance);
  const open = (expression.jawOpen ?? 0) >= OPEN_MOUTH;
  const out = open && random.chance(tongueChance);
  return {
    kind,
    expression,
    tongue: out ? sampleTongue(random) : null,
    pose: samplePose(random, options.yaw ?? 0.7, options.pitch ?? 0.3),
    light: setting === 'studio' ? studioLight(random) : wildLight(random),
    background: setting === 'studio' ? studioBackground(random) : wildBackground(random),
    framing: { dx: 0.008 * random.normal(), dy: 0.008 * random.normal(), scale: 1 + 0.015 * random.normal() },
  };
}

/** Names that may be added at random to any expression. */
const EXTRAS: readonly ArkitName[] = [
  'browDownLeft',
  'browInnerUp',
  'browOuterUpLeft',
  'cheekSquintLeft',
  'eyeSquintLeft',
  'eyeWideLeft',
  'mouthSmileLeft',
  'mouthFrownLeft',
  'mouthLeft',
  'mouthRight',
  'jawLeft',
  'jawRight',
  'mouthUpperUpLeft',
  'mouthLowerDownLeft',
  'mouthStretchLeft',
  'mouthDimpleLeft',
  'noseSneerLeft',
  'mouthPucker',
];

/** A kind of face at a random strength, a few extras, gaze, and an open jaw with the asked-for chance. */
function sampleExpression(random: RandomStream, openChance: number): { kind: ExpressionKind; expression: Expression } {
  const kind = random.pick(Object.keys(EXPRESSION_KINDS) as ExpressionKind[]);
  const weights: Partial<Record<ArkitName, number>> = {};
  const strength = random.uniform(0.55, 1.05);
  for (const [name, weight] of Object.entries(EXPRESSION_KINDS[kind]) as [ArkitName, number][])
    weights[name] = Math.min(1, weight * strength * random.uniform(0.85, 1.15));
  for (let i = random.integer(4); i > 0; i--) addExtra(weights, random);
  addGaze(weights, random);
  if (random.chance(openChance)) openMouth(weights, random);
  return { kind, expression: weights };
}

function addExtra(weights: Partial<Record<ArkitName, number>>, random: RandomStream): void {
  let name = random.pick(EXTRAS);
  if (random.chance(0.5)) name = mirrored(name);
  const weight = random.uniform(0, 0.55);
  weights[name] = Math.max(weights[name] ?? 0, weight);
  if (name.startsWith('jaw') || name === 'mouthLeft' || name === 'mouthRight') return;
  const other = mirrored(name);
  if (random.chance(0.75)) weights[other] = Math.max(weights[other] ?? 0, weight);
}

function addGaze(weights: Partial<Record<ArkitName, number>>, random: RandomStream): void {
  const [side, height] = [0.35 * random.normal(), 0.3 * random.normal()];
  weights[side > 0 ? 'eyeLookOutLeft' : 'eyeLookInLeft'] = Math.min(1, Math.abs(side));
  weights[side > 0 ? 'eyeLookInRight' : 'eyeLookOutRight'] = Math.min(1, Math.abs(side));
  for (const name of height > 0 ? UPWARD : DOWNWARD) weights[name] = Math.min(1, Math.abs(height));
}

/** Opens the jaw and lets go of what presses lips together, which no face does at once. */
function openMouth(weights: Partial<Record<ArkitName, number>>, random: RandomStream): void {
  weights.jawOpen = Math.max(weights.jawOpen ?? 0, random.uniform(OPEN_MOUTH, 0.95));
  const closing = [
    'mouthPucker',
    'mouthRollLower',
    'mouthRollUpper',
    'mouthPressLeft',
    'mouthPressRight',
    'mouthShrugLower',
    'cheekPuff',
    'mouthClose',
  ] as const;
  for (const name of closing) if (weights[name]) weights[name] *= 0.25;
}

function sampleTongue(random: RandomStream): Tongue {
  const direction = random.chance(0.4) ? 'out' : random.pick(TONGUE_DIRECTIONS);
  return { direction, length: random.uniform(0.18, 0.4), width: random.uniform(0.15, 0.2) };
}

function samplePose(random: RandomStream, yaw: number, pitch: number): Pose {
  const within = (limit: number): number => Math.max(-limit, Math.min(limit, (limit / 2) * random.normal()));
  return { yaw: within(yaw), pitch: within(pitch), roll: within(0.25) };
}

function wildLight(random: RandomStream): Light {
  const azimuth = random.uniform(-1.3, 1.3);
  const height = random.uniform(-0.15, 1.1);
  const warmth = random.uniform(-0.16, 0.2);
  const power = random.uniform(0.55, 1.15);
  const fill = random.uniform(0.3, 0.62);
  const tint = hsv(random.uniform(), random.uniform(0, 0.45), 1);
  return {
    direction: [Math.sin(azimuth) * Math.cos(height), Math.sin(height), Math.cos(azimuth) * Math.cos(height)],
    lamp: [power * (1 + warmth), power, power * (1 - warmth)],
    sky: mix([fill, fill, fill], [fill * tint[0], fill * tint[1], fill * tint[2]], 0.6),
    ground: [fill * 0.55, fill * 0.5, fill * 0.46],
    shadow: random.uniform(0.25, 0.85),
    soft: 0,
    lamps: [],
  };
}

function studioLight(random: RandomStream): Light {
  const azimuth = random.uniform(-0.3, 0.3);
  return {
    direction: [Math.sin(azimuth) * 0.9, 0.43, Math.cos(azimuth) * 0.9],
    lamp: [0.5, 0.5, 0.5],
    sky: [0.62, 0.62, 0.64],
    ground: [0.45, 0.45, 0.45],
    shadow: 0.3,
    soft: 0,
    lamps: [],
  };
}

function studioBackground(random: RandomStream): Background {
  const v = random.uniform(0.5, 0.75);
  return { from: [v, v, v], to: [v * 0.9, v * 0.9, v * 0.92], angle: 1.6, blobs: [], scene: null };
}

function wildBackground(random: RandomStream): Background {
  const base = random.uniform();
  const tone = (): Rgb =>
    hsv((base + random.uniform(-0.12, 0.12) + 1) % 1, random.uniform(0.05, 0.6), random.uniform(0.15, 0.9));
  const blobs = Array.from({ length: random.integer(6) }, (): Blob => {
    const size = random.uniform(0.08, 0.5);
    return {
      x: random.uniform(0, 1),
      y: random.uniform(0, 1),
      rx: size * random.uniform(0.5, 1.6),
      ry: size * random.uniform(0.5, 1.6),
      soft: random.uniform(0.1, 0.8),
      color: random.chance(0.25) ? hsv(random.uniform(), random.uniform(0.2, 0.9), random.uniform(0.2, 1)) : tone(),
    };
  });
  return { from: tone(), to: tone(), angle: random.uniform(0, 2 * Math.PI), blobs, scene: null };
}
