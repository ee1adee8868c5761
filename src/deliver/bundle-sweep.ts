/** The moving picture of a delivery: a sweep of the camera as MP4, or as animated WebP where there is no ffmpeg. */

import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { JokerError } from '../core/errors.js';
import type { Image } from '../core/image.js';
import { silent } from '../core/progress.js';
import { encodeAnimation } from './images.js';
import { markImage } from './marks/marker.js';
import type { BundleOptions, HeadProducts, Sink } from './products.js';
import { camerasAlong, checkSweepSize, renderFrames, sweepPath } from './turntable.js';
import { findFfmpeg, writeVideo } from './video.js';

/** Renders and writes the sweep as `<sweep>.mp4` or `<sweep>.webp`. @throws JokerError bad-argument for too many pixels. */
export async function writeSweep(head: HeadProducts, folder: string, put: Sink, options: BundleOptions): Promise<void> {
  const { sweep = 'turntable', frames: count, video = 'auto', report = silent, generator } = options;
  const path = sweepPath(sweep, { frames: count, ...head.range });
  checkSweepSize(path.length, head.view.width);
  report({ kind: 'stage', stage: 'sweep', text: `Rendering the sweep "${sweep}"`, total: path.length });
  const rendered = await renderFrames(head.render, camerasAlong(path, head.view), options);
  const frames = rendered.map((frame) => markImage(frame, options.marker));
  const ffmpeg = video === 'auto' ? await findFfmpeg() : null;
  const movie = ffmpeg ? await tryVideo(frames, folder, ffmpeg, options) : null;
  if (movie) return put(`${sweep}.mp4`, `${sweep} (H.264)`, movie);
  const bytes = await encodeAnimation(frames, { generator, description: head.caption });
  return put(`${sweep}.webp`, `${sweep} (animated WebP)`, bytes);
}

/** The video's bytes, or null with a note when ffmpeg is there but fails, e.g. built without H.264. */
async function tryVideo(frames: readonly Image[], folder: string, ffmpeg: string, options: BundleOptions) {
  const file = join(folder, '.sweep.mp4'); // ffmpeg wants to seek in its output, so it writes a file
  try {
    await writeVideo(frames, file, { generator: options.generator, ffmpeg });
    return await readFile(file);
  } catch (error) {
    if (!(error instanceof JokerError)) throw error;
    options.report?.({ kind: 'note', level: 'warning', text: error.message });
    return null;
  } finally {
    await rm(file, { force: true });
  }
}
