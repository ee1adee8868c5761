/**
 * X.509 certificates for the development key: a root that signs one certificate and is then forgotten, and that certificate.
 *
 * Ed25519 only, and only the fields that C2PA's certificate profile asks for (C2PA 2.x, "Certificate profile": version 3, key
 * usage, extended key usage, key identifiers, not self-signed). Reading certificates is node:crypto's.
 */

import { createHash, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';

/** A private key and its certificates. */
export type IssuedKey = {
  readonly privateKey: KeyObject;
  /** DER, the signer's certificate first, then its issuer's */
  readonly chain: readonly Uint8Array[];
};

/** How long a development certificate lasts, days: ten years, because files outlive programs. */
const DAYS = 3653;

/** Object identifiers: Ed25519 (RFC 8410); names and extensions (RFC 5280). */
const OID = {
  ed25519: '1.3.101.112',
  commonName: '2.5.4.3',
  organisation: '2.5.4.10',
  subjectKey: '2.5.29.14',
  keyUsage: '2.5.29.15',
  basicConstraints: '2.5.29.19',
  authorityKey: '2.5.29.35',
  extendedKeyUsage: '2.5.29.37',
  emailProtection: '1.3.6.1.5.5.7.3.4',
} as const;

/**
 * A new key with a certificate for `name` and the certificate of a root whose own key is not kept.
 * @param name common name, e.g. `joker3d development key`.
 * @param now start of validity minus one day, so that clocks that differ agree.
 */
export function issueDevelopmentKey(name: string, now: Date): IssuedKey {
  const root = generateKeyPairSync('ed25519');
  const leaf = generateKeyPairSync('ed25519');
  const dates = [new Date(now.getTime() - 864e5), new Date(now.getTime() + DAYS * 864e5)] as const;
  const issuer = distinguishedName(`${name} (root)`);
  const rootCertificate = certificate({
    ...{ serial: serialOf(root.publicKey), issuer, subject: issuer, dates, publicKey: root.publicKey, issuerKey: root },
    extensions: [
      extension(OID.basicConstraints, true, sequence(boolean(true), integer(Uint8Array.of(0)))),
      extension(OID.keyUsage, true, bits(1, 0x06)), // keyCertSign and cRLSign
    ],
  });
  const leafCertificate = certificate({
    ...{ serial: serialOf(leaf.publicKey), issuer, subject: distinguishedName(name), dates },
    ...{ publicKey: leaf.publicKey, issuerKey: root },
    extensions: [
      extension(OID.basicConstraints, true, sequence()),
      extension(OID.keyUsage, true, bits(7, 0x80)), // digitalSignature
      extension(OID.extendedKeyUsage, false, sequence(oid(OID.emailProtection))),
    ],
  });
  return { privateKey: leaf.privateKey, chain: [leafCertificate, rootCertificate] };
}

type CertificateFields = {
  readonly serial: Uint8Array;
  readonly issuer: Uint8Array;
  readonly subject: Uint8Array;
  readonly dates: readonly [Date, Date];
  readonly publicKey: KeyObject;
  readonly issuerKey: { readonly publicKey: KeyObject; readonly privateKey: KeyObject };
  readonly extensions: readonly Uint8Array[];
};

function certificate(fields: CertificateFields): Uint8Array {
  const { serial, issuer, subject, dates, publicKey, issuerKey, extensions } = fields;
  const algorithm = sequence(oid(OID.ed25519));
  const keys = [
    extension(OID.subjectKey, false, der(0x04, keyId(publicKey))),
    extension(OID.authorityKey, false, sequence(der(0x80, keyId(issuerKey.publicKey)))),
  ];
  const body = sequence(
    der(0xa0, integer(Uint8Array.of(2))), // version 3
    ...[integer(serial), algorithm, issuer, sequence(time(dates[0]), time(dates[1])), subject],
    publicKey.export({ type: 'spki', format: 'der' }),
    der(0xa3, sequence(...extensions, ...keys)),
  );
  const signature = sign(null, body, issuerKey.privateKey);
  return sequence(body, algorithm, der(0x03, Buffer.concat([Uint8Array.of(0), signature])));
}

/** SHA-1 of the raw public key (RFC 5280, 4.2.1.2, method 1): an identifier, not a protection. */
function keyId(key: KeyObject): Uint8Array {
  const raw = key.export({ type: 'spki', format: 'der' }).subarray(-32);
  return createHash('sha1').update(raw).digest();
}

/** Positive, and unique enough: the first bytes of the key's hash. */
function serialOf(key: KeyObject): Uint8Array {
  const bytes = createHash('sha256')
    .update(key.export({ type: 'spki', format: 'der' }))
    .digest()
    .subarray(0, 16);
  bytes[0] = (bytes[0]! & 0x7f) | 0x40;
  return bytes;
}

function distinguishedName(name: string): Uint8Array {
  const part = (type: string, value: string) => der(0x31, sequence(oid(type), der(0x0c, Buffer.from(value, 'utf8'))));
  return sequence(part(OID.organisation, 'joker3d, made on this machine, not vouched for'), part(OID.commonName, name));
}

function extension(type: string, critical: boolean, value: Uint8Array): Uint8Array {
  return sequence(oid(type), ...(critical ? [boolean(true)] : []), der(0x04, value));
}

/** A DER element: tag, length in the shortest form, contents. */
function der(tag: number, content: Uint8Array): Uint8Array {
  const { length } = content;
  const size = length < 128 ? [length] : length < 256 ? [0x81, length] : [0x82, length >> 8, length & 255];
  return Buffer.concat([Uint8Array.of(tag, ...size), content]);
}

const sequence = (...parts: readonly Uint8Array[]): Uint8Array => der(0x30, Buffer.concat(parts));
const integer = (bytes: Uint8Array): Uint8Array => der(0x02, bytes);
const boolean = (value: boolean): Uint8Array => der(0x01, Uint8Array.of(value ? 255 : 0));
const bits = (unused: number, byte: number): Uint8Array => der(0x03, Uint8Array.of(unused, byte));

function oid(dotted: string): Uint8Array {
  const [first, second, ...rest] = dotted.split('.').map(Number) as [number, number, ...number[]];
  const bytes = [40 * first + second];
  for (const arc of rest) {
    const groups = [arc & 127];
    for (let left = arc >>> 7; left > 0; left >>>= 7) groups.unshift((left & 127) | 128);
    bytes.push(...groups);
  }
  return der(0x06, Uint8Array.from(bytes));
}

/** UTCTime until 2049, as RFC 5280 demands, GeneralizedTime after. */
function time(date: Date): Uint8Array {
  const text = date.toISOString().replace(/[-:T]|\.\d+/g, '');
  return date.getUTCFullYear() < 2050 ? der(0x17, Buffer.from(text.slice(2))) : der(0x18, Buffer.from(text));
}
