/**
 * Checks the import rule of docs/ARCHITECTURE.md on src/ and apps/ (tests left out): which folder may import which, no
 * circles, no platform (files, network, DOM, clock) outside the folders that own it, and no global random numbers.
 *
 * Usage: node scripts/check-imports.mjs [root]
 */

import { existsSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { join, posix } from 'node:path';
import ts from 'typescript';
import { finish, lineOf, nodesUnder, parseFile, root, sourcePaths } from './source-files.mjs';

/** What each folder of src/ may import besides itself. `run`, `index.ts` and `apps` may import anything. */
const FLOOR = ['core', 'graph', 'nets'];
const ALLOWED = {
  core: [],
  graph: ['core'],
  nets: ['core', 'graph'],
  photo: [...FLOOR],
  face: [...FLOOR, 'photo'],
  condition: [...FLOOR, 'photo', 'face'],
  prior: [...FLOOR, 'condition'],
  head: [...FLOOR],
  distill: [...FLOOR, 'condition', 'prior', 'head'],
  deliver: [...FLOOR, 'head'],
  data: [...FLOOR, 'photo', 'face', 'condition'],
  train: [...FLOOR, 'prior', 'data'],
  evaluate: [...FLOOR, 'photo', 'face', 'head', 'data'],
};

/** Where the platform may be used. The engine needs files and threads to hand weights and work to the runtime. */
const PLATFORM = ['src/core/files/', 'src/photo/load', 'src/data/sources', 'src/deliver/', 'src/run/', 'apps/'];
const PLATFORM_ENGINE = [
  'src/graph/run',
  'src/graph/execute',
  'src/graph/session',
  'src/graph/worker',
  'src/graph/device',
  'src/head/kernels/crew',
  'src/head/shaders/device',
];
/** Gradients of operations are made of operations: these files need each other by nature, and only when called. */
const MUTUAL = 'src/graph/ops/';
const PURE_NODE = new Set(['assert', 'buffer', 'util', 'path', 'url']);
const PLATFORM_GLOBALS = new Set([
  'fetch',
  'document',
  'window',
  'localStorage',
  'XMLHttpRequest',
  'WebSocket',
  'Date',
  'performance',
]);

const base = process.argv[2] ?? root;
const paths = sourcePaths(
  ['src', 'apps'].filter((folder) => existsSync(join(base, folder))),
  base,
);
const problems = [];
const graph = new Map();

for (const path of paths) {
  const source = parseFile(path, base);
  const runtime = [];
  for (const { specifier, node, typeOnly } of importsOf(source)) {
    const where = `${path}:${lineOf(source, node)}`;
    if (!specifier.startsWith('.')) checkPackage(path, specifier, where);
    else {
      const target = resolveImport(path, specifier, where);
      if (target === null) continue;
      checkFolders(path, target, where);
      if (!typeOnly) runtime.push(target);
    }
  }
  graph.set(path, runtime);
  checkGlobals(path, source);
}
for (const circle of circles(graph))
  if (!circle.every((path) => path.startsWith(MUTUAL))) problems.push(`circular import: ${circle.join(' -> ')}`);
finish('imports', problems, paths.length);

/** Static and dynamic imports and re-exports. `import { type A }` still loads its file; `import type` does not. */
function* importsOf(source) {
  for (const node of nodesUnder(source)) {
    if ((ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) && node.moduleSpecifier)
      yield {
        specifier: node.moduleSpecifier.text,
        node,
        typeOnly: node.importClause?.isTypeOnly || node.isTypeOnly === true,
      };
    else if (
      ts.isCallExpression(node) &&
      node.expression.kind === ts.SyntaxKind.ImportKeyword &&
      ts.isStringLiteralLike(node.arguments[0])
    )
      yield { specifier: node.arguments[0].text, node, typeOnly: true }; // runs later: cannot make a circle at load time
    else if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument))
      yield { specifier: node.argument.literal.text, node, typeOnly: true };
  }
}

/** Target path of a relative import, or null after reporting that there is none. */
function resolveImport(from, specifier, where) {
  const target = posix.normalize(posix.join(posix.dirname(from), specifier));
  if (target.endsWith('.json') || target === 'package.json') return null;
  for (const candidate of [target.replace(/\.js$/, '.ts'), target.replace(/\.js$/, '.tsx')])
    if (candidate !== target && existsSync(join(base, candidate))) return candidate;
  problems.push(`${where}: ${specifier} leads to no source file (imports end in .js)`);
  return null;
}

function isFree(path) {
  return path.startsWith('apps/') || path.startsWith('src/run/') || path === 'src/index.ts';
}

function checkFolders(from, to, where) {
  if (to.startsWith('apps/') && !from.startsWith('apps/')) problems.push(`${where}: src may not import apps (${to})`);
  else if (!/^(src|apps)\//.test(to)) problems.push(`${where}: imports ${to}, outside src and apps`);
  if (isFree(from) || from.startsWith('apps/')) return;
  const [a, b] = [from.split('/')[1], to.split('/')[1]];
  if (!(a in ALLOWED)) problems.push(`${where}: the folder src/${a} is not in the import rule`);
  else if (a !== b && !ALLOWED[a].includes(b)) problems.push(`${where}: ${a} may not import ${b} (${to})`);
}

function mayUsePlatform(path) {
  return [...PLATFORM, ...PLATFORM_ENGINE].some((prefix) => path.startsWith(prefix));
}

function checkPackage(path, specifier, where) {
  const name = specifier.replace(/^node:/, '').split('/')[0];
  if (!builtinModules.includes(name)) return;
  if (!specifier.startsWith('node:')) problems.push(`${where}: write node:${specifier}`);
  if (!PURE_NODE.has(name) && !mayUsePlatform(path))
    problems.push(`${where}: ${specifier} belongs in ${PLATFORM.join(', ')}`);
}

/** Uses of platform globals and of Math.random; a property or declaration of the same name is not a use. */
function checkGlobals(path, source) {
  const declared = new Set();
  for (const node of nodesUnder(source))
    if (node.name && ts.isIdentifier(node.name) && !ts.isPropertyAccessExpression(node)) declared.add(node.name.text);
  for (const node of nodesUnder(source)) {
    if (!ts.isIdentifier(node)) continue;
    const { parent, text } = node;
    if (text === 'random' && ts.isPropertyAccessExpression(parent) && parent.expression.getText(source) === 'Math')
      problems.push(`${path}:${lineOf(source, node)}: Math.random; draw from a RandomStream`);
    if (!PLATFORM_GLOBALS.has(text) || mayUsePlatform(path) || declared.has(text)) continue;
    if (ts.isPropertyAccessExpression(parent) && parent.name === node) continue;
    if (ts.isTypeReferenceNode(parent) || ts.isPropertyAssignment(parent)) continue;
    problems.push(`${path}:${lineOf(source, node)}: ${text} is the platform's; pass what is needed as an argument`);
  }
}

/** One circle per strongly connected group, found by depth-first search. */
function circles(edges) {
  const state = new Map();
  const found = [];
  const stack = [];
  const visit = (path) => {
    state.set(path, 'open');
    stack.push(path);
    for (const next of edges.get(path) ?? []) {
      if (state.get(next) === 'open') found.push([...stack.slice(stack.indexOf(next)), next]);
      else if (!state.has(next)) visit(next);
    }
    stack.pop();
    state.set(path, 'done');
  };
  for (const path of edges.keys()) if (!state.has(path)) visit(path);
  return found;
}
