/**
 * JUMBF boxes (ISO/IEC 19566-5) as C2PA nests them: superboxes with a description, around boxes of bytes.
 *
 * Only structure; what the boxes mean is in manifest.ts and verify.ts.
 */

import { JokerError } from '../../core/errors.js';

/** A superbox: described contents. */
export type SuperBox = {
  /** type of the contents: the 16 bytes of the description's UUID in lower-case hexadecimal */
  readonly type: string;
  readonly label: string;
  /** whether it holds a private box (C2PA's salt) beside its contents */
  readonly salted: boolean;
  readonly children: readonly (SuperBox | ByteBox)[];
  /** everything after the superbox's own header: what C2PA hashes */
  readonly bytes: Uint8Array;
};

/** A box that holds bytes. */
export type ByteBox = {
  /** four characters, e.g. `cbor` */
  readonly kind: string;
  readonly bytes: Uint8Array;
};

/** The UUID whose first four bytes spell a name, e.g. `c2pa`; the rest is the same for all of them. */
export function boxType(name: string): string {
  return `${Buffer.from(name, 'latin1').toString('hex')}00110010800000aa00389b71`;
}

/** Bytes of a box. */
export function encodeBox(kind: string, content: Uint8Array): Uint8Array {
  const head = Buffer.alloc(8);
  head.writeUInt32BE(content.length + 8);
  head.write(kind, 4, 'latin1');
  return Buffer.concat([head, content]);
}

/** Contents of a superbox without its own header: the description, then the boxes. */
export function encodeSuperContent(name: string, label: string, boxes: readonly Uint8Array[]): Uint8Array {
  const description = [
    Buffer.from(boxType(name), 'hex'),
    Uint8Array.of(TOGGLES[0]!),
    Buffer.from(`${label}\0`, 'utf8'),
  ];
  return Buffer.concat([encodeBox('jumd', Buffer.concat(description)), ...boxes]);
}

/** Bytes of a superbox. */
export function encodeSuperBox(name: string, label: string, boxes: readonly Uint8Array[]): Uint8Array {
  return encodeBox('jumb', encodeSuperContent(name, label, boxes));
}

/** Flags of a description that C2PA uses: requestable and labelled, without and with a private box (its salt). */
const TOGGLES = [0x03, 0x13];

/** Deeper or more numerous boxes than any honest manifest store has (a store of a hundred edits has some thousands). */
const MAX_DEPTH = 8;
const MAX_BOXES = 20_000;

function malformed(what: string): JokerError {
  return new JokerError('bad-file', `JUMBF: ${what}`, 'The manifest is damaged.');
}

/**
 * The superbox at the start of the bytes.
 * @throws JokerError bad-file for boxes that overrun, nest deeper than 8, number more than 20 000, or lack a description.
 */
export function parseSuperBox(bytes: Uint8Array): SuperBox {
  const budget = { boxes: MAX_BOXES };
  const [box] = parseBoxes(bytes, 0, budget);
  if (!box || !('children' in box)) throw malformed('no superbox');
  return box;
}

function parseBoxes(bytes: Uint8Array, depth: number, budget: { boxes: number }): (SuperBox | ByteBox)[] {
  if (depth > MAX_DEPTH) throw malformed(`nested deeper than ${MAX_DEPTH}`);
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  const found: (SuperBox | ByteBox)[] = [];
  for (let at = 0; at < view.length; ) {
    if (--budget.boxes < 0) throw malformed(`more than ${MAX_BOXES} boxes`);
    if (view.length - at < 8) throw malformed('cut off');
    const length = view.readUInt32BE(at);
    const kind = view.toString('latin1', at + 4, at + 8);
    if (length < 8 || length > view.length - at)
      throw malformed(`a box of ${length} bytes where ${view.length - at} are left`);
    const content = bytes.subarray(at + 8, at + length);
    found.push(kind === 'jumb' ? parseSuper(content, depth, budget) : { kind, bytes: content });
    at += length;
  }
  return found;
}

function parseSuper(bytes: Uint8Array, depth: number, budget: { boxes: number }): SuperBox {
  const [description, ...children] = parseBoxes(bytes, depth + 1, budget);
  if (!description || 'children' in description || description.kind !== 'jumd')
    throw malformed('a superbox without a description');
  const { bytes: head } = description;
  const end = head.indexOf(0, 17);
  if (head.length < 18 || !TOGGLES.includes(head[16]!) || end < 0) throw malformed('a superbox without a label');
  const label = Buffer.from(head.subarray(17, end)).toString('utf8');
  return {
    type: Buffer.from(head.subarray(0, 16)).toString('hex'),
    label,
    salted: head[16] === TOGGLES[1],
    children,
    bytes,
  };
}

/** The superbox with a label among the children, or null. */
export function childLabelled(box: SuperBox, label: string): SuperBox | null {
  return box.children.find((child): child is SuperBox => 'children' in child && child.label === label) ?? null;
}

/** The bytes of the first child box of a kind, or null. */
export function childBytes(box: SuperBox, kind: string): Uint8Array | null {
  return box.children.find((child): child is ByteBox => 'kind' in child && child.kind === kind)?.bytes ?? null;
}
