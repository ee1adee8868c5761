/**
 * Checking a C2PA manifest against its file: signature, hashes of all assertions, hash of the file, and who signed.
 *
 * Reads the active manifest only. Ingredients' own manifests, time stamps, revocation and update manifests are not followed;
 * hard bindings other than the data hash (those of MP4 and of boxes) are refused as unsupported rather than guessed at.
 */

import { createHash, timingSafeEqual, X509Certificate } from 'node:crypto';
import { JokerError } from '../../core/errors.js';
import { type CborValue, decodeCbor } from './cbor.js';
import type { ByteRange } from './containers.js';
import { verifyCose } from './cose.js';
import { boxType, childBytes, childLabelled, parseSuperBox, type SuperBox } from './jumbf.js';
import { GENERATION_LABEL } from './manifest.js';

/** What a manifest turned out to be. */
export type ManifestCheck = {
  /** whether the file and everything that the manifest says are as they were signed */
  readonly intact: boolean;
  /** whether the signer's certificate leads to one that is trusted here */
  readonly trusted: boolean;
  /** what is wrong, for people; empty when intact and trusted */
  readonly problems: readonly string[];
  /** common name and organisation of the signer, as the certificate claims; null when it cannot be read */
  readonly signer: string | null;
  /** name and version of the program, as signed */
  readonly generator: string | null;
  readonly title: string | null;
  /** IPTC term of the first action */
  readonly digitalSourceType: string | null;
  /** relationship and title of each ingredient */
  readonly ingredients: readonly string[];
  /** models, inputs and run as this program records them; null in other programs' manifests */
  readonly generation: unknown;
};

/** A manifest store and where it was. */
export type StoreOfFile = {
  readonly store: Uint8Array;
  /** bytes of the file that are the store itself; null when it lies in a sidecar */
  readonly range: ByteRange | null;
};

/**
 * Checks the store's active manifest. Damage of any kind gives `intact: false`, never an exception.
 * @param anchors DER certificates that are trusted to issue or to sign.
 * @throws JokerError unsupported when the manifest is of a kind that is not checked here.
 */
export function verifyManifest(
  file: Uint8Array,
  found: StoreOfFile,
  anchors: readonly Uint8Array[],
  now: Date,
): ManifestCheck {
  try {
    return check(file, found, anchors, now);
  } catch (error) {
    if (!(error instanceof JokerError) || error.code === 'unsupported') throw error;
    return { ...NOTHING, problems: [error.what] };
  }
}

const NOTHING: ManifestCheck = {
  ...{ intact: false, trusted: false, problems: [], signer: null, generator: null, title: null },
  ...{ digitalSourceType: null, ingredients: [], generation: null },
};

function check(file: Uint8Array, found: StoreOfFile, anchors: readonly Uint8Array[], now: Date): ManifestCheck {
  const manifest = activeManifest(parseSuperBox(found.store));
  const claimBox = childLabelled(manifest, 'c2pa.claim.v2') ?? childLabelled(manifest, 'c2pa.claim');
  const claimBytes = claimBox && childBytes(claimBox, 'cbor');
  const signatureBox = childLabelled(manifest, 'c2pa.signature');
  const signature = signatureBox && childBytes(signatureBox, 'cbor');
  const assertions = childLabelled(manifest, 'c2pa.assertions');
  if (!claimBytes || !signature || !assertions) throw damaged('no claim, signature or assertions');
  const claim = decodeCbor(claimBytes);
  checkNames(manifest, claim, [assertions, claimBox, signatureBox]);
  const { genuine, chain } = verifyCose(signature, claimBytes);
  const broken = genuine ? [] : ['the signature does not fit the claim'];
  broken.push(...wrongAssertions(manifest, claim, assertions), ...wrongBinding(file, found.range, claim, assertions));
  const doubts = doubtsOf(chain, anchors, now);
  return {
    ...{ intact: broken.length === 0, trusted: doubts.length === 0, problems: [...broken, ...doubts] },
    signer: nameOf(chain[0]!),
    ...described(claim, assertions),
  };
}

