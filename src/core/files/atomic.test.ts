/** Tests of atomic.ts and read.ts: what is on disk after success, after failure, and when the place is unusable. */

import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { partialFolderOf, removePartialFolders, withOutputFolder, writeFileAtomic } from './atomic.js';
import { readFileBytes, readFileText, unwritable } from './read.js';

const root = mkdtempSync(join(tmpdir(), 'joker-atomic-'));
let folder = '';
let count = 0;
beforeEach(() => {
  folder = join(root, String(count++));
  mkdirSync(folder);
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

describe('removePartialFolders', () => {
  it('removes what killed processes left of this folder, and nothing else', async () => {
    const out = join(folder, 'out');
    const left = [partialFolderOf(out), join(folder, '.out.partial-1')];
    const others = ['out', '.out.work', '.out2.partial-1', '.out.partial-mine', 'out.partial-1'].map((n) =>
      join(folder, n),
    );
    for (const path of [...left, ...others]) mkdirSync(join(path, 'views'), { recursive: true });
    await removePartialFolders(out);
    expect(left.map((path) => existsSync(path))).toEqual([false, false]);
    expect(others.every((path) => existsSync(path))).toBe(true);
    await removePartialFolders(join(folder, 'nowhere', 'out')); // no folder, no error
  });
});

describe('writeFileAtomic', () => {
  it('writes text, bytes and pieces, and makes parents', async () => {
    const path = join(folder, 'a', 'b.txt');
    await writeFileAtomic(path, 'grün');
    expect(readFileText(path)).toBe('grün');
    await writeFileAtomic(path, Uint8Array.of(1, 2));
    await writeFileAtomic(path, [Uint8Array.of(3), new Uint8Array(0), Uint8Array.of(4, 5)]);
    expect([...readFileBytes(path)]).toEqual([3, 4, 5]);
    expect(readdirSync(join(folder, 'a'))).toEqual(['b.txt']);
  });

  it('keeps the old file when the pieces fail half-way, and leaves no other', async () => {
    const path = join(folder, 'kept');
    writeFileSync(path, 'old');
    function* failing() {
      yield Uint8Array.of(1);
      throw new Error('half-way');
    }
    await expect(writeFileAtomic(path, failing())).rejects.toThrow('half-way');
    expect(readFileText(path)).toBe('old');
    expect(readdirSync(folder)).toEqual(['kept']);
  });

  it('says not-writable when a parent is a file or the target a folder', async () => {
    writeFileSync(join(folder, 'file'), '');
    await expect(writeFileAtomic(join(folder, 'file', 'x'), '')).rejects.toMatchObject({ code: 'not-writable' });
    mkdirSync(join(folder, 'taken', 'full'), { recursive: true });
    await expect(writeFileAtomic(join(folder, 'taken'), '')).rejects.toMatchObject({ code: 'not-writable' });
    expect(readdirSync(folder).sort()).toEqual(['file', 'taken']);
  });
});

describe('withOutputFolder', () => {
  it('shows the folder only when it is whole', async () => {
    const out = join(folder, 'deep', 'out');
    const result = await withOutputFolder(out, (partial) => {
      writeFileSync(join(partial, 'x'), '1');
      expect(existsSync(out)).toBe(false);
      expect(partial).toBe(partialFolderOf(out));
      return 7;
    });
    expect(result).toBe(7);
    expect(readFileText(join(out, 'x'))).toBe('1');
    expect(readdirSync(join(folder, 'deep'))).toEqual(['out']);
  });

  it('leaves nothing after a failure', async () => {
    const failed = withOutputFolder(join(folder, 'out'), (partial) => {
      writeFileSync(join(partial, 'x'), '1');
      throw new Error('no');
    });
    await expect(failed).rejects.toThrow('no');
    expect(readdirSync(folder)).toEqual([]);
  });

  it('replaces an empty folder, and a full one only when asked', async () => {
    const out = join(folder, 'out');
    mkdirSync(out);
    await withOutputFolder(out, (partial) => writeFileSync(join(partial, 'first'), ''));
    await expect(withOutputFolder(out, () => {})).rejects.toMatchObject({ code: 'not-writable' });
    const mayReplace = (names: readonly string[]) => names.includes('first');
    await withOutputFolder(out, (partial) => writeFileSync(join(partial, 'second'), ''), { mayReplace });
    expect(readdirSync(out)).toEqual(['second']);
    await expect(withOutputFolder(out, () => {}, { mayReplace })).rejects.toMatchObject({ code: 'not-writable' });
    expect(readdirSync(folder)).toEqual(['out']);
  });

  it('refuses a file as target, a file as parent, and two writers at once', async () => {
    writeFileSync(join(folder, 'file'), '');
    await expect(withOutputFolder(join(folder, 'file'), () => {})).rejects.toMatchObject({ code: 'not-writable' });
    await expect(withOutputFolder(join(folder, 'file', 'x'), () => {})).rejects.toMatchObject({ code: 'not-writable' });
    const out = join(folder, 'out');
    await withOutputFolder(out, async () => {
      await expect(withOutputFolder(out, () => {})).rejects.toMatchObject({ code: 'not-writable' });
    });
    expect(existsSync(out)).toBe(true);
  });
});

describe('reading and reasons', () => {
  it('says why a file cannot be read', () => {
    expect(() => readFileBytes(join(folder, 'no'))).toThrow(/no such file\. Check the path\./);
    expect(() => readFileBytes(folder)).toThrow(/is a folder/);
    writeFileSync(join(folder, 'bytes'), Uint8Array.of(0xff, 0xfe));
    expect(() => readFileText(join(folder, 'bytes'))).toThrow(/not UTF-8/);
    expect(() => readFileBytes(join(folder, 'bytes'), { maxBytes: 1 })).toThrow(/at most 1/);
    if (process.platform !== 'win32') expect(() => readFileBytes('/dev/zero')).toThrow(/not a regular file/);
    writeFileSync(join(folder, 'mark'), '\uFEFFa');
    expect(readFileText(join(folder, 'mark'))).toBe('a');
    expect(readFileSync(join(folder, 'mark')).length).toBe(4);
  });

  it('says why a file cannot be written', () => {
    const reason = (code: string) => unwritable('p', Object.assign(new Error(), { code })).message;
    expect(reason('ENOSPC')).toBe('p: the disk is full. Free some space or choose another place.');
    expect(reason('EACCES')).toContain('no permission to write');
    expect(reason('EOTHER')).toContain('EOTHER');
  });
});
