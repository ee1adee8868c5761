/**
 * The viewer page in a real browser: drawn from a file URL, turned by mouse, touch and keys, nothing asked of the network.
 *
 * Needs Chromium (CHROMIUM_PATH or /usr/bin/chromium) and draws with its software renderer; skipped with a line otherwise.
 */
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type Browser, chromium, type Page } from 'playwright-core';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bakeField } from '../src/deliver/field.js';
import { formulaHead } from '../src/deliver/testing/formula-head.js';
import { viewerPage } from '../src/deliver/viewer/page.js';
import { quantise } from '../src/deliver/viewer/volume.js';

const executablePath = process.env.CHROMIUM_PATH ?? '/usr/bin/chromium';
const available = existsSync(executablePath);
if (!available) console.info(`viewer.chromium.test: skipped, no Chromium at ${executablePath} (set CHROMIUM_PATH)`);

const ARGUMENTS = [
  '--no-sandbox',
  '--use-angle=swiftshader',
  '--enable-unsafe-swiftshader',
  '--disable-background-networking',
];
const SIZE = { width: 320, height: 320 };

let browser: Browser;
let folder: string;
let page: Page;
const requests: string[] = [];
const complaints: string[] = [];

async function writePage(): Promise<string> {
  const volume = quantise(await bakeField(formulaHead(), { resolution: 64 }));
  const view = { azimuth: 0, elevation: 0, distance: 1, fieldOfView: 0.4 };
  const path = join(folder, 'viewer.html');
  await writeFile(path, viewerPage(volume, { generator: 'joker3d test', autoRotate: false, view }));
  return pathToFileURL(path).href;
}

/** Pixels of the window, H×W×3. */
async function picture(): Promise<Uint8Array> {
  await page.waitForTimeout(400); // one frame of the software renderer takes about 0.1 s
  const { data } = await sharp(await page.screenshot())
    .removeAlpha()
    .raw()
    .toBuffer({ resolveWithObject: true });
  return data;
}

function pixel(data: Uint8Array, x: number, y: number): number[] {
  const at = 3 * (y * SIZE.width + x);
  return Array.from(data.subarray(at, at + 3));
}

/** Mean absolute difference in steps of 1/255. */
function difference(a: Uint8Array, b: Uint8Array): number {
  return a.reduce((sum, value, i) => sum + Math.abs(value - b[i]!), 0) / a.length;
}

describe.skipIf(!available)('viewer page in Chromium', () => {
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'joker-viewer-'));
    browser = await chromium.launch({ executablePath, args: ARGUMENTS });
    page = await browser.newPage({ viewport: SIZE, hasTouch: true });
    page.on('request', (request) => requests.push(request.url()));
    page.on('console', (message) => complaints.push(message.text()));
    page.on('pageerror', (error) => complaints.push(error.message));
    await page.goto(await writePage());
    await page.waitForSelector('body[data-state="ready"]', { timeout: 30_000 });
  });

  afterAll(async () => {
    await browser?.close();
    if (folder) await rm(folder, { recursive: true, force: true });
  });

  it('draws the head where the formula puts it: skin, eye, mouth, background', async () => {
    const data = await picture();
    // World half height at distance 1 is tan(0.2) = 0.203; 160 pixels stand for it. Target: middle of the volume.
    const volume = await bakeField(formulaHead(), { resolution: 64 });
    const middle = (volume.box.min[1] + volume.box.max[1]) / 2;
    const at = (x: number, y: number, z: number) => {
      const scale = 160 / Math.tan(0.2) / (1 - z);
      return pixel(data, Math.round(160 + x * scale), Math.round(160 - (y - middle) * scale));
    };
    const [skin, white, mouth, nothing] = [
      at(0.045, -0.04, 0.08),
      at(0.042, 0.015, 0.09),
      at(0, -0.058, 0.1),
      at(0.18, 0, 0),
    ];
    expect(skin[0]! - skin[2]!).toBeGreaterThan(50);
    expect(Math.min(...white)).toBeGreaterThan(200);
    expect(mouth[0]! - mouth[1]!).toBeGreaterThan(90);
    expect(nothing).toEqual([28, 31, 33]); // the page's background, to the bit: 0.11 · 255 = 28.05 …
  });

  it('turns when dragged, comes back with the Front button', async () => {
    const before = await picture();
    await page.mouse.move(160, 160);
    await page.mouse.down();
    await page.mouse.move(220, 150, { steps: 4 });
    await page.mouse.up();
    expect(difference(before, await picture())).toBeGreaterThan(3);
    await page.click('#home');
    await page.mouse.move(1, 160); // off the button, which lights up under the mouse
    expect(difference(before, await picture())).toBeLessThan(1);
  });

  it('zooms with the wheel, turns with the keys and with a finger', async () => {
    const before = await picture();
    await page.mouse.move(160, 160);
    await page.mouse.wheel(0, -400);
    expect(difference(before, await picture())).toBeGreaterThan(3);
    await page.locator('canvas').press('Home');
    await page.locator('canvas').press('ArrowLeft');
    await page.locator('canvas').press('ArrowLeft');
    expect(difference(before, await picture())).toBeGreaterThan(1);
    await page.locator('canvas').press('Home');
    const touch = await page.context().newCDPSession(page);
    const send = (type: 'touchStart' | 'touchMove' | 'touchEnd', points: { x: number; y: number }[]) =>
      touch.send('Input.dispatchTouchEvent', { type, touchPoints: points });
    await send('touchStart', [{ x: 160, y: 160 }]);
    await send('touchMove', [{ x: 210, y: 165 }]);
    await send('touchEnd', []);
    expect(difference(before, await picture())).toBeGreaterThan(3);
  });

  it('swings by itself when asked, and says that the head is synthetic', async () => {
    await page.click('#turn');
    const first = await picture();
    await page.waitForTimeout(500);
    expect(difference(first, await picture())).toBeGreaterThan(1);
    expect(await page.locator('footer').innerText()).toContain('synthetic');
  });

  it('asked for nothing but itself, and nothing went wrong', () => {
    expect(requests.filter((url) => !url.startsWith('file:') && !url.startsWith('data:'))).toEqual([]);
    expect(requests).toHaveLength(1);
    expect(complaints).toEqual([]);
  });

  it('says so when there is no WebGL', async () => {
    const plain = await browser.newPage();
    await plain.addInitScript(() => {
      HTMLCanvasElement.prototype.getContext = () => null;
    });
    await plain.goto(pathToFileURL(join(folder, 'viewer.html')).href);
    await plain.waitForSelector('body[data-state="failed"]');
    expect(await plain.locator('#message').innerText()).toContain('WebGL 2');
    await plain.close();
  });
});
