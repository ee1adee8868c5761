/**
 * COSE_Sign1 (RFC 9052) with the payload left out and the certificates in the protected header, as C2PA signs its claims.
 *
 * The mathematics is node:crypto's.
 */

import { constants, type KeyObject, sign, verify, X509Certificate } from 'node:crypto';
import { JokerError } from '../../core/errors.js';
import { CborTag, type CborValue, decodeCbor, encodeCbor } from './cbor.js';

/** COSE's numbers of the algorithms that C2PA allows, with what node:crypto calls them. */
const ALGORITHMS: Readonly<Record<number, { hash: string | null; kind: 'ec' | 'pss' | 'ed' }>> = {
  [-7]: { hash: 'sha256', kind: 'ec' },
  [-35]: { hash: 'sha384', kind: 'ec' },
  [-36]: { hash: 'sha512', kind: 'ec' },
  [-37]: { hash: 'sha256', kind: 'pss' },
  [-38]: { hash: 'sha384', kind: 'pss' },
  [-39]: { hash: 'sha512', kind: 'pss' },
  [-8]: { hash: null, kind: 'ed' },
};

/** Header numbers: algorithm and certificate chain. */
const [ALG, X5CHAIN] = [1, 33];

/**
 * COSE's number of the algorithm for a key.
 * @throws JokerError unsupported for keys that C2PA does not allow.
 */
export function algorithmOf(key: KeyObject): number {
  const { asymmetricKeyType: type, asymmetricKeyDetails: details } = key;
  if (type === 'ed25519') return -8;
  const curve = { prime256v1: -7, secp384r1: -35, secp521r1: -36 }[details?.namedCurve ?? ''];
  if (type === 'ec' && curve !== undefined) return curve;
  if ((type === 'rsa' || type === 'rsa-pss') && (details?.modulusLength ?? 0) >= 2048) return -37;
  const what = `a signing key of type ${type}${details?.namedCurve ? ` ${details.namedCurve}` : ''}`;
  throw new JokerError('unsupported', what, 'Use Ed25519, P-256, P-384, P-521, or RSA of at least 2048 bits.');
}

function options(algorithm: number, key: KeyObject) {
  const { kind } = ALGORITHMS[algorithm]!;
  if (kind === 'ec') return { key, dsaEncoding: 'ieee-p1363' as const };
  if (kind === 'ed') return { key };
  return { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST };
}

function toBeSigned(header: Uint8Array, payload: Uint8Array): Uint8Array {
  return encodeCbor(['Signature1', header, new Uint8Array(0), payload]);
}

/** Signs `payload`. @param chain DER certificates, the signer's first. */
export function signCose(payload: Uint8Array, key: KeyObject, chain: readonly Uint8Array[]): Uint8Array {
  const algorithm = algorithmOf(key);
  const certificates = chain.length === 1 ? chain[0]! : [...chain];
  const header = encodeCbor(
    new Map<number, number | Uint8Array | Uint8Array[]>([
      [ALG, algorithm],
      [X5CHAIN, certificates],
    ]),
  );
  const signature = sign(ALGORITHMS[algorithm]!.hash, toBeSigned(header, payload), options(algorithm, key));
  return encodeCbor(new CborTag(18, [header, {}, null, signature]));
}

/** A signature that was looked at. */
export type CoseCheck = {
  /** whether the first certificate's key made it over this payload */
  readonly genuine: boolean;
  /** the signer's certificate first */
  readonly chain: readonly X509Certificate[];
};

/** Certificates in one chain: more than any real one has. */
const MAX_CHAIN = 16;

/** Checks a signature over `payload`. @throws JokerError bad-file when it is malformed, unsupported for unknown algorithms. */
export function verifyCose(signature: Uint8Array, payload: Uint8Array): CoseCheck {
  const decoded = decodeCbor(signature);
  const parts = decoded instanceof CborTag && decoded.tag === 18 ? decoded.value : decoded;
  if (!Array.isArray(parts) || parts.length !== 4) throw malformed('not a COSE_Sign1');
  const [header, unprotected, payloadInside, raw] = parts;
  if (!(header instanceof Uint8Array) || !(raw instanceof Uint8Array)) throw malformed('no header or signature');
  // The signature covers neither of the two, so nothing else may stand there.
  if (!(unprotected instanceof Map) || payloadInside !== null) throw malformed('a payload inside');
  const protectedMap = decodeCbor(header);
  const algorithm = get(protectedMap, ALG);
  if (typeof algorithm !== 'number' || !(algorithm in ALGORITHMS))
    throw new JokerError(
      'unsupported',
      `signature algorithm ${String(algorithm)}`,
      'Use another C2PA tool for this file.',
    );
  // Version 1 claims have the chain in the unprotected header, under its name.
  const certificates = get(protectedMap, X5CHAIN) ?? get(unprotected, X5CHAIN) ?? get(unprotected, 'x5chain');
  const chain = (Array.isArray(certificates) ? certificates : [certificates]).slice(0, MAX_CHAIN).map(toCertificate);
  return { genuine: isGenuine(algorithm, chain[0]!.publicKey, toBeSigned(header, payload), raw), chain };
}

function isGenuine(algorithm: number, key: KeyObject, message: Uint8Array, signature: Uint8Array): boolean {
  const fits = { ec: ['ec'], ed: ['ed25519'], pss: ['rsa', 'rsa-pss'] }[ALGORITHMS[algorithm]!.kind];
  if (!fits.includes(key.asymmetricKeyType ?? '')) return false;
  try {
    return verify(ALGORITHMS[algorithm]!.hash, message, options(algorithm, key), signature);
  } catch {
    return false; // OpenSSL refuses the key or the signature's form
  }
}

function get(map: CborValue, key: number | string): CborValue {
  return map instanceof Map ? map.get(key) : undefined;
}

function toCertificate(bytes: CborValue): X509Certificate {
  try {
    if (bytes instanceof Uint8Array) {
      const certificate = new X509Certificate(bytes);
      if (certificate.publicKey.type === 'public') return certificate; // read on demand: a damaged key throws here
    }
  } catch {
    // falls through to the error below
  }
  throw malformed('no readable certificate');
}

function malformed(what: string): JokerError {
  return new JokerError('bad-file', `COSE: ${what}`, 'The signature is damaged.');
}
