/**
 * Shards of rendered people on disk (see scripts/render-training-set.ts) read into one set in memory.
 *
 * A shard is people-NNNNNN.safetensors: `images` [N, S, S, 3] bytes, `landmarks` [N, 478, 3], `people` [P]; the options that
 * made it stand in its metadata. Controls made later stand beside it as normals-NNNNNN.safetensors, `normals` [N, S, S, 3].
 */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { JokerError } from '../../core/errors.js';
import { openSafetensors, readIntegers, readTensor, readTensorBytes } from '../../core/files/safetensors.js';
import type { RenderedSetOptions } from '../rendered.js';

/** A set of rendered people in memory; N = P·F·V items, person by person, frame by frame, view by view. */
export type RenderedSet = {
  readonly options: RenderedSetOptions;
  /** index of each person among those of the seed, [P] */
  readonly people: readonly number[];
  /** [N, S, S, 3] bytes */
  readonly images: Uint8Array;
  /** [N, S, S, 3] bytes, or null unless every shard has its controls */
  readonly normals: Uint8Array | null;
  /** name of the face model whose fits drew the controls; undefined without controls or where their files do not say */
  readonly faceModel?: string;
};

const NAME = /^people-(\d+)\.safetensors$/;

/** File of a shard's controls. */
export function normalsPath(folder: string, shard: string): string {
  return join(folder, shard.replace(/^people-/, 'normals-'));
}

/** Names of the shards of a folder, in order. @throws JokerError missing-file when there is none. */
export function shardNames(folder: string): string[] {
  const names = existsSync(folder)
    ? readdirSync(folder)
        .filter((name) => NAME.test(name))
        .sort()
    : [];
  if (names.length === 0)
    throw new JokerError(
      'missing-file',
      `${folder}: holds no people-*.safetensors`,
      'Render some: scripts/render-training-set.ts.',
    );
  return names;
}

/** Landmarks of a shard, [N, 478, 3], in pixels of the render. */
export function shardLandmarks(folder: string, shard: string): Float32Array {
  return readTensor(openSafetensors(join(folder, shard)), 'landmarks');
}

/** Reads shards; with `controls`, only those that have controls. @throws JokerError missing-file; bad-file for mixed varieties or face models. */
export function readRenderedSet(folder: string, request: { controls: boolean; maximumPeople?: number }): RenderedSet {
  const shards = shardNames(folder).filter((name) => !request.controls || existsSync(normalsPath(folder, name)));
  if (shards.length === 0)
    throw new JokerError('missing-file', `${folder}: no shard has controls`, 'Make them: scripts/render-controls.ts.');
  const people: number[] = [];
  const images: Uint8Array[] = [];
  const normals: Uint8Array[] = [];
  let options: RenderedSetOptions | null = null;
  let faceModel: string | undefined;
  for (const name of shards) {
    if (people.length >= (request.maximumPeople ?? Infinity)) break;
    const file = openSafetensors(join(folder, name));
    const own = JSON.parse(file.metadata['options']!) as RenderedSetOptions;
    if (options && (own.variety ?? 'plain') !== (options.variety ?? 'plain'))
      throw new JokerError(
        'bad-file',
        `${join(folder, name)}: people of variety ${own.variety ?? 'plain'} beside others`,
        'Keep each variety in a folder of its own; captions are drawn from the options.',
      );
    options = own;
    people.push(...readIntegers(file, 'people'));
    images.push(readTensorBytes(file, 'images'));
    if (!request.controls) continue;
    const controls = openSafetensors(normalsPath(folder, name));
    const drawnBy = controls.metadata['model'];
    if (normals.length > 0 && drawnBy !== faceModel)
      throw new JokerError(
        'bad-file',
        `${controls.path}: controls of face model ${drawnBy} beside others of ${faceModel}`,
        'Remove the older normals-*.safetensors and make them again: scripts/render-controls.ts.',
      );
    faceModel = drawnBy;
    normals.push(readTensorBytes(controls, 'normals'));
  }
  return {
    options: options!,
    people,
    images: joined(images),
    normals: request.controls ? joined(normals) : null,
    ...(faceModel !== undefined && { faceModel }),
  };
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const out = new Uint8Array(parts.reduce((n, part) => n + part.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}
