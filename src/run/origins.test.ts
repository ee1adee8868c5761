/** The list of origins: the shipped files are those that it means; changes, losses, strangers and hostile lists are told. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { listModels } from './models.js';
import { ORIGINS_FILE, type Origin, readOrigins, requireVerified, verifyOrigins } from './origins.js';

const folder = mkdtempSync(join(tmpdir(), 'joker-origins-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const entry: Origin = {
  path: 'part/a.bin',
  bytes: 5,
  // of "hello", as every table of SHA-256 examples has it
  sha256: '2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824',
  what: 'a file',
  origin: 'a test',
  licence: 'MIT',
  commercial: 'yes',
  terms: 'None.',
};
function write(list: unknown, content = 'hello'): void {
  mkdirSync(join(folder, 'part'), { recursive: true });
  writeFileSync(join(folder, 'part', 'a.bin'), content);
  writeFileSync(join(folder, ORIGINS_FILE), JSON.stringify(list));
}

describe('origins', () => {
  it('of the package: every shipped file is listed and is the one that the list means', () => {
    const files = verifyOrigins();
    expect(files.filter(({ state }) => state !== 'ok')).toEqual([]);
    expect(() => requireVerified(files)).not.toThrow();
    for (const { origin } of listModels()) expect(origin).toMatchObject({ commercial: expect.any(String) });
  });

  it('tell changed, missing and unlisted files', () => {
    write({ files: [entry] });
    expect(verifyOrigins(folder)).toEqual([{ path: 'part/a.bin', state: 'ok', sha256: entry.sha256, origin: entry }]);
    write({ files: [entry] }, 'hellO');
    expect(verifyOrigins(folder)[0]).toMatchObject({ state: 'changed' });
    write({ files: [{ ...entry, path: 'b.bin' }] });
    const files = verifyOrigins(folder);
    expect(files.map(({ path, state }) => [path, state])).toEqual([
      ['b.bin', 'missing'],
      ['part/a.bin', 'not listed'],
    ]);
    expect(() => requireVerified(files)).toThrow(/2 of 2 files .*b\.bin \(missing\), part\/a\.bin \(not listed\)/);
  });

  it('refuse lists that are not lists, and paths that leave the folder', () => {
    for (const path of ['../a.bin', '/etc/passwd', 'a/../../b', '..', 'a\\b', '']) {
      write({ files: [{ ...entry, path }] });
      expect(() => readOrigins(folder)).toThrow(/origins\.json: files\.0\.path/);
    }
    write({ files: [{ ...entry, sha256: 'x' }] });
    expect(() => verifyOrigins(folder)).toThrow(/sha256/);
    rmSync(join(folder, ORIGINS_FILE));
    expect(readOrigins(folder)).toBeNull();
    expect(() => verifyOrigins(folder)).toThrow(/no such list/);
    expect(() => listModels(join(folder, 'nowhere'))).toThrow(/no such file/);
  });
});
