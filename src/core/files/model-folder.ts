/**
 * A temporary folder in which the runtime finds a model and, beside it, the weight files that the model points into.
 *
 * The ONNX format names external data relative to the model's folder, and the runtime refuses paths and symbolic links
 * that leave it; so the weight files appear there as hard links. Nothing is copied. Folders of processes that were killed are
 * removed by the next one.
 */
import { linkSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { JokerError } from '../errors.js';

/**
 * Makes the folder; see `ModelPlacer` of graph/.
 * @throws JokerError not-writable when no folder on the weights' volume can be written (hard links stay on one volume).
 */
export function placeModelFiles(weightFiles: readonly string[]): {
  location(path: string): string;
  write(model: Uint8Array): string;
  remove(): void;
} {
  const names = new Map(weightFiles.map((path, i) => [path, `weights-${i}.safetensors`]));
  const folder = linkedFolder(names);
  return {
    location: (path) => names.get(path)!,
    write: (model) => {
      const path = join(folder, 'model.onnx');
      writeFileSync(path, model);
      return path;
    },
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

function linkedFolder(names: ReadonlyMap<string, string>): string {
  const first = [...names.keys()][0]!;
  let cause: unknown;
  for (const parent of [tmpdir(), dirname(resolve(first))]) {
    try {
      return linkAll(parent, names);
    } catch (error) {
      cause = error;
    }
  }
  throw new JokerError(
    'not-writable',
    `${first}: neither the temporary folder nor the weights' own folder can hold a link to it`,
    'Set TMPDIR to a writable folder on the same volume as the weights.',
    { cause },
  );
}

const PREFIX = '.joker3d-model-';

/** Removes folders whose process is gone: their links would keep the bytes of removed weights on the disk. */
function removeOrphans(parent: string): void {
  for (const name of readdirSync(parent)) {
    if (!name.startsWith(PREFIX)) continue;
    const pid = Number(/^\d+/.exec(name.slice(PREFIX.length))?.[0]);
    if (pid && !isAlive(pid)) rmSync(join(parent, name), { recursive: true, force: true });
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0); // signal 0 only asks
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'; // somebody else's, and there
  }
}

function linkAll(parent: string, names: ReadonlyMap<string, string>): string {
  removeOrphans(parent);
  const folder = mkdtempSync(join(parent, `${PREFIX}${process.pid}-`));
  try {
    for (const [path, name] of names) linkSync(resolve(path), join(folder, name));
    return folder;
  } catch (error) {
    rmSync(folder, { recursive: true, force: true });
    throw error;
  }
}
