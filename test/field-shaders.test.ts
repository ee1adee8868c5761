/**
 * The field's shaders against its kernels: in Chromium, and in Node where the optional package `webgpu` is installed.
 *
 * Software drivers: no speed is measured here. Skipped with a line where there is no Chromium (CHROMIUM_PATH or
 * /usr/bin/chromium), package or driver.
 */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { build } from 'esbuild';
import { chromium } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import type { compareEngines } from './fixtures/field-engines.js';

type Comparison = Awaited<ReturnType<typeof compareEngines>>;

const executablePath = process.env['CHROMIUM_PATH'] ?? '/usr/bin/chromium';
const fixture = fileURLToPath(new URL('./fixtures/field-engines.ts', import.meta.url));
const CHROMIUM = '/usr/lib/chromium';
const named = process.env['VK_ICD_FILENAMES'] ?? process.env['VK_DRIVER_FILES'];

/** ‖difference‖ / ‖value‖. Forward: float32 against float64 marching, 5e-7 measured. */
const FORWARD = 1e-5;
/**
 * Gradients of the first layers and the table, and what they change: a hidden unit within rounding of its threshold counts on one side only, and each of
 * the 11 520 slots is a hundredth of a sum of random signs. 7e-3 measured; a wrong term would be of size 1.
 */
const BACKWARD = 2e-2;
/** Another jitter of the same samples: near, and not the same. */
const JITTER = 0.1;

function check(found: Comparison): void {
  const { errors, again, jittered } = found!;
  for (const name of ['color', 'opacity', 'distance']) expect(errors[name], name).toBeLessThan(FORWARD);
  for (const name of ['density.1.weight', 'feature.1.weight']) expect(errors[name], name).toBeLessThan(1e-4);
  for (const name of ['density.0.weight', 'feature.0.weight', 'first', 'second', 'table', 'density'])
    expect(errors[name], name).toBeLessThan(BACKWARD);
  for (const [name, difference] of Object.entries(again)) expect(difference, `${name}, again`).toBe(0);
  for (const name of ['color', 'opacity', 'distance']) {
    expect(jittered[name], name).toBeLessThan(JITTER);
    expect(jittered[name], name).toBeGreaterThan(errors[name]! * 10);
  }
}

describe("the field's shaders do what its kernels do, and the same each time", () => {
  it('in Chromium', { timeout: 120_000 }, async ({ skip }) => {
    skip(!existsSync(executablePath), `no Chromium at ${executablePath}`);
    const { outputFiles } = await build({
      entryPoints: [fixture],
      bundle: true,
      format: 'esm',
      platform: 'browser',
      // asked for in Node only
      external: ['node:worker_threads', 'node:os', 'webgpu'],
      write: false,
      logLevel: 'silent',
    });
    const args = [
      '--no-sandbox',
      '--enable-unsafe-webgpu',
      '--enable-unsafe-swiftshader',
      '--use-webgpu-adapter=swiftshader',
    ];
    const browser = await chromium.launch({ executablePath, args: [...args, '--enable-features=Vulkan'] });
    try {
      const page = await browser.newPage();
      // WebGPU wants a secure page, and a page of this machine counts as one.
      await page.route('**/*', (route) =>
        route.fulfill({ contentType: 'text/html', body: '<!doctype html><title>field</title>' }),
      );
      await page.goto('http://localhost/');
      await page.addScriptTag({ type: 'module', content: outputFiles[0]!.text });
      const found = await page.evaluate(() =>
        (globalThis as unknown as { compareEngines(): Promise<Comparison> }).compareEngines(),
      );
      skip(found === null, 'this Chromium offers no WebGPU adapter');
      check(found);
    } finally {
      await browser.close();
    }
  });

  it('in Node', { timeout: 120_000 }, async ({ skip }) => {
    const software = { VK_ICD_FILENAMES: `${CHROMIUM}/vk_swiftshader_icd.json`, LD_LIBRARY_PATH: CHROMIUM };
    const env = { XDG_RUNTIME_DIR: '/tmp', ...process.env, ...(!named && software) };
    const { stdout } = await promisify(execFile)(process.execPath, ['--import', 'tsx', fixture, 'print'], { env });
    const found = JSON.parse(stdout) as Comparison;
    skip(found === null, 'the package webgpu is not installed, or finds no driver');
    check(found);
  });
});
