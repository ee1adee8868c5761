/**
 * Many heads of one photo: a list of expressions, one folder per head, a page and a manifest over all of them at the end.
 *
 * Everything that the heads share is opened once (head-session.ts). A sequence that was stopped goes on where it stopped: heads
 * that are delivered stay, the one that was being made is resumed.
 */
import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { JokerError } from '../core/errors.js';
import { checkOutputFolder, writeFileAtomic } from '../core/files/atomic.js';
import { parseJsonStrict } from '../core/files/json.js';
import { readFileBytes, readFileText } from '../core/files/read.js';
import {
  type FoundManifest,
  type GalleryHead,
  type GalleryPicture,
  galleryPage,
  type Json,
  MANIFEST_NAME,
  readManifest,
  syntheticExtras,
} from '../deliver/index.js';
import { type ListedExpression, readExpressionList } from './expression-list.js';
import { mayReplaceDelivery } from './head-delivery.js';
import { type HeadJobOptions, HeadSession, type HeadSessionOptions } from './head-session.js';
import { isDelivered } from './head-work.js';
import { type JobContext, stopIfAsked } from './job.js';
import { generatorOf } from './marking.js';

/** What to make. */
export type HeadsJobOptions = HeadSessionOptions & {
  /** path of the list, see `readExpressionList` */
  readonly list: string;
  /** folder of the sequence; each head gets a folder in it. Must not hold anything, unless the sequence is resumed. */
  readonly out: string;
};

/** What was made. */
export type HeadsJobResult = {
  readonly out: string;
  readonly heads: readonly {
    readonly name: string;
    readonly out: string;
    readonly caption: string;
    /** it was delivered before and was left as it is */
    readonly kept: boolean;
  }[];
};

/** The page over the sequence. */
export const INDEX_NAME = 'index.html';

/** Makes the heads. @throws JokerError for every problem that the person can solve. */
export async function makeHeads(options: HeadsJobOptions, context: JobContext): Promise<HeadsJobResult> {
  const { list, out, ...shared } = options;
  const listed = readExpressionList(list);
  await checkSequenceFolder(options);
  const wanted = listed.map(({ name, expression, text }) => ({ ...shared, expression, text, out: join(out, name) }));
  for (const { out } of wanted) await checkOutputFolder(out, { mayReplace: mayReplaceDelivery(out) });
  const left = wanted.filter((options) => !isDelivered(options));
  if (left.length > 0) await makeEach(options, listed, left, context);
  const heads = listed.map(({ name }, i) => {
    const { out } = wanted[i]!;
    return { name, out: resolve(out), kept: !left.includes(wanted[i]!), manifest: manifestOf(out) };
  });
  await writePage(options, heads, context);
  await writeManifest(options, heads.map(entryOf), true);
  return {
    out: resolve(out),
    heads: heads.map(({ manifest, ...head }) => ({ ...head, caption: captionIn(manifest) })),
  };
}

/** The format's name in the manifest over a sequence. */
const FORMAT = 'joker-heads-manifest';

/** A folder may be used when it is empty, or, to resume, when it holds an earlier start: nobody's page is overwritten. */
async function checkSequenceFolder({ out, resume = false }: HeadsJobOptions): Promise<void> {
  try {
    await checkOutputFolder(out, { mayReplace: () => resume && isSequence(out) });
  } catch (error) {
    if (!(error instanceof JokerError)) throw error;
    const remedy = resume
      ? 'There is no sequence of heads in it: choose another folder.'
      : 'Choose another folder, or add --resume to go on with the sequence in it.';
    throw new JokerError(error.code, error.what, remedy, { cause: error });
  }
}

function isSequence(folder: string): boolean {
  const path = join(folder, MANIFEST_NAME);
  if (!existsSync(path)) return false;
  const value = parseJsonStrict(readFileText(path, { maxBytes: MAX_MANIFEST }), path);
  return typeof value === 'object' && value !== null && 'format' in value && value.format === FORMAT;
}

/** Longest manifest read, bytes: a thousand entries with all weights and the longest texts. */
const MAX_MANIFEST = 2 ** 23;