/** Names and types of the boxes around the signed ones: no hash covers them, so they must be the only possible ones. */
function checkNames(manifest: SuperBox, claim: CborValue, boxes: readonly [SuperBox, SuperBox, SuperBox]): void {
  const right = ['c2as', 'c2cl', 'c2cs'].every((name, i) => boxes[i]!.type === boxType(name) && !boxes[i]!.salted);
  const path = asText(get(claim, 'signature')) ?? '';
  const ways = [`self#jumbf=/c2pa/${manifest.label}/c2pa.signature`, 'self#jumbf=c2pa.signature', 'c2pa.signature'];
  if (!right || manifest.salted || !ways.includes(path)) throw damaged('boxes that do not belong together');
}

function damaged(what: string): JokerError {
  return new JokerError('bad-file', `manifest: ${what}`, 'The manifest is damaged.');
}

/** The last manifest of the store is the active one (C2PA 2.x, "Locating the active manifest"). */
function activeManifest(store: SuperBox): SuperBox {
  if (store.type !== boxType('c2pa') || store.label !== 'c2pa' || store.salted) throw damaged('not a manifest store');
  const last = store.children.at(-1);
  if (!last || !('children' in last)) throw damaged('an empty store');
  if (last.type !== boxType('c2ma'))
    throw new JokerError('unsupported', 'an update or compressed manifest', 'Use another C2PA tool for this file.');
  return last;
}

function get(value: CborValue, ...path: readonly (string | number)[]): CborValue {
  let at = value;
  for (const key of path) at = at instanceof Map ? at.get(key) : Array.isArray(at) ? at[key as number] : undefined;
  return at;
}

const asText = (value: CborValue): string | null => (typeof value === 'string' ? value : null);
const asList = (value: CborValue): CborValue[] => (Array.isArray(value) ? value : []);

/** Hash names of C2PA to those of node:crypto. */
const HASHES = ['sha256', 'sha384', 'sha512'] as const;

function digest(algorithm: CborValue, parts: readonly Uint8Array[]): Uint8Array {
  const name = HASHES.find((candidate) => candidate === algorithm);
  if (!name) throw new JokerError('unsupported', `hash ${String(algorithm)}`, 'Use another C2PA tool for this file.');
  const hash = createHash(name);
  for (const part of parts) hash.update(part);
  return hash.digest();
}

function same(a: Uint8Array, b: CborValue): boolean {
  return b instanceof Uint8Array && a.length === b.length && timingSafeEqual(a, b);
}

