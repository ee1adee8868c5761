/** LPIPS from files: one or two, of either form and of every naming, and refusals that say what is wrong. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { floats, torchBytes } from '../../test/fixtures/torch-writer.js';
import { JokerError } from '../core/errors.js';
import { encodeSafetensors, openSafetensors, readTensor } from '../core/files/safetensors.js';
import { LPIPS_PREFIX } from '../nets/index.js';
import { checkLpipsSide, openLpips } from './lpips-files.js';

const folder = mkdtempSync(join(tmpdir(), 'joker-lpips-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const WIDTHS = { alex: [4, 6, 5, 3, 4], vgg: [3, 4, 6, 5, 4] } as const;
type Tensors = Record<string, { shape: readonly number[]; data: Float32Array }>;

/** The weights of the fixture whose names pass. */
function weights(backbone: 'alex' | 'vgg', keep: (name: string) => boolean = () => true): Tensors {
  const file = openSafetensors(
    fileURLToPath(new URL(`../nets/fixtures/lpips-${backbone}.safetensors`, import.meta.url)),
  );
  const names = [...file.entries.keys()].filter((name) => /^(features|lin)/.test(name) && keep(name));
  return Object.fromEntries(
    names.map((name) => [name, { shape: file.entries.get(name)!.shape, data: readTensor(file, name) }]),
  );
}
const isLin = (name: string) => name.startsWith('lin');
const isBackbone = (name: string) => !isLin(name);

let count = 0;
function safe(tensors: Tensors): string {
  const path = join(folder, `${count++}.safetensors`);
  const list = Object.entries(tensors).map(([name, { shape, data }]) => ({ name, shape, data, dtype: 'F32' as const }));
  writeFileSync(path, encodeSafetensors(list));
  return path;
}
function torch(tensors: Tensors): string {
  const path = join(folder, `${count++}.pth`);
  const pieces = Object.entries(tensors).map(([name, { shape, data }]) => [name, floats(shape, data)] as const);
  writeFileSync(path, torchBytes(Object.fromEntries(pieces)));
  return path;
}
const open = (...paths: string[]) => openLpips(paths, WIDTHS);

describe('openLpips', () => {
  it.each(['alex', 'vgg'] as const)('knows %s by its shapes, in one file or two, under every naming', (backbone) => {
    const whole = weights(backbone);
    const package_ = Object.entries(whole).flatMap(([name, tensor]) => [
      [name.replace(/^features/, 'net.slice1'), tensor] as const,
      ...(isLin(name) ? [[name.replace(/^lin/, 'lins.'), tensor] as const] : []),
    ]);
    const more = { 'classifier.1.weight': { shape: [2], data: Float32Array.of(1, 2) } };
    const ways = [
      [safe({ ...whole, ...more })],
      [torch(Object.fromEntries(package_))],
      [safe(weights(backbone, isBackbone)), torch(weights(backbone, isLin))],
      [torch(weights(backbone, isLin)), torch(weights(backbone, isBackbone))],
    ];
    for (const paths of ways) {
      const model = open(...paths);
      expect(model).toMatchObject({ name: `lpips(${backbone})`, config: { backbone }, paths });
      for (const [name, { shape, data }] of Object.entries(whole))
        expect(model.weights(LPIPS_PREFIX + name, shape)).toEqual({ kind: 'memory', data });
    }
  });

  it('refuses what is no LPIPS, naming the file, what it found and what to name instead', () => {
    const whole = weights('alex');
    const without = (name: string) => safe(weights('alex', (other) => other !== name));
    const lins = safe(weights('vgg', isLin));
    const wide = { shape: [1, 7, 1, 1], data: new Float32Array(7) };
    const odd = { shape: [4, 3, 7, 7], data: new Float32Array(588) };
    const twice = safe(whole);
    const cases: [string[], RegExp][] = [
      [[without('features.6.bias')], /safetensors: holds no 'features\.6\.bias', which LPIPS with AlexNet needs/],
      [[without('features.0.weight')], /neither AlexNet nor VGG16/],
      [[without('lin4.model.1.weight')], /holds no 'lin4\.model\.1\.weight'/],
      [[safe({ ...whole, 'lin2.model.1.weight': wide })], /'lin2\.model\.1\.weight' is \[1,7,1,1\], .* \[1,5,1,1\]/],
      [[safe({ ...whole, 'features.0.weight': odd })], /is \[4,3,7,7\], neither AlexNet's nor VGG16's/],
      [[safe(weights('alex', isBackbone)), lins], /'lin0\.model\.1\.weight' is \[1,3,1,1\]/],
      [[twice, safe(weights('alex', isLin))], /both hold 'lin0\.model\.1\.weight'/],
      [[], /LPIPS from 0 files/],
      [[join(folder, 'nowhere')], /no such file/],
    ];
    for (const [paths, message] of cases) {
      expect(() => open(...paths)).toThrow(JokerError);
      expect(() => open(...paths)).toThrow(message);
    }
    // The published widths are what everybody but a test asks for.
    expect(() => openLpips([twice])).toThrow(/'features\.0\.weight' is \[4,3,11,11\], .* \[64,3,11,11\]/);
  });

  it('refuses pictures that leave nothing to compare', () => {
    const model = open(safe(weights('alex')));
    expect(() => checkLpipsSide(model, 31, 'patches')).not.toThrow();
    expect(() => checkLpipsSide(model, 30, 'patches')).toThrow(/lpips\(alex\) needs .* 31², patches are 30²/);
  });
});
