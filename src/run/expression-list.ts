/**
 * The list of expressions of a sequence: a JSON file that somebody else wrote, checked here once.
 *
 * `[{"name": "smile", "expression": "smile", "text": "a person smiling"}, …]`; an expression is a preset, a list of weights as on
 * the command line, or an object of ARKit weights; without one the photo's own is kept.
 */

import { z } from 'zod';
import { JokerError } from '../core/errors.js';
import { parseJsonStrict } from '../core/files/json.js';
import { readFileText } from '../core/files/read.js';
import { parseExpression } from '../face/expression.js';

/** One head of a sequence. */
export type ListedExpression = {
  /** folder of the head inside the sequence's */
  readonly name: string;
  /** text for `parseExpression`; absent: the photo's own expression */
  readonly expression?: string;
  /** absent: a caption of the expression */
  readonly text?: string;
};

/** Longest file read, bytes: a thousand entries with all 52 weights are about 1.5 MB. */
const MAX_BYTES = 2 ** 22;
/** Most heads of one sequence: at a minute each, most of a day. */
const MAX_ENTRIES = 1000;
/** Longest text, characters: several times the prompt that any text encoder reads. */
const MAX_TEXT = 1000;

/** A folder name on every system: no dot at all, so neither a hidden file nor a path, and none of the sequence's own files. */
const name = z.string().regex(/^[a-z0-9][a-z0-9_-]{0,63}$/i, 'letters, digits, - and _, at most 64');
/** Names that Windows keeps for devices. */
const DEVICES = /^(con|prn|aux|nul|com\d|lpt\d)$/i;

const listSchema = z
  .array(
    z.strictObject({
      name,
      expression: z.union([z.string().max(10_000), z.record(z.string().max(100), z.number())]).optional(),
      text: z.string().min(1).max(MAX_TEXT).optional(),
    }),
  )
  .min(1)
  .max(MAX_ENTRIES);

/**
 * Reads and checks a list.
 * @throws JokerError missing-file, bad-file, naming entry and rule, or bad-argument as `parseExpression` does.
 */
export function readExpressionList(path: string): ListedExpression[] {
  const value = parseJsonStrict(readFileText(path, { maxBytes: MAX_BYTES }), path);
  const parsed = listSchema.safeParse(value);
  if (!parsed.success) throw badList(path, whereAndWhy(parsed.error.issues[0]!));
  const seen = new Set<string>();
  return parsed.data.map(({ name, expression, text }) => {
    const key = name.toLowerCase(); // some file systems do not tell A from a
    if (seen.has(key)) throw badList(path, `the name "${name}" occurs twice`);
    if (DEVICES.test(name)) throw badList(path, `the name "${name}" is kept by Windows`);
    seen.add(key);
    const written = typeof expression === 'object' ? JSON.stringify(expression) : expression;
    if (written !== undefined) checkExpressionOf(path, name, written);
    return { name, ...(written !== undefined && { expression: written }), ...(text !== undefined && { text }) };
  });
}

function whereAndWhy({ path, message }: { path: PropertyKey[]; message: string }): string {
  return `${path.length > 0 ? `entry ${path.map(String).join('.')}` : 'the list'}: ${message}`;
}

function badList(path: string, what: string): JokerError {
  const remedy = 'Write [{"name": "smile", "expression": "smile"}, …].';
  return new JokerError('bad-file', `${path}: ${what}`, remedy);
}

function checkExpressionOf(path: string, name: string, expression: string): void {
  try {
    parseExpression(expression);
  } catch (error) {
    if (!(error instanceof JokerError)) throw error;
    throw new JokerError(error.code, `${path}, "${name}": ${error.what}`, error.remedy, { cause: error });
  }
}