/** Every listed assertion must be there with its hash, and every one that is there must be listed. */
function wrongAssertions(manifest: SuperBox, claim: CborValue, assertions: SuperBox): string[] {
  const listed = new Set<string>();
  const problems: string[] = [];
  const lists = ['created_assertions', 'gathered_assertions', 'assertions'].flatMap((name) => asList(get(claim, name)));
  for (const entry of lists) {
    const url = asText(get(entry, 'url')) ?? '';
    const label = url
      .replace(/^self#jumbf=/, '')
      .replace(`/c2pa/${manifest.label}/`, '')
      .replace(/^c2pa\.assertions\//, '');
    const box = childLabelled(assertions, label);
    listed.add(label);
    if (!box) problems.push(`the assertion ${label} is missing`);
    else if (!same(digest(get(entry, 'alg') ?? get(claim, 'alg') ?? 'sha256', [box.bytes]), get(entry, 'hash')))
      problems.push(`the assertion ${label} was changed`);
  }
  const labels = assertions.children.map((child) => ('children' in child ? child.label : '?'));
  if (new Set(labels).size !== labels.length) problems.push('an assertion is there twice');
  for (const label of labels) if (!listed.has(label)) problems.push(`the assertion ${label} was not signed`);
  return problems;
}

function wrongBinding(file: Uint8Array, range: ByteRange | null, claim: CborValue, assertions: SuperBox): string[] {
  const box = childLabelled(assertions, 'c2pa.hash.data');
  const content = box && childBytes(box, 'cbor');
  if (!content) {
    const other = assertions.children.find((child) => 'label' in child && child.label.startsWith('c2pa.hash.'));
    if (!other) return ['nothing ties the manifest to the file'];
    throw new JokerError(
      'unsupported',
      'a manifest bound to its file by boxes',
      'Use another C2PA tool for this file.',
    );
  }
  const binding = decodeCbor(content);
  const exclusions = asList(get(binding, 'exclusions')).map((entry) => [get(entry, 'start'), get(entry, 'length')]);
  const parts: Uint8Array[] = [];
  let at = 0;
  for (const [start, length] of exclusions) {
    if (typeof start !== 'number' || typeof length !== 'number' || start < at || length < 0)
      return ['a hash without sense'];
    // What is left out could be exchanged unseen, so only the manifest itself may be.
    if (!range || start < range.start || start + length > range.start + range.length)
      return ['the signature leaves out more of the file than the manifest'];
    parts.push(file.subarray(at, start));
    at = start + length;
  }
  parts.push(file.subarray(at));
  const algorithm = get(binding, 'alg') ?? get(claim, 'alg') ?? 'sha256';
  return same(digest(algorithm, parts), get(binding, 'hash')) ? [] : ['the file was changed after signing'];
}

/** Extended key usages that may sign C2PA claims: e-mail protection, document signing, C2PA's own. */
const USAGES = ['1.3.6.1.5.5.7.3.4', '1.3.6.1.5.5.7.3.36', '1.3.6.1.4.1.62558.2.1'];

/** Why the signer is not known here; empty when it is. */
function doubtsOf(chain: readonly X509Certificate[], anchors: readonly Uint8Array[], now: Date): string[] {
  const [leaf] = chain;
  const roots = anchors.map((anchor) => new X509Certificate(anchor));
  const isCurrent = ({ validFrom, validTo }: X509Certificate) => now >= new Date(validFrom) && now <= new Date(validTo);
  if (leaf!.ca || !(leaf!.keyUsage ?? []).some((usage) => USAGES.includes(usage)))
    return ['the certificate is not one for signing'];
  if (!isCurrent(leaf!)) return ['the certificate has expired or is not valid yet'];
  if (roots.some((root) => root.raw.equals(leaf!.raw))) return [];
  let at = leaf!;
  for (const next of [...chain.slice(1), null]) {
    if (roots.some((root) => root.ca && isCurrent(root) && at.checkIssued(root) && at.verify(root.publicKey)))
      return [];
    if (!next?.ca || !isCurrent(next) || !at.checkIssued(next) || !at.verify(next.publicKey)) break;
    at = next;
  }
  return ['the signer is not known here'];
}

function nameOf(certificate: X509Certificate): string {
  const part = (key: string) => new RegExp(`^${key}=(.*)$`, 'm').exec(certificate.subject)?.[1];
  return [part('CN'), part('O')].filter((text) => text !== undefined).join(' / ') || 'without a name';
}

function described(
  claim: CborValue,
  assertions: SuperBox,
): Omit<ManifestCheck, 'intact' | 'trusted' | 'problems' | 'signer'> {
  const read = (label: string) => {
    const box = childLabelled(assertions, label);
    const content = box && childBytes(box, 'cbor');
    return content ? decodeCbor(content) : undefined;
  };
  const info = get(claim, 'claim_generator_info');
  const program = Array.isArray(info) ? info[0] : info;
  const actions = read('c2pa.actions.v2') ?? read('c2pa.actions');
  const labels = assertions.children.flatMap((child) => ('label' in child ? [child.label] : []));
  const ingredients = labels.filter((label) => label.startsWith('c2pa.ingredient')).map(read);
  return {
    generator: [get(program, 'name'), get(program, 'version')].filter(asText).join(' ') || null,
    title: asText(get(claim, 'dc:title')),
    digitalSourceType: asText(get(actions, 'actions', 0, 'digitalSourceType')),
    ingredients: ingredients.map((item) => `${asText(get(item, 'relationship'))}: ${asText(get(item, 'dc:title'))}`),
    generation: generationOf(assertions),
  };
}

function generationOf(assertions: SuperBox): unknown {
  const box = childLabelled(assertions, GENERATION_LABEL);
  const content = box && childBytes(box, 'json');
  try {
    return content ? JSON.parse(Buffer.from(content).toString('utf8')) : null;
  } catch {
    throw damaged('unreadable JSON');
  }
}
