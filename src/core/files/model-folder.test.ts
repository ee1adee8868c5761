/**
 * Weights read in place: a product with a matrix that stands in a safetensors file must equal the same product with the
 * matrix given in memory, for both stored types.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { compile, Graph, linear, type WeightData } from '../../graph/index.js';
import { RandomStream, randomKey } from '../rng.js';
import { placeModelFiles } from './model-folder.js';
import { openSafetensors, readTensor, tensorEntry, writeSafetensors } from './safetensors.js';

const folder = mkdtempSync(join(tmpdir(), 'joker3d-test-'));
afterAll(() => rmSync(folder, { recursive: true }));

for (const dtype of ['F32', 'F16'] as const)
  test(`a ${dtype} matrix is used in place`, async () => {
    const path = join(folder, `${dtype}.safetensors`);
    const random = new RandomStream(randomKey(5));
    const [rows, columns] = [96, 64];
    await writeSafetensors(path, [
      { name: 'other', dtype: 'F32', shape: [7], data: random.normals(7) },
      { name: 'w', dtype, shape: [rows, columns], data: random.normals(rows * columns) },
    ]);
    const file = openSafetensors(path);
    const entry = tensorEntry(file, 'w');
    const inPlace: WeightData = {
      kind: 'file',
      path,
      offset: entry.offset,
      length: entry.length,
      dtype: dtype === 'F32' ? 'float32' : 'float16',
    };
    const x = random.normals(3 * columns);
    const run = async (weight: WeightData) => {
      const graph = new Graph();
      const y = linear(graph.input('x', [3, columns]), graph.parameter('w', [rows, columns]));
      const program = await compile({ outputs: { y }, weights: () => weight, placer: placeModelFiles, threads: 1 });
      const result = (await program.run({ x }))['y']!;
      await program.dispose();
      return result;
    };
    const expected = await run({ kind: 'memory', data: readTensor(file, 'w') });
    const actual = await run(inPlace);
    // the same float32 numbers meet the same kernel; only packing may differ
    actual.forEach((value, i) => {
      expect(value).toBeCloseTo(expected[i]!, 4);
    });
    expect(readdirSync(folder).filter((name) => name.startsWith('.joker3d'))).toEqual([]);
    expect(existsSync(path)).toBe(true);
  });

test('folders of killed processes go, those of living ones stay', () => {
  const dead = spawnSync(process.execPath, ['-e', '']).pid; // ended before this line returns
  const [orphan, other] = [dead, process.ppid].map((pid) => join(tmpdir(), `.joker3d-model-${pid}-test`)) as [
    string,
    string,
  ];
  for (const path of [orphan, other]) mkdirSync(path, { recursive: true });
  const placed = placeModelFiles([join(folder, 'F32.safetensors')]);
  expect([existsSync(orphan), existsSync(other)]).toEqual([false, true]);
  placed.remove();
  rmSync(other, { recursive: true });
});
