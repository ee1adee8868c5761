/**
 * The key with which delivered files are signed: the person's own, or a development key that is made on this machine when it is
 * first needed.
 *
 * The development key vouches for nothing but "the same machine": its certificate says so, and no verifier trusts it. There is
 * no key in the package.
 */

import { createPrivateKey, createPublicKey, type KeyObject, randomUUID, X509Certificate } from 'node:crypto';
import { link, mkdir, rm, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { JokerError } from '../../core/errors.js';
import { readFileText, systemCode, unwritable } from '../../core/files/read.js';
import { issueDevelopmentKey } from './certificate.js';
import { algorithmOf } from './cose.js';

/** A key with its certificates. */
export type SigningKey = {
  readonly privateKey: KeyObject;
  /** DER, the signer's certificate first; the last one may be a root */
  readonly chain: readonly Uint8Array[];
  /** true for the key that this program made for itself */
  readonly development: boolean;
};

/** Where a person's own key is. Both or none. */
export type OwnKeyFiles = {
  /** PEM, PKCS#8 or SEC1, not encrypted */
  readonly key: string;
  /** PEM, the signer's certificate first, then its issuers */
  readonly certificate: string;
};

/** Common name in the development certificate. */
export const DEVELOPMENT_NAME = 'joker3d DEVELOPMENT key';

/** The file of the development key: `joker3d/development-key.pem` in the person's configuration folder. */
export function developmentKeyPath(env: NodeJS.ProcessEnv = process.env): string {
  const base = env['XDG_CONFIG_HOME'] || (process.platform === 'win32' && env['APPDATA']) || join(homedir(), '.config');
  return join(base, 'joker3d', 'development-key.pem');
}

/**
 * The person's own key. @throws JokerError missing-file, bad-file when a file is not PEM or the two do not belong together,
 * unsupported for kinds of keys that C2PA does not allow.
 */
export function loadOwnKey({ key, certificate }: OwnKeyFiles): SigningKey {
  return parseKey(key, readFileText(key), certificate, readFileText(certificate), false);
}

/** The development key, made when there is none. @throws JokerError not-writable, or bad-file when the file is damaged. */
export async function developmentKey(now: Date, path = developmentKeyPath()): Promise<SigningKey> {
  const existing = readOrNull(path);
  if (existing !== null) return parseKey(path, existing, path, existing, true);
  await writeNewKey(path, pemOf(issueDevelopmentKey(DEVELOPMENT_NAME, now)));
  const text = readFileText(path); // perhaps another process's, which was faster
  return parseKey(path, text, path, text, true);
}

/** A development key that is kept nowhere: for a machine where none can be stored. */
export function passingKey(now: Date): SigningKey {
  return { ...issueDevelopmentKey(`${DEVELOPMENT_NAME}, not kept`, now), development: true };
}

/** DER certificates that this machine signs with by itself, or none: the last of them is the root to trust here. */
export function ownCertificates(path = developmentKeyPath()): readonly Uint8Array[] {
  const text = readOrNull(path);
  return text === null ? [] : parseKey(path, text, path, text, true).chain;
}

function readOrNull(path: string): string | null {
  try {
    return readFileText(path);
  } catch (error) {
    if (error instanceof JokerError && error.code === 'missing-file') return null;
    throw error;
  }
}

/** Written under another name and linked into place: never half there, never over another's, never readable by others. */
async function writeNewKey(path: string, pem: string): Promise<void> {
  const partial = `${path}.partial-${randomUUID()}`; // threads of one process may race too
  try {
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    await writeFile(partial, pem, { mode: 0o600, flush: true });
    await link(partial, path);
  } catch (error) {
    if (systemCode(error) !== 'EEXIST') throw unwritable(path, error);
  } finally {
    await rm(partial, { force: true }).catch(() => {});
  }
}

function pemOf({ privateKey, chain }: { privateKey: KeyObject; chain: readonly Uint8Array[] }): string {
  const note = 'Development key of joker3d, made on this machine. It vouches for nothing; keep it to yourself.\n';
  const certificates = chain.map((certificate) => new X509Certificate(certificate).toString());
  return [note, privateKey.export({ type: 'pkcs8', format: 'pem' }), ...certificates].join('');
}

function parseKey(keyPath: string, key: string, chainPath: string, chain: string, development: boolean): SigningKey {
  const privateKey = parse(keyPath, 'private key (PEM, not encrypted)', () => createPrivateKey(key));
  const blocks = chain.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
  const certificates = parse(chainPath, 'certificates (PEM)', () => blocks.map((block) => new X509Certificate(block)));
  const own = createPublicKey(privateKey);
  if (!certificates[0]?.publicKey.equals(own))
    throw new JokerError(
      'bad-file',
      `${chainPath}: the first certificate is not of the key in ${keyPath}`,
      'Name the certificate that was issued for this key.',
    );
  algorithmOf(privateKey);
  return { privateKey, chain: certificates.map(({ raw }) => raw), development };
}

function parse<T>(path: string, what: string, read: () => T): T {
  try {
    return read();
  } catch (cause) {
    throw new JokerError('bad-file', `${path}: holds no ${what}`, 'Name another file.', { cause });
  }
}
