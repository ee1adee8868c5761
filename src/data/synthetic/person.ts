/**
 * Who a synthetic person is: everything about them that stays the same from picture to picture, drawn from one random key.
 *
 * About half of the people have natural skin and hair; the others carry paint, patterns or stone, so that a model that
 * learns from them has to carry the look of the reference over by geometry instead of remembering ordinary faces.
 */

import { foldInName, type RandomKey, RandomStream } from '../../core/rng.js';
import { hsv, mix, type Rgb, scaled, srgb } from './color.js';
import type { HeadModel } from './head-model.js';
import { enrich, type RichLook } from './rich-look.js';
import type { Variety } from './variety.js';

/** How the skin looks. */
export type SkinKind = 'natural' | 'paint' | 'pattern' | 'stone';

/** Marks painted over the skin. */
export type PaintPattern = 'none' | 'full' | 'half' | 'cheek-stripes' | 'mask' | 'clown' | 'spots' | 'tiger';

/** Shapes of hair. */
export type HairStyle = 'bald' | 'buzz' | 'short' | 'swept' | 'fringe' | 'curly' | 'bob' | 'long' | 'bun';

/** Shapes of beard. */
export type BeardStyle = 'none' | 'stubble' | 'moustache' | 'goatee' | 'full';

/** Frames of glasses: ordinary 2 mm wire, thin metal, thick, or the upper half of a rim. */
export type Frame = 'ordinary' | 'wire' | 'thick' | 'half';

/** A person. Colours are linear light. */
export type Person = {
  /** whole number from which the person's noise patterns are drawn */
  readonly seed: number;
  /** identity coefficients of the head model */
  readonly identity: Float32Array;
  /** which words a caption uses; follows hair, beard and make-up by habit, not the head's shape */
  readonly presentation: 'woman' | 'man';
  readonly skin: {
    readonly kind: SkinKind;
    readonly tone: Rgb;
    /** strength of low-frequency colour waves: 0.02 … 0.06 natural, up to 0.5 for patterns */
    readonly waves: number;
    readonly waveColors: readonly [Rgb, Rgb];
    /** 0 … 1 */
    readonly freckles: number;
    /** 0 matt … 1 oily */
    readonly gloss: number;
    readonly blush: number;
  };
  readonly paint: { readonly pattern: PaintPattern; readonly color: Rgb; readonly second: Rgb };
  readonly lips: { readonly color: Rgb; readonly amount: number };
  readonly brows: {
    readonly color: Rgb /** multiple of ordinary width */;
    readonly width: number;
    readonly density: number;
  };
  readonly eyes: {
    readonly iris: Rgb /** multiple of 5.9 mm */;
    readonly irisSize: number;
    readonly liner: number;
    readonly shadow: Rgb;
    readonly shadowAmount: number;
  };
  readonly hair: {
    readonly style: HairStyle;
    readonly color: Rgb /** 0 … 1 within the style */;
    readonly length: number /** −1 … 1 */;
    readonly parting: number /** radians added to the forehead's hairline */;
    readonly recession: number;
  };
  readonly beard: { readonly style: BeardStyle; readonly color: Rgb };
  readonly clothes: {
    readonly color: Rgb;
    readonly second: Rgb;
    readonly stripes: boolean /** world units below the chin */;
    readonly collar: number;
  };
  readonly glasses: {
    readonly color: Rgb;
    readonly size: number;
    readonly round: boolean;
    readonly frame: Frame;
  } | null;
  /** what rich people have besides; null for plain people */
  readonly rich: RichLook | null;
};

/** Natural skin from lightest to darkest, sRGB, spread like photographed skin (about the ten Monk tones). */
const SKIN_TONES: readonly (readonly [number, number, number])[] = [
  [0.96, 0.84, 0.78],
  [0.94, 0.8, 0.71],
  [0.9, 0.74, 0.63],
  [0.86, 0.68, 0.55],
  [0.79, 0.6, 0.46],
  [0.7, 0.51, 0.38],
  [0.6, 0.42, 0.31],
  [0.48, 0.33, 0.25],
  [0.37, 0.26, 0.2],
  [0.28, 0.2, 0.17],
];

