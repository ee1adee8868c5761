/** Kept heads: the same head comes back for the same subject, another is made for another, nothing without a folder. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { randomKey } from '../core/rng.js';
import { draftField, initialHead } from '../head/index.js';
import { keptHead, weightsIdentity } from './head-store.js';

const folder = mkdtempSync(join(tmpdir(), 'joker3d-store-'));
afterAll(() => rmSync(folder, { recursive: true }));

describe('keptHead', () => {
  let made = 0;
  const make = async () => ({
    head: initialHead({ ...draftField, levels: 2, log2TableSize: 8 }, randomKey(++made)),
    time: { seconds: made, processorSeconds: 2 * made },
  });
  it('makes a head once per subject', async () => {
    const first = await keptHead(folder, { person: 1 }, make);
    const again = await keptHead(folder, { person: 1 }, make);
    expect(made).toBe(1);
    expect(again.head.table).toEqual(first.head.table);
    expect(again.head.networks).toEqual(first.head.networks);
    expect(again.time).toEqual({ seconds: 1, processorSeconds: 2 });
    await keptHead(folder, { person: 2 }, make);
    expect(made).toBe(2);
  });
  it('keeps nothing without a folder', async () => {
    await keptHead(undefined, { person: 1 }, make);
    expect(made).toBe(3);
  });
});

describe('weightsIdentity', () => {
  it('knows a file by its content', () => {
    const [a, b] = [join(folder, 'a'), join(folder, 'b')];
    writeFileSync(a, 'weights');
    writeFileSync(b, 'weights');
    expect(weightsIdentity(a)).toBe(weightsIdentity(b));
    writeFileSync(b, 'other weights');
    expect(weightsIdentity(a)).not.toBe(weightsIdentity(b));
    expect(weightsIdentity(folder)).toContain(folder);
  });
});