async function makeEach(
  options: HeadsJobOptions,
  listed: readonly ListedExpression[],
  left: readonly HeadJobOptions[],
  context: JobContext,
): Promise<void> {
  const session = await HeadSession.open(options, context);
  try {
    // From here on the folder is a sequence's; an old page would speak of heads that are being replaced.
    const asked = listed.map(({ name, text, expression }) => ({
      name,
      text: text ?? null,
      expression: expression ?? null,
    }));
    await writeManifest(options, asked, false);
    await rm(join(options.out, INDEX_NAME), { force: true });
    for (const [i, head] of left.entries()) {
      stopIfAsked(context.signal);
      const text = `head ${i + 1} of ${left.length}: ${basename(head.out)}`;
      context.report({ kind: 'note', level: 'info', text });
      await session.make(head, context);
    }
  } finally {
    await session.dispose();
  }
}

function manifestOf(folder: string): FoundManifest {
  const manifest = readManifest(folder);
  if (manifest) return manifest;
  throw new JokerError('bad-file', `${folder}: the head's manifest is gone`, 'Repeat the command with --resume.');
}

function settingIn({ settings }: FoundManifest, name: string): Json {
  const isObject = typeof settings === 'object' && settings !== null && !Array.isArray(settings);
  return isObject ? ((settings as Readonly<Record<string, Json>>)[name] ?? null) : null;
}

/** The words that a head was asked with. */
function captionIn(manifest: FoundManifest): string {
  return String(settingIn(manifest, 'text') ?? '');
}

type MadeHead = { readonly name: string; readonly out: string; readonly manifest: FoundManifest };

/** What the manifest over the sequence says of a head that is there. */
function entryOf({ name, manifest }: MadeHead): Json {
  const [expression, request] = [settingIn(manifest, 'expression'), settingIn(manifest, 'request')];
  return { name, manifest: `${name}/${MANIFEST_NAME}`, text: captionIn(manifest), expression, request };
}

/** Written at the start, so that the folder can be known again, and at the end as finished. */
async function writeManifest(options: HeadsJobOptions, heads: readonly Json[], finished: boolean): Promise<void> {
  const about = syntheticExtras({ generator: generatorOf(options) });
  const manifest = { format: FORMAT, version: 1, finished, ...about, photo: basename(options.photo), heads };
  await writeFileAtomic(join(options.out, MANIFEST_NAME), `${JSON.stringify(manifest, null, 2)}\n`);
}

/** The page appears whole or not at all. */
async function writePage(options: HeadsJobOptions, heads: readonly MadeHead[], { report }: JobContext): Promise<void> {
  const title = `${heads.length} heads of one photo`;
  const shown = heads.map((head) => galleryHead(head, Math.floor(PAGE_BYTES / heads.length)));
  const page = galleryPage({ generator: generatorOf(options), title, heads: shown });
  await writeFileAtomic(join(options.out, INDEX_NAME), page);
  report({ kind: 'file', path: INDEX_NAME, what: 'page over all heads, opens in a browser' });
}

/** Bytes of pictures in the page: what a browser opens without waiting. Larger pictures give way to still ones, then to none. */
const PAGE_BYTES = 32e6;

/** Files of a head that the page leads to, as far as they are there, and what moves or stands still in it. */
const LINKED = ['viewer.html', 'head.glb', 'head.ply', 'head.spz', 'head-splats.glb', MANIFEST_NAME];
const MOVING = /^(turntable|spiral|val)\.(webp|mp4)$/;
const STILL = /^views\/view_\d+\.png$/;

function galleryHead({ name, out, manifest }: MadeHead, share: number): GalleryHead {
  const paths = [...manifest.files.map(({ path }) => path), MANIFEST_NAME];
  const moving = paths.find((path) => MOVING.test(path));
  const stills = paths.filter((path) => STILL.test(path));
  const still = stills[stills.length >> 1]; // the middle one looks straight at the face
  const files = [...(moving ? [moving] : []), ...LINKED.filter((path) => paths.includes(path))];
  const inside = (path: string | undefined) => (path === undefined ? null : pictureIn(join(out, path), share / 2));
  return { name, caption: captionIn(manifest), moving: inside(moving), still: inside(still), files };
}

const TYPES = { webp: 'image/webp', png: 'image/png', mp4: 'video/mp4' } as const;

/** A picture for the page, or null when it is too large for its share of the page or has gone. */
function pictureIn(path: string, maxBytes: number): GalleryPicture | null {
  if (!existsSync(path)) return null;
  const type = TYPES[path.slice(path.lastIndexOf('.') + 1) as keyof typeof TYPES];
  const bytes = readFileBytes(path);
  return bytes.length <= maxBytes ? { type, bytes } : null;
}