/** Natural hair, sRGB, with the word that a caption uses. */
export const HAIR_COLORS: readonly { readonly name: string; readonly rgb: readonly [number, number, number] }[] = [
  { name: 'black', rgb: [0.09, 0.08, 0.08] },
  { name: 'dark brown', rgb: [0.21, 0.14, 0.1] },
  { name: 'brown', rgb: [0.36, 0.24, 0.16] },
  { name: 'light brown', rgb: [0.52, 0.38, 0.26] },
  { name: 'blonde', rgb: [0.82, 0.68, 0.44] },
  { name: 'red', rgb: [0.58, 0.25, 0.13] },
  { name: 'gray', rgb: [0.58, 0.57, 0.56] },
  { name: 'white', rgb: [0.88, 0.87, 0.85] },
];

const IRIS_COLORS: readonly (readonly [number, number, number])[] = [
  [0.3, 0.19, 0.1],
  [0.42, 0.27, 0.13],
  [0.2, 0.13, 0.08],
  [0.33, 0.48, 0.62],
  [0.42, 0.55, 0.66],
  [0.36, 0.48, 0.32],
  [0.45, 0.46, 0.44],
];

/** The person of a key: the same key and variety give the same person on the same head model. */
export function samplePerson(model: HeadModel, key: RandomKey, variety: Variety = 'plain'): Person {
  const person = samplePlain(model, key);
  switch (variety) {
    case 'plain':
      return person;
    case 'rich':
      return enrich(person, key);
    default:
      return variety satisfies never;
  }
}

function samplePlain(model: HeadModel, key: RandomKey): Person {
  const random = new RandomStream(foldInName(key, 'person'));
  const kind = pickKind(random);
  const presentation = random.chance(0.5) ? 'woman' : 'man';
  const identity = new Float32Array(model.identityCount);
  for (let i = 0; i < identity.length; i++) identity[i] = Math.max(-2.5, Math.min(2.5, random.normal()));
  const tone = sampleTone(random, kind);
  const hairColor = sampleHairColor(random, kind, tone);
  const loud = kind === 'paint' || kind === 'pattern';
  return {
    seed: random.uint32() >>> 1,
    identity,
    presentation,
    skin: {
      kind,
      tone,
      waves:
        kind === 'pattern'
          ? random.uniform(0.3, 0.9)
          : kind === 'stone'
            ? random.uniform(0.1, 0.3)
            : random.uniform(0.02, 0.1),
      waveColors: [anyColor(random), anyColor(random)],
      freckles: kind === 'natural' && random.chance(0.2) ? random.uniform(0.3, 1) : 0,
      gloss: random.uniform(0.15, 0.8),
      blush: kind === 'natural' ? random.uniform(0, 0.35) : random.uniform(0, 0.2),
    },
    paint: {
      pattern: kind === 'paint' ? random.pick(PATTERNS) : 'none',
      color: anyColor(random),
      second: anyColor(random),
    },
    lips: sampleLips(random, kind, presentation, tone),
    brows: {
      color: scaled(hairColor, 0.55),
      width: random.uniform(0.6, 1.4) * (presentation === 'woman' ? 0.85 : 1.15),
      density: random.uniform(0.55, 0.95),
    },
    eyes: sampleEyes(random, kind, presentation),
    hair: {
      style: random.pick(presentation === 'woman' ? WOMAN_HAIR : MAN_HAIR),
      color: hairColor,
      length: random.uniform(),
      parting: random.uniform(-1, 1),
      recession: random.uniform(-0.08, presentation === 'man' ? 0.12 : 0.03),
    },
    beard: { style: sampleBeard(random, presentation), color: scaled(hairColor, random.uniform(0.6, 0.95)) },
    clothes: {
      color: anyColor(random),
      second: anyColor(random),
      stripes: random.chance(0.3),
      collar: random.uniform(0.14, 0.42),
    },
    glasses:
      random.chance(0.12) && !loud
        ? {
            color: hsv(random.uniform(), random.uniform(0, 0.6), random.uniform(0.03, 0.5)),
            size: random.uniform(0.9, 1.2),
            round: random.chance(0.5),
            frame: 'ordinary',
          }
        : null,
    rich: null,
  };
}

