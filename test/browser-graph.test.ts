/**
 * graph/ and nets/ in a real browser: bundled, served from this machine, run on WebAssembly and WebGPU, compared with Node's
 * CPU.
 *
 * Needs Chromium (CHROMIUM_PATH or /usr/bin/chromium); skipped with a line otherwise.
 */
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Device } from '../src/graph/index.js';
import { largestErrors, type WorkloadResults, workloads } from './fixtures/device-workload.js';

const executablePath = process.env['CHROMIUM_PATH'] ?? '/usr/bin/chromium';
const available = existsSync(executablePath);
if (!available) console.info(`browser-graph.test: skipped, no Chromium at ${executablePath} (set CHROMIUM_PATH)`);

/** The last four give WebGPU a software adapter, since the machine may have no GPU. */
const ARGUMENTS = [
  '--no-sandbox',
  '--disable-background-networking',
  '--enable-unsafe-webgpu',
  '--enable-unsafe-swiftshader',
  '--use-webgpu-adapter=swiftshader',
  '--enable-features=Vulkan',
];

type Name = keyof typeof workloads;
const runtimeFolder = dirname(createRequire(import.meta.url).resolve('onnxruntime-web'));

/** The page's script. The native runtime stays outside: a browser never asks for it. Node's own modules would fail here. */
async function bundle(): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(new URL('./fixtures/browser-entry.ts', import.meta.url))],
    bundle: true,
    format: 'esm',
    platform: 'browser',
    external: ['onnxruntime-node'],
    write: false,
    logLevel: 'silent',
  });
  return outputFiles[0]!.text;
}

/** Serves the page, its script, and the runtime's .wasm and .mjs files beside it, as a site would. */
function serve(script: string): Server {
  const page = '<!doctype html><title>graph</title><script type="module" src="/graph.js"></script>';
  return createServer(async (request, response) => {
    const name = basename(request.url ?? '');
    const reply = (type: string, body: string | Buffer) => response.writeHead(200, { 'content-type': type }).end(body);
    if (request.url === '/') return reply('text/html', page);
    if (name === 'graph.js') return reply('text/javascript', script);
    const path = join(runtimeFolder, name);
    if (!/^ort-wasm[\w.-]+\.(mjs|wasm)$/.test(name) || !existsSync(path)) return response.writeHead(404).end();
    return reply(name.endsWith('.wasm') ? 'application/wasm' : 'text/javascript', await readFile(path));
  });
}

it('the graph and the networks bundle for pages: nothing of them needs Node', async () => {
  expect((await bundle()).length).toBeGreaterThan(10_000); // Node's modules would have failed the build
});

describe.skipIf(!available)('in Chromium', () => {
  let browser: Browser;
  let server: Server;
  let page: Page;
  const complaints: string[] = [];

  beforeAll(async () => {
    server = serve(await bundle());
    await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
    browser = await chromium.launch({ executablePath, args: ARGUMENTS });
    page = await browser.newPage();
    page.on('pageerror', (error) => complaints.push(error.message));
    await page.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
    await page.waitForFunction(() => 'workloads' in globalThis);
  }, 60_000);
  afterAll(async () => {
    await browser?.close();
    server?.close();
  });

  const inPage = async (name: Name, device: Device) => {
    const results = await page.evaluate(
      async ([piece, where]) => {
        const { workloads: work } = globalThis as unknown as {
          workloads: Record<string, (d: string) => Promise<object>>;
        };
        const values = Object.entries((await work[piece]!(where)) as Record<string, Float32Array>);
        return Object.fromEntries(values.map(([key, array]) => [key, Array.from(array)]));
      },
      [name, device] as const,
    );
    return Object.fromEntries(Object.entries(results).map(([k, v]) => [k, Float32Array.from(v)])) as WorkloadResults;
  };

  // The tolerances of src/graph/runtime.test.ts: it is the same WebAssembly.
  const tolerances = { operations: 5e-6, training: 1e-4, unet: 1e-5 } as const;
  for (const name of ['operations', 'training', 'unet'] as const)
    it(`${name}: as in Node`, async () => {
      const errors = largestErrors(await inPage(name, 'cpu'), await workloads[name]('cpu'));
      for (const [result, error] of Object.entries(errors)) expect(error, result).toBeLessThan(tolerances[name]);
      expect(complaints).toEqual([]);
    });

  it('training on WebGPU: as on the CPU of Node', async ({ skip }) => {
    const adapter = await page.evaluate(async () => {
      const { gpu } = navigator as { gpu?: { requestAdapter(): Promise<unknown> } };
      return !!(await gpu?.requestAdapter());
    });
    skip(!adapter, 'this Chromium offers no WebGPU adapter');
    const errors = largestErrors(await inPage('training', 'webgpu'), await workloads.training('cpu'));
    for (const [result, error] of Object.entries(errors)) expect(error, result).toBeLessThan(2 * tolerances.training);
  });
});
