/**
 * What a file says about its origin: the manifest inside or beside it, the watermark, and plain metadata.
 *
 * Takes bytes; finding the files is run/inspect.ts's. The verdict is about marks only: a file without any may still be synthetic.
 */

import sharp from 'sharp';
import { JokerError } from '../../core/errors.js';
import { fromBytes, type Image } from '../../core/image.js';
import { DIGITAL_SOURCE_TYPE } from '../marks.js';
import { type Container, containerOf, type FoundStore, findStore } from './containers.js';
import { type ManifestCheck, verifyManifest } from './verify.js';
import { readWatermark, readWatermarkOfFrames, type WatermarkReading } from './watermark-detect.js';

/**
 * `valid`: signed, unchanged, the signer is trusted here. `tampered`: changed after signing, or the manifest is damaged.
 * `unknown signer`: unchanged since somebody signed it who is not known here. `watermark only`, `nothing`: no manifest.
 */
export type Verdict = 'valid' | 'tampered' | 'unknown signer' | 'watermark only' | 'nothing';

/** Everything that was found. */
export type Inspection = {
  readonly verdict: Verdict;
  readonly manifest: ManifestCheck | null;
  /** where the manifest was */
  readonly place: 'inside' | 'beside' | null;
  /** null where none is looked for: files that are no PNG, JPEG or WebP */
  readonly watermark: WatermarkReading | null;
  /** whether unsigned metadata says that the file is synthetic */
  readonly saysSynthetic: boolean;
};

/** What an inspection is given. */
export type InspectionInput = {
  readonly bytes: Uint8Array;
  /** the manifest beside the file, if there is one; one inside counts first */
  readonly sidecar: Uint8Array | null;
  /** DER certificates that are trusted */
  readonly anchors: readonly Uint8Array[];
  readonly now: Date;
};

/** Looks at a file. @throws JokerError not-an-image for a broken picture, unsupported for kinds of manifests not checked here. */
export async function inspectFile(input: InspectionInput): Promise<Inspection> {
  const { bytes, sidecar, anchors, now } = input;
  const kind = containerOf(bytes);
  const inside = kind && manifestInside(kind, bytes, anchors, now);
  const manifest = inside ?? (sidecar ? verifyManifest(bytes, { store: sidecar, range: null }, anchors, now) : null);
  const frames = await pictureFrames(bytes, kind);
  const watermark = frames && (frames.length === 1 ? readWatermark(frames[0]!) : readWatermarkOfFrames(frames));
  const place = inside ? 'inside' : manifest ? 'beside' : null;
  return { verdict: verdictOf(manifest, watermark), manifest, place, watermark, saysSynthetic: saysSynthetic(bytes) };
}

function verdictOf(manifest: ManifestCheck | null, watermark: WatermarkReading | null): Verdict {
  if (manifest) return !manifest.intact ? 'tampered' : manifest.trusted ? 'valid' : 'unknown signer';
  return watermark?.present ? 'watermark only' : 'nothing';
}

function manifestInside(kind: Container, bytes: Uint8Array, anchors: readonly Uint8Array[], now: Date) {
  let found: FoundStore | null;
  try {
    found = findStore(kind, bytes);
  } catch (error) {
    // A file that is broken and held a manifest is a tampered one; any other broken file is for the picture's decoder to name.
    if (!(error instanceof JokerError) || !Buffer.from(bytes).includes('c2pa')) return null;
    return verifyManifest(bytes, { store: new Uint8Array(), range: null }, anchors, now);
  }
  return found && verifyManifest(bytes, found, anchors, now);
}

/** Frames of an animation that are looked at: enough for a mean, few enough to be quick. */
const FRAMES = 5;

/** Most pixels of a frame that are decoded: more could exhaust memory. */
const MAX_PIXELS = 64e6;

/** The picture, or some frames of an animated WebP, or null when the bytes are of another kind. */
async function pictureFrames(bytes: Uint8Array, kind: Container | null): Promise<Image[] | null> {
  const text = Buffer.from(bytes.subarray(0, 12)).toString('latin1');
  if (kind === null && !(text.startsWith('RIFF') && text.endsWith('WEBP'))) return null;
  try {
    const { pages = 1 } = await sharp(bytes, { limitInputPixels: MAX_PIXELS }).metadata();
    const count = Math.min(FRAMES, pages);
    const chosen = Array.from({ length: count }, (_, i) => Math.floor((i * pages) / count));
    return await Promise.all(chosen.map((page) => decodeFrame(bytes, page)));
  } catch (cause) {
    const what = 'the picture cannot be decoded or is larger than 64 million pixels';
    throw new JokerError('not-an-image', what, 'Name a whole PNG, JPEG or WebP file.', { cause });
  }
}

async function decodeFrame(bytes: Uint8Array, page: number): Promise<Image> {
  const pipeline = sharp(bytes, { page, limitInputPixels: MAX_PIXELS }).removeAlpha().toColourspace('srgb');
  const { data, info } = await pipeline.raw().toBuffer({ resolveWithObject: true });
  return fromBytes(data, info.width, info.height, info.channels);
}

/** As marks.ts and the encoders write it: XMP attribute, glTF extras, PLY comment. The signed manifest is not counted. */
function saysSynthetic(bytes: Uint8Array): boolean {
  const all = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  return ['DigitalSourceType="', '"digitalSourceType":"', 'comment DigitalSourceType '].some((name) =>
    all.includes(name + DIGITAL_SOURCE_TYPE),
  );
}
