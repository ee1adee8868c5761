/**
 * A prepared root as the training set in memory that the embedded models' stages read, in place of shards of rendered people.
 *
 * A set in memory has the same number of frames for everybody and of views for every frame, so what sticks out is left out. The
 * paper's own loaders draw item by item instead: data/prepared.ts.
 */
import { join } from 'node:path';
import { controlImage } from '../condition/control.js';
import { JokerError } from '../core/errors.js';
import { assetPath } from '../core/files/assets.js';
import { readFileText } from '../core/files/read.js';
import { toBytes } from '../core/image.js';
import { faceOf, fitFromText, hasFace } from '../data/prepare/fit-json.js';
import { frontalCamera } from '../data/prepare/layout.js';
import { fileOf, type PreparedFrame, type PreparedView } from '../data/prepared.js';
import { openPrepared, readCaption } from '../data/sources/prepared-root.js';
import { loadMorphableModel } from '../face/model/load.js';
import type { MorphableModel } from '../face/model/model.js';
import { loadPhoto } from '../photo/load.js';
import type { PictureSet } from '../train/pictures.js';

/** Fewest frames of a person: a target and a reference. */
const LEAST_FRAMES = 2;

/**
 * Reads the training list of a root: for each person the first F frames by divex, F such that the most pictures are used.
 * @param controls also control images, drawn again from the stored fits when they belong to our model (the stored ones went
 *   through JPEG), else read.
 * @throws JokerError nothing-to-do when nobody has two frames; missing-file, bad-file, also for fits of two face models.
 */
export async function preparedPictures(root: string, controls: boolean): Promise<PictureSet> {
  const { frames: listed } = openPrepared(root, { setting: 'studio', split: 'train', limit: Infinity });
  const people = rectangular(listed);
  const [first] = people.flat();
  if (!first)
    throw new JokerError(
      'nothing-to-do',
      `${root}: nobody has two valid frames`,
      'Prepare more frames: joker prepare.',
    );
  const { size } = first;
  const views = Math.min(...people.flat().map(({ cameras }) => cameras.length));
  const list = people.flat().flatMap((frame) => viewsOf(frame, views));
  const images = await pixelsOf(root, list, 'image', size);
  const model = loadMorphableModel(assetPath('face', 'builtin.safetensors'));
  const drawn = controls ? await controlsOf(root, list, model, size) : { normals: null };
  const captions = people.flat().map((frame) => readCaption(join(root, fileOf(viewsOf(frame, 1)[0]!, 'caption'))));
  const counts = { people: people.length, frames: people[0]!.length, views };
  return { size, ...counts, images, captions, ...drawn };
}

/** People with their first F frames, F ≥ 2 being the number for which people · F is largest. */
function rectangular(frames: readonly PreparedFrame[]): PreparedFrame[][] {
  const bySubject = new Map<string, PreparedFrame[]>();
  for (const frame of frames) bySubject.set(frame.subject, [...(bySubject.get(frame.subject) ?? []), frame]);
  const lists = [...bySubject.values()];
  const having = (count: number) => lists.filter((list) => list.length >= count);
  const counts = lists.map((list) => list.length).filter((count) => count >= LEAST_FRAMES);
  const best = counts.reduce((a, b) => (having(b).length * b > having(a).length * a ? b : a), LEAST_FRAMES);
  return having(best).map((list) => list.slice(0, best));
}

/** The frontal view, then the others by name. */
function viewsOf({ folder, size, cameras }: PreparedFrame, count: number): PreparedView[] {
  const front = frontalCamera(cameras);
  const order = [front, ...cameras.filter((camera) => camera !== front)];
  return order.slice(0, count).map((camera) => ({ folder, size, camera }));
}

async function pixelsOf(
  root: string,
  views: readonly PreparedView[],
  kind: 'image' | 'normals',
  size: number,
): Promise<Uint8Array> {
  const out = new Uint8Array(views.length * size * size * 3);
  for (const [i, view] of views.entries())
    out.set(await pixels(join(root, fileOf(view, kind)), size), i * size * size * 3);
  return out;
}

async function pixels(path: string, size: number): Promise<Uint8Array> {
  const { image } = await loadPhoto(path);
  if (image.width === size && image.height === size) return toBytes(image);
  throw new JokerError(
    'bad-file',
    `${path}: ${image.width}×${image.height} pixels, not ${size}²`,
    'Prepare the frame again.',
  );
}

async function controlsOf(
  root: string,
  views: readonly PreparedView[],
  model: MorphableModel,
  size: number,
): Promise<{ normals: Uint8Array; faceModel: string }> {
  const out = new Uint8Array(views.length * size * size * 3);
  const fitted = new Set<string>();
  for (const [i, view] of views.entries()) {
    const path = join(root, fileOf(view, 'fit'));
    const fit = fitFromText(readFileText(path), path);
    fitted.add(fit.model);
    const drawn = hasFace(fit) && fit.model === model.name ? toBytes(controlImage(faceOf(fit), model, size)) : null;
    out.set(drawn ?? (await pixels(join(root, fileOf(view, 'normals')), size)), i * size * size * 3);
  }
  const [name, other] = fitted;
  if (other !== undefined)
    throw new JokerError('bad-file', `${root}: fits of the face models ${name} and ${other}`, 'Prepare it anew.');
  return { normals: out, faceModel: name! };
}
