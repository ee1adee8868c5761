/**
 * MP4 through the person's own ffmpeg, when there is one: found on PATH, fed raw pixels, bounded in time.
 *
 * No codec of ours; without ffmpeg the caller writes an animated WebP (images.ts).
 */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { JokerError } from '../core/errors.js';
import { findProgram } from '../core/files/programs.js';
import { type Image, toBytes } from '../core/image.js';
import { checkFrames } from './images.js';
import { type Maker, SYNTHETIC_STATEMENT } from './marks.js';

/** Path of the `ffmpeg` program on PATH, or null; see `findProgram`. */
export function findFfmpeg(path?: string): Promise<string | null> {
  return findProgram('ffmpeg', path);
}

/** How a video is written. */
export type VideoOptions = Maker & {
  /** the program, from `findFfmpeg` */
  readonly ffmpeg: string;
  /** frames per second, default 20 */
  readonly fps?: number;
  /** seconds after which ffmpeg is stopped; default 120 */
  readonly timeout?: number;
};

/** Bytes of ffmpeg's complaints that are kept: enough for the last lines. */
const KEPT_COMPLAINTS = 4000;

/**
 * Writes an H.264 MP4 of equally large H×W×3 frames to `file` (replaced when there).
 * @throws JokerError unsupported when ffmpeg fails or takes too long, with its last line.
 */
export async function writeVideo(frames: readonly Image[], file: string, options: VideoOptions): Promise<void> {
  const { width, height } = checkFrames(frames);
  const { fps = 20, timeout = 120 } = options;
  const args = videoArguments(width, height, fps, options.generator, file);
  const child = spawn(options.ffmpeg, args, { stdio: ['pipe', 'ignore', 'pipe'], timeout: timeout * 1000 });
  let complaints = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    complaints = (complaints + text).slice(-KEPT_COMPLAINTS);
  });
  const ended = once(child, 'close').then(([code, signal]) => ({ code, signal, error: undefined }), asEnd);
  const fed = feed(child.stdin, frames, ended);
  const end = await ended;
  await fed;
  if (end.code !== 0) throw videoError(options.ffmpeg, end, complaints, timeout);
}

type End = { code: number | null; signal: string | null; error?: unknown };

function asEnd(error: unknown): End {
  return { code: null, signal: null, error };
}

/** yuv420p needs even sides, so an odd side is stretched by one pixel; faststart lets browsers play at once. */
function videoArguments(width: number, height: number, fps: number, generator: string, file: string): string[] {
  return [
    ...['-hide_banner', '-loglevel', 'error', '-y'],
    ...['-f', 'rawvideo', '-pix_fmt', 'rgb24', '-s', `${width}x${height}`, '-r', String(fps), '-i', 'pipe:0'],
    ...['-vf', 'scale=ceil(iw/2)*2:ceil(ih/2)*2', '-c:v', 'libx264', '-crf', '18', '-pix_fmt', 'yuv420p'],
    ...['-metadata', `comment=${SYNTHETIC_STATEMENT} ${generator}`, '-movflags', '+faststart', '-f', 'mp4', file],
  ];
}

/** Pipes the frames; a program that ends early breaks the pipe, which its exit code tells better than the pipe. */
async function feed(pipe: NodeJS.WritableStream, frames: readonly Image[], ended: Promise<End>): Promise<void> {
  pipe.on('error', () => {});
  let over = false;
  void ended.then(() => {
    over = true;
  });
  for (const frame of frames) {
    if (over) return;
    if (!pipe.write(toBytes(frame))) await Promise.race([once(pipe, 'drain').catch(() => {}), ended]);
  }
  pipe.end();
}

function videoError(ffmpeg: string, end: End, complaints: string, timeout: number): JokerError {
  const last = complaints.trim().split('\n').pop();
  const reason = end.signal ? `stopped after ${timeout} s` : last || `ended with code ${end.code}`;
  return new JokerError('unsupported', `${ffmpeg}: no video (${reason})`, 'Use the animated WebP instead.', {
    cause: end.error,
  });
}
