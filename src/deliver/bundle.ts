/**
 * A finished head to a folder of files and a manifest.
 *
 * Only order and names are decided here and in the parts (bundle-shape.ts, bundle-views.ts, bundle-sweep.ts); each format has
 * its own file. The folder appears whole or not at all.
 */

import { join } from 'node:path';
import { JokerError } from '../core/errors.js';
import { withOutputFolder, writeFileAtomic } from '../core/files/atomic.js';
import { silent } from '../core/progress.js';
import { bakeShape, writeShape } from './bundle-shape.js';
import { writeSweep } from './bundle-sweep.js';
import { writeViews } from './bundle-views.js';
import { isDelivery, MANIFEST_NAME, type Manifest, type ManifestFile, makeManifest, manifestFile } from './manifest.js';
import { recordOf, signedFiles } from './marks/marker.js';
import { type BundleOptions, DEFAULT_EXPORTS, type HeadProducts, type Sink } from './products.js';

/**
 * Writes all files to a new folder, which appears under its name only when complete.
 * @throws JokerError not-writable, or bad-argument when the head is empty.
 */
export async function writeBundle(head: HeadProducts, folder: string, options: BundleOptions): Promise<Manifest> {
  const mayReplace = (names: readonly string[]) => options.replace === true && isDelivery(folder, names);
  return withOutputFolder(folder, (partial) => writeProducts(head, partial, options), { mayReplace });
}

async function writeProducts(head: HeadProducts, folder: string, options: BundleOptions): Promise<Manifest> {
  const files: ManifestFile[] = [];
  const put = makeSink(folder, files, options);
  const what = new Set(options.what ?? DEFAULT_EXPORTS);
  // The views' depth previews and normals need the surface too; a sweep needs only the renderer.
  const shape = what.size > (what.has('sweep') ? 1 : 0) ? await bakeShape(head, options) : null;
  if (shape) await writeShape(head, shape, what, put, options);
  if (shape && what.has('views')) await writeViews(head, shape, put, options);
  if (what.has('sweep')) await writeSweep(head, folder, put, options);
  for (const { path, what: about, bytes, recorded } of head.extra ?? []) await put(path, about, bytes, recorded);
  const manifest = makeManifest(files, head.settings, options, options.marker ? recordOf(options.marker) : null);
  await writeFileAtomic(join(folder, MANIFEST_NAME), `${JSON.stringify(manifest, null, 2)}\n`);
  return manifest;
}

function makeSink(folder: string, files: ManifestFile[], { report = silent, signal, marker }: BundleOptions): Sink {
  const write = async (path: string, what: string, bytes: Uint8Array) => {
    if (path === MANIFEST_NAME || files.some((file) => file.path === path))
      throw new JokerError('bad-argument', `two files named ${path}`, 'Give the extra file another name.');
    await writeFileAtomic(join(folder, path), bytes);
    files.push(manifestFile(path, what, bytes));
    report({ kind: 'file', path, what });
  };
  return async (path, what, content, recorded = false) => {
    signal?.throwIfAborted();
    const bytes = typeof content === 'string' ? new TextEncoder().encode(content) : content;
    const signed = signedFiles({ path, what, bytes }, recorded ? undefined : marker);
    for (const file of signed) await write(file.path, file.what, file.bytes);
  };
}
