/**
 * What a rich person has beyond a plain one, and how it is drawn: from a stream of its own, on top of the plain draws, so that
 * plain people stay what they are.
 *
 * Adults only: from 20 years on.
 */

import { foldInName, type RandomKey, RandomStream } from '../../core/rng.js';
import { wither } from './age.js';
import { hsv, mix, type Rgb, scaled } from './color.js';
import type { Person } from './person.js';

/** Things worn on the head. */
export type HatKind = 'beanie' | 'cap' | 'brimmed' | 'headscarf';

/** A hat. Colours are linear. */
export type Hat = {
  readonly kind: HatKind;
  readonly color: Rgb;
  /** of band, patch, pompom or pattern */
  readonly second: Rgb;
  /** 0 … 1 within the kind: height of a beanie, length of a peak or brim */
  readonly size: number;
  /** radians by which the front edge lies lower than usual, −0.06 … 0.1 */
  readonly low: number;
  /** a pompom, a patch, a band, dots */
  readonly adorned: boolean;
  /** caps only: peak at the back */
  readonly backwards: boolean;
};

/** What is added to a plain person. */
export type RichLook = {
  /** years, 20 … 88 */
  readonly age: number;
  readonly hat: Hat | null;
  readonly strands: {
    /** radians by which the front ends hang lower, 0 … 0.22 */
    readonly fringe: number;
    /** −1 … 1: to which side the fringe is longer */
    readonly sweep: number;
    /** depth of tufts, share of the thickness */
    readonly tufts: number;
    /** 0 … 1: how many single hairs leave the outline */
    readonly wisps: number;
  };
  readonly marks: {
    /** 0 … 1 strength of pores */
    readonly pores: number;
    /** number of each */
    readonly freckles: number;
    readonly moles: number;
    readonly blemishes: number;
  };
  readonly makeUp: {
    /** 0 … 1 */
    readonly rouge: number;
    readonly contour: number;
    /** length of a drawn wing at the eye's outer corner, world units; 0 for none */
    readonly wing: number;
  };
  /** what the surface is like besides skin: veins of marble, strokes of a brush */
  readonly surface: 'bare' | 'veins' | 'strokes';
  readonly teeth: {
    /** 0 … 1 differences in length and tone */
    readonly uneven: number;
    /** half-width of a gap between the upper middle incisors, world units; 0 for none */
    readonly gap: number;
    /** world units by which the gums reach farther down than usual, 0 … 0.04 */
    readonly gums: number;
  };
};

/** Adds the rich draws of a person's key to the plain person of that key. */
export function enrich(person: Person, key: RandomKey): Person {
  const random = new RandomStream(foldInName(key, 'rich'));
  const age = sampleAge(random);
  const natural = person.skin.kind === 'natural';
  const woman = person.presentation === 'woman';
  const rich: RichLook = {
    age,
    hat: random.chance(0.28) ? sampleHat(person, random) : null,
    strands: {
      fringe: random.chance(0.4) ? random.uniform(0.04, 0.22) : 0,
      sweep: random.uniform(-1, 1),
      tufts: random.uniform(0.15, 0.6),
      wisps: random.uniform(0.2, 1),
    },
    marks: {
      pores: random.uniform(0.2, 1),
      freckles: natural && random.chance(0.22) ? 40 + random.integer(220) : 0,
      moles: natural && random.chance(0.45) ? 1 + random.integer(4) : 0,
      blemishes: natural && random.chance(age < 35 ? 0.3 : 0.1) ? 3 + random.integer(14) : 0,
    },
    makeUp: {
      rouge: natural && random.chance(woman ? 0.45 : 0.03) ? random.uniform(0.2, 0.8) : 0,
      contour: random.chance(woman ? 0.3 : 0.05) ? random.uniform(0.2, 0.7) : 0,
      wing: random.chance(woman ? 0.3 : 0.02) ? random.uniform(0.05, 0.13) : 0,
    },
    surface: surfaceOf(person, random),
    teeth: {
      uneven: random.uniform(),
      gap: random.chance(0.15) ? random.uniform(0.008, 0.018) : 0,
      gums: random.chance(0.4) ? random.uniform(0.01, 0.04) : 0,
    },
  };
  return wither({ ...person, rich, glasses: sampleGlasses(person, random) }, random);
}

/** More of the young than of the old, as on photographs. */
function sampleAge(random: RandomStream): number {
  return random.chance(0.6) ? random.uniform(20, 48) : random.uniform(48, 88);
}

function surfaceOf({ skin }: Person, random: RandomStream): RichLook['surface'] {
  if (skin.kind === 'stone') return random.chance(0.6) ? 'veins' : 'bare';
  return (skin.kind === 'paint' || skin.kind === 'pattern') && random.chance(0.4) ? 'strokes' : 'bare';
}

const WOMAN_HATS: readonly HatKind[] = ['beanie', 'cap', 'brimmed', 'brimmed', 'headscarf', 'headscarf'];
const MAN_HATS: readonly HatKind[] = ['beanie', 'beanie', 'cap', 'cap', 'brimmed'];

function sampleHat(person: Person, random: RandomStream): Hat {
  const kind = random.pick(person.presentation === 'woman' ? WOMAN_HATS : MAN_HATS);
  const cloth = (): Rgb => hsv(random.uniform(), random.uniform(0, 0.85), random.uniform(0.08, 0.95));
  const [color, second] = [cloth(), cloth()];
  const stone = person.skin.kind === 'stone';
  return {
    kind,
    color: stone ? scaled(person.skin.tone, 0.85) : color,
    second: stone ? scaled(person.skin.tone, 0.6) : second,
    size: random.uniform(),
    low: random.uniform(-0.06, 0.1),
    adorned: random.chance(0.5),
    backwards: kind === 'cap' && random.chance(0.25),
  };
}

/** Never tinted: eyes stay visible. */
function sampleGlasses(person: Person, random: RandomStream): Person['glasses'] {
  const loud = person.skin.kind === 'paint' || person.skin.kind === 'pattern';
  if (!random.chance(loud ? 0.05 : 0.24)) return null;
  const frame = random.pick(['wire', 'wire', 'ordinary', 'thick', 'half'] as const);
  const tint = hsv(random.uniform(), random.uniform(0, 0.7), random.uniform(0.03, 0.55));
  const metal = mix([0.5, 0.5, 0.5], [0.65, 0.5, 0.25], random.uniform());
  return {
    color: frame === 'wire' && random.chance(0.7) ? metal : tint,
    size: random.uniform(0.88, 1.2),
    round: random.chance(0.5),
    frame,
  };
}
