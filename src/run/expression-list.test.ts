/** Lists of expressions: what is read, what is refused and how that is said, and that no input does anything else. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { JokerError } from '../core/errors.js';
import { parseExpression } from '../face/expression.js';
import { readExpressionList } from './expression-list.js';

const folder = mkdtempSync(join(tmpdir(), 'joker3d-list-'));
const path = join(folder, 'list.json');
afterAll(() => rmSync(folder, { recursive: true }));

function read(value: unknown) {
  writeFileSync(path, typeof value === 'string' ? value : JSON.stringify(value));
  return readExpressionList(path);
}

describe('readExpressionList', () => {
  it('reads presets, weights as text and as an object, and entries without either', () => {
    const list = read([
      { name: 'smile', expression: 'smile' },
      { name: 'Jaw_2', expression: 'jawOpen=0.8,wink' },
      { name: 'shout', expression: { jawOpen: 0.9, tongueOut: 0 }, text: 'A person shouting' },
      { name: 'own' },
    ]);
    expect(list.map(({ name }) => name)).toEqual(['smile', 'Jaw_2', 'shout', 'own']);
    expect(parseExpression(list[2]!.expression!)).toEqual({ jawOpen: 0.9 });
    expect(list[2]!.text).toBe('A person shouting');
    expect(list[3]).toEqual({ name: 'own' });
  });

  const refused: [what: string, value: unknown, message: RegExp][] = [
    ['text that is not JSON', '[{', /list\.json: not valid JSON/],
    ['an object', {}, /the list: .*array/],
    ['an empty list', [], /the list: /],
    ['a repeated key', '[{"name":"a","name":"b"}]', /the key "name" occurs twice/],
    ['a repeated name', [{ name: 'a' }, { name: 'A' }], /the name "A" occurs twice/],
    ['a path as a name', [{ name: '../a' }], /entry 0\.name: letters, digits/],
    ['a hidden name', [{ name: '.a' }], /entry 0\.name/],
    ["a name of the sequence's own files", [{ name: 'index.html' }], /entry 0\.name/],
    ['a device of Windows', [{ name: 'nul' }], /"nul" is kept by Windows/],
    ['a long name', [{ name: 'a'.repeat(65) }], /entry 0\.name/],
    ['an unknown field', [{ name: 'a', drive: 'b.jpg' }], /entry 0: .*drive/],
    [
      'an unknown expression',
      [{ name: 'a', expression: 'smlie' }],
      /"a": unknown expression "smlie".*Did you mean smile/,
    ],
    ['a weight out of range', [{ name: 'a', expression: { jawOpen: 2 } }], /"a": .*jawOpen is 2/],
    ['an empty text', [{ name: 'a', text: '' }], /entry 0\.text/],
    ['a text without end', [{ name: 'a', text: 'x'.repeat(1001) }], /entry 0\.text/],
    ['too many entries', Array.from({ length: 1001 }, (_, i) => ({ name: `a${i}` })), /the list: /],
    ['too large a file', `[${' '.repeat(2 ** 22)}]`, /at most 4194304 are read/],
  ];
  it.each(refused)('refuses %s', (_, value, message) => {
    expect(() => read(value)).toThrow(message);
    expect(() => read(value)).toThrow(JokerError);
  });

  it('answers any JSON with a list of plain names or a JokerError', () => {
    const entry = fc.record(
      { name: fc.string(), expression: fc.jsonValue(), text: fc.jsonValue() },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(fc.oneof(fc.jsonValue(), fc.array(entry)), (value) => {
        try {
          for (const { name } of read(value)) expect(name).toMatch(/^[a-z0-9][a-z0-9_-]*$/i);
        } catch (error) {
          expect(error).toBeInstanceOf(JokerError);
        }
      }),
      { numRuns: 300, seed: 3 },
    );
  });
});