const PATTERNS: readonly PaintPattern[] = ['full', 'full', 'half', 'cheek-stripes', 'mask', 'clown', 'spots', 'tiger'];
const WOMAN_HAIR: readonly HairStyle[] = [
  'bob',
  'bob',
  'long',
  'long',
  'long',
  'bun',
  'fringe',
  'swept',
  'curly',
  'short',
];
const MAN_HAIR: readonly HairStyle[] = ['short', 'short', 'swept', 'swept', 'buzz', 'bald', 'curly', 'fringe', 'long'];

function pickKind(random: RandomStream): SkinKind {
  const u = random.uniform();
  return u < 0.55 ? 'natural' : u < 0.78 ? 'paint' : u < 0.93 ? 'pattern' : 'stone';
}

function anyColor(random: RandomStream): Rgb {
  return hsv(random.uniform(), random.uniform(0.25, 0.95), random.uniform(0.2, 0.95));
}

function sampleTone(random: RandomStream, kind: SkinKind): Rgb {
  if (kind === 'stone') {
    const v = random.uniform(0.35, 0.8);
    return srgb(v + random.uniform(-0.05, 0.07), v, v + random.uniform(-0.07, 0.05));
  }
  const at = random.uniform(0, SKIN_TONES.length - 1.001);
  const i = Math.floor(at);
  const shade = (k: 0 | 1 | 2): number => SKIN_TONES[i]![k] + (SKIN_TONES[i + 1]![k] - SKIN_TONES[i]![k]) * (at - i);
  const warm = random.uniform(-0.025, 0.025);
  return srgb(shade(0) + warm, shade(1) + random.uniform(-0.015, 0.015), shade(2) - warm);
}

function sampleHairColor(random: RandomStream, kind: SkinKind, tone: Rgb): Rgb {
  if (kind === 'stone') return scaled(tone, random.uniform(0.5, 0.95));
  if (random.chance(kind === 'natural' ? 0.06 : 0.3)) return anyColor(random);
  const dark = tone[0] < 0.3; // linear red: darker skin goes with darker hair more often
  const choice = dark && random.chance(0.8) ? HAIR_COLORS[random.integer(2)]! : random.pick(HAIR_COLORS);
  const factor = random.uniform(0.8, 1.2);
  return srgb(choice.rgb[0] * factor, choice.rgb[1] * factor, choice.rgb[2] * factor);
}

function sampleLips(random: RandomStream, kind: SkinKind, presentation: string, tone: Rgb): Person['lips'] {
  if (kind === 'stone') return { color: scaled(tone, 0.9), amount: 0.5 };
  const natural = mix([tone[0] * 0.85, tone[1] * 0.5, tone[2] * 0.52], srgb(0.72, 0.36, 0.36), 0.35);
  const stick = random.chance(presentation === 'woman' ? 0.5 : 0.08);
  if (!stick) return { color: natural, amount: random.uniform(0.6, 0.9) };
  const loud = kind !== 'natural' && random.chance(0.5);
  const color = loud
    ? anyColor(random)
    : hsv(random.uniform(0.92, 1.03) % 1, random.uniform(0.55, 0.9), random.uniform(0.4, 0.85));
  return { color, amount: random.uniform(0.75, 0.98) };
}

function sampleEyes(random: RandomStream, kind: SkinKind, presentation: string): Person['eyes'] {
  const made = presentation === 'woman' ? 0.6 : 0.08;
  const iris = random.pick(IRIS_COLORS);
  const odd = kind !== 'natural' && random.chance(0.25);
  return {
    iris: kind === 'stone' ? srgb(0.5, 0.5, 0.5) : odd ? anyColor(random) : srgb(iris[0], iris[1], iris[2]),
    irisSize: random.uniform(0.94, 1.08),
    liner: random.chance(made) ? random.uniform(0.5, 1) : random.uniform(0, 0.3),
    shadow: anyColor(random),
    shadowAmount: random.chance(made * 0.6) ? random.uniform(0.3, 0.85) : 0,
  };
}

function sampleBeard(random: RandomStream, presentation: string): BeardStyle {
  if (presentation === 'woman') return 'none';
  const u = random.uniform();
  return u < 0.42 ? 'none' : u < 0.62 ? 'stubble' : u < 0.72 ? 'moustache' : u < 0.82 ? 'goatee' : 'full';
}
