/**
 * The target expression as it is written on a command line: names with weights, a preset, or the path of a JSON file.
 *
 * Only finds the text; what it means is the face stage's `parseExpression`.
 */

import { existsSync } from 'node:fs';
import { readFileText } from '../core/files/read.js';

/** Longest JSON file read, bytes: 52 names with weights take about 2 kB, a face file with landmarks about 20 kB. */
const MAX_BYTES = 1_000_000;

/**
 * Text for `parseExpression`: `jawOpen=0.8,mouthSmileLeft=0.6` and presets as they are; a path gives the file's text (an
 * object of names and weights, or a face.json of `joker face`). What ends in .json is a path.
 * @throws JokerError missing-file or bad-file for a path.
 */
export function expressionText(argument: string): string {
  const text = argument.trim();
  const isPath = /\.json$/i.test(text) || (/[\\/]/.test(text) && existsSync(text));
  return isPath ? readFileText(text, { maxBytes: MAX_BYTES }) : text;
}
