/**
 * The contract of a program: what it refuses, what happens to state, what disposing of it means.
 */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { add, compile, Graph, gather, mul, type Values } from './index.js';

/** y = a + table[index], and a counter that doubles at every run. */
async function example() {
  const graph = new Graph();
  const counter = graph.parameter('counter', [2]);
  const rows = gather(graph.input('a', [3, 2]), graph.input('index', [2], 'int64'));
  const state = [{ tensor: counter, next: mul(counter, 2), initial: Float32Array.of(1, 3) }];
  return compile({ outputs: { y: add(rows, counter), counter }, state, threads: 1 });
}
const feeds = { a: Float32Array.of(0, 1, 2, 3, 4, 5), index: BigInt64Array.of(2n, 0n) };

describe('feeds', () => {
  const refusals: [string, Record<string, Values>, RegExp][] = [
    ['a missing one', { a: feeds.a }, /no values for input 'index'/],
    ['too few values', { ...feeds, a: new Float32Array(5) }, /5 values for input 'a' of shape \[3,2\]/],
    ['too many values', { ...feeds, index: new BigInt64Array(3) }, /3 values for input 'index'/],
    ['another element type', { ...feeds, index: Int32Array.of(2, 0) }, /Int32Array for input 'index' of type int64/],
  ];
  for (const [what, wrong, message] of refusals)
    it(`${what} is refused, and state stays where it was`, async () => {
      const program = await example();
      await expect(program.run(wrong)).rejects.toThrow(message);
      expect([...(await program.run(feeds))['counter']!]).toEqual([1, 3]);
      await program.dispose();
    });
  it('that no output needs are ignored', async () => {
    const program = await example();
    expect([...(await program.run({ ...feeds, other: new Float32Array(9) }))['y']!]).toEqual([5, 8, 1, 4]);
    await program.dispose();
  });
  it('an index outside the table is an error of the run, and state stays where it was', async () => {
    const program = await example();
    await expect(program.run({ ...feeds, index: BigInt64Array.of(7n, 0n) })).rejects.toThrow(/indices/);
    expect([...(await program.readState('counter'))]).toEqual([1, 3]);
    await program.dispose();
  });
});

describe('state', () => {
  it('is copied when read, so that a later run does not change what was read', async () => {
    const program = await example();
    const before = await program.readState('counter');
    await program.run(feeds);
    expect([...before]).toEqual([1, 3]);
    expect([...(await program.readState('counter'))]).toEqual([2, 6]);
    await program.dispose();
  });
  it('outputs of one run are not changed by the next', async () => {
    const program = await example();
    const first = await program.run(feeds);
    await program.run(feeds);
    await program.run(feeds);
    expect([...first['counter']!]).toEqual([1, 3]);
    await program.dispose();
  });
  it('of a wrong length is refused', async () => {
    const program = await example();
    await expect(program.writeState('counter', new Float32Array(1))).rejects.toThrow(/1 values for state 'counter'/);
    await expect(program.writeState('other', new Float32Array(1))).rejects.toThrow(/no state 'other'/);
    await program.dispose();
  });
  it('two steps at once are refused', async () => {
    const program = await example();
    const first = program.run(feeds);
    await expect(program.run(feeds)).rejects.toThrow(/one step at a time/);
    await first;
    expect([...(await program.readState('counter'))]).toEqual([2, 6]);
    await program.dispose();
  });
  it('two values may become the same tensor', async () => {
    const graph = new Graph();
    const [a, b] = [graph.parameter('a', [1]), graph.parameter('b', [1])];
    const next = add(a, b);
    const state = [a, b].map((tensor) => ({ tensor, next, initial: Float32Array.of(1) }));
    const program = await compile({ outputs: { next }, state, threads: 1 });
    await program.run({});
    await program.run({});
    expect([(await program.readState('a'))[0], (await program.readState('b'))[0]]).toEqual([4, 4]);
    await program.dispose();
  });
  it('that the program never reads is refused', async () => {
    const graph = new Graph();
    const state = [{ tensor: graph.parameter('a', [1]), next: graph.input('x', [1]), initial: Float32Array.of(1) }];
    await expect(compile({ outputs: {}, state })).rejects.toThrow(/never read/);
  });
});

describe('dispose', () => {
  it('ends every use, and may be called twice', async () => {
    const program = await example();
    await program.run(feeds);
    await program.dispose();
    await program.dispose();
    await expect(program.run(feeds)).rejects.toThrow(/disposed of/);
    await expect(program.readState('counter')).rejects.toThrow(/disposed of/);
    await expect(program.writeState('counter', new Float32Array(2))).rejects.toThrow(/disposed of/);
  });
  it('writes the profile that was asked for', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'joker3d-profile-'));
    const graph = new Graph();
    const y = mul(graph.input('x', [4]), 2);
    const program = await compile({ outputs: { y }, threads: 1, profile: join(folder, 'run') });
    await program.run({ x: new Float32Array(4) });
    await program.dispose();
    const [name] = readdirSync(folder);
    expect(name).toMatch(/^run_.*\.json$/);
    expect(readFileSync(join(folder, name!), 'utf8')).toContain('"op_name" : "Mul"');
    rmSync(folder, { recursive: true });
  });
});

describe('compile', () => {
  it('refuses weights of a wrong length, and parameters without any', async () => {
    const graph = new Graph();
    const outputs = { y: mul(graph.parameter('w', [2]), 2) };
    const weights = () => ({ kind: 'memory' as const, data: new Float32Array(3) });
    await expect(compile({ outputs, weights })).rejects.toThrow(/weight 'w' has 3 values, not \[2\]/);
    await expect(compile({ outputs })).rejects.toThrow(/no weights for parameter 'w'/);
  });
});
