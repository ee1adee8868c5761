/**
 * Single frames of a person's videos, through the person's own ffmpeg and ffprobe.
 *
 * No codec of ours and no seeking: frames are counted as they are decoded from the start, both when they are planned and when they are
 * read, so that what an edit list hides does not count. Files are hostile: they are opened as files only (no network, no playlists, no
 * references to other files), bounded in size, time and output.
 */
import { execFile } from 'node:child_process';
import { stat } from 'node:fs/promises';
import { JokerError } from '../../core/errors.js';
import { parseJsonStrict } from '../../core/files/json.js';
import { findProgram } from '../../core/files/programs.js';
import { loadPhoto } from '../../photo/load.js';
import type { Photo } from '../../photo/photo.js';

/** Files that are taken for videos. */
export const VIDEO = /\.(mp4|m4v|mov|mkv|webm|avi)$/i;

/** ffmpeg's names of the containers behind those endings: a playlist that is called .mp4 would make it open what it lists. */
const CONTAINERS = 'mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi';
/** Most pixels of a picture: what `loadPhoto` takes. */
const MOST_PIXELS = 64e6;
/** Most frames: half an hour at 50 a second. A frame's number has five digits. */
const MOST_FRAMES = 99_999;
/** Seconds for one call: counting decodes the whole file, a late frame all before it. */
const TIMEOUT_SECONDS = 300;
/** Most bytes of one answer: a PNG of the largest frame that `loadPhoto` takes. */
const MOST_BYTES = 256 * 2 ** 20;

/**
 * Number of frames of a video that can be decoded.
 * @throws JokerError unsupported without ffprobe; missing-file; bad-file for what is no video of those bounds; interrupted.
 */
export async function countFrames(path: string, signal?: AbortSignal): Promise<number> {
  const parameters = (file: string) => [
    ...['-select_streams', 'v:0', '-count_frames', '-show_entries', 'stream=width,height,nb_read_frames'],
    ...['-of', 'json', '-i', file],
  ];
  const found = await call('ffprobe', path, parameters, signal);
  const { streams = [] } = parseJsonStrict(found.toString('utf8'), path) as { streams?: Record<string, unknown>[] };
  const [width, height, frames] = ['width', 'height', 'nb_read_frames'].map((name) => Number(streams[0]?.[name]));
  if (!(frames! >= 1)) throw unusable(path, 'it has no frames');
  if (frames! > MOST_FRAMES) throw unusable(path, `it has ${frames} frames, more than ${MOST_FRAMES}`);
  if (!(width! * height! <= MOST_PIXELS)) throw unusable(path, `its pictures are ${width}×${height}`);
  return frames!;
}

/** One frame, 0 … , turned as the file says. @throws JokerError as `countFrames`, and bad-file where it cannot be decoded. */
export async function videoFrame(path: string, frame: number, signal?: AbortSignal): Promise<Photo> {
  const parameters = (file: string) => [
    ...['-nostdin', '-i', file, '-map', '0:v:0', '-vf', `select=eq(n\\,${frame})`],
    ...['-frames:v', '1', '-f', 'image2pipe', '-c:v', 'png', 'pipe:1'],
  ];
  const png = await call('ffmpeg', path, parameters, signal);
  if (png.length === 0) throw unusable(path, `frame ${frame} cannot be decoded`);
  return loadPhoto(png, { name: `${path}, frame ${frame}`, maxBytes: MOST_BYTES });
}

/** Standard output of a program on a file. */
async function call(
  program: 'ffmpeg' | 'ffprobe',
  path: string,
  parameters: (file: string) => string[],
  signal?: AbortSignal,
): Promise<Buffer> {
  // A pipe or a device would be waited for.
  const isFile = await stat(path).then(
    (info) => info.isFile(),
    () => false,
  );
  if (!isFile) throw new JokerError('missing-file', `${path}: no such file`, 'Check the path.');
  const found = await findProgram(program);
  if (!found)
    throw new JokerError(
      'unsupported',
      `${path}: videos are read by ${program}, which is not on PATH`,
      'Install ffmpeg, or take frames out of the video first.',
    );
  const bounds = ['-v', 'error', '-protocol_whitelist', 'file', '-format_whitelist', CONTAINERS];
  bounds.push('-max_pixels', String(MOST_PIXELS)); // a file may change its pictures' size on the way
  // `file:` keeps a name with a colon from being read as a protocol
  const args = [...bounds, ...parameters(`file:${path}`)];
  // ffmpeg ends in its own time at SIGTERM
  const limits = { timeout: TIMEOUT_SECONDS * 1000, killSignal: 'SIGKILL' as const, maxBuffer: MOST_BYTES };
  const options = { ...limits, signal, encoding: 'buffer' as const };
  return new Promise((resolve, reject) => {
    execFile(found, args, options, (error, stdout, stderr) => {
      if (!error) return resolve(stdout);
      if (signal?.aborted) return reject(new JokerError('interrupted', 'stopped', 'Run the command again to go on.'));
      const reason = error.killed ? `stopped after ${TIMEOUT_SECONDS} s` : lastLine(stderr.toString('utf8'));
      reject(unusable(path, `${program}: ${reason || error.message}`, error));
    });
  });
}

function lastLine(text: string): string {
  return text.trim().split('\n').pop()!.slice(0, 300);
}

function unusable(path: string, why: string, cause?: unknown): JokerError {
  return new JokerError('bad-file', `${path}: no usable video (${why})`, 'Remove it, or convert it to H.264 in MP4.', {
    cause,
  });
}
