/**
 * Where the files that ship with the package are: `assets/` beside package.json, in a checkout and in an installed copy.
 *
 * Node only; a page in the browser is given the address of its assets instead.
 */

import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Root folder of the package: the nearest folder above this file that holds assets/ and package.json. */
export function packageRoot(): string {
  let folder = dirname(fileURLToPath(import.meta.url));
  while (!(existsSync(join(folder, 'package.json')) && existsSync(join(folder, 'assets')))) {
    const parent = dirname(folder);
    if (parent === folder) throw new Error('internal: no folder with package.json and assets/ above the code');
    folder = parent;
  }
  return folder;
}

/** Absolute path of a shipped file, e.g. `assetPath('tracker', 'iris.safetensors')`. The file need not exist. */
export function assetPath(...parts: readonly string[]): string {
  return join(packageRoot(), 'assets', ...parts);
}
