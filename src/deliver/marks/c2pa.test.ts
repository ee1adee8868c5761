/** Signed files: read back by our own check, and by c2pa-rs (its WebAssembly build) as the outside implementation. */

import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { initSync, WasmReader } from '@contentauth/c2pa-wasm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeImage } from '../../core/image.js';
import { encodeImage } from '../images.js';
import { issueDevelopmentKey } from './certificate.js';
import { containerOf, embedStore, findStore } from './containers.js';
import { type Provenance, signFile } from './manifest.js';
import { developmentKey, loadOwnKey, passingKey, type SigningKey } from './signing-key.js';
import { verifyManifest } from './verify.js';

const now = new Date();
const about: Provenance = {
  ...{ name: 'joker3d', version: '0.0.0-test', runId: '0123abcd' },
  inputs: [
    { title: 'reference photo', format: 'image/jpeg', sha256: 'ab'.repeat(32) },
    { title: 'driving photo', format: 'image/png', sha256: 'cd'.repeat(32) },
  ],
  models: [{ name: 'prior', sha256: 'ef'.repeat(32) }],
};
const image = makeImage(40, 30, 3);
image.data.forEach((_, i) => {
  image.data[i] = ((i * 13) % 256) / 255;
});

let folder: string;
let key: SigningKey;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'joker-c2pa-'));
  key = await developmentKey(now, join(folder, 'config', 'development-key.pem'));
  const wasm = createRequire(import.meta.url).resolve('@contentauth/c2pa-wasm/c2pa.wasm');
  initSync({ module: readFileSync(wasm) });
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function pem(der: Uint8Array): string {
  return `-----BEGIN CERTIFICATE-----\n${Buffer.from(der).toString('base64').replace(/.{64}/g, '$&\n')}\n-----END CERTIFICATE-----\n`;
}

/** What c2pa-rs says. */
type Outside = {
  validation_state: string;
  active_manifest: string;
  manifests: Record<
    string,
    { ingredients: unknown[]; assertions: { label: string; data: unknown }[]; claim_version: number }
  >;
  validation_results: { activeManifest: { failure: { code: string }[] } };
};

async function outside(format: string, bytes: Uint8Array, anchor?: Uint8Array): Promise<Outside> {
  const trust = anchor ? { verify: { verify_trust: true }, trust: { user_anchors: pem(anchor) } } : undefined;
  const reader = await WasmReader.fromBytes(format, bytes, trust && JSON.stringify(trust));
  try {
    return JSON.parse(reader.json()) as Outside;
  } finally {
    reader.free();
  }
}

const formats = [
  ['png', 'image/png'],
  ['jpeg', 'image/jpeg'],
] as const;

function checkOf(bytes: Uint8Array, anchors: readonly Uint8Array[] = [key.chain[1]!]) {
  const found = findStore(containerOf(bytes)!, bytes)!;
  return verifyManifest(bytes, found, anchors, now);
}

describe.each(formats)('a signed %s', (format, mime) => {
  it('is trusted by c2pa-rs and by us when its root is, and says what it should', async () => {
    const { bytes, sidecar } = signFile(await encodeImage(image, { generator: 'x', format }), 'view', about, key);
    expect(sidecar).toBeNull();
    const theirs = await outside(mime, bytes, key.chain[1]);
    expect(theirs.validation_state).toBe('Trusted');
    const manifest = theirs.manifests[theirs.active_manifest]!;
    expect(manifest.claim_version).toBe(2);
    expect(manifest.ingredients).toMatchObject([
      { title: 'reference photo', relationship: 'inputTo' },
      { title: 'driving photo', relationship: 'inputTo' },
    ]);
    const action = { action: 'c2pa.created', softwareAgent: { name: 'joker3d', version: '0.0.0-test' } };
    const source = 'http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia';
    expect(manifest.assertions).toMatchObject([
      { label: 'c2pa.actions.v2', data: { actions: [{ ...action, digitalSourceType: source }] } },
      { label: 'joker3d.generation', data: { runId: '0123abcd', models: about.models } },
    ]);
    expect(checkOf(bytes)).toMatchObject({
      ...{ intact: true, trusted: true, problems: [], title: 'view', digitalSourceType: source },
      ingredients: ['inputTo: reference photo', 'inputTo: driving photo'],
    });
  });

  it('is valid but of an unknown signer without its root, for c2pa-rs and for us', async () => {
    const { bytes } = signFile(await encodeImage(image, { generator: 'x', format }), 'view', about, key);
    const stranger = passingKey(now).chain[1]!;
    const codes = (await outside(mime, bytes, stranger)).validation_results.activeManifest.failure.map(
      ({ code }) => code,
    );
    expect(codes).toEqual(['signingCredential.untrusted']);
    expect(checkOf(bytes, [stranger])).toMatchObject({ intact: true, trusted: false });
    expect(checkOf(bytes, [])).toMatchObject({ problems: ['the signer is not known here'] });
  });

  it('is the same file again for the same content and key', async () => {
    const plain = await encodeImage(image, { generator: 'x', format });
    expect(signFile(plain, 'a', about, key).bytes).toEqual(signFile(plain, 'a', about, key).bytes);
  });

  it('is found changed wherever a byte is, as c2pa-rs finds it', async () => {
    const { bytes } = signFile(await encodeImage(image, { generator: 'x', format }), 'view', about, key);
    const { range } = findStore(containerOf(bytes)!, bytes)!;
    for (let at = 40; at < bytes.length; at += 61) {
      const changed = Uint8Array.from(bytes);
      changed[at]! ^= 0x10;
      const theirs = await outside(mime, changed, key.chain[1]).then(
        ({ validation_state: state }) => state,
        () => 'error',
      );
      const ours = await oursOf(changed);
      expect([at, ours]).toEqual([at, 'changed']);
      // Its reader does not look at the checksum of the chunk that holds the manifest; nor do we.
      if (at < range.start || at >= range.start + range.length) expect([at, theirs]).not.toEqual([at, 'Trusted']);
    }
  });
});

