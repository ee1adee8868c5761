/**
 * Compiles the AssemblyScript sources of src/head/kernels into src/head/kernels/wasm.ts.
 *
 * Usage: node scripts/build-kernels.mjs            writes the file
 *        node scripts/build-kernels.mjs --check    says whether the file is as its sources say (a test runs this)
 * ASC=<path of asc.js> takes another compiler than the installed one.
 */

import { readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const folder = fileURLToPath(new URL('../src/head/kernels/', import.meta.url));

/** Bytes of the module. Sources end in .as, since they are not TypeScript, although the compiler wants them to be called so. */
async function compileKernels(compiler = 'assemblyscript/asc') {
  const asc = (await import(compiler)).default;
  const options = '-O3 --converge --noAssert --runtime stub --importMemory --sharedMemory --maximumMemory 65536';
  const features = '--enable simd --enable threads --enable bulk-memory';
  const stderr = asc.createMemoryStream();
  let bytes = null;
  const { error } = await asc.main(['field.ts', ...`${options} ${features}`.split(' '), '--outFile', 'out.wasm'], {
    stderr,
    stdout: asc.createMemoryStream(),
    readFile: (name) => {
      try {
        return readFileSync(join(folder, basename(name).replace(/\.ts$/, '.as')), 'utf8');
      } catch {
        return null;
      }
    },
    writeFile: (name, data) => {
      if (name.endsWith('.wasm')) bytes = data;
    },
    listFiles: () => [],
  });
  if (error || !bytes) throw new Error(`the kernels do not compile\n${stderr.toString()}`);
  return bytes;
}

/** The generated file. */
function kernelSource(bytes) {
  const lines = Buffer.from(bytes)
    .toString('base64')
    .match(/.{1,110}/g);
  return `/**
 * The compiled kernels, WebAssembly in base64. Generated from the .as files beside it: node scripts/build-kernels.mjs
 */

/** Bytes of the module in base64. */
export const KERNELS =
${lines.map((line) => `  '${line}'`).join(' +\n')};
`;
}

const bytes = await compileKernels(process.env.ASC);
const [path, source] = [join(folder, 'wasm.ts'), kernelSource(bytes)];
if (!process.argv.includes('--check')) writeFileSync(path, source);
else if (readFileSync(path, 'utf8') !== source) {
  console.error('src/head/kernels/wasm.ts differs from its sources: node scripts/build-kernels.mjs');
  process.exit(1);
}
console.log(`src/head/kernels/wasm.ts is as its sources say: ${bytes.length} bytes`);
