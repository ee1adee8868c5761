/**
 * Gaussian splats as SPZ, version 2 (Niantic's open format): a tenth of the PLY's size, quantised and gzipped. Axes as they are
 * (x right, y up, z out of the face: the format's own), no higher harmonics.
 *
 * Layout: header of 16 bytes; then one array per attribute over all splats: positions, opacities, colours, scales, rotations.
 * The format has no place for metadata, so the gzip header's comment (RFC 1952) says that the head is synthetic.
 */

import { crc32, deflateRawSync } from 'node:zlib';
import { DIGITAL_SOURCE_TYPE, type Maker, SYNTHETIC_STATEMENT } from './marks.js';
import { FLATNESS, OPACITY, rotationOntoNormal, SH_C0, type Splats } from './splats.js';

/** "NGSP", little-endian. */
const MAGIC = 0x5053474e;
/** Written since 2024 and read by all; version 3 differs in finer rotations, which discs do not need. */
const VERSION = 2;
/** Fixed point of the positions, 24 bits: ±8 world units in steps of 1e-6. The format's usual 12 bits would be steps of 0.2 mm. */
const FRACTION_BITS = 20;
/** Bytes of one splat: 9 + 1 + 3 + 3 + 3. */
const SPLAT_BYTES = 19;
/** Colour coefficients are stored as 0.15·255·f + 127.5: room for ±3.3. */
const COLOR_SCALE = 0.15;

/** Bytes of an SPZ file. */
export function encodeSpz(splats: Splats, maker: Maker): Uint8Array {
  const count = splats.positions.length / 3;
  const out = Buffer.alloc(16 + SPLAT_BYTES * count);
  out.writeUInt32LE(MAGIC, 0);
  out.writeUInt32LE(VERSION, 4);
  out.writeUInt32LE(count, 8);
  out.writeUInt8(FRACTION_BITS, 13); // at 12 the harmonics' degree, 0; at 14 flags, none
  const [opacities, colors, scales, rotations] = [9, 10, 13, 16].map((before) => 16 + before * count);
  const flat = byteOf(16 * (Math.log(splats.radius * FLATNESS) + 10));
  const wide = byteOf(16 * (Math.log(splats.radius) + 10));
  for (let i = 0; i < count; i++) {
    for (let a = 0; a < 3; a++) out.writeIntLE(fixedPoint(splats.positions[3 * i + a]!), 16 + 9 * i + 3 * a, 3);
    out[opacities! + i] = byteOf(255 * OPACITY);
    for (let c = 0; c < 3; c++)
      out[colors! + 3 * i + c] = byteOf(255 * (COLOR_SCALE * ((splats.colors[3 * i + c]! - 0.5) / SH_C0) + 0.5));
    out.set([wide, wide, flat], scales! + 3 * i);
    out.set(rotationBytes(splats.normals, 3 * i), rotations! + 3 * i);
  }
  return gzipWithComment(out, `${SYNTHETIC_STATEMENT} ${DIGITAL_SOURCE_TYPE} ${maker.generator}`);
}

function byteOf(value: number): number {
  return Math.max(0, Math.min(255, Math.round(value)));
}

function fixedPoint(value: number): number {
  return Math.max(-(2 ** 23), Math.min(2 ** 23 - 1, Math.round(value * 2 ** FRACTION_BITS)));
}

/**
 * x, y, z of the unit quaternion; readers find w ≥ 0 as what they leave of 1. A disc looks the same from behind, so the side with
 * normal z ≥ 0 is taken: turns stay below a quarter, w above 0.7. Near half a turn w would be the root of rounding errors (4° off).
 */
function rotationBytes(normals: Float32Array, at: number): number[] {
  const side = normals[at + 2]! < 0 ? -1 : 1;
  const [, x, y, z] = rotationOntoNormal(side * normals[at]!, side * normals[at + 1]!, side * normals[at + 2]!);
  return [x, y, z].map((value) => byteOf(127.5 * value + 127.5));
}

/** A gzip member whose header carries a comment; readers skip it. @param comment non-Latin letters become question marks. */
function gzipWithComment(bytes: Uint8Array, comment: string): Uint8Array {
  // Method deflate, flag FCOMMENT, no time, best compression, unknown system.
  const header = Buffer.from([0x1f, 0x8b, 8, 0x10, 0, 0, 0, 0, 2, 255]);
  const text = Buffer.from(`${comment.replace(/[^ -~]/g, '?')}\0`, 'latin1');
  const end = Buffer.alloc(8);
  end.writeUInt32LE(crc32(bytes), 0);
  end.writeUInt32LE(bytes.length, 4);
  return Buffer.concat([header, text, deflateRawSync(bytes, { level: 9 }), end]);
}
