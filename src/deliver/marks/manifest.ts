/**
 * The C2PA manifest of a delivered file: what it says, and signing it (C2PA 2.x: claim version 2, data hash, actions, ingredients).
 *
 * The same content and key give the same bytes: identifiers come from hashes, and Ed25519 signatures have no random part.
 * No time stamps: those need a service.
 */

import { createHash } from 'node:crypto';
import { DIGITAL_SOURCE_TYPE } from '../marks.js';
import { type CborInput, encodeCbor } from './cbor.js';
import { type ByteRange, containerOf, embedStore, rangeOf } from './containers.js';
import { signCose } from './cose.js';
import { encodeBox, encodeSuperBox, encodeSuperContent } from './jumbf.js';
import type { SigningKey } from './signing-key.js';

/** What a manifest says about how files were made; the same for all files of a run. */
export type Provenance = {
  /** name of the program, e.g. `joker3d` */
  readonly name: string;
  readonly version: string;
  /** what went in: each becomes an ingredient `inputTo` */
  readonly inputs: readonly ProvenanceInput[];
  /** weights that took part */
  readonly models: readonly { readonly name: string; readonly sha256: string }[];
  /** eight hexadecimal digits, the same as in the watermark */
  readonly runId: string;
};

/** A photo that a run started from. No file name: it may name a person. */
export type ProvenanceInput = {
  /** e.g. `reference photo` */
  readonly title: string;
  /** e.g. `image/jpeg` */
  readonly format: string;
  /** lower-case hexadecimal */
  readonly sha256: string;
};

/** Label of our own assertion with models and run. */
export const GENERATION_LABEL = 'joker3d.generation';

/** A signed file. */
export type SignedFile = {
  /** with the manifest inside where the format has a place for it */
  readonly bytes: Uint8Array;
  /** manifest to put beside it, or null when it is inside */
  readonly sidecar: Uint8Array | null;
};

/** Signs a file that holds no manifest yet. @param title shown to people, e.g. the file's name. */
export function signFile(bytes: Uint8Array, title: string, about: Provenance, key: SigningKey): SignedFile {
  const kind = containerOf(bytes);
  const hash = sha256(bytes); // nothing is left out of it: embedding only inserts bytes
  if (kind === null) return { bytes, sidecar: makeStore({ title, about, key, hash, exclusion: null }) };
  // The store's length depends on the numbers in its exclusion, whose sizes settle after one or two rounds.
  let length = 0;
  let store: Uint8Array = new Uint8Array();
  do {
    length = store.length;
    store = makeStore({ title, about, key, hash, exclusion: rangeOf(kind, bytes, length) });
  } while (store.length !== length);
  return { bytes: embedStore(kind, bytes, store), sidecar: null };
}

type StoreInput = {
  readonly title: string;
  readonly about: Provenance;
  readonly key: SigningKey;
  readonly hash: Uint8Array;
  readonly exclusion: ByteRange | null;
};

function sha256(bytes: Uint8Array): Uint8Array {
  return createHash('sha256').update(bytes).digest();
}

/** UUID (version 8 of RFC 9562: custom) of some text. */
function uuidOf(text: string): string {
  const bytes = Buffer.from(sha256(Buffer.from(text, 'utf8'))).subarray(0, 16);
  bytes[6] = (bytes[6]! & 0x0f) | 0x80;
  bytes[8] = (bytes[8]! & 0x3f) | 0x80;
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
}

/** An assertion in the store: its label and the contents of its superbox. */
type Assertion = { readonly label: string; readonly content: Uint8Array };

function cborAssertion(label: string, value: CborInput): Assertion {
  return { label, content: encodeSuperContent('cbor', label, [encodeBox('cbor', encodeCbor(value))]) };
}

function jsonAssertion(label: string, value: unknown): Assertion {
  const text = Buffer.from(JSON.stringify(value), 'utf8');
  return { label, content: encodeSuperContent('json', label, [encodeBox('json', text)]) };
}

/** Reference to an assertion with the hash of its superbox's contents. */
function reference({ label, content }: Assertion): CborInput {
  return { url: `self#jumbf=c2pa.assertions/${label}`, alg: 'sha256', hash: sha256(content) };
}

function makeStore(input: StoreInput): Uint8Array {
  const { title, about, key, hash } = input;
  const id = uuidOf(`manifest ${Buffer.from(hash).toString('hex')} ${title} ${JSON.stringify(about)}`);
  const urn = `urn:c2pa:${id}`;
  const assertions = assertionsOf(input);
  const claim = encodeCbor({
    instanceID: `xmp:iid:${uuidOf(`instance ${id}`)}`,
    claim_generator_info: { name: about.name, version: about.version },
    signature: `self#jumbf=/c2pa/${urn}/c2pa.signature`,
    created_assertions: assertions.map(reference),
    'dc:title': title,
    alg: 'sha256',
  });
  const boxes = assertions.map(({ content }) => encodeBox('jumb', content));
  const manifest = encodeSuperBox('c2ma', urn, [
    encodeSuperBox('c2as', 'c2pa.assertions', boxes),
    encodeSuperBox('c2cl', 'c2pa.claim.v2', [encodeBox('cbor', claim)]),
    encodeSuperBox('c2cs', 'c2pa.signature', [encodeBox('cbor', signCose(claim, key.privateKey, key.chain))]),
  ]);
  return encodeSuperBox('c2pa', 'c2pa', [manifest]);
}

function assertionsOf({ about, hash, exclusion }: StoreInput): Assertion[] {
  const ingredients = about.inputs.map((input, i) =>
    cborAssertion(i === 0 ? 'c2pa.ingredient.v3' : `c2pa.ingredient.v3__${i}`, {
      'dc:title': input.title,
      'dc:format': input.format,
      relationship: 'inputTo',
      instanceID: `xmp:iid:${uuidOf(`input ${input.sha256}`)}`,
    }),
  );
  const created = {
    action: 'c2pa.created',
    digitalSourceType: DIGITAL_SOURCE_TYPE,
    softwareAgent: { name: about.name, version: about.version },
    ...(ingredients.length > 0 ? { parameters: { ingredients: ingredients.map(reference) } } : {}),
  };
  const { models, inputs, runId } = about;
  const generation = { runId, models, inputs: inputs.map(({ title, sha256: digest }) => ({ title, sha256: digest })) };
  return [
    cborAssertion('c2pa.hash.data', {
      ...(exclusion ? { exclusions: [{ start: exclusion.start, length: exclusion.length }] } : {}),
      ...{ name: 'jumbf manifest', alg: 'sha256', hash, pad: new Uint8Array(0) },
    }),
    ...ingredients,
    cborAssertion('c2pa.actions.v2', { actions: [created], allActionsIncluded: true }),
    jsonAssertion(GENERATION_LABEL, generation),
  ];
}
