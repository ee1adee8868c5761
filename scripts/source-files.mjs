/**
 * The product's source files as syntax trees: what the repository's checks walk over. Not a type checker.
 */

import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

/** Root of the repository. */
export const root = join(dirname(fileURLToPath(import.meta.url)), '..');

/** Paths of all TypeScript files under the folders, tests left out, relative to the root with forward slashes, sorted. */
export function sourcePaths(folders, base = root) {
  return folders
    .flatMap((folder) => readdirSync(join(base, folder), { recursive: true }).map((name) => join(folder, String(name))))
    .map((path) => path.replaceAll('\\', '/'))
    .filter((path) => /\.tsx?$/.test(path) && !/\.(test|bench)\.tsx?$|\.d\.ts$/.test(path))
    .sort();
}

/** Syntax tree of one file. */
export function parseFile(path, base = root) {
  const text = readFileSync(join(base, path), 'utf8');
  return ts.createSourceFile(
    path,
    text,
    ts.ScriptTarget.Latest,
    true,
    path.endsWith('x') ? ts.ScriptKind.TSX : undefined,
  );
}

/** Line of a node, from 1. */
export function lineOf(source, node) {
  return source.getLineAndCharacterOfPosition(node.getStart(source)).line + 1;
}

/** Every node below `node`, in order. */
export function* nodesUnder(node) {
  const children = [];
  node.forEachChild((child) => {
    children.push(child);
  });
  for (const child of children) {
    yield child;
    yield* nodesUnder(child);
  }
}

/** Prints the problems and a summary; the exit code says whether there were any. */
export function finish(name, problems, count) {
  for (const problem of problems) console.error(problem);
  console.log(`${name}: ${count} files, ${problems.length} problem${problems.length === 1 ? '' : 's'}`);
  process.exitCode = problems.length > 0 ? 1 : 0;
}
