/** Tests of the repository's own checks: each rule is broken once in a small made-up tree and must be found. */

import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';

const trees: string[] = [];
afterAll(() => {
  for (const tree of trees) rmSync(tree, { recursive: true, force: true });
});

/** Runs a check on a tree of files given by path and text. */
function check(script: 'check-imports' | 'check-docs', files: Record<string, string>) {
  const tree = mkdtempSync(join(tmpdir(), 'joker-check-'));
  trees.push(tree);
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(tree, path)), { recursive: true });
    writeFileSync(join(tree, path), text);
  }
  const { stderr, status } = spawnSync(process.execPath, [`scripts/${script}.mjs`, tree], { encoding: 'utf8' });
  return { problems: stderr.trim().split('\n').filter(Boolean), status };
}

describe('the import rule', () => {
  it('accepts what it allows', () => {
    const { problems, status } = check('check-imports', {
      'src/core/a.ts': "import { join } from 'node:path'; export const a = join;",
      'src/core/files/b.ts': "import 'node:fs'; import { a } from '../a.js'; export { a };",
      'src/face/c.ts': "import { d } from '../photo/d.js'; import './e.js'; export const c = d;",
      'src/face/e.ts': "import type { c } from './c.js'; export type E = typeof c;",
      'src/photo/d.ts': "import { a } from '../core/a.js'; export const d = [a, { fetch: 1 }];",
      'src/photo/d.test.ts': "import '../deliver/x.js'; import 'node:fs';",
      'src/index.ts': "export { c } from './face/c.js';",
      'apps/cli/main.ts': "import '../../src/run/r.js'; import 'node:fs'; new Date();",
      'src/run/r.ts': "import '../deliver/x.js'; performance.now();",
      'src/deliver/x.ts': "import 'node:child_process';",
    });
    expect(problems).toEqual([]);
    expect(status).toBe(0);
  });

  it('finds each way to break it', () => {
    const broken: [path: string, text: string, message: string][] = [
      ['src/photo/late.ts', "import '../face/empty.js';", 'photo may not import face'],
      ['src/core/type.ts', "import type { B } from '../nets/empty.js';", 'core may not import nets'],
      ['src/head/dynamic.ts', "import('../prior/empty.js');", 'head may not import prior'],
      ['src/head/inline.ts', "type B = import('../prior/empty.js').B;", 'head may not import prior'],
      ['src/run/apps.ts', "import '../../apps/empty.js';", 'src may not import apps'],
      ['src/core/ending.ts', "import './empty';", 'leads to no source file'],
      ['src/misc/folder.ts', "import '../core/empty.js';", 'not in the import rule'],
      ['src/nets/files.ts', "import 'node:fs';", 'node:fs belongs in'],
      ['src/nets/prefix.ts', "import 'path';", 'write node:path'],
      ['src/prior/clock.ts', 'export const t = Date.now();', "Date is the platform's"],
      ['src/run/random.ts', 'export const r = Math.random();', 'Math.random'],
    ];
    const empty = ['core', 'face', 'nets', 'prior'].map((name) => [`src/${name}/empty.ts`, ''] as const);
    const circle = { 'src/core/a.ts': "import './b.js';", 'src/core/b.ts': "export * from './a.js';" };
    const { problems, status } = check('check-imports', {
      ...Object.fromEntries([...broken, ...empty, ['apps/empty.ts', '']]),
      ...circle,
    });
    const expected = broken.map(([path, , message]) => expect.stringMatching(`^${path}:1: .*${message}`));
    const round = 'circular import: src/core/a.ts -> src/core/b.ts -> src/core/a.ts';
    expect(problems).toEqual(expect.arrayContaining([...expected, round]));
    expect(problems).toHaveLength(broken.length + 1);
    expect(status).toBe(1);
  });
});

describe('the doc comments', () => {
  it('accepts documented files, re-exports and overloads', () => {
    const files = {
      'src/a.ts':
        "/** File. */\nimport './b.js';\n/** One. */\nexport function one(a: 1): 1;\nexport function one(a: 2): 2;\nexport { b } from './b.js';\n",
      'apps/main.ts': '#!/usr/bin/env node\n/** File. */\nexport const free = 1;\n',
    };
    expect(check('check-docs', files)).toEqual({ problems: [], status: 0 });
  });

  it('finds what has none, and files that are too long', () => {
    const { problems, status } = check('check-docs', {
      'src/a.ts': '// File.\nexport const a = 1;\n',
      'src/b.ts': '/** File. */\nexport type B = 1;\n',
      'src/c.ts': `/** File. */\n${'\n'.repeat(400)}`,
    });
    expect(problems).toEqual([
      expect.stringContaining('src/a.ts:1: the file does not open'),
      expect.stringContaining('src/a.ts:2: exported a'),
      expect.stringContaining('src/b.ts:2: exported B'),
      expect.stringContaining('src/c.ts:1: 402 lines'),
    ]);
    expect(status).toBe(1);
  });
});
