/**
 * Target expressions in words that people use: ARKit-52 names with weights, presets, or a JSON file's text.
 *
 * The 52 names are Apple's (`ARFaceAnchor.BlendShapeLocation`); Left and Right are the person's own. A model's columns are
 * matched by these names (model/model.ts). `tongueOut` moves no skin: it reaches the result through the caption only.
 */

import { z } from 'zod';
import { JokerError } from '../core/errors.js';
import { ARKIT_NAMES } from './arkit.js';

/** All 52 names, in Apple's order. */
export const ARKIT_52: readonly string[] = ARKIT_NAMES;

/** ARKit weights 0 … 1 by name; names left out are 0. */
export type ExpressionWeights = Readonly<Record<string, number>>;

/** Both sides of each named shape at one weight. */
const both = (weights: Record<string, number>): Record<string, number> =>
  Object.fromEntries(
    Object.entries(weights).flatMap(([name, w]) => [
      [`${name}Left`, w],
      [`${name}Right`, w],
    ]),
  );

/** Expressions by name. `tongue-out` opens the jaw: the tongue itself is asked for by the text. */
export const PRESETS = {
  neutral: {},
  smile: { ...both({ mouthSmile: 0.7, cheekSquint: 0.3 }) },
  laugh: { jawOpen: 0.45, ...both({ mouthSmile: 0.9, cheekSquint: 0.6, eyeSquint: 0.4, mouthUpperUp: 0.3 }) },
  shout: { jawOpen: 0.9, ...both({ mouthStretch: 0.3, mouthLowerDown: 0.4, mouthUpperUp: 0.4, browDown: 0.4 }) },
  'mouth-open': { jawOpen: 0.6 },
  'tongue-out': { jawOpen: 0.65, tongueOut: 1, ...both({ mouthLowerDown: 0.3 }) },
  surprise: { jawOpen: 0.4, browInnerUp: 0.8, ...both({ browOuterUp: 0.8, eyeWide: 0.8 }) },
  kiss: { mouthPucker: 0.9, mouthFunnel: 0.2 },
  angry: { ...both({ browDown: 0.9, noseSneer: 0.5, mouthPress: 0.4, eyeSquint: 0.4, mouthFrown: 0.3 }) },
  sad: { browInnerUp: 0.8, mouthShrugLower: 0.3, ...both({ mouthFrown: 0.7 }) },
  disgust: { ...both({ noseSneer: 0.9, mouthUpperUp: 0.6, browDown: 0.5, mouthFrown: 0.3 }) },
  'puffed-cheeks': { cheekPuff: 0.9, ...both({ mouthPress: 0.3 }) },
  wink: { eyeBlinkLeft: 1, cheekSquintLeft: 0.5, mouthSmileLeft: 0.5, mouthSmileRight: 0.2 },
  'eyes-closed': { ...both({ eyeBlink: 1 }) },
  'jaw-left': { jawLeft: 0.9, mouthLeft: 0.4 },
  'jaw-right': { jawRight: 0.9, mouthRight: 0.4 },
} as const satisfies Record<string, ExpressionWeights>;

/** A preset's name. */
export type PresetName = keyof typeof PRESETS;

/**
 * Reads an expression as a person writes it: a preset (`surprise`), a list (`jawOpen=0.8,mouthSmileLeft=0.6`; a bare name
 * means 1), a mix of both (`smile,jawOpen=0.5`: later entries win), or JSON text with names and weights.
 *
 * @throws JokerError bad-argument for an unknown name (naming the nearest known one) or a weight outside of 0 … 1.
 */
export function parseExpression(text: string): ExpressionWeights {
  const trimmed = text.trim();
  if (trimmed.startsWith('{')) return parseJson(trimmed);
  const weights: Record<string, number> = {};
  for (const part of trimmed
    .split(',')
    .map((p) => p.trim())
    .filter(Boolean))
    Object.assign(weights, parsePart(part));
  return withoutZeros(weights);
}

function parsePart(part: string): ExpressionWeights {
  const [name = '', value, ...rest] = part.split('=').map((p) => p.trim());
  if (value === undefined && isPreset(name)) return PRESETS[name];
  if (rest.length > 0) throw badExpression(`"${part}" has more than one "="`);
  return { [knownName(name)]: value === undefined ? 1 : weightOf(name, value === '' ? Number.NaN : Number(value)) };
}

function isPreset(name: string): name is PresetName {
  return Object.hasOwn(PRESETS, name);
}

function parseJson(text: string): ExpressionWeights {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw badExpression('it is not valid JSON', cause);
  }
  const parsed = z.record(z.string(), z.number()).safeParse(unwrap(value));
  if (!parsed.success) throw badExpression('its JSON is not an object of names and weights');
  return checkExpression(parsed.data);
}

/** A face file, or `{"expression": {…}}`, holds its weights one level down. */
function unwrap(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if ('arkit' in value) return value.arkit;
  return 'expression' in value ? value.expression : value;
}

/** Checks names and weights of an expression that came from elsewhere; zeros are left out. Throws as `parseExpression`. */
export function checkExpression(weights: Readonly<Record<string, number>>): ExpressionWeights {
  return withoutZeros(
    Object.fromEntries(Object.entries(weights).map(([name, w]) => [knownName(name), weightOf(name, w)])),
  );
}

function withoutZeros(weights: Record<string, number>): ExpressionWeights {
  return Object.fromEntries(Object.entries(weights).filter(([, w]) => w !== 0));
}

function weightOf(name: string, weight: number): number {
  if (weight >= 0 && weight <= 1) return weight;
  throw badExpression(`the weight of ${name} is ${weight}, not a number from 0 to 1`);
}

function knownName(name: string): string {
  if (ARKIT_52.includes(name)) return name;
  const nearest = nearestName(name, [...ARKIT_52, ...Object.keys(PRESETS)]);
  throw new JokerError(
    'bad-argument',
    `unknown expression "${name}"`,
    `Did you mean ${nearest}? Known are the 52 ARKit names and the presets ${Object.keys(PRESETS).join(', ')}.`,
  );
}

function badExpression(why: string, cause?: unknown): JokerError {
  return new JokerError(
    'bad-argument',
    `the expression cannot be read: ${why}`,
    'Write for example jawOpen=0.8,mouthSmileLeft=0.6.',
    {
      cause,
    },
  );
}

/**
 * The candidate that a person most likely meant: one that begins with what was written (a side left out, `mouthSmile`), else
 * the one at the smallest edit distance.
 */
export function nearestName(name: string, candidates: readonly string[]): string {
  const written = name.toLowerCase();
  const begins = candidates.filter((candidate) => written.length > 2 && candidate.toLowerCase().startsWith(written));
  const distance = (candidate: string) => editDistance(written, candidate.toLowerCase());
  const pool = begins.length > 0 ? begins : candidates;
  return pool.reduce((best, candidate) => (distance(candidate) < distance(best) ? candidate : best));
}

/** Levenshtein distance: least number of letters put in, left out or replaced. Names are cut at 100 letters. */
export function editDistance(a: string, b: string): number {
  const [s, t] = [a.slice(0, 100), b.slice(0, 100)]; // bounds the work for hostile input
  let row = Array.from({ length: t.length + 1 }, (_, j) => j);
  for (let i = 1; i <= s.length; i++) {
    const next = [i];
    for (let j = 1; j <= t.length; j++)
      next.push(Math.min(row[j]! + 1, next[j - 1]! + 1, row[j - 1]! + (s[i - 1] === t[j - 1] ? 0 : 1)));
    row = next;
  }
  return row[t.length]!;
}