/** Verdict of our check: gone counts as changed, since a reader then sees no manifest where one was. */
async function oursOf(bytes: Uint8Array): Promise<string> {
  try {
    const found = findStore(containerOf(bytes)!, bytes);
    if (!found) return 'changed';
    const result = verifyManifest(bytes, found, [key.chain[1]!], now);
    return result.intact && result.trusted ? 'whole' : 'changed';
  } catch {
    return 'changed';
  }
}

describe('a sidecar', () => {
  const model = new TextEncoder().encode('glTF stand-in of some bytes');

  it('is bound to its file, and its signature is good for c2pa-rs too', async () => {
    const { bytes, sidecar } = signFile(model, 'head.glb', about, key);
    expect(bytes).toEqual(model);
    expect(verifyManifest(model, { store: sidecar!, range: null }, [key.chain[1]!], now)).toMatchObject({
      intact: true,
      trusted: true,
    });
    const other = Uint8Array.from([...model, 1]);
    expect(verifyManifest(other, { store: sidecar!, range: null }, [], now).problems[0]).toMatch(
      /changed after signing/,
    );
    const { failure } = (await outside('application/c2pa', sidecar!, key.chain[1])).validation_results.activeManifest;
    // Alone it has no file to be compared with; everything else is checked.
    expect(failure.map(({ code }) => code).filter((code) => code !== 'assertion.dataHash.mismatch')).toEqual([]);
  });
});

describe('keys', () => {
  it('keeps the development key to its owner, and finds it again', async () => {
    const path = join(folder, 'config', 'development-key.pem');
    if (process.platform !== 'win32') expect(statSync(path).mode & 0o777).toBe(0o600);
    const again = await developmentKey(now, path);
    expect(Buffer.from(again.chain[0]!).equals(key.chain[0]!)).toBe(true);
    expect(readFileSync(path, 'utf8')).toMatch(/^Development key of joker3d/);
  });

  it('makes one key when many ask at once', async () => {
    const path = join(folder, 'race', 'development-key.pem');
    const keys = await Promise.all(Array.from({ length: 8 }, () => developmentKey(now, path)));
    expect(new Set(keys.map(({ chain }) => Buffer.from(chain[0]!).toString('hex'))).size).toBe(1);
  });

  it('takes an own key with its certificate and refuses what does not belong together', () => {
    const issued = issueDevelopmentKey('somebody', now);
    const [keyFile, chainFile, otherFile] = ['own.pem', 'chain.pem', 'other.pem'].map((name) => join(folder, name)) as [
      string,
      string,
      string,
    ];
    writeFileSync(keyFile, issued.privateKey.export({ type: 'pkcs8', format: 'pem' }));
    writeFileSync(chainFile, issued.chain.map(pem).join(''));
    writeFileSync(otherFile, generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }));
    expect(loadOwnKey({ key: keyFile, certificate: chainFile })).toMatchObject({ development: false });
    expect(() => loadOwnKey({ key: otherFile, certificate: chainFile })).toThrow(/is not of the key/);
    expect(() => loadOwnKey({ key: chainFile, certificate: chainFile })).toThrow(/no private key/);
    expect(() => loadOwnKey({ key: keyFile, certificate: keyFile })).toThrow(/is not of the key/);
    expect(() => loadOwnKey({ key: join(folder, 'none'), certificate: chainFile })).toThrow(/no such file/);
  });
});

describe('containers', () => {
  it('carries a store over several JPEG segments', async () => {
    const jpeg = await encodeImage(image, { generator: 'x', format: 'jpeg' });
    const store = new Uint8Array(150_000).map((_, i) => i & 127);
    store.set([0, 2, 0x49, 0xf0, 0x6a, 0x75, 0x6d, 0x62]);
    expect(Buffer.from(findStore('jpeg', embedStore('jpeg', jpeg, store))!.store).equals(store)).toBe(true);
  });
});
