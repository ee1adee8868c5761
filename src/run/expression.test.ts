/** Tests of expression.ts: the three ways to write an expression, and what is said about a wrong one. */

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { parseExpression } from '../face/expression.js';
import { expressionText } from './expression.js';

const folder = mkdtempSync(join(tmpdir(), 'joker-expression-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const file = (name: string, text: string) => {
  writeFileSync(join(folder, name), text);
  return join(folder, name);
};

const readExpression = (argument: string) => parseExpression(expressionText(argument));

describe('expressionText', () => {
  it('reads weights, presets and files', () => {
    expect(readExpression('jawOpen=0.8,mouthSmileLeft=0.6')).toEqual({ jawOpen: 0.8, mouthSmileLeft: 0.6 });
    expect(readExpression('surprise')).toEqual(parseExpression('surprise'));
    expect(readExpression(file('a.json', '{"jawOpen": 0.25}'))).toEqual({ jawOpen: 0.25 });
    expect(readExpression(file('face.json', '{"format": "joker-face/1", "arkit": {"jawLeft": 1}}'))).toEqual({
      jawLeft: 1,
    });
  });

  it('names the nearest known name, and the file that is missing', () => {
    expect(() => readExpression('jawOpn=0.8')).toThrow(/Did you mean jawOpen\?/);
    expect(() => readExpression(join(folder, 'absent.json'))).toThrow(/absent\.json: no such file/);
    expect(() => readExpression(folder.replace(/[^/\\]+$/, 'no-such'))).toThrow(/unknown expression/);
  });
});
