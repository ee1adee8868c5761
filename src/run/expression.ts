/**
 * The target expression as it is written on a command line: names with weights, a preset, or the path of a JSON file.
 *
 * Only finds the text; what it means is the face stage's.
 */

import { existsSync } from 'node:fs';
import { readFileText } from '../core/files/read.js';
import { type ExpressionWeights, parseExpression } from '../face/expression.js';

/** Longest JSON file read, bytes: 52 names with weights take about 2 kB, a face file with landmarks about 20 kB. */
const MAX_BYTES = 1_000_000;

/**
 * ARKit weights of `jawOpen=0.8,mouthSmileLeft=0.6`, of a preset such as `surprise`, or of a JSON file: an object of names
 * and weights, or a face.json of `joker face`. Text that ends in .json is a path.
 * @throws JokerError bad-argument for an unknown name (naming the nearest), missing-file or bad-file for a path.
 */
export function readExpression(text: string): ExpressionWeights {
  const isPath = /\.json$/i.test(text.trim()) || (/[\\/]/.test(text) && existsSync(text));
  return parseExpression(isPath ? readFileText(text.trim(), { maxBytes: MAX_BYTES }) : text);
}
