/** Option values of the command line: text to numbers, with the range in the error. Knows no verbs. */

import { InvalidArgumentError } from 'commander';
import { PERSONAL_STEPS } from '../../src/train/personal.js';

/** A parser for a number in [low, high]; `whole` refuses fractions. For `command.option(flags, text, parser)`. */
export function numberBetween(low: number, high: number, whole = false): (text: string) => number {
  return (text) => {
    const value = text.trim() === '' ? Number.NaN : Number(text);
    if (value >= low && value <= high && (!whole || Number.isInteger(value))) return value;
    throw new InvalidArgumentError(`Expected a ${whole ? 'whole ' : ''}number from ${low} to ${high}.`);
  };
}

/** A parser for LPIPS' files: one path, or two with a comma between them. */
export function lpipsFiles(text: string): string[] {
  const paths = text.split(',').map((path) => path.trim());
  if (paths.length <= 2 && paths.every((path) => path !== '')) return paths;
  throw new InvalidArgumentError('Expected one path, or two with a comma between them.');
}

/** The option of evaluations that measure a perceptual distance, for `command.option`. */
export const MEASURE_LPIPS = [
  '--lpips <files>',
  "LPIPS' weights, backbone and linear layers (the paper: AlexNet): measures LPIPS instead of lpips(mini)",
  lpipsFiles,
] as const;

/** The option of verbs that draw from a photo, for `command.option`. */
export const TUNE = [
  '--tune <steps>',
  'first train the prior on the photo for so many steps, so that it looks like the person; 0: not at all, as the paper ' +
    `(default: ${PERSONAL_STEPS} for the embedded weights, 0 for others and for the preset paper)`,
  numberBetween(0, 1e5, true),
] as const;

/** A parser for one of a few words. */
export function oneOf<Word extends string>(...words: readonly Word[]): (text: string) => Word {
  return (text) => {
    const word = words.find((candidate) => candidate === text);
    if (word !== undefined) return word;
    throw new InvalidArgumentError(`Expected ${words.join(' or ')}.`);
  };
}
