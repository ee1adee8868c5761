/**
 * Checks that every file of src/ and apps/ opens with a doc comment, that every exported name of src/ has one of its own,
 * and that no file outgrows what one reads at a sitting. Tests are left out.
 *
 * Usage: node scripts/check-docs.mjs [root]
 */

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { finish, lineOf, parseFile, root, sourcePaths } from './source-files.mjs';

/** Aim 100–250 lines; at 400 a file holds more than one idea. */
const MAX_LINES = 400;

const base = process.argv[2] ?? root;
const paths = sourcePaths(
  ['src', 'apps'].filter((folder) => existsSync(join(base, folder))),
  base,
);
const problems = [];
for (const path of paths) check(path, parseFile(path, base));
finish('docs', problems, paths.length);

function check(path, source) {
  const text = source.text.replace(/^\uFEFF?(#![^\n]*\n)?\s*/, '');
  if (!text.startsWith('/**')) problems.push(`${path}:1: the file does not open with a doc comment`);
  const lines = source.getLineStarts().length;
  if (lines > MAX_LINES) problems.push(`${path}:1: ${lines} lines, at most ${MAX_LINES}`);
  if (path.startsWith('src/')) for (const problem of undocumented(path, source)) problems.push(problem);
}

/** Exported declarations without a doc comment. Re-exports carry the comment of the original; overloads share one. */
function* undocumented(path, source) {
  const documented = new Set();
  for (const node of source.statements) {
    if (!node.modifiers?.some((modifier) => modifier.kind === ts.SyntaxKind.ExportKeyword)) continue;
    const names = namesOf(node);
    const first = node === source.statements[0];
    if (hasDoc(source, node, first)) for (const name of names) documented.add(name);
    for (const name of names)
      if (!documented.has(name)) yield `${path}:${lineOf(source, node)}: exported ${name} has no doc comment`;
  }
}

function namesOf(node) {
  if (ts.isVariableStatement(node)) return node.declarationList.declarations.map((item) => item.name.getText());
  return node.name ? [node.name.getText()] : ['default'];
}

/** A doc comment directly before the node; on the first statement the file's own comment does not count. */
function hasDoc(source, node, first) {
  const ranges = ts.getLeadingCommentRanges(source.text, node.getFullStart()) ?? [];
  const docs = ranges.filter(({ pos }) => source.text.startsWith('/**', pos));
  return docs.length > (first ? 1 : 0);
}
