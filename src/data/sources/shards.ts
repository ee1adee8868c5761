/**
 * Synthetic sets on disk: one folder with `manifest.json` and, for each shard, raw arrays that are read by position:
 *
 *   images-00000.u8      N'·K·S·S·3   sRGB bytes
 *   masks-00000.u8       N'·K·S·S     share of the person
 *   tongues-00000.u8     N'·K·S·S     share of a tongue that is out
 *   values-00000.f32     N'·K·FRAME_VALUES, little endian, see dataset.ts
 *   captions-00000.json  N'·K texts
 *
 * A shard holds the people `first … first + people − 1`. Shards are independent files, so several processes may write one
 * set; the manifest of a shard is written last, so that a half-written shard is never read.
 */

import {
  closeSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  renameSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { JokerError } from '../../core/errors.js';
import { type DatasetSpec, FRAME_VALUES, type Frame, type FrameSink } from '../synthetic/dataset.js';

/** Version of this layout. */
const VERSION = 1;

/** What a shard holds. */
export type ShardManifest = {
  readonly version: number;
  readonly family: string;
  readonly spec: DatasetSpec;
  readonly first: number;
  readonly people: number;
};

type Kind = 'images' | 'masks' | 'tongues' | 'values';

function shardName(kind: string, first: number, extension: string): string {
  return `${kind}-${String(first).padStart(5, '0')}.${extension}`;
}

function fileOf(folder: string, kind: Kind, first: number): string {
  return join(folder, shardName(kind, first, kind === 'values' ? 'f32' : 'u8'));
}

/** Writes one shard; `close` makes it readable. */
export type ShardWriter = FrameSink & { readonly close: () => void };

/**
 * Opens a shard for writing.
 * @throws JokerError not-writable.
 */
export function openShard(folder: string, manifest: Omit<ShardManifest, 'version'>): ShardWriter {
  const kinds: readonly Kind[] = ['images', 'masks', 'tongues', 'values'];
  const captions: string[] = [];
  try {
    mkdirSync(folder, { recursive: true });
    const files = new Map(kinds.map((kind) => [kind, openSync(fileOf(folder, kind, manifest.first), 'w')]));
    const put = (kind: Kind, bytes: Uint8Array): void => {
      writeSync(files.get(kind)!, bytes);
    };
    return {
      write: (frame) => {
        put('images', frame.image);
        put('masks', frame.mask);
        put('tongues', frame.tongueMask);
        put('values', new Uint8Array(frame.values.buffer, frame.values.byteOffset, frame.values.byteLength));
        captions.push(frame.caption);
      },
      close: () => {
        for (const file of files.values()) closeSync(file);
        writeFileSync(join(folder, shardName('captions', manifest.first, 'json')), JSON.stringify(captions));
        const path = join(folder, shardName('manifest', manifest.first, 'json'));
        writeFileSync(path + '.part', JSON.stringify({ version: VERSION, ...manifest }, null, 1));
        renameSync(path + '.part', path);
      },
    };
  } catch (error) {
    throw new JokerError('not-writable', `${folder}: ${String(error)}`, 'Choose a folder that you may write to.', {
      cause: error,
    });
  }
}

/** A set opened for reading. Frames are numbered by (person, shot); people of all shards together, in order. */
export type ShardedSet = {
  readonly spec: DatasetSpec;
  readonly family: string;
  /** people that are on disk, in order of their number */
  readonly people: readonly number[];
  readonly caption: (person: number, shot: number) => string;
  /** S·S·3 bytes into `out` at `offset` */
  readonly image: (person: number, shot: number, out: Uint8Array, offset?: number) => void;
  /** S·S bytes */
  readonly mask: (person: number, shot: number) => Uint8Array;
  /** S·S bytes */
  readonly tongue: (person: number, shot: number) => Uint8Array;
  /** FRAME_VALUES numbers */
  readonly values: (person: number, shot: number) => Float32Array;
  readonly close: () => void;
};

/**
 * Opens a folder of shards.
 * @throws JokerError missing-file when it holds none, bad-file when shards do not belong together.
 */
export function openShards(folder: string): ShardedSet {
  const manifests = readManifests(folder);
  const { spec, family } = manifests[0]!;
  const shards = manifests.map((manifest) => ({ manifest, ...openFiles(folder, manifest.first) }));
  const shardOf = (person: number): (typeof shards)[number] => {
    const shard = shards.find((s) => person >= s.manifest.first && person < s.manifest.first + s.manifest.people);
    if (!shard)
      throw new JokerError(
        'bad-argument',
        `person ${person} is not in ${folder}`,
        'Ask for a person that is listed in people.',
      );
    return shard;
  };
  const frame = (person: number, shot: number): number => (person - shardOf(person).manifest.first) * spec.shots + shot;
  const pixels = spec.size * spec.size;
  const read = (
    kind: Kind,
    person: number,
    shot: number,
    bytes: number,
    out: Uint8Array = new Uint8Array(bytes),
    offset = 0,
  ): Uint8Array => {
    const done = readSync(shardOf(person).files[kind], out, offset, bytes, frame(person, shot) * bytes);
    if (done !== bytes)
      throw new JokerError(
        'bad-file',
        `${fileOf(folder, kind, shardOf(person).manifest.first)}: ends early`,
        'Make the set again.',
      );
    return out;
  };
  return {
    spec,
    family,
    people: shards.flatMap((s) => Array.from({ length: s.manifest.people }, (_, i) => s.manifest.first + i)),
    caption: (person, shot) => shardOf(person).captions[frame(person, shot)]!,
    image: (person, shot, out, offset = 0) => {
      read('images', person, shot, pixels * 3, out, offset);
    },
    mask: (person, shot) => read('masks', person, shot, pixels),
    tongue: (person, shot) => read('tongues', person, shot, pixels),
    values: (person, shot) => new Float32Array(new Uint8Array(read('values', person, shot, FRAME_VALUES * 4)).buffer),
    close: () => {
      for (const shard of shards) for (const file of Object.values(shard.files)) closeSync(file);
    },
  };
}

function readManifests(folder: string): ShardManifest[] {
  let names: string[];
  try {
    names = readdirSync(folder).filter((name) => /^manifest-\d+\.json$/.test(name));
  } catch (error) {
    throw new JokerError('missing-file', `${folder}: cannot be listed`, 'Name a folder of synthetic shards.', {
      cause: error,
    });
  }
  const list = names.sort().map((name) => JSON.parse(readFileSync(join(folder, name), 'utf8')) as ShardManifest);
  if (!list.length) throw new JokerError('missing-file', `${folder}: holds no finished shard`, 'Make the set first.');
  const fits = (m: ShardManifest): boolean =>
    m.version === VERSION && JSON.stringify(m.spec) === JSON.stringify(list[0]!.spec);
  if (!list.every(fits))
    throw new JokerError(
      'bad-file',
      `${folder}: its shards belong to different sets or versions`,
      'Make the set again in an empty folder.',
    );
  return list;
}

function openFiles(folder: string, first: number): { files: Record<Kind, number>; captions: string[] } {
  const open = (kind: Kind): number => openSync(fileOf(folder, kind, first), 'r');
  return {
    files: { images: open('images'), masks: open('masks'), tongues: open('tongues'), values: open('values') },
    captions: JSON.parse(readFileSync(join(folder, shardName('captions', first, 'json')), 'utf8')) as string[],
  };
}

/** The frame as it was written, for tests and small sets. */
export function readFrame(set: ShardedSet, person: number, shot: number): Frame {
  const image = new Uint8Array(set.spec.size ** 2 * 3);
  set.image(person, shot, image);
  return {
    person,
    shot,
    caption: set.caption(person, shot),
    image,
    mask: set.mask(person, shot),
    tongueMask: set.tongue(person, shot),
    values: set.values(person, shot),
  };
}
