/**
 * What may be replaced: an earlier delivery and nothing else, because replacing removes the whole folder.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { isDelivery, MANIFEST_NAME } from './index.js';

const root = mkdtempSync(join(tmpdir(), 'joker3d-replace-'));
afterAll(() => rmSync(root, { recursive: true }));

function folderWith(name: string, manifest: string): string {
  const folder = join(root, name);
  mkdirSync(folder);
  writeFileSync(join(folder, MANIFEST_NAME), manifest);
  return folder;
}

const ours = JSON.stringify({
  format: 'joker-head-manifest',
  files: [{ path: 'head.glb' }, { path: 'views/view_000.png' }],
});

test('an earlier delivery, whole or with files removed', () => {
  const folder = folderWith('ours', ours);
  expect(isDelivery(folder, [MANIFEST_NAME, 'head.glb', 'views'])).toBe(true);
  expect(isDelivery(folder, [MANIFEST_NAME])).toBe(true);
});

test('not a delivery to which somebody added a file', () => {
  expect(isDelivery(folderWith('notes', ours), [MANIFEST_NAME, 'head.glb', 'my-notes.txt'])).toBe(false);
});

test("not another program's manifest, a broken one, or none", () => {
  expect(isDelivery(folderWith('web', '{"name":"my app","icons":[]}'), [MANIFEST_NAME])).toBe(false);
  expect(isDelivery(folderWith('broken', '{'), [MANIFEST_NAME])).toBe(false);
  expect(isDelivery(folderWith('null', 'null'), [MANIFEST_NAME])).toBe(false);
  expect(isDelivery(join(root, 'absent'), ['index.html'])).toBe(false);
});
