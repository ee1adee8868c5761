/**
 * XMP inside PNG bytes, as an uncompressed iTXt chunk right after the header.
 *
 * Needed because libvips 8.18 stores it as a compressed zTXt chunk, which the XMP specification (part 3, "PNG") does not
 * allow and which programs that scan for the packet do not find. Delete when sharp writes iTXt.
 */

import { crc32 } from 'node:zlib';

/** Signature (8) and IHDR chunk (25): both have a fixed length and come first in every PNG. */
const AFTER_HEADER = 33;

/** The same PNG with the XMP packet put in; the pixels are untouched. */
export function withPngXmp(png: Uint8Array, xmp: string): Uint8Array {
  // Keyword, its end, not compressed, method 0, no language, no translated keyword; then UTF-8 text.
  const content = Buffer.from(`iTXtXML:com.adobe.xmp\0\0\0\0\0${xmp}`, 'utf8');
  const chunk = Buffer.alloc(content.length + 8);
  chunk.writeUInt32BE(content.length - 4, 0); // the length counts neither the type nor itself
  content.copy(chunk, 4);
  chunk.writeUInt32BE(crc32(content), chunk.length - 4);
  return Buffer.concat([png.subarray(0, AFTER_HEADER), chunk, png.subarray(AFTER_HEADER)]);
}
