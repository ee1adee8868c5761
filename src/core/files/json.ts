/**
 * JSON for files that somebody else wrote: a repeated key is refused instead of the last one silently winning.
 *
 * Not a JSON parser: `JSON.parse` does the reading; this only walks the text once more for the keys.
 */

import { JokerError } from '../errors.js';

/**
 * Value of a JSON text.
 * @param where path or name for the error.
 * @throws JokerError bad-file when the text is not JSON or an object repeats a key.
 */
export function parseJsonStrict(text: string, where: string): unknown {
  const value = parse(text, where);
  const repeated = repeatedKey(text);
  if (repeated !== null)
    throw new JokerError('bad-file', `${where}: the key ${JSON.stringify(repeated)} occurs twice`, REMEDY);
  return value;
}

const REMEDY = 'Get or write the file again.';

function parse(text: string, where: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new JokerError('bad-file', `${where}: not valid JSON`, REMEDY, { cause });
  }
}

/** The first key that an object of this valid JSON text repeats, or null. One pass; a key is a string before a colon. */
function repeatedKey(text: string): string | null {
  const open: Set<string>[] = [];
  for (let i = 0; i < text.length; i++) {
    const c = text[i];
    if (c === '{') open.push(new Set());
    else if (c === '}') open.pop();
    else if (c === '"') {
      const end = stringEnd(text, i);
      if (isKey(text, end)) {
        const key = JSON.parse(text.slice(i, end)) as string;
        const seen = open[open.length - 1]!;
        if (seen.has(key)) return key;
        seen.add(key);
      }
      i = end - 1;
    }
  }
  return null;
}

function stringEnd(text: string, start: number): number {
  let i = start + 1;
  while (text[i] !== '"') i += text[i] === '\\' ? 2 : 1;
  return i + 1;
}

function isKey(text: string, after: number): boolean {
  let i = after;
  while (text[i] === ' ' || text[i] === '\n' || text[i] === '\r' || text[i] === '\t') i++;
  return text[i] === ':';
}
